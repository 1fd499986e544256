package sim

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/clock"
	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/services/intake"
)

// errDead is what a process that has been killed gets for every call.
var errDead = errors.New("the process is dead")

// restartAfter is how long it takes until a process that ended is there again,
// where the plan does not say.
const restartAfter = 5 * time.Second

// process is one life of a service. It dies by its calls going dead.
type process struct {
	world *world
	name  string
	life  int
	// misreads is what is wrong with the catalog or policy of this life, ""
	// for nothing.
	misreads string
	// alive ends when it is killed; what it has done so far stays.
	alive context.Context
	kill  context.CancelFunc

	mu   sync.Mutex
	door http.Handler // intake's
	down time.Duration
}

// supervise keeps a service running, one life after the other, until ctx ends.
func (w *world) supervise(ctx context.Context, spec service.Spec) {
	for life := 1; ctx.Err() == nil; life++ {
		p := w.newProcess(ctx, spec.Name, life)
		err := service.Run(p.alive, p.spec(spec), p.options())
		if ctx.Err() != nil {
			p.kill()
			return
		}
		w.checks.started(p, err)
		p.kill()
		w.trace.note("%s/%d has ended: %v", p.name, p.life, err)
		timer := time.NewTimer(p.downtime())
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
		}
	}
}

func (w *world) newProcess(ctx context.Context, name string, life int) *process {
	p := &process{world: w, name: name, life: life, down: restartAfter, misreads: w.faults.misread(name)}
	p.alive, p.kill = context.WithCancel(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.processes[name] = p
	return p
}

func (p *process) options() service.Options {
	w := p.world
	cfg := w.stack.Config()
	cfg.HTTPClient = &http.Client{Transport: &doorway{process: p, describe: describeAWS, next: w.stack.HTTPClient().Transport}}
	slack := &doorway{process: p, describe: describeSlack, next: w.slack.Client().Transport}
	return service.Options{
		Environ: w.environment(p.name, p.misreads), AWS: &cfg, Wait: longPoll, HTTP: &http.Client{Transport: slack, Timeout: 10 * time.Second},
		DialDatabase: p.dial, Clock: clock.Ahead(w.plan.ahead(p.name)), Log: slog.New(w.lines.of(p.name)),
	}
}

// crash ends the process here and now; it is there again after that long.
func (p *process) crash(down time.Duration) {
	p.world.trace.note("%s/%d crashes", p.name, p.life)
	p.mu.Lock()
	p.down = down
	p.mu.Unlock()
	p.kill()
}

func (p *process) downtime() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.down
}

// spec is the service's own, but for intake, which does not listen: Slack
// reaches its handler without a socket.
func (p *process) spec(s service.Spec) service.Spec {
	build := s.Build
	s.Build = func(ctx context.Context, e *service.Env) (service.Service, error) {
		made, err := build(ctx, e)
		if err != nil {
			return nil, err
		}
		desk, ok := made.(*intake.Service)
		if !ok {
			return made, nil
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.door = desk.Handler()
		return desktop{desk}, nil
	}
	return s
}

func (p *process) handler() http.Handler {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.door
}

// desktop is intake without its listener.
type desktop struct{ desk *intake.Service }

// Register implements service.Service.
func (d desktop) Register(r *bus.Router) error { return d.desk.Register(r) }

// Serve implements service.Server.
func (d desktop) Serve(ctx context.Context) error {
	<-ctx.Done()
	return nil
}
