package sim

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"sync"
	"time"

	localaws "github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/deploy/local/aws/ec2"
	"github.com/powerpole/powerpole/deploy/local/aws/ssm"
	"github.com/powerpole/powerpole/deploy/local/mysql"
	"github.com/powerpole/powerpole/deploy/local/slack"
	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/services/approval"
	"github.com/powerpole/powerpole/services/grantor"
	"github.com/powerpole/powerpole/services/intake"
	"github.com/powerpole/powerpole/services/notifier"
	"github.com/powerpole/powerpole/services/provisioner"
	"github.com/powerpole/powerpole/services/reaper"
)

// longPoll is how long an empty receive waits: idle hours pass in few steps.
const longPoll = 10 * time.Minute

// world is everything of one history.
type world struct {
	began       time.Time
	plan        Plan
	gate        *gate
	trace       *trace
	faults      *faults
	lines       *lines
	post        *post
	seen        *seen
	things      *things
	checks      *checks
	connections *connections
	stack       *localaws.Stack
	slack       *slack.Server
	database    *mysql.Server

	catalog, keys   string
	foreignInstance string
	overheard       canaries
	hands           *hands
	// group is everybody who acts.
	group sync.WaitGroup

	mu        sync.Mutex
	processes map[string]*process
	turns     map[string]chan struct{} // by person, see attend
}

func specs() []service.Spec {
	return []service.Spec{
		intake.Spec(), approval.Spec(), provisioner.Spec(), grantor.Spec(), notifier.Spec(), reaper.Spec(),
	}
}

// newWorld builds what is outside of the services. dir is for the catalog.
func newWorld(ctx context.Context, p Plan, reseed func(uint64), dir string) (*world, error) {
	w := &world{
		began: time.Now(), plan: p, lines: &lines{}, processes: map[string]*process{}, turns: map[string]chan struct{}{}, seen: &seen{ids: map[string]string{}, forged: map[string]bool{}},
		connections: &connections{all: map[*gated]bool{}},
	}
	w.trace = &trace{began: w.began}
	w.gate = newGate(p.Seed^p.Order<<32, w.trace, reseed)
	w.faults = newFaults(p, w.elapsed)
	w.post = newPost(w.gate, w.faults)
	w.things = &things{world: w, now: map[string]*thing{}, open: map[string]bool{}, addresses: map[string]netip.Addr{}}
	w.checks = newChecks(w)
	w.hands = newHands(w)
	var err error
	w.stack, err = localaws.New(context.Background(), localaws.Options{
		LongPoll: longPoll, SchedulerPrecision: time.Minute, Carry: w.post.carry, OnEvent: w.seen.saw,
		EC2: quirks(p.Seed), SSM: ssm.Options{AgentDelay: 10 * time.Second},
	})
	if err != nil {
		return nil, err
	}
	w.slack = slack.New(slack.Options{})
	base := "http://intake.sim"
	w.slack.SetIntake(slack.Intake{
		CommandURL: base + "/slack/command", InteractivityURL: base + "/slack/interactivity",
		OptionsURL: base + "/slack/options", EventsURL: base + "/slack/events",
		Client: &http.Client{Transport: &desk{world: w}},
	})
	if w.database, err = mysql.New(mysql.Options{NoTLS: true}); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, w.furnish(ctx, dir)
}

// quirks are how EC2 is in this history.
func quirks(seed uint64) ec2.Options {
	h := hash(seed, 0, "quirks")
	o := ec2.Options{
		Pending: 20 * time.Second, ShuttingDown: 30 * time.Second, SelfTerminateTag: "powerpole:end-by",
		ReuseAddresses: h%2 == 0,
	}
	if h/2%3 == 0 {
		o.DescribeLag = 4 * time.Second
	}
	return o
}

func (w *world) elapsed() time.Duration { return time.Since(w.began) }

// process is the life of a service that is now.
func (w *world) process(name string) *process {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.processes[name]
}

func (w *world) close() error {
	w.stack.Close()
	w.slack.Close()
	if w.database == nil {
		return nil
	}
	return w.database.Close()
}
