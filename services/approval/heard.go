package approval

import (
	"context"
	"errors"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/pkg/store"
)

// Heard is a request as intake said it, before it could be opened.
type Heard struct {
	Header event.Header         `json:"header"`
	Data   event.RequestCreated `json:"data"`
}

// keep puts a request on record that cannot be opened, because Slack does not
// say who asks: its message is not received for ever, and the sweep opens it.
func (s *Service) keep(ctx context.Context, e event.Typed[event.RequestCreated], why error) error {
	err := s.Machine.Run(ctx, e.RequestID, e.Header, func(r store.Record[State]) store.Step[State] {
		if r.State.Heard != nil || r.State.Over {
			return store.Stop[State](nil)
		}
		return store.Move(store.Transition[State]{To: func(st *State) { st.Heard = &Heard{e.Header, e.Data} }})
	})
	if err != nil {
		return errors.Join(err, why)
	}
	return bus.OnRecord(slackui.Outcome(why))
}

// reopen opens a request that was kept. One that was never heard of stays so.
func (s *Service) reopen(ctx context.Context, id string) error {
	r, err := s.Machine.Table().Load(ctx, id)
	if err != nil || r.State.Heard == nil {
		return err
	}
	h := r.State.Heard
	return s.OnRequestCreated(ctx, event.Typed[event.RequestCreated]{Header: h.Header, Source: event.Intake, Data: h.Data})
}
