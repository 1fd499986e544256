package eventbridge

import (
	"context"
	"slices"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

const (
	// maxReplays is how many replays may run at once.
	maxReplays = 10
	// sliceOf and slicePause are a replay's pace: events of one minute, then a
	// rest. AWS replays by the minute too; the rest leaves time to cancel.
	sliceOf    = time.Minute
	slicePause = time.Second
)

// The states of a replay, as AWS spells them.
const (
	replayStarting   = "STARTING"
	replayRunning    = "RUNNING"
	replayCompleted  = "COMPLETED"
	replayCancelling = "CANCELLING"
	replayCancelled  = "CANCELLED"
)

// replay sends archived events to their bus again. Server.mu guards it.
type replay struct {
	in             startReplayInput
	arn, state     string
	started, ended time.Time
	last           time.Time // of the latest event replayed
	cancel         context.CancelFunc
}

type replayDestination struct {
	Arn        string
	FilterArns []string `json:",omitempty"`
}

type startReplayInput struct {
	ReplayName, Description, EventSourceArn string
	EventStartTime, EventEndTime            wire.Epoch
	Destination                             replayDestination
}

type replayOutput struct {
	ReplayArn, State string
	ReplayStartTime  wire.Epoch
}

func (s *Server) startReplay(_ context.Context, in *startReplayInput) (*replayOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, err := s.mayReplay(in)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(s.ctx)
	r := &replay{in: *in, arn: s.arn("replay/" + in.ReplayName), state: replayStarting, started: time.Now(), cancel: cancel}
	s.replays[in.ReplayName] = r
	events := a.between(time.Time(in.EventStartTime), time.Time(in.EventEndTime))
	s.wg.Go(func() { s.run(ctx, r, events) })
	return &replayOutput{r.arn, r.state, wire.Epoch(r.started)}, nil
}

// mayReplay returns the archive to replay from, or why not.
func (s *Server) mayReplay(in *startReplayInput) (*archive, error) {
	if !validName(in.ReplayName, 64) {
		return nil, invalid("Replay name %q is invalid.", in.ReplayName)
	}
	if _, ok := s.replays[in.ReplayName]; ok {
		return nil, exists("Replay", in.ReplayName)
	}
	running := 0
	for _, r := range s.replays {
		if r.ended.IsZero() {
			running++
		}
	}
	if running >= maxReplays {
		return nil, limitExceeded("There are %d replays running already.", running)
	}
	for _, a := range s.archives {
		if a.arn == in.EventSourceArn {
			return a, s.checkReplay(in, a)
		}
	}
	return nil, notFound("Archive", in.EventSourceArn)
}

func (s *Server) checkReplay(in *startReplayInput, a *archive) error {
	if in.Destination.Arn != a.busARN {
		return invalid("Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.")
	}
	if !time.Time(in.EventStartTime).Before(time.Time(in.EventEndTime)) {
		return invalid("Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime.")
	}
	for _, arn := range in.Destination.FilterArns {
		if !s.has(arn) {
			return notFound("Rule", arn)
		}
	}
	return nil
}

// between returns the kept events of that time, both ends included, by the
// minute of their time.
func (a *archive) between(from, to time.Time) []Event {
	var out []Event
	for _, k := range a.kept {
		if !k.event.Time.Before(from) && !k.event.Time.After(to) {
			out = append(out, k.event)
		}
	}
	slices.SortStableFunc(out, func(x, y Event) int { return x.Time.Truncate(sliceOf).Compare(y.Time.Truncate(sliceOf)) })
	return out
}

func (s *Server) run(ctx context.Context, r *replay, events []Event) {
	s.setState(r, replayRunning)
	only := map[string]bool{}
	for _, arn := range r.in.Destination.FilterArns {
		only[arn] = true
	}
	for i := range events {
		if i > 0 && !events[i].Time.Truncate(sliceOf).Equal(events[i-1].Time.Truncate(sliceOf)) {
			rest(ctx)
		}
		if ctx.Err() != nil {
			s.setState(r, replayCancelled)
			return
		}
		s.replayOne(ctx, r, &events[i], only)
	}
	s.setState(r, replayCompleted)
}

func rest(ctx context.Context) {
	timer := time.NewTimer(slicePause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (s *Server) replayOne(ctx context.Context, r *replay, original *Event, only map[string]bool) {
	e, err := original.replayed(r.in.ReplayName)
	if err != nil {
		s.opts.Logger.ErrorContext(ctx, "archived event unreadable", "event", original.ID, "error", err)
		return
	}
	s.dispatch(ctx, e, only)
	s.mu.Lock()
	defer s.mu.Unlock()
	r.last = e.Time
}

func (s *Server) setState(r *replay, state string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == replayRunning && r.state != replayStarting {
		return // cancelled before it ran
	}
	r.state = state
	if state != replayRunning {
		r.ended = time.Now()
		r.cancel()
	}
}

type replayName struct{ ReplayName string }

func (s *Server) cancelReplay(_ context.Context, in *replayName) (*replayOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.replays[in.ReplayName]
	if !ok {
		return nil, notFound("Replay", in.ReplayName)
	}
	if !r.ended.IsZero() {
		return nil, wire.Errorf("IllegalStatusException", "Replay %s is not in a valid state for this operation.", in.ReplayName)
	}
	r.state = replayCancelling
	r.cancel()
	return &replayOutput{r.arn, r.state, wire.Epoch(r.started)}, nil
}

type replayDescription struct {
	ReplayName, EventSourceArn, State    string
	ReplayArn                            string             `json:",omitempty"`
	Description                          string             `json:",omitempty"`
	Destination                          *replayDestination `json:",omitempty"`
	EventStartTime, EventEndTime         wire.Epoch
	EventLastReplayedTime, ReplayEndTime wire.Epoch
	ReplayStartTime                      wire.Epoch
}

func (r *replay) describe() *replayDescription {
	return &replayDescription{
		ReplayName: r.in.ReplayName, ReplayArn: r.arn, EventSourceArn: r.in.EventSourceArn, State: r.state,
		Description: r.in.Description, Destination: &r.in.Destination,
		EventStartTime: r.in.EventStartTime, EventEndTime: r.in.EventEndTime,
		EventLastReplayedTime: wire.Epoch(r.last), ReplayStartTime: wire.Epoch(r.started), ReplayEndTime: wire.Epoch(r.ended),
	}
}

func (s *Server) describeReplay(_ context.Context, in *replayName) (*replayDescription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.replays[in.ReplayName]
	if !ok {
		return nil, notFound("Replay", in.ReplayName)
	}
	return r.describe(), nil
}

type listReplaysInput struct {
	EventSourceArn, State string
	pageInput
}

type listReplaysOutput struct {
	Replays   []*replayDescription
	NextToken string `json:",omitempty"`
}

func (s *Server) listReplays(_ context.Context, in *listReplaysInput) (*listReplaysOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := map[string]*replay{}
	for name, r := range s.replays {
		if (in.EventSourceArn == "" || in.EventSourceArn == r.in.EventSourceArn) && (in.State == "" || in.State == r.state) {
			of[name] = r
		}
	}
	names, next := page(of, in.pageInput)
	out := &listReplaysOutput{Replays: []*replayDescription{}, NextToken: next}
	for _, name := range names {
		out.Replays = append(out.Replays, of[name].describe())
	}
	return out, nil
}
