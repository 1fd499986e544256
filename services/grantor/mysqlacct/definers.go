package mysqlacct

import (
	"context"
	"fmt"
	"strings"
)

// Kept is an object that runs in the account's name and would break without it.
type Kept struct {
	// Kind is view, trigger, procedure, function, event or object.
	Kind string
	// Name is database.name.
	Name string
	// TakeOver is what an administrator does to take it over.
	TakeOver string
	// database is where it is.
	database string
}

// mostKept bounds what is listed: an event must stay small.
const mostKept = 50

// definerQueries find what names an account as DEFINER: kind, database, name.
func (d dialect) definerQueries() []string {
	queries := []string{
		"SELECT 'view', TABLE_SCHEMA, TABLE_NAME FROM information_schema.VIEWS WHERE DEFINER = ?",
		"SELECT 'trigger', TRIGGER_SCHEMA, TRIGGER_NAME FROM information_schema.TRIGGERS WHERE DEFINER = ?",
		"SELECT LOWER(ROUTINE_TYPE), ROUTINE_SCHEMA, ROUTINE_NAME FROM information_schema.ROUTINES WHERE DEFINER = ?",
		"SELECT 'event', EVENT_SCHEMA, EVENT_NAME FROM information_schema.EVENTS WHERE DEFINER = ?",
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
			kept = append(kept, Kept{Kind: row[0], Name: row[1] + "." + row[2], TakeOver: takeOver(row[0], quoted(row[1])+"."+quoted(row[2])), database: row[1]})
		}, a.User+"@"+a.Host.String())
		if err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// quoted is an identifier as a statement takes it. What is in it may be anything
// that somebody named an object.
func quoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// takeOver is how an administrator makes the object their own. Only of views and
// events can a server change the DEFINER in place.
func takeOver(kind, object string) string {
	upper := strings.ToUpper(kind)
	switch kind {
	case "event":
		return "ALTER DEFINER = CURRENT_USER EVENT " + object + " ENABLE"
	case "view":
		return "SHOW CREATE VIEW " + object + "; ALTER DEFINER = CURRENT_USER VIEW " + object + " AS …"
	default:
		return fmt.Sprintf("SHOW CREATE %s %s; DROP %s %s; CREATE DEFINER = CURRENT_USER %s %s …", upper, object, upper, object, upper, object)
	}
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
		object := quoted(escaped(k.database, literal)) + ".*"
		err := s.exec(ctx, "stopping events", "REVOKE EVENT ON "+object+" FROM "+a.grantee())
		if err != nil && !is(err, errNoGrant) {
			return err
		}
	}
	return nil
}

// listed is what of the objects is told, and how the account then goes.
func (a Account) listed(kept []Kept) []Kept {
	if len(kept) > mostKept {
		kept = append(kept[:mostKept:mostKept], Kept{Kind: "object", Name: fmt.Sprintf("%d more", len(kept)-mostKept), TakeOver: "the same"})
	}
	if len(kept) > 0 {
		kept[len(kept)-1].TakeOver += "; and when nothing names the account any more: DROP USER " + a.grantee()
	}
	return kept
}
