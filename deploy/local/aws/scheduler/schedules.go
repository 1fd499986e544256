package scheduler

import (
	"context"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

type target struct {
	Arn, RoleArn     string
	Input            string            `json:",omitempty"`
	DeadLetterConfig *deadLetterConfig `json:",omitempty"`
	RetryPolicy      *retryPolicy      `json:",omitempty"`
	SqsParameters    *empty            `json:",omitempty"`
}

type deadLetterConfig struct{ Arn string }

type retryPolicy struct {
	MaximumEventAgeInSeconds *int `json:",omitempty"`
	MaximumRetryAttempts     *int `json:",omitempty"`
}

// definition is what a caller says of a schedule.
type definition struct {
	ScheduleExpression         string
	ScheduleExpressionTimezone string `json:",omitempty"`
	StartDate                  wire.Epoch
	EndDate                    wire.Epoch
	State                      string
	Description                string `json:",omitempty"`
	KmsKeyArn                  string `json:",omitempty"`
	GroupName                  string
	ActionAfterCompletion      string
	FlexibleTimeWindow         *flexibleTimeWindow
	Target                     *target
}

type flexibleTimeWindow struct{ Mode string }

// schedule is one schedule. Server.mu guards it.
type schedule struct {
	definition
	name, arn, token  string
	created, modified time.Time

	timing timing
	moment time.Time // that it waits for, zero for none
	next   time.Time // when it goes off for it
	timer  *time.Timer
}

type scheduleInput struct {
	ClientToken string
	definition
}

type scheduleARN struct{ ScheduleArn string }

func (s *Server) createSchedule(_ context.Context, r *http.Request, in *scheduleInput) (*scheduleARN, error) {
	sc, err := in.schedule(r.PathValue("Name"))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, err := s.group(in.GroupName)
	if err != nil {
		return nil, err
	}
	if old, ok := g.schedules[sc.name]; ok {
		if in.ClientToken != "" && old.token == in.ClientToken && reflect.DeepEqual(old.definition, sc.definition) {
			return &scheduleARN{old.arn}, nil
		}
		return nil, conflict("Schedule %s already exists.", sc.name)
	}
	sc.created = time.Now()
	return s.put(g, sc)
}

func (s *Server) updateSchedule(_ context.Context, r *http.Request, in *scheduleInput) (*scheduleARN, error) {
	sc, err := in.schedule(r.PathValue("Name"))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	g, old, err := s.find(r.PathValue("Name"), in.GroupName)
	if err != nil {
		return nil, err
	}
	sc.created = old.created
	return s.put(g, sc)
}

// put arms a new schedule and puts it in the place of an older one.
func (s *Server) put(g *group, sc *schedule) (*scheduleARN, error) {
	now := time.Now()
	if at := sc.timing.at; !at.IsZero() && at.Before(now) {
		return nil, invalid("Invalid Schedule Expression %s: it is in the past.", sc.ScheduleExpression)
	}
	if old, ok := g.schedules[sc.name]; ok {
		old.disarm()
	}
	sc.arn, sc.modified = s.arn("schedule/"+g.name+"/"+sc.name), now
	g.schedules[sc.name] = sc
	from := now
	if start := time.Time(sc.StartDate); start.After(now) {
		from = start
	}
	if sc.State == "ENABLED" {
		s.arm(g, sc, sc.timing.first(from))
	}
	return &scheduleARN{sc.arn}, nil
}

// schedule validates what the caller says.
func (in *scheduleInput) schedule(name string) (*schedule, error) {
	if !validName(name) {
		return nil, badName(name)
	}
	d := in.definition
	d.fill()
	if err := d.check(); err != nil {
		return nil, err
	}
	when, err := parse(d.ScheduleExpression, d.ScheduleExpressionTimezone)
	if err != nil {
		return nil, err
	}
	return &schedule{definition: d, name: name, token: in.ClientToken, timing: when}, nil
}

func (d *definition) fill() {
	for field, value := range map[*string]string{
		&d.State: "ENABLED", &d.GroupName: DefaultGroup, &d.ActionAfterCompletion: "NONE", &d.ScheduleExpressionTimezone: "UTC",
	} {
		if *field == "" {
			*field = value
		}
	}
}

func (d *definition) check() error {
	switch {
	case d.FlexibleTimeWindow == nil:
		return invalid("FlexibleTimeWindow is required.")
	case d.FlexibleTimeWindow.Mode != "OFF":
		return invalid("the embedded Scheduler has no flexible time windows: Mode must be OFF")
	case d.State != "ENABLED" && d.State != "DISABLED":
		return invalid("State %q is neither ENABLED nor DISABLED.", d.State)
	case d.ActionAfterCompletion != "NONE" && d.ActionAfterCompletion != "DELETE":
		return invalid("ActionAfterCompletion %q is neither NONE nor DELETE.", d.ActionAfterCompletion)
	case len(d.Description) > 512:
		return invalid("Description is longer than 512 characters.")
	case d.Target == nil:
		return invalid("Target is required.")
	}
	return d.Target.check()
}

func (t *target) check() error {
	role := regexp.MustCompile(`^arn:aws[a-z-]*:iam::\d{12}:role/.+$`)
	switch {
	case !strings.HasPrefix(t.Arn, "arn:aws:sqs:"):
		return invalid("the embedded Scheduler delivers to SQS queues only, not to %q", t.Arn)
	case !role.MatchString(t.RoleArn):
		return invalid("RoleArn %q is not the ARN of a role.", t.RoleArn)
	case t.SqsParameters != nil:
		return invalid("the embedded Scheduler has no FIFO queues")
	case t.DeadLetterConfig != nil && t.DeadLetterConfig.Arn != "" && !strings.HasPrefix(t.DeadLetterConfig.Arn, "arn:aws:sqs:"):
		return invalid("The dead-letter queue %q is not an SQS queue.", t.DeadLetterConfig.Arn)
	}
	return t.RetryPolicy.check()
}

func (p *retryPolicy) check() error {
	if p == nil {
		return nil
	}
	if age := p.MaximumEventAgeInSeconds; age != nil && (*age < 60 || *age > 86400) {
		return invalid("MaximumEventAgeInSeconds %d is not between 60 and 86400.", *age)
	}
	if n := p.MaximumRetryAttempts; n != nil && (*n < 0 || *n > 185) {
		return invalid("MaximumRetryAttempts %d is not between 0 and 185.", *n)
	}
	return nil
}

type scheduleDescription struct {
	Arn, Name string
	definition
	CreationDate, LastModificationDate wire.Epoch
}

func (s *Server) getSchedule(_ context.Context, r *http.Request, _ *empty) (*scheduleDescription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, sc, err := s.find(r.PathValue("Name"), r.URL.Query().Get("groupName"))
	if err != nil {
		return nil, err
	}
	return &scheduleDescription{
		Arn: sc.arn, Name: sc.name, definition: sc.definition,
		CreationDate: wire.Epoch(sc.created), LastModificationDate: wire.Epoch(sc.modified),
	}, nil
}

func (s *Server) deleteSchedule(_ context.Context, r *http.Request, _ *empty) (*empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g, sc, err := s.find(r.PathValue("Name"), r.URL.Query().Get("groupName"))
	if err != nil {
		return nil, err
	}
	sc.disarm()
	delete(g.schedules, sc.name)
	return &empty{}, nil
}

func (s *Server) find(name, groupName string) (*group, *schedule, error) {
	g, err := s.group(groupName)
	if err != nil {
		return nil, nil, err
	}
	sc, ok := g.schedules[name]
	if !ok {
		return nil, nil, notFound("Schedule", name)
	}
	return g, sc, nil
}

type summary struct {
	Arn, GroupName, Name, State        string
	Target                             targetSummary
	CreationDate, LastModificationDate wire.Epoch
}

type targetSummary struct{ Arn string }

type listSchedulesOutput struct {
	Schedules []summary
	NextToken string `json:",omitempty"`
}

func (s *Server) listSchedules(_ context.Context, r *http.Request, _ *empty) (*listSchedulesOutput, error) {
	q := r.URL.Query()
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]*schedule{} // by group/name: neither holds a slash
	for _, g := range s.groups {
		for _, sc := range g.schedules {
			if want := q.Get("ScheduleGroup"); (want == "" || want == g.name) && (q.Get("State") == "" || q.Get("State") == sc.State) {
				all[g.name+"/"+sc.name] = sc
			}
		}
	}
	if _, err := s.group(q.Get("ScheduleGroup")); err != nil {
		return nil, err
	}
	keys, next, err := page(sortedKeys(all), r, func(key string) string { return key[strings.IndexByte(key, '/')+1:] })
	if err != nil {
		return nil, err
	}
	out := &listSchedulesOutput{Schedules: []summary{}, NextToken: next}
	for _, key := range keys {
		sc := all[key]
		out.Schedules = append(out.Schedules, summary{
			Arn: sc.arn, GroupName: sc.GroupName, Name: sc.name, State: sc.State, Target: targetSummary{sc.Target.Arn},
			CreationDate: wire.Epoch(sc.created), LastModificationDate: wire.Epoch(sc.modified),
		})
	}
	return out, nil
}
