package eventbridge

import "context"

// maxRules is how many rules a bus has at most (AWS's default quota).
const maxRules = 300

// rule is one rule of a bus. Server.mu guards it.
type rule struct {
	name, arn, bus, text, description, role string
	pattern                                 *pattern
	enabled                                 bool
	targets                                 []target
}

type putRuleInput struct {
	Name, EventBusName, EventPattern, State, Description string
	RoleArn, ScheduleExpression                          string
	Tags                                                 []tag
}

type putRuleOutput struct{ RuleArn string }

func (s *Server) putRule(_ context.Context, in *putRuleInput) (*putRuleOutput, error) {
	p, err := in.check()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bus(in.EventBusName)
	if err != nil {
		return nil, err
	}
	r, ok := b.rules[in.Name]
	if !ok {
		if len(b.rules) >= maxRules {
			return nil, limitExceeded("The requested resource exceeds the maximum number allowed: %d rules.", maxRules)
		}
		r = &rule{name: in.Name, bus: b.name, arn: s.ruleARN(b, in.Name)}
		b.rules[in.Name] = r
		s.tag(r.arn, in.Tags)
	}
	r.text, r.pattern, r.description, r.role = in.EventPattern, p, in.Description, in.RoleArn
	r.enabled = in.State != "DISABLED"
	return &putRuleOutput{r.arn}, nil
}

func (in *putRuleInput) check() (*pattern, error) {
	switch {
	case !validName(in.Name, 64):
		return nil, invalid("Rule name %q is invalid.", in.Name)
	case in.ScheduleExpression != "":
		return nil, invalid("The embedded EventBridge has no scheduled rules, use EventBridge Scheduler.")
	case in.EventPattern == "":
		return nil, invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	case in.State != "" && in.State != "ENABLED" && in.State != "DISABLED":
		return nil, invalid("State %q is neither ENABLED nor DISABLED.", in.State)
	}
	return compile(in.EventPattern)
}

func (s *Server) ruleARN(b *bus, name string) string {
	if b.name == DefaultBus {
		return s.arn("rule/" + name)
	}
	return s.arn("rule/" + b.name + "/" + name)
}

// rule returns a rule of a bus.
func (s *Server) rule(busName, name string) (*rule, error) {
	b, err := s.bus(busName)
	if err != nil {
		return nil, err
	}
	r, ok := b.rules[name]
	if !ok {
		return nil, notFound("Rule", name+" on EventBus "+b.name)
	}
	return r, nil
}

type ruleInput struct{ Name, EventBusName string }

type ruleDescription struct {
	Name, Arn, EventBusName, EventPattern, State string
	Description                                  string `json:",omitempty"`
	RoleArn                                      string `json:",omitempty"`
}

func (r *rule) describe() *ruleDescription {
	state := "DISABLED"
	if r.enabled {
		state = "ENABLED"
	}
	return &ruleDescription{
		Name: r.name, Arn: r.arn, EventBusName: r.bus, EventPattern: r.text, State: state,
		Description: r.description, RoleArn: r.role,
	}
}

func (s *Server) describeRule(_ context.Context, in *ruleInput) (*ruleDescription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.rule(in.EventBusName, in.Name)
	if err != nil {
		return nil, err
	}
	return r.describe(), nil
}

func (s *Server) enableRule(_ context.Context, in *ruleInput) (*empty, error) {
	return s.setEnabled(in, true)
}

func (s *Server) disableRule(_ context.Context, in *ruleInput) (*empty, error) {
	return s.setEnabled(in, false)
}

func (s *Server) setEnabled(in *ruleInput, enabled bool) (*empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.rule(in.EventBusName, in.Name)
	if err != nil {
		return nil, err
	}
	r.enabled = enabled
	return &empty{}, nil
}

// deleteRule succeeds where there is no such rule, as AWS's does.
func (s *Server) deleteRule(_ context.Context, in *ruleInput) (*empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bus(in.EventBusName)
	if err != nil {
		return nil, err
	}
	r, ok := b.rules[in.Name]
	if ok && len(r.targets) > 0 {
		return nil, invalid("Rule can't be deleted since it has targets.")
	}
	if ok {
		delete(s.tags, r.arn)
	}
	delete(b.rules, in.Name)
	return &empty{}, nil
}

type listRulesInput struct {
	EventBusName string
	pageInput
}

type listRulesOutput struct {
	Rules     []*ruleDescription
	NextToken string `json:",omitempty"`
}

func (s *Server) listRules(_ context.Context, in *listRulesInput) (*listRulesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, err := s.bus(in.EventBusName)
	if err != nil {
		return nil, err
	}
	names, next := page(b.rules, in.pageInput)
	out := &listRulesOutput{Rules: []*ruleDescription{}, NextToken: next}
	for _, name := range names {
		out.Rules = append(out.Rules, b.rules[name].describe())
	}
	return out, nil
}

type testEventPatternInput struct{ EventPattern, Event string }

type testEventPatternOutput struct{ Result bool }

func (s *Server) testEventPattern(_ context.Context, in *testEventPatternInput) (*testEventPatternOutput, error) {
	p, err := compile(in.EventPattern)
	if err != nil {
		return nil, err
	}
	e, err := parseEvent(in.Event)
	if err != nil {
		return nil, err
	}
	return &testEventPatternOutput{p.match(e)}, nil
}

// RuleState is what a page shows of a rule.
type RuleState struct {
	// Bus and Name identify the rule, Pattern is its JSON.
	Bus, Name, Pattern string
	// Enabled is false for a rule that matches nothing for now.
	Enabled bool
	// Targets are the ARNs that it delivers to.
	Targets []string
}

// Rules returns every rule of every bus, by bus and name.
func (s *Server) Rules() []RuleState {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []RuleState
	for _, busName := range sortedKeys(s.buses) {
		b := s.buses[busName]
		for _, name := range sortedKeys(b.rules) {
			r := b.rules[name]
			st := RuleState{Bus: b.name, Name: r.name, Pattern: r.text, Enabled: r.enabled}
			for _, t := range r.targets {
				st.Targets = append(st.Targets, t.Arn)
			}
			out = append(out, st)
		}
	}
	return out
}
