// Package dynamodb is a DynamoDB in memory that speaks AWS JSON as the SDK
// does: tables with global secondary indexes, conditional writes, queries and
// transactions, strongly consistent throughout.
//
// Expressions are evaluated by github.com/truora/minidyn's interpreter. Its
// tables are not used: as of 0.8.2 an item that leaves a sparse index stays in
// it and spoils its order, an empty list or map is answered without its type,
// a page cannot go on after an item that was deleted meanwhile, and each
// transaction copies the whole table. Two differences remain and are refused
// with a ValidationException, never answered wrongly: comparing values of
// different types, and `REMOVE` in an update expression.
package dynamodb

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// Options say where the tables live.
type Options struct {
	// Region and Account are part of every table's ARN.
	Region, Account string
}

// Server is the DynamoDB of one account in one region.
type Server struct {
	opts Options
	http *wire.JSON

	// mu makes every call atomic and isolated. It is held for computing only.
	mu     sync.Mutex
	tables map[string]*table
	tokens map[string]*idempotent
	order  []*idempotent // by age
}

// New returns a DynamoDB without tables.
func New(opts Options) *Server {
	s := &Server{
		opts: opts, http: wire.NewJSON("DynamoDB", "1.0"),
		tables: map[string]*table{}, tokens: map[string]*idempotent{},
	}
	wire.Handle(s.http, "CreateTable", s.createTable)
	wire.Handle(s.http, "DeleteTable", s.deleteTable)
	wire.Handle(s.http, "DescribeContinuousBackups", s.describeContinuousBackups)
	wire.Handle(s.http, "DescribeTable", s.describeTable)
	wire.Handle(s.http, "DescribeTimeToLive", s.describeTimeToLive)
	wire.Handle(s.http, "ListTables", s.listTables)
	wire.Handle(s.http, "ListTagsOfResource", s.listTagsOfResource)
	s.handleItems()
	return s
}

func (s *Server) handleItems() {
	wire.Handle(s.http, "BatchGetItem", s.batchGetItem)
	wire.Handle(s.http, "BatchWriteItem", s.batchWriteItem)
	wire.Handle(s.http, "DeleteItem", s.deleteItem)
	wire.Handle(s.http, "GetItem", s.getItem)
	wire.Handle(s.http, "PutItem", s.putItem)
	wire.Handle(s.http, "Query", s.query)
	wire.Handle(s.http, "Scan", s.scan)
	wire.Handle(s.http, "TransactGetItems", s.transactGetItems)
	wire.Handle(s.http, "TransactWriteItems", s.transactWriteItems)
	wire.Handle(s.http, "UpdateItem", s.updateItem)
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { checked(s.http, w, r) }

func invalid(format string, args ...any) *wire.Error {
	return wire.Errorf("ValidationException", format, args...)
}

func noTable(name string) error {
	return wire.Errorf("ResourceNotFoundException", "Requested resource not found: Table: %s not found", name)
}

// locked runs f on a table, alone.
func locked[T any](s *Server, name string, f func(*table) (T, error)) (T, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.tables[name]
	if !ok {
		var none T
		return none, noTable(name)
	}
	return f(t)
}

// TableState is what a page shows of a table.
type TableState struct {
	// Name identifies the table, Items counts what is in it.
	Name  string
	Items int
	// Created is when it was made.
	Created time.Time
}

// Tables returns every table's state, by name.
func (s *Server) Tables() []TableState {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]TableState, 0, len(s.tables))
	for _, name := range sortedKeys(s.tables) {
		t := s.tables[name]
		out = append(out, TableState{Name: name, Items: len(t.primary.entries), Created: t.created})
	}
	return out
}

type tableInput struct{ TableName string }

// describeTimeToLive: items do not expire here, and nobody can ask for it.
func (s *Server) describeTimeToLive(_ context.Context, in *tableInput) (*map[string]any, error) {
	return locked(s, in.TableName, func(*table) (*map[string]any, error) {
		return &map[string]any{"TimeToLiveDescription": map[string]string{"TimeToLiveStatus": "DISABLED"}}, nil
	})
}

// describeContinuousBackups: there are none.
func (s *Server) describeContinuousBackups(_ context.Context, in *tableInput) (*map[string]any, error) {
	return locked(s, in.TableName, func(*table) (*map[string]any, error) {
		return &map[string]any{"ContinuousBackupsDescription": map[string]any{
			"ContinuousBackupsStatus":        "DISABLED",
			"PointInTimeRecoveryDescription": map[string]string{"PointInTimeRecoveryStatus": "DISABLED"},
		}}, nil
	})
}
