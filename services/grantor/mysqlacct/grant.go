package mysqlacct

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/powerpole/powerpole/pkg/reason"
	"github.com/powerpole/powerpole/pkg/secret"
)

// Ready is an account that has its privileges, read back, and that nobody can
// use yet.
type Ready struct {
	// Privileges are as read back, one line a scope, as "SELECT ON shop.*".
	Privileges []string
	// Everybody is what everybody has on the server.
	Everybody []string
}

// Prepare makes the account with exactly the plan's privileges, locked and with
// a password that nobody knows. What the account has beyond or short of the
// plan, and what everybody has and may not, is a *Refusal; the account is then
// still to be removed.
func (s *Server) Prepare(ctx context.Context, p Plan) (Ready, error) {
	if err := p.check(); err != nil {
		return Ready{}, err
	}
	if s.dialect.embedded && slices.ContainsFunc(p.Scopes, func(s Scope) bool { return len(s.Columns) > 0 }) {
		return Ready{}, &Refusal{"columns", reason.NoColumns.Say()}
	}
	if err := s.takeLock(ctx, p.Lock); err != nil {
		return Ready{}, err
	}
	literal, everybody, err := s.readServer(ctx)
	if err != nil {
		return Ready{}, err
	}
	if more := without(everybody, p.Everybody); len(more) > 0 {
		return Ready{}, &Refusal{"everybody", reason.EverybodyHas.Say(strings.Join(more, "; "))}
	}
	if err := s.create(ctx, p); err != nil {
		return Ready{}, err
	}
	if err := s.exec(ctx, "revoking everything", "REVOKE ALL PRIVILEGES, GRANT OPTION FROM "+p.Account.grantee()); err != nil {
		return Ready{}, err
	}
	for _, scope := range p.Scopes {
		if err := s.exec(ctx, "granting on "+scope.String(), scope.Statement(literal)+" TO "+p.Account.grantee()); err != nil {
			return Ready{}, err
		}
	}
	lines, err := s.readBack(ctx, p, literal)
	return Ready{lines, everybody}, err
}

// create leaves a locked account with a new unknown password, whether it was
// there or not: CREATE … IF NOT EXISTS leaves an old password as it is.
func (s *Server) create(ctx context.Context, p Plan) error {
	identified, err := s.dialect.identity(p, NewPassword())
	if err != nil {
		return err
	}
	rest := p.Account.grantee() + " " + identified + p.limits() + " ACCOUNT LOCK"
	note := ""
	if s.dialect.attribute && requestID.MatchString(p.Account.Request) {
		note = ` ATTRIBUTE '{"powerpole": "` + p.Account.Request + `"}'`
	}
	if err := s.exec(ctx, "creating the account", "CREATE USER IF NOT EXISTS "+rest+note); err != nil {
		return err
	}
	return s.exec(ctx, "locking the account", "ALTER USER "+rest+note)
}

// limits are the clauses that go with every password.
func (p Plan) limits() string {
	requires := " REQUIRE NONE"
	if p.TLS {
		requires = " REQUIRE SSL"
	}
	return fmt.Sprintf("%s WITH MAX_USER_CONNECTIONS %d", requires, p.Connections)
}

// Open gives the account of a Prepare on this connection its password and
// unlocks it, in one statement, and reads back that it is open. With IAM there
// is no password, and the one given is ignored. From the moment
// that this begins, somebody who knows the password may be able to log in.
func (s *Server) Open(ctx context.Context, p Plan, password secret.String) error {
	identified, err := s.dialect.identity(p, password)
	if err != nil {
		return err
	}
	statement := "ALTER USER " + p.Account.grantee() + " " + identified + p.limits() + " ACCOUNT UNLOCK"
	if err := s.exec(ctx, "opening the account", statement); err != nil {
		return err
	}
	row, err := s.one(ctx, "reading back the account", s.dialect.locked, p.Account.User, p.Account.Host.String())
	if err != nil {
		return err
	}
	if row[0] != "N" {
		return fmt.Errorf("reading back the account: it is not open")
	}
	return nil
}
