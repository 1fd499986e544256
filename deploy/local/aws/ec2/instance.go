package ec2

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"time"
)

// State is where an instance stands in its life.
type State string

// The states of an instance
// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html).
const (
	Pending      State = "pending"
	Running      State = "running"
	ShuttingDown State = "shutting-down"
	Terminated   State = "terminated"
	Stopping     State = "stopping"
	Stopped      State = "stopped"
)

func (s State) code() int {
	return map[State]int{Pending: 0, Running: 16, ShuttingDown: 32, Terminated: 48, Stopping: 64, Stopped: 80}[s]
}

// Instance is one instance as it stood when it was asked for.
type Instance struct {
	// ID is i- and 17 hex digits, ReservationID r- and 17.
	ID, ReservationID string
	// ClientToken is that of the launch call.
	ClientToken string
	State       State
	// Reason is why it ended, as EC2's StateReason code and message.
	Reason Reason
	// PrivateIP is its address; once it is terminated, the one it had.
	PrivateIP netip.Addr
	SubnetID  string
	// Spec is what the launch asked for, the launch template's part included.
	Spec Spec
	Tags map[string]string
	// LaunchedAt, RunningAt and EndedAt are zero where it has not come to
	// that. EndedAt is when it was terminated.
	LaunchedAt, RunningAt, EndedAt time.Time
}

// Reason is EC2's account of a change that nobody asked for by API, or that
// somebody did.
type Reason struct {
	Code    string `xml:"code"`
	Message string `xml:"message"`
}

var (
	byCall     = Reason{"Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"}
	fromInside = Reason{"Client.InstanceInitiatedShutdown", "Client.InstanceInitiatedShutdown: Instance initiated shutdown"}
)

// instance is a record under the server's lock.
type instance struct {
	Instance
	seq     int
	visible time.Time
	running context.Context
	stopped context.CancelFunc
	timers  []*time.Timer
}

func (i *instance) stopTimers() {
	for _, t := range i.timers {
		t.Stop()
	}
	i.timers = nil
}

func (i *instance) snapshot() Instance {
	out := i.Instance
	out.Tags = maps.Clone(i.Tags)
	return out
}

// Instances returns every instance that EC2 still shows, oldest first.
func (s *Server) Instances() []Instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Instance
	for _, i := range s.shown() {
		out = append(out, i.snapshot())
	}
	return out
}

// Known returns every instance that EC2 has not forgotten, oldest first: also
// those that it does not show yet.
func (s *Server) Known() []Instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Instance
	for _, i := range s.sorted() {
		out = append(out, i.snapshot())
	}
	return out
}

// Instance returns one instance that EC2 still shows.
func (s *Server) Instance(id string) (Instance, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.instances[id]
	if !ok || !i.shownAt(time.Now()) {
		return Instance{}, false
	}
	return i.snapshot(), true
}

// Running returns since when an instance runs, and a context that ends when
// it no longer does or the server is closed. It is false for every instance
// that is not running.
func (s *Server) Running(id string) (context.Context, time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, ok := s.instances[id]
	if !ok || i.State != Running {
		return nil, time.Time{}, false
	}
	return i.running, i.RunningAt, true
}

// RunningIDs returns the running instances, oldest first.
func (s *Server) RunningIDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, i := range s.sorted() {
		if i.State == Running {
			out = append(out, i.ID)
		}
	}
	return out
}

// sorted returns all instances in the order of their launch.
func (s *Server) sorted() []*instance {
	return slices.SortedFunc(maps.Values(s.instances), func(a, b *instance) int { return a.seq - b.seq })
}
