package grantor_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"

	pkgbus "github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
)

func TestAWarrantThatIsNotGenuineIsParkedAndAlarmed(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		l, of2 := w.request("taro@example.com"), w.request("jiro@example.com")
		foreign, err := w.signer.Warrant(of2.warrant)
		must(t, err)
		for name, token := range map[string]string{"altered": "x" + foreign, "another request's": foreign, "none": "x"} {
			l.ready.Warrant = token
			if err := l.instanceReady(t.Context()); !pkgbus.IsTerminal(err) {
				t.Errorf("%s: error %v is not terminal", name, err)
			}
		}
		must(t, l.armed(t.Context()))
		if a := of[event.Alarmed](l); len(a) == 0 || a[0].Alarm != "warrant-not-genuine" {
			t.Errorf("alarms %+v", a)
		}
		if len(of[event.Granted](l)) != 0 || w.db.Accounts(t, "taro") != 0 {
			t.Error("it moved something")
		}
	})
}

func TestAnEventThatIsNotGenuineComesBackUntilSomebodyHasBeenTold(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		l := w.request("taro@example.com")
		l.ready.Warrant = "x"
		w.bus.fail(errors.New("the bus is away"))
		if err := l.instanceReady(t.Context()); err == nil || pkgbus.IsTerminal(err) {
			t.Errorf("while the alarm could not be published it ended with %v", err)
		}
		w.bus.fail(nil)
		if err := l.instanceReady(t.Context()); !pkgbus.IsTerminal(err) {
			t.Errorf("error %v is not terminal", err)
		}
		only[event.Alarmed](l)
	})
}

func TestWhatMayNoLongerBeginFails(t *testing.T) {
	tests := map[string]struct {
		change func(*lease)
		code   string
	}{
		"a warrant that is late": {func(l *lease) {
			l.warrant.StartBy = time.Now().Add(-time.Hour)
		}, "late"},
		"a cluster that is gone":            {func(l *lease) { l.warrant.Cluster = "gone" }, "not-allowed"},
		"a database that is not offered":    {func(l *lease) { l.warrant.Databases = []string{"mysql"} }, "not-allowed"},
		"a privilege that the role has not": {func(l *lease) { l.warrant.Privileges = []string{"SELECT", "DROP"} }, "not-allowed"},
		"a role that the cluster has not":   {func(l *lease) { l.warrant.Role = "DDL" }, "not-allowed"},
		"longer than the ceiling": {func(l *lease) {
			l.warrant.Duration = 9 * time.Hour
			l.warrant.EndBy = l.warrant.StartBy.Add(9 * time.Hour)
		}, "not-allowed"},
		"a bastion in another region":         {func(l *lease) { l.ready.Region = "eu-west-1" }, "instance"},
		"a bastion with another address":      {func(l *lease) { l.ready.PrivateIP = l.ready.PrivateIP.Next() }, "instance"},
		"another request's bastion":           {func(l *lease) { l.ready.InstanceID, l.ready.PrivateIP = l.w.launch("pp-other") }, "instance"},
		"another installation's bastion":      {func(l *lease) { l.ready.InstanceID, l.ready.PrivateIP = l.w.launchFor("other", l.id) }, "instance"},
		"a bastion that is terminated":        {terminate, "instance"},
		"columns of a role that does more":    {func(l *lease) { l.warrant.Tables = []string{"shop.orders(id)"} }, "not-allowed"},
		"a table outside the databases asked": {func(l *lease) { l.warrant.Tables = []string{"billing.invoices"} }, "not-allowed"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				l := w.request("taro@example.com")
				test.change(l)
				must(t, l.armed(t.Context()))
				must(t, l.instanceReady(t.Context()))
				if f := only[event.GrantFailed](l); f.Code != test.code || f.Reason == "" {
					t.Errorf("failed with %+v, want code %s", f, test.code)
				}
				must(t, l.expired(t.Context(), ""))
				if r := only[event.Revoked](l); r.Outcome != event.None {
					t.Errorf("revoked %+v", r)
				}
				if w.db.Accounts(t, "taro") != 0 {
					t.Error("there is an account")
				}
			})
		})
	}
}

func terminate(l *lease) {
	_, err := l.w.ec2.TerminateInstances(l.w.t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{l.ready.InstanceID}})
	must(l.w.t, err)
}

func TestAnInstanceThatEC2DoesNotShowYetIsAskedForAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		l := w.request("taro@example.com")
		l.ready.InstanceID = "i-0123456789abcdef0"
		must(t, l.armed(t.Context()))
		if _, later := pkgbus.IsLater(l.instanceReady(t.Context())); !later {
			t.Error("it is not asked again")
		}
		if l.said() != "" {
			t.Errorf("it said %s", l.said())
		}
	})
}
