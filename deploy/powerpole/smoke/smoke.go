// Package smoke goes PowerPole's whole road as people would, against a running
// demo: a request in Slack, an approval, a login from the bastion's address with
// what the direct message says, and the proof that nothing is left at the end.
package smoke

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/powerpole/powerpole/deploy/powerpole/demo"
	"github.com/powerpole/powerpole/deploy/powerpole/visitor"
)

// Options say where to go and how long a lease to ask for.
type Options struct {
	Endpoints demo.Endpoints
	Lease     time.Duration
	// Columns asks for two columns of a table instead of a database: not on the
	// embedded database, which has no privileges on columns.
	Columns bool
	// Timeout is for the whole road.
	Timeout time.Duration
	// Out takes the timeline.
	Out io.Writer
}

// The people of the demo's workspace who go the road, and where.
const (
	requester = "U0TARO"
	approver  = "U0HANAKO"
	bystander = "U0EMMA"
	channel   = "C0SHOPDB"
)

// Result is what one road came to.
type Result struct {
	RequestID string
	// ToCredentials is from the Approve click to the credentials in the direct
	// message.
	ToCredentials time.Duration
	// PastEnd is from expires_at to the moment at which the open connection
	// was seen to be dead.
	PastEnd time.Duration
}

type run struct {
	Options
	slack   visitor.Workspace
	tap     *visitor.Tap
	aws     aws.Config
	started time.Time
	last    time.Time
	result  Result
}

// Run goes the road once. Its error says at which step it ended.
func Run(ctx context.Context, o Options) (Result, error) {
	return do(ctx, o, (*run).road)
}

// Grant goes the road as far as the credentials, and says at once that it is
// done with them.
func Grant(ctx context.Context, o Options) (Result, error) {
	return do(ctx, o, func(r *run, ctx context.Context) error {
		if err := r.open(ctx); err != nil {
			return err
		}
		return r.release(ctx)
	})
}

// Open goes the road as far as the credentials, and leaves the lease open.
func Open(ctx context.Context, o Options) (Result, error) { return do(ctx, o, (*run).open) }

func (r *run) open(ctx context.Context) error {
	if err := r.ask(ctx); err != nil {
		return err
	}
	return r.approve(ctx)
}

func do(ctx context.Context, o Options, road func(*run, context.Context) error) (Result, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, o.Timeout, fmt.Errorf("the smoke test's %s are over", o.Timeout))
	defer cancel()
	r := &run{
		Options: o, slack: visitor.NewWorkspace(o.Endpoints.Slack),
		started: time.Now(), last: time.Now(),
		aws: visitor.AWS(o.Endpoints),
	}
	var err error
	if r.tap, err = visitor.OpenTap(ctx, r.aws); err != nil {
		return Result{}, err
	}
	err = road(r, ctx)
	clean, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	return r.result, errors.Join(err, r.tap.Close(clean))
}

func (r *run) road(ctx context.Context) error {
	if err := r.hostile(ctx); err != nil {
		return err
	}
	if err := r.ask(ctx); err != nil {
		return err
	}
	if err := r.approve(ctx); err != nil {
		return err
	}
	l, err := r.lease(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	if err := r.use(ctx, l); err != nil {
		return err
	}
	if err := r.end(ctx, l); err != nil {
		return err
	}
	return r.nothingLeft(ctx, l)
}

// step prints a line of the timeline.
func (r *run) step(format string, args ...any) {
	now := time.Now()
	fmt.Fprintf(r.Out, "%8d ms  +%6d ms  %s\n", now.Sub(r.started).Milliseconds(), now.Sub(r.last).Milliseconds(), fmt.Sprintf(format, args...))
	r.last = now
}
