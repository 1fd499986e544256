package sim

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
	"github.com/powerpole/powerpole/services/provisioner"
)

// appeared is called when something of PowerPole's is there for the first time:
// S1, S2 and S6.
func (c *checks) appeared(n *thing) {
	if n.kind != anAccount && n.kind != anInstance {
		return
	}
	_, by := gather(c.world.seen.all())
	f := by[n.request]
	if f == nil || f.approved == nil {
		c.fail("S1", "%s %s is there for %s, which nobody approved", n.kind, n.id, n.request)
		return
	}
	c.permitted(n, f)
	for _, other := range c.world.things.all {
		if other != n && other.kind == n.kind && other.request == n.request && other.gone.IsZero() && !c.ending(other) && !c.inherited(other) {
			c.fail("S6", "%s has %s %s and %s at once", n.request, n.kind, other.id, n.id)
		}
	}
	c.tornDown(n)
	if n.kind == anAccount {
		c.stopped(n, f)
		c.alone(n)
	}
}

// tornDown checks S3 where an end overtakes a beginning: who has done with an
// Expired builds nothing for that request any more.
func (c *checks) tornDown(n *thing) {
	builder := map[string]string{anAccount: "grantor", anInstance: "provisioner"}[n.kind]
	if c.world.hands.heard(builder, "Expired", n.request) {
		c.fail("S3", "%s %s of %s was made after the %s had heard of its end", n.kind, n.id, n.request, builder)
	}
}

// alone checks S5 where it is easily broken: an account shares neither its name
// nor its address with one of another request.
func (c *checks) alone(n *thing) {
	user, host, _ := strings.Cut(n.id, "@")
	if user == foreignAccount {
		c.fail("S5", "%s was given the name of somebody else's account", n.request)
	}
	for _, other := range c.world.things.all {
		if other.kind != anAccount || other.request == n.request || !other.gone.IsZero() {
			continue
		}
		if u, h, _ := strings.Cut(other.id, "@"); u == user || h == host {
			c.fail("S5", "%s of %s and %s of %s are there at once", n.id, n.request, other.id, other.request)
		}
	}
}

// vacant checks S5 where addresses come again: a bastion is not ready for one
// request at an address where the account of another still is.
func (c *checks) vacant() {
	for _, e := range c.world.seen.all() {
		ready, err := as[event.InstanceReady](e.Event)
		if e.Type != ready.EventType() || e.replay || err != nil {
			continue
		}
		for _, n := range c.world.things.all {
			_, host, _ := strings.Cut(n.id, "@")
			there := n.appeared.Before(e.at) && (n.gone.IsZero() || n.gone.After(e.at))
			if n.kind == anAccount && n.request != e.Detail.RequestID && host == ready.PrivateIP.String() && there {
				c.fail("S5", "%s was ready at the address of %s of %s", e.Detail.RequestID, n.id, n.request)
			}
		}
	}
}

// ending says that an instance is shutting down or gone, by what EC2 knows and
// not by what it shows.
func (c *checks) ending(n *thing) bool {
	if n.kind != anInstance {
		return false
	}
	for _, i := range c.world.stack.EC2.Known() {
		if i.ID == n.id {
			return i.State == "shutting-down" || i.State == "terminated"
		}
	}
	return true
}

// inherited says that an instance was given the address of an earlier one of
// another request, whose account may live there still for all that the
// provisioner has heard. It is replaced, and ended after that, so that its
// successor cannot be given the same address again.
func (c *checks) inherited(n *thing) bool {
	at := c.world.things.addresses
	if n.kind != anInstance || !at[n.id].IsValid() {
		return false
	}
	for _, other := range c.world.things.all {
		if other.kind != anInstance || other.request == n.request || at[other.id] != at[n.id] || other.appeared.After(n.appeared) {
			continue
		}
		if !c.heardGone(other.request) {
			return true
		}
	}
	return false
}

// heardGone says that the provisioner has heard that the account of a request is
// gone: that may be long after it was said.
func (c *checks) heardGone(request string) bool {
	table, err := store.NewTable[provisioner.State](dynamodb.NewFromConfig(c.world.stack.Config()), "powerpole-provisioner")
	if err != nil {
		return true
	}
	r, err := table.Load(context.Background(), request)
	return err != nil || r.State.Revoked == event.Gone || r.State.Revoked == event.None
}

// permitted checks the warrant against what people really did.
func (c *checks) permitted(n *thing, f *facts) {
	w, err := c.verifier.Warrant(f.approved.Warrant, f.id)
	// Who claims an effect in time may have it for as long as the claim runs.
	const claim = 30 * time.Second
	inTime := !n.appeared.After(w.StartBy.Add(warrant.Tolerance + claim + c.world.plan.apart()))
	if err != nil && (!errors.Is(err, warrant.ErrLate) || !inTime) {
		c.fail("S1", "%s %s is there by a warrant of %s that does not hold: %v", n.kind, n.id, f.id, err)
		return
	}
	if n.appeared.After(w.EndBy.Add(c.world.plan.apart())) {
		c.fail("S11", "%s %s of %s is there %s after end_by", n.kind, n.id, f.id, n.appeared.Sub(w.EndBy))
	}
	if need := approvalsOf(w.Role); len(w.Approvers) < need {
		c.fail("S1", "%s has %d approvers, %s asks for %d", f.id, len(w.Approvers), w.Role, need)
	}
	for _, p := range w.Approvers {
		c.approver(f, p, w)
	}
}

func approvalsOf(role string) int {
	if role == "DDL" {
		return 2
	}
	return 1
}

// approver checks that this person may, and did.
func (c *checks) approver(f *facts, p warrant.Person, w warrant.Warrant) {
	if p.User == w.Owner.User || p.Email == w.Owner.Email {
		c.fail("S1", "%s was approved by its own requester %s", f.id, p.User)
	}
	if p.User != approvers[0] && p.User != approvers[1] {
		c.fail("S1", "%s was approved by %s, who is no approver", f.id, p.User)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	did := false
	for _, k := range c.clicks {
		if k.who == p.User && k.action == event.Approve && c.world.seen.request(reason(k.request)) == f.id {
			gone := c.leavers[p.User]
			did = did || gone.IsZero() || k.at.Before(gone.Add(time.Minute))
		}
	}
	if !did {
		c.violations = append(c.violations, Violation{"S1", p.User + " is said to have approved " + f.id + " and did not"})
	}
}

// pendingSuffix is how the name of approval's schedule ends.
const pendingSuffix = "-pending-1"

// stopped checks that a stop is in the scheduler before the account: one of the
// reaper's, not what approval waits for.
func (c *checks) stopped(n *thing, f *facts) {
	if len(f.armed) == 0 {
		c.fail("S2", "account %s of %s is there before Armed", n.id, f.id)
	}
	c.world.things.schedules()
	for _, s := range c.world.things.all {
		if s.kind == aSchedule && s.request == f.id && !strings.HasSuffix(s.id, pendingSuffix) {
			return
		}
	}
	c.fail("S2", "account %s of %s is there and no stop ever was in the scheduler", n.id, f.id)
}

// lockedFirst checks S2 at its beginning: an account is locked until its secret
// is stored, so that a crash in between leaves one that nobody can use.
func (c *checks) lockedFirst(unlocked []string) {
	if len(unlocked) == 0 {
		return
	}
	c.world.things.secrets()
	for _, request := range unlocked {
		stored := slices.ContainsFunc(c.world.things.all, func(n *thing) bool { return n.kind == aSecret && n.request == request })
		if !stored {
			c.fail("S2", "the account of %s is open and its secret was never stored", request)
		}
	}
}

// gone checks S3: everything went in time, and S11 with it.
func (c *checks) gone(by map[string]*facts) {
	now := time.Now()
	for _, n := range c.world.things.all {
		f := by[n.request]
		if f != nil && strings.HasSuffix(n.id, pendingSuffix) {
			f.heardAt = n.appeared
		}
		if f == nil {
			c.fail("S3", "%s %s belongs to %q, which never was", n.kind, n.id, n.request)
			continue
		}
		t, bound := earliest(f.end(), c.replaced(n)), instanceBound
		if n.kind == anAccount || n.kind == aConnection || n.kind == aSession {
			bound = accountBound
		}
		if t.Before(n.appeared) {
			t = n.appeared // what is found late counts from then
		}
		deadline := c.world.deadline(n, t, bound)
		switch {
		case n.gone.IsZero() && now.After(deadline):
			c.fail("S3", "%s %s of %s is still there %s after the end", n.kind, n.id, n.request, now.Sub(t).Round(time.Second))
		case n.gone.After(deadline):
			c.fail("S3", "%s %s of %s was there until %s after the end", n.kind, n.id, n.request, n.gone.Sub(t).Round(time.Second))
		}
	}
}

// replaced is when there was another bastion in the place of this one: what a
// request does not use any more ends then. It is zero for the last one.
func (c *checks) replaced(n *thing) (at time.Time) {
	for _, other := range c.world.things.all {
		if n.kind == anInstance && other.kind == anInstance && other.request == n.request && other.appeared.After(n.appeared) {
			at = earliest(at, other.appeared)
		}
	}
	return at
}

// foreign checks S5: what others made is as it was.
func (c *checks) foreign() {
	there := false
	for _, a := range c.world.database.Accounts() {
		there = there || a.User == foreignAccount && owner(a.Attribute) == "" && !a.Locked
	}
	if !there {
		c.fail("S5", "the account %s of somebody else is gone or locked", foreignAccount)
	}
	if i, ok := c.world.stack.EC2.Instance(c.world.foreignInstance); !ok || i.State != "running" {
		c.fail("S5", "the instance of somebody else is %s", i.State)
	}
}
