// Package eventbridge is an EventBridge in memory that speaks AWS JSON as the
// SDK does: buses, rules with SQS targets, archives and replays. Names, limits
// and error codes are AWS's
// (https://docs.aws.amazon.com/eventbridge/latest/APIReference/). Bus policies
// are kept and shown, not enforced.
package eventbridge

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// DefaultBus is the bus that every account has; AWS's services publish there.
const DefaultBus = "default"

// queues is where rules deliver to. Its error is a *wire.Error.
type queues interface {
	Deliver(ctx context.Context, queueARN, body string, attributes map[string]string) error
}

// Options say where the buses live and who listens.
type Options struct {
	// Region and Account are part of every ARN.
	Region, Account string
	// Logger is told of events that could not be delivered, slog.Default()
	// where it is nil.
	Logger *slog.Logger
	// OnEvent, if set, is called with every accepted event after its delivery,
	// on the publisher's goroutine. It must not call the service.
	OnEvent func(Event)
}

// Server is the EventBridge of one account in one region.
type Server struct {
	opts   Options
	http   *wire.JSON
	queues queues
	ctx    context.Context //nolint:containedctx // the lifetime of replays
	end    context.CancelFunc
	wg     sync.WaitGroup

	// mu guards everything below. It is held for computing only: deliveries
	// happen outside of it.
	mu       sync.Mutex
	buses    map[string]*bus
	archives map[string]*archive
	replays  map[string]*replay
	tags     map[string]map[string]string
	recent   []Event
}

// New returns an EventBridge with the default bus.
func New(opts Options, q queues) *Server {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	ctx, end := context.WithCancel(context.Background())
	s := &Server{
		opts: opts, http: wire.NewJSON("EventBridge", "1.1"), queues: q, ctx: ctx, end: end,
		buses: map[string]*bus{}, archives: map[string]*archive{}, replays: map[string]*replay{},
		tags: map[string]map[string]string{},
	}
	s.buses[DefaultBus] = s.newBus(DefaultBus, time.Now())
	s.handleBuses()
	s.handleRules()
	s.handleArchives()
	return s
}

func (s *Server) handleBuses() {
	wire.Handle(s.http, "CreateEventBus", s.createEventBus)
	wire.Handle(s.http, "DeleteEventBus", s.deleteEventBus)
	wire.Handle(s.http, "DescribeEventBus", s.describeEventBus)
	wire.Handle(s.http, "ListEventBuses", s.listEventBuses)
	wire.Handle(s.http, "ListTagsForResource", s.listTagsForResource)
	wire.Handle(s.http, "PutEvents", s.putEvents)
	wire.Handle(s.http, "PutPermission", s.putPermission)
	wire.Handle(s.http, "RemovePermission", s.removePermission)
	wire.Handle(s.http, "TagResource", s.tagResource)
	wire.Handle(s.http, "TestEventPattern", s.testEventPattern)
	wire.Handle(s.http, "UntagResource", s.untagResource)
}

func (s *Server) handleRules() {
	wire.Handle(s.http, "DeleteRule", s.deleteRule)
	wire.Handle(s.http, "DescribeRule", s.describeRule)
	wire.Handle(s.http, "DisableRule", s.disableRule)
	wire.Handle(s.http, "EnableRule", s.enableRule)
	wire.Handle(s.http, "ListRuleNamesByTarget", s.listRuleNamesByTarget)
	wire.Handle(s.http, "ListRules", s.listRules)
	wire.Handle(s.http, "ListTargetsByRule", s.listTargetsByRule)
	wire.Handle(s.http, "PutRule", s.putRule)
	wire.Handle(s.http, "PutTargets", s.putTargets)
	wire.Handle(s.http, "RemoveTargets", s.removeTargets)
}

func (s *Server) handleArchives() {
	wire.Handle(s.http, "CancelReplay", s.cancelReplay)
	wire.Handle(s.http, "CreateArchive", s.createArchive)
	wire.Handle(s.http, "DeleteArchive", s.deleteArchive)
	wire.Handle(s.http, "DescribeArchive", s.describeArchive)
	wire.Handle(s.http, "DescribeReplay", s.describeReplay)
	wire.Handle(s.http, "ListArchives", s.listArchives)
	wire.Handle(s.http, "ListReplays", s.listReplays)
	wire.Handle(s.http, "StartReplay", s.startReplay)
	wire.Handle(s.http, "UpdateArchive", s.updateArchive)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.http.ServeHTTP(w, r) }

// Close ends the replays and waits for them. Nothing may be called
// afterwards.
func (s *Server) Close() {
	s.end()
	s.wg.Wait()
}

func (s *Server) arn(resource string) string {
	return "arn:aws:events:" + s.opts.Region + ":" + s.opts.Account + ":" + resource
}

func notFound(kind, name string) error {
	return wire.Errorf("ResourceNotFoundException", "%s %s does not exist.", kind, name)
}

func exists(kind, name string) error {
	return wire.Errorf("ResourceAlreadyExistsException", "%s %s already exists.", kind, name)
}

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationException", format, args...)
}

func limitExceeded(format string, args ...any) error {
	return wire.Errorf("LimitExceededException", format, args...)
}
