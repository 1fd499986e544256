// Package topology says who consumes what: the only place that knows PowerPole's
// queues, rules, tables and how they belong together. The embedded stack,
// `powerpole bootstrap` and Terraform (by topology.json) all build from it.
package topology

import (
	"slices"
	"strings"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// Names of what all services share.
const (
	BusName       = "powerpole"
	ArchiveName   = "powerpole"
	ScheduleGroup = "powerpole"
	DefaultBus    = "default"
)

// DeadSuffix follows a queue's name in that of its dead-letter queue.
const DeadSuffix = "-dlq"

// Queue settings that are the same everywhere. See facts: SQS.
const (
	// Visibility is how long a received message is hidden.
	Visibility = 45 * time.Second
	// Retention of a queue, and of its dead-letter queue: a message moved there
	// keeps its age.
	Retention     = 4 * 24 * time.Hour
	DeadRetention = 14 * 24 * time.Hour
)

// Consumed is a type of event from one source that a service handles.
type Consumed struct {
	Source event.Source `json:"source"`
	Type   string       `json:"detail_type"`
}

// Service is one service's place in the whole.
type Service struct {
	Name   string       `json:"name"`
	Source event.Source `json:"source"`
	// Table says whether it has a table; intake keeps no state.
	Table bool `json:"table"`
	// MaxReceive is how often a message may be received before it is parked.
	// Every `Later` is a receive.
	MaxReceive int `json:"max_receive"`
	// Consumes lists what rules route to its queue.
	Consumes []Consumed `json:"consumes"`
	// Sweeps says that the scheduler wakes it every SweepEvery.
	Sweeps bool `json:"sweeps"`
}

// SweepEvery is how often an owner looks after what it made.
const SweepEvery = 5 * time.Minute

// SweepSchedule is the name of the schedule that wakes the service.
func (s Service) SweepSchedule() string { return "powerpole-sweep-" + s.Name }

// Queue is the name of the service's queue, empty for intake, which consumes
// nothing.
func (s Service) Queue() string {
	if len(s.Consumes) == 0 {
		return ""
	}
	return "powerpole-" + s.Name
}

// DeadQueue is the name of its dead-letter queue.
func (s Service) DeadQueue() string {
	if q := s.Queue(); q != "" {
		return q + DeadSuffix
	}
	return ""
}

// RedriveAfter is the queue's own maxReceiveCount. It is above MaxReceive, at
// which the service parks a message itself, with its reason: the redrive policy
// is for a service that crashes on it.
func RedriveAfter(s Service) int { return s.MaxReceive + 5 }

// TableName is the name of the table that it owns.
func (s Service) TableName() string {
	if !s.Table {
		return ""
	}
	return "powerpole-" + s.Name
}

// Services returns the table of everything.
func Services() []Service {
	return []Service{
		{Name: "intake", Source: event.Intake},
		{
			Name: "approval", Source: event.Approval, Table: true, MaxReceive: 20, Sweeps: true,
			Consumes: consume(
				from(event.Intake, "RequestCreated", "ActionSubmitted", "PersonChanged"),
				from(event.Reaper, "Reaped", "ExtensionRefused"),
			),
		},
		{
			Name: "provisioner", Source: event.Provisioner, Table: true, MaxReceive: 200, Sweeps: true,
			Consumes: consume(
				from(event.Approval, "Approved"),
				from(event.Reaper, "Expired"),
				from(event.Grantor, "Revoked"),
				from(event.EC2, event.InstanceStateChanged{}.EventType()),
			),
		},
		{
			Name: "grantor", Source: event.Grantor, Table: true, MaxReceive: 20, Sweeps: true,
			Consumes: consume(
				from(event.Provisioner, "InstanceReady"),
				from(event.Reaper, "Armed", "Expired"),
			),
		},
		{
			Name: "notifier", Source: event.Notifier, Table: true, MaxReceive: 20, Sweeps: true,
			Consumes: consume(
				from(event.Intake, "RequestCreated", "HomeOpened", "CredentialsAsked", "Alarmed"),
				from(event.Approval, "Voted", "Approved", "Denied", "Cancelled", "Lapsed", "Alarmed"),
				from(event.Provisioner, "InstanceReady", "ProvisionFailed", "Alarmed"),
				from(event.Grantor, "Granted", "GrantFailed", "Alarmed"),
				from(event.Reaper, "Armed", "Expiring", "Expired", "Reaped", "ExtensionRefused", "Alarmed"),
				from(event.Notifier, "Alarmed"),
			),
		},
		{
			Name: "reaper", Source: event.Reaper, Table: true, MaxReceive: 20, Sweeps: true,
			Consumes: consume(
				from(event.Approval, "Approved", "Extended", "Released"),
				from(event.Provisioner, "ProvisionFailed", "InstanceLost", "InstanceTerminated", "Overdue"),
				from(event.Grantor, "Granted", "GrantFailed", "Revoked", "Overdue"),
			),
		},
	}
}

// Find returns the service of that name.
func Find(name string) (Service, bool) {
	all := Services()
	i := slices.IndexFunc(all, func(s Service) bool { return s.Name == name })
	if i < 0 {
		return Service{}, false
	}
	return all[i], true
}

func from(s event.Source, types ...string) []Consumed {
	out := make([]Consumed, len(types))
	for i, t := range types {
		out[i] = Consumed{s, t}
	}
	return out
}

func consume(lists ...[]Consumed) []Consumed { return slices.Concat(lists...) }

// Rule routes what one service consumes from one source into its queue.
type Rule struct {
	Name    string  `json:"name"`
	Bus     string  `json:"bus"`
	Service string  `json:"service"`
	Queue   string  `json:"queue"`
	Pattern Pattern `json:"pattern"`
}

// Pattern is an EventBridge event pattern. Replayed events never reach a
// service: `replay-name` must not be there.
type Pattern struct {
	Source     []event.Source  `json:"source"`
	DetailType []string        `json:"detail-type"`
	ReplayName []ExistsPattern `json:"replay-name"`
}

// ExistsPattern is EventBridge's `exists` operator.
type ExistsPattern struct {
	Exists bool `json:"exists"`
}

// Rules derives the rules: one for each service and source. AWS's own events
// are on the account's default bus.
func Rules() []Rule {
	var out []Rule
	for _, s := range Services() {
		for _, src := range sources(s.Consumes) {
			out = append(out, rule(s, src))
		}
	}
	return out
}

func sources(consumed []Consumed) []event.Source {
	var out []event.Source
	for _, c := range consumed {
		if !slices.Contains(out, c.Source) {
			out = append(out, c.Source)
		}
	}
	return out
}

func rule(s Service, src event.Source) Rule {
	r := Rule{
		Name: "powerpole-" + s.Name + "-from-" + short(src), Bus: BusName, Service: s.Name, Queue: s.Queue(),
		Pattern: Pattern{Source: []event.Source{src}, ReplayName: []ExistsPattern{{Exists: false}}},
	}
	if strings.HasPrefix(string(src), "aws.") {
		r.Bus = DefaultBus
	}
	for _, c := range s.Consumes {
		if c.Source == src {
			r.Pattern.DetailType = append(r.Pattern.DetailType, c.Type)
		}
	}
	return r
}

// short is a source without its prefix, as rules are named: "approval", "ec2".
func short(s event.Source) string {
	_, name, _ := strings.Cut(string(s), ".")
	return name
}
