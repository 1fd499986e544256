package notifier_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

func TestWhoExtendsTooLateReadsItWhateverTheOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(15) {
		b := setup(t)
		refused := of(b, event.Reaper, event.ExtensionRefused{Total: event.Duration(2 * time.Hour), EndedAt: time.Now().UTC()})
		heard := append(b.heard(t), func(ctx context.Context) error { return b.OnExtensionRefused(ctx, refused) })
		heard = append(heard, heard...) // each twice
		r := rand.New(rand.NewPCG(seed, seed))
		r.Shuffle(len(heard), func(i, j int) { heard[i], heard[j] = heard[j], heard[i] })
		for _, deliver := range heard {
			ok(t, deliver(t.Context()))
		}
		must(t, b.shown(t), "Your access has ended", fmt.Sprintf("extension came too late: your access had ended at \\u003c!date^%d", refused.Data.EndedAt.Unix()))
	}
}

func TestALateExtensionIsShownWhileTheAccessIsEndingAndNotBefore(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	for _, deliver := range b.heard(t)[:7] {
		ok(t, deliver(ctx))
	}
	ok(t, b.OnExtensionRefused(ctx, of(b, event.Reaper, event.ExtensionRefused{Total: 1, EndedAt: time.Now()})))
	must(t, b.shown(t), "You can connect")
	mustNot(t, b.shown(t), "too late")
	ok(t, b.OnExpired(ctx, b.expired(event.ByTime)))
	must(t, b.shown(t), "Your access is ending", "extension came too late")
}
