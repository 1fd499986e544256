package dynamodb

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

const (
	// maxActions is how many actions a transaction has at most.
	maxActions = 100
	// tokenLife is how long a ClientRequestToken names its request.
	tokenLife = 10 * time.Minute
)

type transactWriteInput struct {
	TransactItems      []transactWrite
	ClientRequestToken string
}

type transactWrite struct {
	Put, Delete, Update, ConditionCheck *write
}

// idempotent remembers a transaction that was made, by its token.
type idempotent struct {
	token   string
	request [sha256.Size]byte
	until   time.Time
}

// transactWriteItems makes all the writes or none of them.
func (s *Server) transactWriteItems(_ context.Context, in *transactWriteInput) (*struct{}, error) {
	if n := len(in.TransactItems); n == 0 || n > maxActions {
		return nil, invalid("Member must have length between 1 and %d, not %d", maxActions, n)
	}
	text, err := json.Marshal(in.TransactItems)
	if err != nil {
		return nil, err
	}
	request := sha256.Sum256(text)
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget(now)
	if done, ok := s.tokens[in.ClientRequestToken]; ok {
		if done.request != request {
			return nil, wire.Errorf("IdempotentParameterMismatchException", "The ClientRequestToken was used with other parameters.")
		}
		return &struct{}{}, nil
	}
	all, err := s.planAll(in.TransactItems)
	if err != nil {
		return nil, err
	}
	all.apply()
	s.keep(&idempotent{in.ClientRequestToken, request, now.Add(tokenLife)})
	return &struct{}{}, nil
}

func (s *Server) keep(done *idempotent) {
	if done.token != "" {
		s.tokens[done.token] = done
		s.order = append(s.order, done)
	}
}

func (s *Server) forget(now time.Time) {
	for len(s.order) > 0 && !now.Before(s.order[0].until) {
		delete(s.tokens, s.order[0].token)
		s.order = s.order[1:]
	}
}

type reason struct {
	Code    string
	Message string `json:",omitempty"`
	Item    item   `json:",omitempty"`
}

// planAll checks every action before any is made. If conditions fail, the
// error says for each action whether it was the cause.
func (s *Server) planAll(actions []transactWrite) (changes, error) {
	all := make(changes, len(actions))
	reasons, failed := make([]reason, len(actions)), false
	for n := range actions {
		reasons[n] = reason{Code: "None"}
		c, err := s.plan(&actions[n])
		var e *wire.Error
		if errors.As(err, &e) && e.Code == "ConditionalCheckFailedException" {
			old, _ := e.Fields["Item"].(item)
			reasons[n], failed = reason{"ConditionalCheckFailed", e.Message, old}, true
			continue
		}
		if err != nil {
			return nil, err
		}
		all[n] = c
	}
	if failed {
		return nil, cancelled(reasons)
	}
	if all.overlap() {
		return nil, invalid("Transaction request cannot include multiple operations on one item")
	}
	return all, nil
}

func cancelled(reasons []reason) error {
	codes := make([]string, len(reasons))
	for n, r := range reasons {
		codes[n] = r.Code
	}
	e := wire.Errorf("TransactionCanceledException",
		"Transaction cancelled, please refer cancellation reasons for specific reasons [%s]", strings.Join(codes, ", "))
	e.Fields = map[string]any{"CancellationReasons": reasons}
	return e
}

func (s *Server) plan(a *transactWrite) (*change, error) {
	var w *write
	var plan func(*table, *write) (*change, error)
	n := 0
	for _, kind := range []struct {
		write *write
		plan  func(*table, *write) (*change, error)
	}{
		{a.Put, (*table).planPut},
		{a.Delete, (*table).planDelete},
		{a.Update, (*table).planUpdate},
		{a.ConditionCheck, (*table).planCheck},
	} {
		if kind.write != nil {
			w, plan = kind.write, kind.plan
			n++
		}
	}
	if n != 1 {
		return nil, invalid("TransactItems can only contain one of Check, Put, Update or Delete")
	}
	if a.ConditionCheck != nil && w.ConditionExpression == "" {
		return nil, invalid("A ConditionCheck needs a ConditionExpression")
	}
	t, ok := s.tables[w.TableName]
	if !ok {
		return nil, noTable(w.TableName)
	}
	return plan(t, w)
}

type transactGetInput struct {
	TransactItems []struct{ Get *getInput }
}

type transactGetOutput struct{ Responses []getOutput }

func (s *Server) transactGetItems(_ context.Context, in *transactGetInput) (*transactGetOutput, error) {
	if n := len(in.TransactItems); n == 0 || n > maxActions {
		return nil, invalid("Member must have length between 1 and %d, not %d", maxActions, n)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := &transactGetOutput{}
	for _, i := range in.TransactItems {
		if i.Get == nil {
			return nil, invalid("TransactItems can only contain Get")
		}
		t, ok := s.tables[i.Get.TableName]
		if !ok {
			return nil, noTable(i.Get.TableName)
		}
		got, err := t.read(i.Get)
		if err != nil {
			return nil, err
		}
		out.Responses = append(out.Responses, *got)
	}
	return out, nil
}
