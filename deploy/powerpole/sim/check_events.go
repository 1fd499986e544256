package sim

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/services/approval"
)

// ended checks S4: every request has exactly one end.
func (c *checks) ended(all []*facts) {
	for _, f := range all {
		switch {
		case f.nobodys():
			// somebody forged something about it
		case f.created == nil:
			c.fail("S4", "%s was never asked for", f.id)
		case len(f.ends) != 1:
			c.fail("S4", "%s has the ends %v", f.id, sorted(f.ends))
		case f.ends["Reaped"] && f.approved == nil:
			c.fail("S4", "%s was reaped and never approved", f.id)
		case f.approved != nil && !f.ends["Reaped"]:
			c.fail("S4", "%s was approved and has the end %v", f.id, sorted(f.ends))
		}
	}
}

// alarmed checks S3 where the bounds are moved: people know of a lease that has no
// receipt long after its end, unless whoever tells them was in trouble too.
func (c *checks) alarmed(all []*facts) {
	const (
		limit = 15 * time.Minute // the reaper's
		slack = 2 * time.Minute
	)
	for _, f := range all {
		by := f.toldAt.Add(limit + sweepEvery + slack + c.world.plan.apart())
		if f.expired == nil || f.reaped != nil && f.endedAt.Before(by) || c.world.faults.touched([]string{"reaper", "dynamodb", "events", "sqs"}, f.toldAt, by) {
			continue
		}
		told := slices.ContainsFunc(c.world.seen.all(), func(e passed) bool {
			a, err := as[event.Alarmed](e.Event)
			return e.Type == a.EventType() && err == nil && a.Alarm == "receipt-missing" && e.Detail.RequestID == f.id && !e.replay
		})
		if !told {
			c.fail("S3", "%s had no receipt %s after its end, and nobody was told", f.id, f.endedAt.Sub(f.toldAt))
		}
	}
}

// warned checks that whose lease ran out had been told before, at the time for it.
func (c *checks) warned(all []*facts) {
	const slack = 2 * time.Minute
	for _, f := range all {
		if f.granted == nil || f.expired == nil || f.expired.Cause != event.ByTime {
			continue
		}
		before := min(10*time.Minute, f.stop.At.Sub(f.granted.GrantedAt)/5)
		due := f.stop.At.Add(-before)
		from, to := due.Add(-slack-c.world.plan.apart()), due.Add(slack+c.world.plan.apart())
		if before <= c.world.plan.apart() || f.stopAt.After(from) || c.world.faults.touched([]string{"reaper", "scheduler", "dynamodb", "events", "sqs"}, f.stopAt, to) {
			continue
		}
		warned := slices.ContainsFunc(c.world.seen.all(), func(e passed) bool {
			w, err := as[event.Expiring](e.Event)
			return e.Type == w.EventType() && err == nil && e.Detail.RequestID == f.id && w.ExpiresAt.Equal(f.stop.At) && e.at.After(from) && e.at.Before(to)
		})
		if !warned {
			c.fail("S4", "%s ran out at %s, and nobody was warned about %s", f.id, f.stop.At, due)
		}
	}
}

// answered checks that who has done with an Expired has said what became of the
// thing that it ends, also where there was none.
func (c *checks) answered(service, request string) {
	answer := map[string]string{"provisioner": "InstanceTerminated", "grantor": "Revoked"}[service]
	said := slices.ContainsFunc(c.world.seen.all(), func(e passed) bool { return e.Type == answer && e.Detail.RequestID == request && !e.replay })
	if answer != "" && !said {
		c.fail("S4", "%s has done with the end of %s and not said %s", service, request, answer)
	}
}

// heard checks that a form that was taken became a request.
func (c *checks) heard() {
	for _, d := range c.accepted {
		if c.world.seen.request(reason(d.Request)) == "" {
			c.fail("S4", "%s asked, was told that it was taken, and nothing came of it", d.Who)
		}
	}
}

// once are the events that happen once per request, whatever their number.
var once = []string{"RequestCreated", "Approved", "Denied", "Cancelled", "Lapsed", "InstanceReady", "Granted", "Expired", "Revoked", "InstanceTerminated", "Reaped", "Released", "ExtensionRefused"}

// saidAgain are those of them that are said again, word for word and each time under
// an id of its own, where an answer was lost.
var saidAgain = []string{"Expired", "Revoked", "InstanceTerminated"}

// events checks S6 on the bus: what is said again is said alike, and what
// happens once is one event.
func (c *checks) events() {
	content, ids := map[string]string{}, map[string]string{}
	for _, e := range c.world.seen.all() {
		if e.replay || e.Detail.ID == "" || e.Source == event.EC2 {
			continue
		}
		if v, err := as[event.Voted](e.Event); e.Type == "Alarmed" || e.Type == v.EventType() && err == nil && !v.Taken {
			continue // of no record: what is refused is answered anew each time
		}
		said := string(e.Detail.Data) // when it is said may differ where an end is said again
		if before, ok := content[e.Detail.ID]; ok && before != said {
			c.fail("S6", "%s of %s was said twice, differently", e.Type, e.Detail.RequestID)
		}
		content[e.Detail.ID] = said
		if !slices.Contains(once, e.Type) {
			continue
		}
		key, what := e.Type+" "+e.Detail.RequestID, e.Detail.ID
		if slices.Contains(saidAgain, e.Type) {
			what = said
		}
		if before, ok := ids[key]; ok && before != what {
			c.fail("S6", "%s of %s happened twice", e.Type, e.Detail.RequestID)
		}
		ids[key] = what
	}
}

// told checks the second half of S4, and S6 in Slack.
func (c *checks) told(all []*facts) {
	for _, f := range all {
		if f.created == nil || len(f.ends) == 0 {
			continue
		}
		who := f.created.Requester.User
		if _, left := c.leavers[who]; left {
			continue
		}
		c.toldOf(f, who)
	}
}

func (c *checks) toldOf(f *facts, who string) {
	var direct []string
	for _, m := range c.world.slack.Messages(who, c.world.slack.DirectMessage(who)) {
		if m.EphemeralTo == "" && strings.Contains(string(m.Blocks), f.id) {
			direct = append(direct, string(m.Blocks))
		}
	}
	asked := 0
	for _, m := range c.world.slack.Messages(approvers[0], channel) {
		if strings.Contains(string(m.Metadata), f.id) && strings.Contains(string(m.Metadata), "powerpole_request") {
			asked++
		}
	}
	switch {
	case len(direct) == 0:
		c.fail("S4", "%s was never told of %s", who, f.id)
	case strings.Contains(direct[len(direct)-1], `"powerpole.`):
		c.fail("S4", "%s still sees buttons on %s, which has ended", who, f.id)
	case f.reaped != nil && !strings.Contains(direct[len(direct)-1], ":receipt:"):
		c.fail("S4", "%s was not given the receipt of %s", who, f.id)
	case f.tooLate != nil && !saysTooLate(direct[len(direct)-1]):
		c.fail("S4", "%s extended %s too late and was not told", who, f.id)
	case strings.Contains(direct[0], password.String()):
		c.fail("S9", "a password is still shown for %s", f.id)
	}
	if asked > 1 {
		c.fail("S6", "the approvers were asked %d times about %s", asked, f.id)
	}
}

// saysTooLate says that a person reads so, in either language.
func saysTooLate(blocks string) bool {
	return strings.Contains(blocks, "came too late") || strings.Contains(blocks, "間に合いませんでした")
}

// proven checks S10 for what people are given in the end: a receipt says what the
// owners of account and instance said, and nothing of its own.
func (c *checks) proven(all []*facts) {
	for _, f := range all {
		if f.reaped == nil {
			continue
		}
		if f.revoked == nil || !reflect.DeepEqual(f.reaped.Account, *f.revoked) {
			c.fail("S10", "the receipt of %s says of its account what the grantor did not say", f.id)
		}
		if f.stopped == nil || !reflect.DeepEqual(f.reaped.Instance, *f.stopped) {
			c.fail("S10", "the receipt of %s says of its instance what the provisioner did not say", f.id)
		}
	}
}

// limited checks S11 where it is easily broken: no end is armed later than the
// approvers were told.
func (c *checks) limited(all []*facts) {
	for _, f := range all {
		for _, a := range f.armed {
			if f.approved != nil && a.Stop == "end" && a.At.After(f.approved.EndBy) {
				c.fail("S11", "the end of %s is armed %s after end_by", f.id, a.At.Sub(f.approved.EndBy))
			}
		}
	}
}

// extended checks that nobody was promised more time in silence: a lease that ran
// out before what an extension came to had an ExtensionRefused.
func (c *checks) extended(all []*facts) {
	for _, f := range all {
		if f.extended == nil || f.granted == nil || f.expired == nil || f.expired.Cause != event.ByTime || f.tooLate != nil {
			continue
		}
		promised := earliest(f.granted.GrantedAt.Add(f.extended.Total.Std()), f.approved.EndBy)
		if f.expired.EndedAt.Before(promised.Add(-c.world.plan.apart())) { // by another's clock
			c.fail("S4", "%s was extended until %s, ended %s before, and nobody was told", f.id, promised, promised.Sub(f.expired.EndedAt))
		}
	}
}

// approvalLog is approval's log, to read.
func (w *world) approvalLog() (*store.Log[approval.Entry], error) {
	return store.NewLog[approval.Entry](dynamodb.NewFromConfig(w.stack.Config()), "powerpole-approval", event.Approval, nobody{})
}

// agreed checks S10: the archive and the approval log tell the same.
func (c *checks) agreed(ctx context.Context, all []*facts) {
	log, err := c.world.approvalLog()
	if err != nil {
		c.fail("S10", "the approval log cannot be opened: %v", err)
		return
	}
	for _, f := range all {
		rows, err := log.Rows(ctx, f.id)
		if err != nil {
			c.fail("S10", "the log of %s: %v", f.id, err)
			continue
		}
		written := map[approval.Kind]int{}
		for _, r := range rows {
			written[r.Entry.Kind]++
		}
		refused := len(rows) > 0 && rows[0].Entry.Kind == approval.Denied // at once
		for kind, said := range map[approval.Kind]bool{
			approval.Requested: f.created != nil && !refused, approval.Approved: f.approved != nil, approval.Denied: f.ends["Denied"],
			approval.Cancelled: f.ends["Cancelled"], approval.Lapsed: f.ends["Lapsed"], approval.Ended: f.ends["Reaped"] && !f.nobodys(),
		} {
			if said != (written[kind] == 1) {
				c.fail("S10", "the log of %s has %d rows %q, the archive says %v", f.id, written[kind], kind, said)
			}
		}
	}
}

// everybody checks that nothing is granted while everybody has more than the
// catalog says.
func (c *checks) everybody() {
	for _, e := range c.world.seen.all() {
		granted, err := as[event.Granted](e.Event)
		if e.Type != granted.EventType() || e.replay || err != nil {
			continue
		}
		for _, f := range c.world.faults.fired {
			from, to := c.world.began.Add(f.from), c.world.began.Add(f.to)
			if (f.Kind == Everybody || f.Kind == Mandatory) && from.Before(granted.GrantedAt.Add(-c.world.plan.ahead("grantor")-time.Second)) && to.After(e.at) {
				c.fail("S1", "%s was granted while everybody had more than the catalog says", e.Detail.RequestID)
			}
		}
	}
}

// nobody publishes nothing: the auditor only reads.
type nobody struct{}

// Publish implements store.Publisher.
func (nobody) Publish(context.Context, ...event.Event) error { return errRefused }

// secrets checks S9: no password that ever was is in an event, a log line or a
// dead letter.
func (c *checks) secrets() {
	places := map[string]string{"a log line": c.world.lines.text()}
	var events strings.Builder
	for _, e := range c.world.seen.all() {
		events.WriteString(e.json)
	}
	places["an event"] = events.String()
	for _, q := range c.world.stack.SQS.Queues() {
		places["queue "+q.Name] = strings.Join(c.world.stack.SQS.Peek(q.Name, 1000), "\n")
	}
	for _, secret := range c.world.canaries() {
		for _, where := range sorted(places) {
			if strings.Contains(places[where], secret.value) {
				c.fail("S9", "the %s is in %s", secret.what, where)
			}
		}
	}
}
