package approval_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/approval"
)

// recent is what the approvers of a request were shown of earlier ones, as the
// log keeps it.
func (b *bundle) recent(tb testing.TB, id string) []approval.Recent {
	tb.Helper()
	rows, err := b.log.Rows(tb.Context(), id)
	ok(tb, err)
	if len(rows) == 0 {
		tb.Fatal("the log has no row")
	}
	return rows[0].Entry.Asked.Recent
}

func statuses(recent []approval.Recent) (out []approval.Kind) {
	for _, r := range recent {
		out = append(out, r.Status)
	}
	return out
}

// takenBack makes so many requests of one person's, each taken back at once.
func (b *bundle) takenBack(tb testing.TB, user string, n int) {
	tb.Helper()
	for range n {
		e := b.open(tb, ask(func(a *event.Ask) { a.Requester = someone(user) }))
		b.act(tb, e, user, event.Cancel)
		time.Sleep(time.Second)
	}
}

func TestApproversAreShownWhatTheRequesterAskedForBeforeAndWhatCameOfIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.takenBack(t, "U0EMMA", 1) // somebody else's
		first := b.open(t, ask())
		if shown := string(b.messages()[1].Blocks); len(b.recent(t, first.RequestID)) != 0 || !strings.Contains(shown, `Asked for before*\nnothing`) {
			t.Errorf("of a first request they see %s", shown)
		}
		b.act(t, first, "U0HANAKO", event.Deny)
		time.Sleep(time.Second)
		approved := b.open(t, ask(func(a *event.Ask) { a.Role = "DML" }))
		b.act(t, approved, "U0HANAKO", event.Approve)
		time.Sleep(time.Second)
		now := b.open(t, ask())
		if got := statuses(b.recent(t, now.RequestID)); !slices.Equal(got, []approval.Kind{approval.Approved, approval.Denied}) {
			t.Fatalf("they are shown %v", got)
		}
		shown := string(b.messages()[3].Blocks)
		newer, older := strings.Index(shown, "DML · `shop-prod` · 1 h · approved"), strings.Index(shown, "READ · `shop-prod` · 1 h · denied")
		if newer < 0 || older < newer {
			t.Errorf("they see %s", shown)
		}
	})
}

func TestApproversAreShownTheNewestFiveAndEachOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.takenBack(t, "U0TARO", 12)
		e := b.open(t, ask())
		ok(t, b.OnRequestCreated(t.Context(), e)) // comes twice
		recent := b.recent(t, e.RequestID)
		newestFirst := slices.IsSortedFunc(recent, func(a, b approval.Recent) int { return b.At.Compare(a.At) })
		if len(recent) != 5 || !newestFirst {
			t.Errorf("they are shown %+v", recent)
		}
	})
}

func TestWhatApproversWereShownStaysAsItWas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		first := b.open(t, ask())
		second := b.open(t, ask())
		b.act(t, first, "U0TARO", event.Cancel)
		b.act(t, second, "U0HANAKO", event.Look) // edits the message
		if shown := string(b.messages()[1].Blocks); !strings.Contains(shown, "1 h · waiting") || !strings.Contains(shown, "Looking") {
			t.Errorf("they see %s", shown)
		}
	})
}
