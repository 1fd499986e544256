package approval_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/approval"
)

// tooLate is the reaper's refusal of an extension of a request.
func tooLate(e event.Typed[event.RequestCreated]) event.Typed[event.ExtensionRefused] {
	now := time.Now().UTC()
	return event.Typed[event.ExtensionRefused]{
		Source: event.Reaper,
		Header: event.Header{ID: event.ID(event.Reaper, "ExtensionRefused", e.RequestID, ""), RequestID: e.RequestID, Version: 1, OccurredAt: now},
		Data:   event.ExtensionRefused{Total: event.Duration(3 * time.Hour), EndedAt: now},
	}
}

func TestApproversSeeThatAnExtensionCameTooLateBeforeAndAfterTheReceipt(t *testing.T) {
	t.Parallel()
	for name, afterReceipt := range map[string]bool{"before the receipt": false, "after the receipt": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			e := b.open(t, ask())
			b.act(t, e, "U0HANAKO", event.Approve)
			b.act(t, e, "U0TARO", event.Extend, func(a *event.ActionSubmitted) { a.Extra = event.Duration(2 * time.Hour) })
			if shown := string(b.messages()[0].Blocks); !strings.Contains(shown, "3 h in all") {
				t.Fatalf("the extension is not shown: %s", shown)
			}
			last := []approval.Kind{approval.ExtensionRefused, approval.Ended}
			if afterReceipt {
				slices.Reverse(last)
				ok(t, b.OnReaped(t.Context(), reaped(e)))
			}
			refused := tooLate(e)
			for range 2 {
				ok(t, b.OnExtensionRefused(t.Context(), refused))
			}
			ok(t, b.OnReaped(t.Context(), reaped(e)))
			want := append([]approval.Kind{approval.Requested, approval.Approved, approval.Extended}, last...)
			if got := b.kinds(t, e.RequestID); !slices.Equal(got, want) {
				t.Errorf("the log says %v, want %v", got, want)
			}
			shown := string(b.messages()[0].Blocks)
			if !strings.Contains(shown, fmt.Sprintf("came too late: it had ended at \\u003c!date^%d", refused.Data.EndedAt.Unix())) || strings.Contains(shown, "in all") {
				t.Errorf("the message shows %s", shown)
			}
			if got := b.live(t); len(got) != 0 {
				t.Errorf("still live: %v", got)
			}
		})
	}
}

func TestARefusalOfWhatWasNeverPermittedIsNotWrittenDown(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := b.open(t, ask())
	b.act(t, e, "U0HANAKO", event.Approve)
	ok(t, b.OnExtensionRefused(t.Context(), tooLate(e)))
	ok(t, b.OnExtensionRefused(t.Context(), tooLate(b.request(t, ask())))) // never heard of
	if got := b.kinds(t, e.RequestID); !slices.Equal(got, []approval.Kind{approval.Requested, approval.Approved}) {
		t.Errorf("the log says %v", got)
	}
}
