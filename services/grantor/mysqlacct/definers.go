package mysqlacct

import (
	"context"

	"github.com/powerpole/powerpole/pkg/grant"
)

// Kept is an object that runs in the account's name and would break without it.
type Kept struct {
	// Kind is view, trigger, procedure, function, event or object.
	Kind string
	// Name is database.name.
	Name string
	// TakeOver is what its new owner does to take it over.
	TakeOver string
	// database is where it is.
	database string
}

// mostKept bounds what is listed: an event must stay small.
const mostKept = 50

// definerQueries find what names an account as DEFINER: kind, database, name,
// and what takeOver must repeat.
func (d dialect) definerQueries() []string {
	queries := []string{
		"SELECT 'view', TABLE_SCHEMA, TABLE_NAME, SECURITY_TYPE, '' FROM information_schema.VIEWS WHERE DEFINER = ?",
		"SELECT 'trigger', TRIGGER_SCHEMA, TRIGGER_NAME, SQL_MODE, EVENT_OBJECT_TABLE FROM information_schema.TRIGGERS WHERE DEFINER = ?",
		"SELECT LOWER(ROUTINE_TYPE), ROUTINE_SCHEMA, ROUTINE_NAME, SQL_MODE, '' FROM information_schema.ROUTINES WHERE DEFINER = ?",
		"SELECT 'event', EVENT_SCHEMA, EVENT_NAME, SQL_MODE, STATUS FROM information_schema.EVENTS WHERE DEFINER = ?",
	}
	if d.embedded {
		return queries[1:2] // it gives the DEFINER of triggers only, and drops without asking
	}
	return queries
}

// definers lists what names the account as DEFINER.
func (s *Server) definers(ctx context.Context, a Account) (kept []Kept, err error) {
	for _, q := range s.dialect.definerQueries() {
		err := s.query(ctx, "looking for definers", q, func(row []string) {
			o := stored{kind: row[0], database: row[1], name: row[2], setting: row[3], extra: row[4]}
			kept = append(kept, Kept{Kind: o.kind, Name: o.database + "." + o.name, TakeOver: s.dialect.takeOver(o), database: o.database})
		}, a.User+"@"+a.Host.String())
		if err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// park makes the account one that nobody can log in to and whose events stop,
// and leaves all else, so that what runs in its name goes on.
func (s *Server) park(ctx context.Context, a Account, kept []Kept) error {
	identified, err := s.dialect.identified(NewPassword())
	if err != nil {
		return err
	}
	if err := s.exec(ctx, "parking the account", "ALTER USER "+a.grantee()+" "+identified+" ACCOUNT LOCK"); err != nil {
		return err
	}
	literal, _, err := s.readServer(ctx)
	if err != nil {
		return err
	}
	stopped := map[string]bool{}
	for _, k := range kept {
		if k.Kind != "event" || stopped[k.database] {
			continue
		}
		stopped[k.database] = true
		object := quoted(grant.Escaped(k.database, literal)) + ".*"
		err := s.exec(ctx, "stopping events", "REVOKE EVENT ON "+object+" FROM "+a.grantee())
		if err != nil && !is(err, errNoGrant) {
			return err
		}
	}
	return nil
}
