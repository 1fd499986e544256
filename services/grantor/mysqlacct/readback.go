package mysqlacct

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/powerpole/powerpole/pkg/grant"
	"github.com/powerpole/powerpole/pkg/reason"
)

// held is one privilege as the server gives it back.
type held struct {
	grantee, database, table, column, privilege, grantable string
}

func (h held) String() string {
	where := "*.*"
	switch {
	case h.column != "":
		where = h.database + "." + h.table + "(" + h.column + ")"
	case h.table != "":
		where = h.database + "." + h.table
	case h.database != "":
		where = h.database + ".*"
	}
	text := h.privilege + " ON " + where + " for " + h.grantee
	if h.grantable != "NO" {
		text += " with grant option"
	}
	return text
}

// readBack compares what the account's name has, on any host, and what the
// anonymous user has, with exactly what was planned. It returns the privileges
// for people.
func (s *Server) readBack(ctx context.Context, p Plan, literal bool) ([]string, error) {
	if err := s.onlyAccount(ctx, p.Account); err != nil {
		return nil, err
	}
	all, err := s.privileges(ctx, p.Account.User)
	if err != nil {
		return nil, err
	}
	want := p.wanted(literal)
	more, less := difference(all, want), difference(want, all)
	if len(more)+len(less) > 0 {
		return nil, &Refusal{"privileges", reason.OtherThanAsked.Say(fmt.Sprint(more), fmt.Sprint(less))}
	}
	if err := s.noOthers(ctx, p.Account.User); err != nil {
		return nil, err
	}
	return p.lines(), nil
}

// wanted is how the server must give the plan back.
func (p Plan) wanted(literal bool) []held {
	var out []held
	for _, s := range p.Scopes {
		database := s.Database
		if s.Table == "" {
			database = grant.Escaped(s.Database, literal)
		}
		for _, privilege := range s.Privileges {
			h := held{p.Account.grantee(), database, s.Table, "", privilege, "NO"}
			if len(s.Columns) == 0 {
				out = append(out, h)
			}
			for _, h.column = range s.Columns {
				out = append(out, h)
			}
		}
	}
	return out
}

// lines is the plan as people read it. It has been read back when they do.
func (p Plan) lines() []string {
	var out []string
	for _, s := range p.Scopes {
		out = append(out, strings.Join(s.Privileges, ", ")+" ON "+s.String())
	}
	return out
}

func difference(a, b []held) []held {
	return slices.DeleteFunc(slices.Clone(a), func(h held) bool { return slices.Contains(b, h) })
}

// views are the four tables of INFORMATION_SCHEMA that hold privileges, with the
// columns of held.
var views = []string{
	"SELECT GRANTEE, '', '', '', PRIVILEGE_TYPE, IS_GRANTABLE FROM information_schema.USER_PRIVILEGES",
	"SELECT GRANTEE, TABLE_SCHEMA, '', '', PRIVILEGE_TYPE, IS_GRANTABLE FROM information_schema.SCHEMA_PRIVILEGES",
	"SELECT GRANTEE, TABLE_SCHEMA, TABLE_NAME, '', PRIVILEGE_TYPE, IS_GRANTABLE FROM information_schema.TABLE_PRIVILEGES",
	"SELECT GRANTEE, TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, PRIVILEGE_TYPE, IS_GRANTABLE FROM information_schema.COLUMN_PRIVILEGES",
}

// privileges are all that the name has on any host, and all of the anonymous
// user's: a session has the grants of every row that matches its name. USAGE is
// none.
func (s *Server) privileges(ctx context.Context, user string) (all []held, err error) {
	named, anonymous := "'"+user+"'@", "''@"
	for _, view := range views {
		err := s.query(ctx, "reading back privileges", view+" WHERE LEFT(GRANTEE, ?) = ? OR LEFT(GRANTEE, 3) = ?", func(row []string) {
			h := held{row[0], row[1], row[2], row[3], row[4], row[5]}
			usage := h.database == "" && h.privilege == "USAGE" && h.grantable == "NO"
			if ours := strings.HasPrefix(h.grantee, named) || strings.HasPrefix(h.grantee, anonymous); ours && !usage {
				all = append(all, h)
			}
		}, len(named), named, anonymous)
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// onlyAccount makes sure that the account is there, that no other host has its
// name, and that whoever looks can see: the answer must hold their own row.
func (s *Server) onlyAccount(ctx context.Context, a Account) error {
	hosts, err := s.hosts(ctx, a.User)
	if err != nil {
		return err
	}
	if of := hosts[a.User]; !slices.Equal(of, []string{a.Host.String()}) {
		return &Refusal{"name", reason.NameOnHosts.Say(a.User, fmt.Sprint(of))}
	}
	return nil
}

// noOthers makes sure that the name has no routine and no role.
func (s *Server) noOthers(ctx context.Context, user string) error {
	var found []string
	note := func(row []string) { found = append(found, row[0]) }
	if err := s.query(ctx, "reading back routines", "SELECT Routine_name FROM mysql.procs_priv WHERE User IN (?, '')", note, user); err != nil {
		return err
	}
	if err := s.query(ctx, "reading back roles", s.dialect.roles, note, user); err != nil {
		return err
	}
	if len(found) > 0 {
		return &Refusal{"privileges", reason.OtherRoles.Say(fmt.Sprint(found))}
	}
	return nil
}
