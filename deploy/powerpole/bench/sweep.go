package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	localaws "github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/deploy/powerpole/demo"
	"github.com/powerpole/powerpole/deploy/powerpole/smoke"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/topology"
)

const (
	// awsTakes is added to each call that a service makes, as many
	// milliseconds as DynamoDB takes.
	awsTakes  = 5 * time.Millisecond
	mostSweep = time.Minute
	// mostGrowth is how much more memory a sweep may take for ten times as many
	// leases: a page of DynamoDB or of EC2, decoded, and the collector's share.
	mostGrowth = 10 << 10 // KiB
)

// sweeps lets the six services, as processes, sweep over more and more leases.
func sweeps(ctx context.Context, folder string, leases []int) (rows []row, err error) {
	calls := &sweepCalls{}
	o := demo.Options{NoServices: true, SweepEvery: 24 * time.Hour, Observe: calls.add}
	err = demo.With(ctx, o, func(ctx context.Context, d *demo.Demo) (err error) {
		fleet, err := demo.StartFleet(ctx, folder, d.Endpoints(), io.Discard)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, fleet.Stop()) }()
		b := &sweepBench{calls, fleet, sqs.NewFromConfig(d.AWS.Config()), map[string][]swept{}}
		c, err := b.model(ctx, d)
		if err != nil {
			return err
		}
		defer c.close()
		for _, n := range leases {
			if err := c.upTo(ctx, n); err != nil {
				return err
			}
			if err := b.all(ctx, n); err != nil {
				return err
			}
		}
		for _, s := range sweepers() {
			rows = append(rows, sweepRows(s.Name, b.seen[s.Name])...)
		}
		return nil
	})
	return rows, err
}

// sweepers are the services that sweep.
func sweepers() []topology.Service {
	return slices.DeleteFunc(topology.Services(), func(s topology.Service) bool { return !s.Sweeps })
}

// swept is one sweep.
type swept struct {
	leases, calls int
	took          time.Duration
	before, peak  int // KiB
}

func sweepRows(service string, seen []swept) []row {
	var calls, peaks []string
	var perLease []float64
	for _, s := range seen {
		perLease = append(perLease, float64(s.calls)/float64(s.leases))
		calls = append(calls, fmt.Sprintf("%.3f", perLease[len(perLease)-1]))
		peaks = append(peaks, fmt.Sprintf("%.1f", float64(s.peak)/1024))
	}
	first, last := seen[0], seen[len(seen)-1]
	what := fmt.Sprintf("%s sweeps %d leases", service, last.leases)
	return []row{
		{what, fmt.Sprintf("%.1f s", last.took.Seconds()), mostSweep.String(), last.took < mostSweep},
		{what + ", calls to AWS a lease", strings.Join(calls, ", "), "within 10 %", slices.Max(perLease) < 1.1*slices.Min(perLease)},
		{
			what + ", peak resident", strings.Join(peaks, ", ") + " MiB", fmt.Sprintf("+%d MiB", mostGrowth>>10),
			last.peak-first.peak < mostGrowth,
		},
	}
}

type sweepBench struct {
	calls *sweepCalls
	fleet demo.Fleet
	sqs   *sqs.Client
	seen  map[string][]swept
}

// model has one lease granted by the services, and keeps what becomes of
// instances from the provisioner from then on: nothing does.
func (b *sweepBench) model(ctx context.Context, d *demo.Demo) (*copies, error) {
	r, err := smoke.Open(ctx, smoke.Options{Endpoints: d.Endpoints(), Lease: 2 * time.Hour, Timeout: time.Minute, Out: io.Discard})
	if err != nil {
		return nil, err
	}
	// What follows the credentials, as the edit of the approvers' message.
	if err := sleep(ctx, 5*time.Second); err != nil {
		return nil, err
	}
	for _, rule := range topology.Rules() {
		if rule.Bus == topology.BusName {
			continue
		}
		_, err := eventbridge.NewFromConfig(d.AWS.Config()).DisableRule(ctx, &eventbridge.DisableRuleInput{Name: &rule.Name, EventBusName: &rule.Bus})
		if err != nil {
			return nil, err
		}
	}
	return newCopies(ctx, d, r.RequestID)
}

func (b *sweepBench) all(ctx context.Context, leases int) error {
	for _, s := range sweepers() {
		done, err := b.one(ctx, s)
		if err != nil {
			return fmt.Errorf("sweeping %d leases by %s: %w", leases, s.Name, err)
		}
		done.leases = leases
		b.seen[s.Name] = append(b.seen[s.Name], done)
		fmt.Fprintf(os.Stderr, "%s swept %d leases in %.1f s: %d calls to AWS, resident %d KiB, at most %d KiB\n",
			s.Name, leases, done.took.Seconds(), done.calls, done.before, done.peak)
	}
	return nil
}

// one sends the scheduler's message and waits until it is gone.
func (b *sweepBench) one(ctx context.Context, s topology.Service) (swept, error) {
	due, err := event.New(event.About{Source: s.Source}, event.SweepDue{})
	if err != nil {
		return swept{}, err
	}
	body, err := json.Marshal(due)
	if err != nil {
		return swept{}, err
	}
	queue, err := b.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(s.Queue())})
	if err != nil {
		return swept{}, err
	}
	before, err := startPeak(b.fleet.PID(s.Name))
	if err != nil {
		return swept{}, err
	}
	b.calls.start(demo.AccessKey(s.Name))
	if _, err := b.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: queue.QueueUrl, MessageBody: aws.String(string(body))}); err != nil {
		return swept{}, err
	}
	within, cancel := context.WithTimeout(ctx, 2*mostSweep)
	defer cancel()
	err = b.drained(within, *queue.QueueUrl)
	done := b.calls.end()
	if within.Err() != nil && ctx.Err() == nil { // it goes on; what it has taken is a figure too
		fmt.Fprintf(os.Stderr, "%s did not end its sweep within %s\n", s.Name, 2*mostSweep)
		err = nil
	}
	if err != nil {
		return swept{}, err
	}
	done.before = before
	done.peak, err = status(b.fleet.PID(s.Name), "VmHWM")
	return done, err
}

func (b *sweepBench) drained(ctx context.Context, queue string) error {
	counts := []types.QueueAttributeName{
		types.QueueAttributeNameApproximateNumberOfMessages, types.QueueAttributeNameApproximateNumberOfMessagesNotVisible,
	}
	for {
		out, err := b.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &queue, AttributeNames: counts})
		if err != nil {
			return err
		}
		if out.Attributes[string(counts[0])]+out.Attributes[string(counts[1])] == "00" {
			return nil
		}
		if err := sleep(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

// sweepCalls counts the calls of one service, but for those that wait for
// messages, and makes each as slow as AWS.
type sweepCalls struct {
	mu          sync.Mutex
	key         string
	n           int
	first, last time.Time
}

func (c *sweepCalls) add(call localaws.Call) {
	if c.counts(call) {
		time.Sleep(awsTakes)
	}
}

func (c *sweepCalls) counts(call localaws.Call) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if call.AccessKey != c.key || c.key == "" || call.Service == "sqs" {
		return false
	}
	c.last = time.Now()
	if c.n++; c.n == 1 {
		c.first = c.last
	}
	return true
}

func (c *sweepCalls) start(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.key, c.n = key, 0
}

func (c *sweepCalls) end() swept {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.key = ""
	return swept{calls: c.n, took: c.last.Sub(c.first)}
}

// startPeak forgets how much memory a process has held at most (proc(5),
// clear_refs) and returns what it holds now, in KiB.
func startPeak(pid int) (int, error) {
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0o600); err != nil {
		return 0, err
	}
	return status(pid, "VmRSS")
}

// status reads a size of a process, in KiB (proc(5), status).
func status(pid int, name string) (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	m := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("the kernel does not say %s", name)
	}
	return strconv.Atoi(string(m[1]))
}
