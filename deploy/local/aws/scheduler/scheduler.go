// Package scheduler is an EventBridge Scheduler in memory that speaks REST
// JSON as the SDK does: groups, one-off and rate schedules, SQS targets. Names,
// limits and error codes are AWS's
// (https://docs.aws.amazon.com/scheduler/latest/APIReference/); cron
// expressions and flexible time windows are refused.
package scheduler

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// DefaultGroup is the group that every account has.
const DefaultGroup = "default"

// queues is where schedules deliver to. Its error is a *wire.Error.
type queues interface {
	Deliver(ctx context.Context, queueARN, body string, attributes map[string]string) error
}

// Options say where the schedules live and when they fire.
type Options struct {
	// Region and Account are part of every ARN.
	Region, Account string
	// Logger is told of what could not be delivered; slog.Default() where nil.
	Logger *slog.Logger
	// Precision is how exact schedules fire. Zero is at their very moment.
	// With time.Minute they fire in the last second of the minute of their
	// moment: AWS promises that minute and no more, so this is its latest.
	Precision time.Duration
}

// Server is the Scheduler of one account in one region.
type Server struct {
	opts   Options
	http   *wire.REST
	queues queues
	ctx    context.Context //nolint:containedctx // the lifetime of deliveries
	end    context.CancelFunc
	wg     sync.WaitGroup

	// mu guards everything below. It is held for computing only.
	mu     sync.Mutex
	closed bool
	groups map[string]*group
}

// group is a schedule group with its schedules by name.
type group struct {
	name, arn string
	created   time.Time
	token     string
	tags      []tag
	schedules map[string]*schedule
}

// New returns a Scheduler with the default group.
func New(opts Options, q queues) *Server {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	ctx, end := context.WithCancel(context.Background())
	s := &Server{opts: opts, http: wire.NewREST("Scheduler"), queues: q, ctx: ctx, end: end, groups: map[string]*group{}}
	s.groups[DefaultGroup] = s.newGroup(DefaultGroup, time.Now())
	wire.HandleREST(s.http, "CreateSchedule", "POST /schedules/{Name}", s.createSchedule)
	wire.HandleREST(s.http, "GetSchedule", "GET /schedules/{Name}", s.getSchedule)
	wire.HandleREST(s.http, "UpdateSchedule", "PUT /schedules/{Name}", s.updateSchedule)
	wire.HandleREST(s.http, "DeleteSchedule", "DELETE /schedules/{Name}", s.deleteSchedule)
	wire.HandleREST(s.http, "ListSchedules", "GET /schedules", s.listSchedules)
	wire.HandleREST(s.http, "CreateScheduleGroup", "POST /schedule-groups/{Name}", s.createGroup)
	wire.HandleREST(s.http, "GetScheduleGroup", "GET /schedule-groups/{Name}", s.getGroup)
	wire.HandleREST(s.http, "DeleteScheduleGroup", "DELETE /schedule-groups/{Name}", s.deleteGroup)
	wire.HandleREST(s.http, "ListScheduleGroups", "GET /schedule-groups", s.listGroups)
	wire.HandleREST(s.http, "ListTagsForResource", "GET /tags/{ResourceArn}", s.listTags)
	return s
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.http.ServeHTTP(w, r) }

// Close stops every schedule and waits for deliveries under way. It may be
// called more than once.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for _, g := range s.groups {
		for _, sc := range g.schedules {
			sc.disarm()
		}
	}
	s.mu.Unlock()
	s.end()
	s.wg.Wait()
}

func notFound(kind, name string) error {
	return &wire.Error{Code: "ResourceNotFoundException", Message: kind + " " + name + " does not exist.", Status: http.StatusNotFound}
}

func conflict(format string, args ...any) error {
	e := wire.Errorf("ConflictException", format, args...)
	e.Status = http.StatusConflict
	return e
}

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationException", format, args...)
}

// State is what a page shows of a schedule.
type State struct {
	// Group, Name and Expression are the schedule's own.
	Group, Name, Expression string
	// Target is the ARN that it delivers to.
	Target string
	// Next is when it fires next, zero for never again or not now.
	Next time.Time
}

// Schedules returns every schedule's state, by group and name.
func (s *Server) Schedules() []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []State
	for _, g := range sortedKeys(s.groups) {
		for _, name := range sortedKeys(s.groups[g].schedules) {
			sc := s.groups[g].schedules[name]
			out = append(out, State{Group: g, Name: name, Expression: sc.ScheduleExpression, Target: sc.Target.Arn, Next: sc.next})
		}
	}
	return out
}
