package approval_test

import (
	"slices"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
	"github.com/powerpole/powerpole/pkg/warrant"
	"github.com/powerpole/powerpole/services/approval"
)

func TestACancelAfterTheApprovalIsARelease(t *testing.T) {
	t.Parallel()
	b := setup(t)
	first := b.open(t, ask())
	b.act(t, first, "U0TARO", event.Cancel)
	if len(servicetest.Said[event.Cancelled](t, b.bus)) != 1 || len(servicetest.Said[event.Released](t, b.bus)) != 0 {
		t.Error("a request that waits was not taken back")
	}
	second := b.open(t, ask())
	b.act(t, second, "U0HANAKO", event.Approve)
	b.act(t, second, "U0TARO", event.Cancel, func(a *event.ActionSubmitted) { a.Digest = "" })
	if len(servicetest.Said[event.Cancelled](t, b.bus)) != 1 || len(servicetest.Said[event.Released](t, b.bus)) != 1 {
		t.Error("a lease was not released")
	}
}

func TestALeaseIsReleasedByItsOwnerAnApproverOrAnAdministratorOnly(t *testing.T) {
	t.Parallel()
	for user, may := range map[string]bool{"U0TARO": true, "U0KEN": true, "U0OLIVER": true, "U0GUEST": false, "U0STRANGER": false} {
		t.Run(user, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			e := b.open(t, ask())
			b.act(t, e, "U0HANAKO", event.Approve)
			b.act(t, e, user, event.Release)
			b.act(t, e, user, event.Release)
			if released := servicetest.Said[event.Released](t, b.bus); (len(released) == 1) != may {
				t.Errorf("Released: %+v", released)
			}
		})
	}
}

func TestALeaseIsExtendedOnceByItsOwnerAndNeverPastTheCeiling(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := b.open(t, ask())
	b.act(t, e, "U0HANAKO", event.Approve)
	more := func(d time.Duration) func(*event.ActionSubmitted) {
		return func(a *event.ActionSubmitted) { a.Extra = event.Duration(d) }
	}
	b.act(t, e, "U0TARO", event.Extend, more(8*time.Hour))
	b.act(t, e, "U0TARO", event.Extend, more(-time.Minute))
	b.act(t, e, "U0TARO", event.Extend, more(1<<63-1))
	b.act(t, e, "U0HANAKO", event.Extend, more(time.Hour))
	if extended := servicetest.Said[event.Extended](t, b.bus); len(extended) != 0 {
		t.Fatalf("Extended: %+v", extended)
	}
	b.act(t, e, "U0TARO", event.Extend, more(2*time.Hour))
	b.act(t, e, "U0TARO", event.Extend, more(time.Hour))
	extended := servicetest.Said[event.Extended](t, b.bus)
	if len(extended) != 1 || extended[0].Total.Std() != 3*time.Hour {
		t.Fatalf("Extended: %+v", extended)
	}
	if n := slices.Index(b.kinds(t, e.RequestID), approval.Extended); slices.Contains(b.kinds(t, e.RequestID)[n+1:], approval.Extended) {
		t.Error("the log says that it was extended twice")
	}
	w, err := b.verifier.Extension(extended[0].Warrant, e.RequestID)
	if err != nil || w.Duration != 3*time.Hour || w.Purpose != warrant.PurposeExtend || w.Approvers[0].User != "U0HANAKO" {
		t.Errorf("the warrant says %+v, %v", w, err)
	}
}

func TestWhatTheRoleDoesNotAllowIsNotExtended(t *testing.T) {
	t.Parallel()
	b := setup(t)
	e := b.open(t, ask(func(a *event.Ask) { a.Role = "DDL" }))
	b.act(t, e, "U0HANAKO", event.Approve)
	b.act(t, e, "U0KEN", event.Approve)
	b.act(t, e, "U0TARO", event.Extend, func(a *event.ActionSubmitted) { a.Extra = event.Duration(time.Hour) })
	if extended := servicetest.Said[event.Extended](t, b.bus); len(extended) != 0 {
		t.Errorf("Extended: %+v", extended)
	}
}
