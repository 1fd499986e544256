package approval

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/policy"
	"github.com/powerpole/powerpole/pkg/reason"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
)

const (
	// unheardWait is how long a click may be ahead of its request, before it is
	// for one that does not exist; unheardAgain how often it is tried.
	unheardWait  = time.Minute
	unheardAgain = 5 * time.Second
	// maxRounds bounds how often others may decide in between.
	maxRounds = 16
)

// OnActionSubmitted decides what becomes of a click, by what the log says and
// by who the person is at this moment.
func (s *Service) OnActionSubmitted(ctx context.Context, e event.Typed[event.ActionSubmitted]) error {
	late, err := s.verify(ctx, e.Header, e.Data.Slip, warrant.Slip{
		Enterprise: e.Data.By.Enterprise, Team: e.Data.By.Team, User: e.Data.By.User,
		Action: string(e.Data.Action), Digest: e.Data.Digest, ActionTS: e.Data.ActionTS,
	})
	if err != nil {
		return err
	}
	q, _, err := s.load(ctx, e.RequestID)
	switch {
	case err != nil:
		return err
	case q.Status == "":
		return s.unheard(ctx, e)
	case q.knows(e.ID):
		return s.follow(ctx, e.Header)
	}
	c := s.standing(ctx, q, e)
	if err := s.settle(ctx, e.Header, c, late); err != nil {
		return err
	}
	return s.follow(ctx, e.Header)
}

// load reads a request, and publishes what its rows still owe.
func (s *Service) load(ctx context.Context, id string) (Request, []store.Row[Entry], error) {
	rows, err := s.Log.Load(ctx, id)
	return fold(id, rows), rows, err
}

// unheard waits a while for the request that a click has overtaken.
func (s *Service) unheard(ctx context.Context, e event.Typed[event.ActionSubmitted]) error {
	if s.Clock.Since(e.OccurredAt) < unheardWait {
		return bus.Later(unheardAgain, fmt.Errorf("request %q is not known yet", e.RequestID))
	}
	c := click{ActionSubmitted: e.Data, id: e.ID}
	return s.publish(ctx, e.Header, e.ID, c.refused(reason.Unheard.Say()))
}

// standing looks up who clicked, and who asked. What Slack does not say counts
// against them.
func (s *Service) standing(ctx context.Context, q Request, e event.Typed[event.ActionSubmitted]) click {
	ctx, cancel := context.WithTimeout(ctx, askWithin)
	defer cancel()
	c := click{ActionSubmitted: e.Data, id: e.ID}
	var errs [3]error
	c.By, c.principal, errs[0] = s.lookUp(ctx, e.Data.By)
	switch e.Data.Action {
	case event.Approve:
		_, c.requester, errs[1] = s.lookUp(ctx, q.Requester)
		c.principal.Memberships, errs[2] = s.memberships(ctx, c.By, s.approvers(q))
	case event.Deny, event.Look:
		c.principal.Memberships, errs[2] = s.memberships(ctx, c.By, s.approvers(q))
	case event.Release:
		if c.By.User != q.Requester.User {
			c.principal.Memberships, errs[2] = s.memberships(ctx, c.By, append(s.approvers(q), s.Catalog.Administrators()...))
		}
	}
	if c.unsure = errors.Join(errs[:]...); c.unsure != nil {
		s.Logger.WarnContext(ctx, "slack did not say who somebody is", "request", q.ID, "error", c.unsure)
	}
	return c
}

func (s *Service) approvers(q Request) []string {
	cluster, _ := s.Catalog.Cluster(q.Cluster)
	return slices.Clone(cluster.Approvers)
}

// settle writes what became of the click. Who comes second by the put decides
// again, by what the first has done.
func (s *Service) settle(ctx context.Context, h event.Header, c click, late bool) error {
	for range maxRounds {
		q, rows, err := s.load(ctx, h.RequestID)
		if err != nil || q.knows(c.id) {
			return err
		}
		v, err := s.judge(q, c, late)
		switch {
		case err != nil:
			return err
		case v.refuse != "":
			err = s.refuse(ctx, h, q, rows, c, v.refuse)
		case v.entry.Kind != "":
			err = s.Log.Append(ctx, h.RequestID, rows, h, v.entry, v.emit...)
		}
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
	return bus.Later(time.Second, fmt.Errorf("the log of %s was written to %d times by others", h.RequestID, maxRounds))
}

// judge refuses what was not done to this request as it is, and decides.
func (s *Service) judge(q Request, c click, late bool) (verdict, error) {
	needsDigest := slices.Contains([]event.Action{event.Approve, event.Deny, event.Look}, c.Action)
	switch {
	case late:
		return refuse(reason.TooLate.Say()), nil
	case c.Digest != q.Digest && (needsDigest || c.Digest != ""):
		return refuse(reason.Changed.Say()), nil
	default:
		return s.decide(q, c)
	}
}

// refuse tells a person no. The log keeps that once for each person and reason,
// so that nobody can fill it by clicking; the answer they get every time.
func (s *Service) refuse(ctx context.Context, h event.Header, q Request, rows []store.Row[Entry], c click, why string) error {
	entry := c.entry(Refused, policy.Decision{}, s.Policy.Hash())
	entry.Text = why
	if q.Over() || q.refusedBefore(entry) {
		return s.publish(ctx, h, c.id, c.refused(why))
	}
	return s.Log.Append(ctx, h.RequestID, rows, h, entry, store.Emit{Discriminator: c.id, Data: c.refused(why)})
}

// refused is what a person is told who may not.
func (c click) refused(why string) event.Voted {
	return event.Voted{By: c.By, Action: c.Action, Refused: why, Message: c.Message}
}
