package mysql

import (
	"sync"

	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/information_schema"
)

// Two places where go-mysql-server 0.20.0 writes to what other goroutines read,
// found with the race detector; nothing else had to be serialised.

// lockedStatus guards the process's status variables: every new engine resets
// them, while another may be counting.
type lockedStatus struct {
	mu    sync.Mutex
	inner sql.StatusVariableRegistry
}

func (l *lockedStatus) NewSessionMap() map[string]sql.StatusVarValue {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inner.NewSessionMap()
}

func (l *lockedStatus) NewGlobalMap() map[string]sql.StatusVarValue {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inner.NewGlobalMap()
}

func (l *lockedStatus) GetGlobal(name string) (sql.StatusVariable, any, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inner.GetGlobal(name)
}

func (l *lockedStatus) SetGlobal(name string, val any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inner.SetGlobal(name, val)
}

func (l *lockedStatus) IncrementGlobal(name string, val int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inner.IncrementGlobal(name, val)
}

// ownTables gives every query its own information_schema tables: planning a
// query writes the catalog into the table that another query is reading.
type ownTables struct {
	sql.Database
}

func (o ownTables) GetTableInsensitive(ctx *sql.Context, name string) (sql.Table, bool, error) {
	return information_schema.NewInformationSchemaDatabase().GetTableInsensitive(ctx, name)
}
