package approval_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
	"github.com/powerpole/powerpole/services/approval"
)

func TestApproversAreAskedAndTheirYesIsAWarrantForWhatTheySaw(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := b.open(t, ask())

	posted := b.messages()
	if len(posted) != 1 {
		t.Fatalf("%d messages were posted, want 1", len(posted))
	}
	shown := string(posted[0].Blocks)
	for _, want := range []string{"U0TARO", "READ", "look at an order", `GRANT SELECT, SHOW VIEW ON `, `shop\\_a`, "hold others up", "powerpole.approve", e.Data.Digest} {
		if !strings.Contains(shown, want) {
			t.Errorf("approvers do not see %q in %s", want, shown)
		}
	}
	if _, armed := b.clock.armed(e.RequestID + "-pending-1"); !armed {
		t.Error("nothing ends a request that nobody decides")
	}

	b.act(t, e, "U0HANAKO", event.Approve)
	approved := servicetest.Said[event.Approved](t, b.bus)
	if len(approved) != 1 {
		t.Fatalf("Approved was said %d times", len(approved))
	}
	w, err := b.verifier.Warrant(approved[0].Warrant, e.RequestID)
	if err != nil {
		t.Fatal(err)
	}
	if w.Owner.Email != "taro.yamada@nimbus.example" || w.Approvers[0].User != "U0HANAKO" || w.Digest != e.Data.Digest ||
		!slices.Equal(w.Privileges, []string{"SELECT", "SHOW VIEW"}) || !w.EndBy.Equal(w.StartBy.Add(8*time.Hour)) {
		t.Errorf("the warrant says %+v", w)
	}
	after := string(b.messages()[0].Blocks)
	if strings.Contains(after, "powerpole.approve") || !strings.Contains(after, "Approved by") {
		t.Errorf("the message does not show that it is decided: %s", after)
	}
	if _, armed := b.clock.armed(e.RequestID + "-pending-1"); armed {
		t.Error("the pending limit is still in the scheduler")
	}
	if got, want := b.kinds(t, e.RequestID), []approval.Kind{approval.Requested, approval.Approved}; !slices.Equal(got, want) {
		t.Errorf("the log says %v, want %v", got, want)
	}
}
