package bus

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"time"
)

// Retrying a call to AWS, on top of the SDK's own retries.
const (
	callTries   = 4
	callBackoff = 100 * time.Millisecond
)

// Retrying a message: 1 s, 2 s, 4 s … 5 min. Twenty receives last about an
// hour.
const (
	messageBackoff    = time.Second
	messageBackoffMax = 5 * time.Minute
)

// backoff returns base doubled with every try after the first (1 is the first),
// at most limit, of which the upper half is random: retries must not march in
// step.
func backoff(base, limit time.Duration, try int) time.Duration {
	d := base
	for i := 1; i < try && d < limit; i++ {
		d *= 2
	}
	d = min(d, limit)
	return d/2 + time.Duration(float64(d/2)*random())
}

// random is in [0, 1). It comes from crypto/rand, whose source a simulation can
// pin (testing/cryptotest), unlike that of math/rand.
func random() float64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return float64(binary.LittleEndian.Uint64(b[:])>>11) / (1 << 53)
}

// sleep waits for d or until the context ends; it reports whether it slept out.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
