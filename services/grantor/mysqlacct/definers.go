package mysqlacct

import (
	"context"
	"strings"

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

// definerQueries find what names accounts as DEFINER, without their list: kind,
// database, name, what takeOver must repeat, and the account.
func (d dialect) definerQueries() []string {
	queries := []string{
		"SELECT 'view', TABLE_SCHEMA, TABLE_NAME, SECURITY_TYPE, '', DEFINER FROM information_schema.VIEWS WHERE DEFINER IN ",
		"SELECT 'trigger', TRIGGER_SCHEMA, TRIGGER_NAME, SQL_MODE, EVENT_OBJECT_TABLE, DEFINER FROM information_schema.TRIGGERS WHERE DEFINER IN ",
		"SELECT LOWER(ROUTINE_TYPE), ROUTINE_SCHEMA, ROUTINE_NAME, SQL_MODE, '', DEFINER FROM information_schema.ROUTINES WHERE DEFINER IN ",
		"SELECT 'event', EVENT_SCHEMA, EVENT_NAME, SQL_MODE, STATUS, DEFINER FROM information_schema.EVENTS WHERE DEFINER IN ",
	}
	if d.embedded {
		return queries[1:2] // it gives the DEFINER of triggers only, and drops without asking
	}
	return queries
}

// definers lists what names each account as DEFINER, by the account's String.
func (s *Server) definers(ctx context.Context, all []*Removal) (map[string][]Kept, error) {
	if len(all) == 0 {
		return nil, nil
	}
	kept := map[string][]Kept{}
	var names []any
	for _, r := range all {
		names = append(names, r.Account.String())
	}
	list := "(?" + strings.Repeat(", ?", len(names)-1) + ")"
	for _, q := range s.dialect.definerQueries() {
		err := s.query(ctx, "looking for definers", q+list, func(row []string) {
			o := stored{kind: row[0], database: row[1], name: row[2], setting: row[3], extra: row[4]}
			kept[row[5]] = append(kept[row[5]], Kept{Kind: o.kind, Name: o.database + "." + o.name, TakeOver: s.dialect.takeOver(o), database: o.database})
		}, names...)
		if err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// park makes the account one that nobody can log in to and whose events stop,
// and leaves all else, so that what runs in its name goes on.
func (s *Server) park(ctx context.Context, r *Removal, kept []Kept) error {
	a := r.Account
	r.Ending.Parked, r.Ending.Kept = true, a.listed(kept)
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
