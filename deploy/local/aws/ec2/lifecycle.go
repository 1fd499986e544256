package ec2

import (
	"context"
	"encoding/json"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// keepTerminated is how long EC2 shows an instance after its end, keepToken
// how long a client token outlives what it launched.
const (
	keepTerminated = time.Hour
	keepToken      = 24 * time.Hour
)

// change is one step of one instance, told to the bus outside the lock.
type change struct {
	ID    string `json:"instance-id"`
	State State  `json:"state"`
}

// turn moves an instance to a state.
func (s *Server) turn(i *instance, to State) change {
	i.State = to
	switch to {
	case Terminated:
		i.EndedAt = time.Now().UTC()
		s.pool.free(i.PrivateIP)
	case ShuttingDown, Stopping:
		i.stopTimers()
		if i.stopped != nil {
			i.stopped()
		}
	}
	return change{i.ID, to}
}

// boot brings a new instance to life.
func (s *Server) boot(i *instance) []change {
	changes := []change{s.turn(i, Pending)}
	return append(changes, s.later(i, s.opts.Pending, s.run)...)
}

func (s *Server) run(i *instance) []change {
	if i.State != Pending {
		return nil
	}
	i.RunningAt = time.Now().UTC()
	i.running, i.stopped = context.WithCancel(s.ctx)
	changes := []change{s.turn(i, Running)}
	if end, err := time.Parse(time.RFC3339, i.Spec.tags("instance")[s.opts.SelfTerminateTag]); err == nil {
		changes = append(changes, s.later(i, time.Until(end), s.shutdown)...)
	}
	return changes
}

// shutdown is what the operating system's own shutdown command does: without
// a shutdown behaviour EC2 only stops the instance.
func (s *Server) shutdown(i *instance) []change {
	if i.State != Running {
		return nil
	}
	if i.Spec.InstanceInitiatedShutdownBehavior == "terminate" {
		return s.end(i, fromInside)
	}
	i.Reason = fromInside
	changes := []change{s.turn(i, Stopping)}
	return append(changes, s.later(i, s.opts.ShuttingDown, s.halt)...)
}

func (s *Server) halt(i *instance) []change {
	if i.State != Stopping {
		return nil
	}
	return []change{s.turn(i, Stopped)}
}

// end terminates an instance that is not yet on its way out.
func (s *Server) end(i *instance, why Reason) []change {
	if i.State == ShuttingDown || i.State == Terminated {
		return nil
	}
	i.Reason = why
	changes := []change{s.turn(i, ShuttingDown)}
	return append(changes, s.later(i, s.opts.ShuttingDown, s.bury)...)
}

func (s *Server) bury(i *instance) []change {
	if i.State != ShuttingDown {
		return nil
	}
	return []change{s.turn(i, Terminated)}
}

// later does the next step now where it takes no time, and otherwise when the
// time has passed.
func (s *Server) later(i *instance, d time.Duration, next func(*instance) []change) []change {
	if d <= 0 {
		return next(i)
	}
	if !s.closed {
		i.timers = append(i.timers, time.AfterFunc(d, func() { s.fire(i, next) }))
	}
	return nil
}

func (s *Server) fire(i *instance, next func(*instance) []change) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.work.Add(1)
	changes := next(i)
	s.mu.Unlock()
	defer s.work.Done()
	s.tell(changes)
}

// tell publishes changes. It must not be called under the lock. EC2 delivers
// these events on a best-effort basis, so a failure is nobody's error.
func (s *Server) tell(changes []change) {
	if s.opts.Events == nil {
		return
	}
	for _, c := range changes {
		detail, err := json.Marshal(c)
		if err == nil {
			err = s.opts.Events.Put(s.ctx, "aws.ec2", "EC2 Instance State-change Notification", detail)
		}
		if err != nil && s.ctx.Err() == nil {
			s.opts.Log.Warn("publishing an instance's state change", "instance", c.ID, "state", c.State, "error", err)
		}
	}
}

// Kill terminates an instance as if somebody had done it by hand. It returns
// InvalidInstanceID.NotFound for one that EC2 does not show.
func (s *Server) Kill(id string) error {
	_, err := s.terminateInstances(&terminateInput{InstanceIDs: []string{id}})
	return err
}

// shownAt is whether EC2 shows the instance: not yet right after its launch,
// no longer an hour after its end.
func (i *instance) shownAt(now time.Time) bool {
	return !now.Before(i.visible) && (i.EndedAt.IsZero() || now.Sub(i.EndedAt) < keepTerminated)
}

// shown returns the instances that EC2 shows now, oldest first.
func (s *Server) shown() []*instance {
	now := time.Now()
	var out []*instance
	for _, i := range s.sorted() {
		if i.shownAt(now) {
			out = append(out, i)
		}
	}
	return out
}

// forget drops what EC2 no longer remembers.
func (s *Server) forget(now time.Time) {
	for id, i := range s.instances {
		if !i.EndedAt.IsZero() && now.Sub(i.EndedAt) >= keepTerminated {
			delete(s.instances, id)
		}
	}
	for token, l := range s.tokens {
		if l.overAt(now) {
			delete(s.tokens, token)
		}
	}
}

// find returns the instances of these ids in their order, or the error for
// the first that is malformed or unknown. No ids means all.
func (s *Server) find(ids []string) ([]*instance, error) {
	if len(ids) == 0 {
		return s.shown(), nil
	}
	now := time.Now()
	var out []*instance
	for _, id := range ids {
		if !instanceID.MatchString(id) {
			return nil, wire.Errorf("InvalidInstanceID.Malformed", "Invalid id: %q", id)
		}
		i, ok := s.instances[id]
		if !ok || !i.shownAt(now) {
			return nil, wire.Errorf("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
		}
		out = append(out, i)
	}
	return out, nil
}
