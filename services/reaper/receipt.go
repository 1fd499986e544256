package reaper

import (
	"strings"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

// receiptMissing is the alarm for a lease that is over and not seen to be gone.
// Its page is docs/runbooks/receipt-missing.md.
const receiptMissing = "receipt-missing"

// receiptWithin is how long after its end a lease may be without its receipt.
const receiptWithin = 15 * time.Minute

// receiptMissing reports whether the receipt is late and nobody was told.
func (s State) receiptMissing(now time.Time) bool {
	return s.Ended != nil && !s.Reaped && !s.Missing && !now.Before(s.Ended.EndedAt.Add(receiptWithin))
}

// alarm tells people, once, what a receipt waits for.
func (s State) alarm() transition {
	var waits []string
	if s.Revoked == nil {
		waits = append(waits, "the account is not known to be gone")
	}
	if s.Terminated == nil {
		waits = append(waits, "the bastion is not known to be terminated")
	}
	if len(waits) == 0 {
		waits = append(waits, "its schedules could not be deleted")
	}
	return transition{
		To: func(st *State) { st.Missing = true },
		Emit: []store.Emit{{Discriminator: receiptMissing, Data: event.Alarmed{
			Alarm: receiptMissing,
			Text:  "a lease that ended at " + s.Ended.EndedAt.UTC().Format(time.RFC3339) + " has no receipt: " + strings.Join(waits, "; "),
		}}},
	}
}
