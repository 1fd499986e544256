package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/powerpole/powerpole/pkg/bus"
)

// How a sweep works: so many visits at once. So long before its message's time
// is over none begins any more, half as long before that all end, and it notes
// how far it came.
const (
	sweepWorkers = 16
	sweepMargin  = 8 * time.Second
)

// Sweep visits everything of a table that is live: what is still owed is
// published, what stands still goes on. It starts from the index, which only
// finds candidates; each visit reads the record.
//
// A sweep that is longer than one message's time goes on from a cursor in the
// table, by bus.Later of the same message.
//
// One that finds nothing live declares it quiet.
type Sweep struct {
	db    API
	name  string
	quiet *bus.Quiet
	log   *slog.Logger
}

// NewSweep returns the sweep of the table of that name.
func NewSweep(db API, table string, quiet *bus.Quiet, log *slog.Logger) (*Sweep, error) {
	if db == nil || table == "" || quiet == nil || log == nil {
		return nil, errors.New("making a sweep: client, table, quiet or log is missing")
	}
	return &Sweep{db, table, quiet, log}, nil
}

const (
	sweepHash   = "sweep"
	cursorRange = "cursor"
)

type cursor struct {
	PK    string `json:"pk"`
	SK    string `json:"sk"`
	After string `json:"after"`
}

// Run visits what is live and returns nil when all has been visited, or
// bus.Later where the rest is for the next message. A visit that fails is logged
// and stops nobody: the next sweep comes anyway. One that asks for later has not
// failed.
func (s *Sweep) Run(ctx context.Context, visit func(ctx context.Context, id string) error) error {
	heard := s.quiet.Heard()
	c, err := s.load(ctx)
	if err != nil {
		return err
	}
	begin, beginEnds := before(ctx, sweepMargin)
	defer beginEnds()
	work, workEnds := before(ctx, sweepMargin/2)
	defer workEnds()
	var running sync.WaitGroup
	defer running.Wait()
	slots, last := make(chan struct{}, sweepWorkers), c.After
	for id, err := range candidates(ctx, s.db, s.name, c.After) {
		if err != nil {
			return err
		}
		if !take(begin, slots) {
			running.Wait()
			return s.goOn(ctx, last)
		}
		last = id
		running.Go(func() {
			defer func() { <-slots }()
			s.visit(work, id, visit)
		})
	}
	running.Wait()
	if last == "" {
		s.quiet.Declare(heard)
	}
	if c.After == "" {
		return nil
	}
	return s.save(ctx, "")
}

// take takes a slot, and none once the context is over, though one may be free.
func take(ctx context.Context, slots chan<- struct{}) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// before is a context that ends some time before ctx does.
func before(ctx context.Context, margin time.Duration) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, end.Add(-margin))
}

func (s *Sweep) visit(ctx context.Context, id string, visit func(context.Context, string) error) {
	err := visit(ctx, id)
	if _, later := bus.IsLater(err); err == nil || later {
		return
	}
	s.log.ErrorContext(ctx, "sweeping one request failed", "request_id", id, "error", err)
}

func (s *Sweep) goOn(ctx context.Context, after string) error {
	if err := s.save(ctx, after); err != nil {
		return err
	}
	return bus.Later(time.Second, fmt.Errorf("the sweep has come to %s", after))
}

func (s *Sweep) load(ctx context.Context) (c cursor, err error) {
	out, err := s.db.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: &s.name, Key: itemKey(sweepHash, cursorRange), ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		return c, fmt.Errorf("reading the sweep's cursor: %w", err)
	}
	return c, unmarshal(out.Item, &c)
}

func (s *Sweep) save(ctx context.Context, after string) error {
	m, err := marshal(cursor{sweepHash, cursorRange, after})
	if err != nil {
		return err
	}
	if _, err := s.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.name, Item: m}); err != nil {
		return fmt.Errorf("writing the sweep's cursor: %w", err)
	}
	return nil
}
