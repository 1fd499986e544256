package demo_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/intake"
)

func TestADenialReachesTheRequesterWithItsReason(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.ask("10m")
	w.click(hanako, channel, event.Deny)
	var view struct{ ID string }
	w.await("the question why", func() bool {
		raw := w.Slack.OpenView(hanako)
		return raw != nil && json.Unmarshal(raw, &view) == nil
	})
	_, err := w.Slack.SubmitView(t.Context(), hanako, view.ID, map[string]any{intake.ReasonAction: "use the replica instead"})
	if err != nil {
		t.Fatal(err)
	}
	w.await("the reason", func() bool { return strings.Contains(w.direct(), "use the replica instead") })
	w.await("an approvers' message without buttons", func() bool {
		_, value := w.button(hanako, channel, event.Approve)
		return value == ""
	})
	if _, ok := said[event.Approved](w, id); ok {
		t.Error("what was denied was approved as well")
	}
	if n := len(w.AWS.EC2.Instances()); n > 0 {
		t.Errorf("%d instances were launched", n)
	}
	w.nothingLeft()
}

func TestACancelledRequestCanNoLongerBeApproved(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.ask("10m")
	ts, value := w.button(hanako, channel, event.Approve)
	w.await("the direct message", func() bool {
		_, value := w.button(taro, w.Slack.DirectMessage(taro), event.Cancel)
		return value != ""
	})
	w.click(taro, w.Slack.DirectMessage(taro), event.Cancel)
	w.await("the cancellation", func() bool {
		_, ok := said[event.Cancelled](w, id)
		_, button := w.button(hanako, channel, event.Approve)
		return ok && button == ""
	})
	// The approver's client still showed the button.
	if err := w.Slack.ClickButton(t.Context(), hanako, channel, ts, "powerpole.approve", value); err == nil {
		w.await("the answer to the late click", func() bool {
			v, ok := said[event.Voted](w, id)
			return ok && !v.Taken && v.By.User == hanako
		})
	}
	if _, ok := said[event.Approved](w, id); ok {
		t.Error("what was cancelled was approved")
	}
	w.nothingLeft()
}

func TestAWorkspaceWithoutCapacityIsToldToTheRequesterAndLeavesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.AWS.EC2.Exhaust("t4g.nano", "subnet-0aaaaaaaaaaaaaaaa")
	w.AWS.EC2.Exhaust("t4g.micro", "subnet-0bbbbbbbbbbbbbbbb")
	id := w.ask("10m")
	w.click(hanako, channel, event.Approve)
	w.await("the receipt", func() bool {
		_, ok := said[event.Reaped](w, id)
		return ok && strings.Contains(w.direct(), "空きがありません") && strings.Contains(w.direct(), ":receipt:")
	})
	if failed, ok := said[event.ProvisionFailed](w, id); !ok || failed.Code != "no-capacity" {
		t.Errorf("ProvisionFailed is %v", failed)
	}
	w.nothingLeft()
}

func TestAFallbackIsLaunchedWhereTheFirstPlaceHasNoCapacity(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.AWS.EC2.Exhaust("t4g.nano", "subnet-0aaaaaaaaaaaaaaaa")
	w.ask("10m")
	w.click(hanako, channel, event.Approve)
	w.ready()
	if is := w.AWS.EC2.Instances(); len(is) != 1 || is[0].Spec.InstanceType != "t4g.micro" {
		t.Errorf("instances: %v", is)
	}
}

func TestAGrantThatWouldGiveMoreThanApprovedFailsAndLeavesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	// What everybody has, taro's account would have too.
	w.sql("CREATE USER ''@'%' IDENTIFIED BY 'x'", "GRANT SELECT ON billing.* TO ''@'%'")
	before := w.accounts()
	id := w.ask("10m")
	w.click(hanako, channel, event.Approve)
	w.await("the receipt", func() bool {
		_, ok := said[event.Reaped](w, id)
		return ok && strings.Contains(w.direct(), ":receipt:")
	})
	if _, ok := said[event.GrantFailed](w, id); !ok {
		t.Error("no GrantFailed was said")
	}
	if _, ok := said[event.Granted](w, id); ok {
		t.Error("Granted was said")
	}
	if after := w.accounts(); after != before {
		t.Errorf("accounts were %s, are %s", before, after)
	}
	w.nothingLeft()
}

func TestAReleaseEndsTheLeaseAtOnce(t *testing.T) {
	t.Parallel()
	w := setup(t)
	before := w.accounts()
	id := w.ask("2h")
	w.click(hanako, channel, event.Approve)
	w.ready()
	w.click(taro, w.Slack.DirectMessage(taro), event.Release)
	w.await("the receipt", func() bool {
		_, ok := said[event.Reaped](w, id)
		return ok && strings.Contains(w.direct(), ":receipt:")
	})
	reaped, _ := said[event.Reaped](w, id)
	if reaped.Cause != event.ByRelease || reaped.Account.Outcome != event.Gone {
		t.Errorf("the receipt says %+v", reaped)
	}
	if after := w.accounts(); after != before {
		t.Errorf("accounts were %s, are %s", before, after)
	}
	w.nothingLeft()
}

func TestABastionThatGoesAwayByItselfEndsTheLease(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.ask("2h")
	w.click(hanako, channel, event.Approve)
	w.ready()
	if err := w.AWS.EC2.Kill(w.AWS.EC2.Instances()[0].ID); err != nil {
		t.Fatal(err)
	}
	w.await("the receipt", func() bool {
		_, ok := said[event.Reaped](w, id)
		return ok && strings.Contains(w.direct(), ":receipt:")
	})
	if reaped, _ := said[event.Reaped](w, id); reaped.Cause != event.ByLoss {
		t.Errorf("the receipt says %+v", reaped)
	}
	w.nothingLeft()
}
