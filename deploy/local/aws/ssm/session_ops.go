package ssm

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

type startInput struct {
	Target, DocumentName, Reason string
	// Parameters are those of the document; what runs in a session is not
	// for SSM to know here.
	Parameters map[string][]string
}

type startOutput struct {
	SessionID  string `json:"SessionId"`
	StreamURL  string `json:"StreamUrl"`
	TokenValue string
}

func (s *Server) startSession(_ context.Context, in *startInput) (*startOutput, error) {
	if in.Target == "" {
		return nil, wire.Errorf("ValidationException", "Target is missing")
	}
	ss, err := s.Start(Start{Target: in.Target, Document: in.DocumentName, Reason: in.Reason})
	if err != nil {
		return nil, err
	}
	return &startOutput{ss.ID(), s.opts.StreamURL + "/" + ss.ID() + "?role=publish_subscribe", random(64)}, nil
}

type sessionRef struct {
	SessionID string `json:"SessionId"`
}

func (s *Server) terminateSession(_ context.Context, in *sessionRef) (*sessionRef, error) {
	return in, s.Terminate(in.SessionID)
}

type describeInput struct {
	State   string
	Filters []struct {
		Key   string `json:"key"`
		Value string `json:"value"`
	}
	MaxResults *int
	NextToken  string
}

type describeOutput struct {
	Sessions  []sessionJSON
	NextToken string `json:",omitempty"`
}

type sessionJSON struct {
	SessionID          string `json:"SessionId"`
	Target             string
	Status             string
	StartDate          wire.Epoch
	EndDate            *wire.Epoch `json:",omitempty"`
	DocumentName       string
	Owner              string
	Reason             string `json:",omitempty"`
	MaxSessionDuration string `json:",omitempty"`
}

// describeSessions shows the newest first.
func (s *Server) describeSessions(_ context.Context, in *describeInput) (*describeOutput, error) {
	if in.State != "Active" && in.State != "History" {
		return nil, wire.Errorf("ValidationException", "State %q is neither Active nor History", in.State)
	}
	if in.MaxResults != nil && (*in.MaxResults < 1 || *in.MaxResults > 200) {
		return nil, wire.Errorf("ValidationException", "MaxResults must be between 1 and 200")
	}
	var tests []func(Info) bool
	for _, f := range in.Filters {
		test, err := sessionFilter(f.Key, f.Value)
		if err != nil {
			return nil, err
		}
		tests = append(tests, test)
	}
	found := slices.DeleteFunc(s.Sessions(), func(i Info) bool {
		return (in.State == "Active") != i.EndedAt.IsZero() || slices.ContainsFunc(tests, func(test func(Info) bool) bool { return !test(i) })
	})
	shown, next, ok := wire.Page(found, newestFirst, sizeOf(in.MaxResults), in.NextToken)
	if !ok {
		return nil, wire.Errorf("InvalidNextToken", "The token %q is not valid", in.NextToken)
	}
	out := &describeOutput{Sessions: []sessionJSON{}, NextToken: next}
	for _, i := range shown {
		out.Sessions = append(out.Sessions, s.render(i))
	}
	return out, nil
}

func newestFirst(i Info) string {
	return fmt.Sprintf("%020d/%s", math.MaxInt64-i.StartedAt.UnixNano(), i.ID)
}

func sessionFilter(key, value string) (func(Info) bool, error) {
	switch key {
	case "Target":
		return func(i Info) bool { return i.Target == value }, nil
	case "Owner":
		return func(i Info) bool { return i.Owner == value }, nil
	case "SessionId":
		return func(i Info) bool { return i.ID == value }, nil
	case "Status":
		return func(i Info) bool { return i.status() == value }, nil
	case "InvokedAfter", "InvokedBefore":
		at, err := time.Parse(time.RFC3339, value)
		if err != nil {
			return nil, wire.Errorf("ValidationException", "%s %q is no time", key, value)
		}
		return func(i Info) bool { return i.StartedAt.After(at) == (key == "InvokedAfter") }, nil
	}
	return nil, wire.Errorf("InvalidFilterKey", "The filter %q is not valid", key)
}

func (i Info) status() string {
	if i.EndedAt.IsZero() {
		return "Connected"
	}
	return "Terminated"
}

func (s *Server) render(i Info) sessionJSON {
	out := sessionJSON{
		SessionID: i.ID, Target: i.Target, Status: i.status(), StartDate: wire.Epoch(i.StartedAt),
		DocumentName: i.Document, Owner: i.Owner, Reason: i.Reason,
	}
	if !i.EndedAt.IsZero() {
		end := wire.Epoch(i.EndedAt)
		out.EndDate = &end
	}
	if s.opts.MaxSession > 0 {
		out.MaxSessionDuration = strconv.Itoa(int(s.opts.MaxSession / time.Minute))
	}
	return out
}
