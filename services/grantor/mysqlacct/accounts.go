package mysqlacct

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// errBlind means that a look did not show what it must show to anybody who can
// see. What it did not find proves nothing.
var errBlind = errors.New("looking at accounts: what anybody sees who may see all is not in the answer")

// Knows reports whether the server knows the user name, on any host and in any
// of its grant tables.
func (s *Server) Knows(ctx context.Context, user string) (bool, error) {
	if err := CheckName(user); err != nil {
		return false, err
	}
	hosts, err := s.hosts(ctx, user)
	if err != nil || len(hosts) > 0 {
		return len(hosts) > 0, err
	}
	return s.granted(ctx, user)
}

// hosts lists the hosts of user names: those that the tables have, and those
// that the server has in memory and lets in.
func (s *Server) hosts(ctx context.Context, users ...string) (map[string][]string, error) {
	hosts, err := s.storedHosts(ctx, users)
	if err != nil || s.dialect.embedded { // which has one list
		return hosts, err
	}
	return hosts, s.addRemembered(ctx, users, hosts)
}

// storedHosts reads them by a query that must also return the administrator's
// own row.
func (s *Server) storedHosts(ctx context.Context, users []string) (map[string][]string, error) {
	seen, hosts := false, map[string][]string{}
	names, marks := []any{s.me[0]}, "?"
	for _, user := range users {
		names, marks = append(names, user), marks+", ?"
	}
	err := s.query(ctx, "looking at accounts", "SELECT User, Host FROM mysql.user WHERE User IN ("+marks+")", func(row []string) {
		if row[0] == s.me[0] && (row[1] == s.me[1] || s.dialect.embedded) {
			seen = true
		}
		if slices.Contains(users, row[0]) {
			hosts[row[0]] = append(hosts[row[0]], row[1])
		}
	}, names...)
	if err == nil && !seen {
		err = errBlind
	}
	return hosts, err
}

// remembered lists the accounts of some names, and "another" for those of all
// other names but one's own.
const remembered = "SELECT DISTINCT IF(SUBSTRING_INDEX(GRANTEE, ?, 1) IN (''%s), GRANTEE, IF(GRANTEE = ?, '', 'another')) FROM information_schema.USER_PRIVILEGES"

// addRemembered adds what only the server's memory has: an account whose row
// somebody deleted by hand can log in until FLUSH PRIVILEGES. The answer must
// have another account than the administrator's in it: who may not read all of
// mysql.* sees one's own only, and no error.
func (s *Server) addRemembered(ctx context.Context, users []string, hosts map[string][]string) error {
	between, seen := "'@'", false
	args, marks := []any{between}, ""
	for _, user := range users {
		args, marks = append(args, "'"+user), marks+", ?"
	}
	err := s.query(ctx, "looking at accounts in memory", fmt.Sprintf(remembered, marks), func(row []string) {
		seen = seen || row[0] != ""
		user, host, _ := strings.Cut(strings.Trim(row[0], "'"), between)
		if slices.Contains(users, user) && !slices.Contains(hosts[user], host) {
			hosts[user] = append(hosts[user], host)
		}
	}, append(args, "'"+s.me[0]+"'@'"+s.me[1]+"'")...)
	if err == nil && !seen {
		err = errBlind
	}
	return err
}

// granted reports whether a grant table has a row of the user name: rows outlive
// accounts where somebody deleted those by hand.
func (s *Server) granted(ctx context.Context, user string) (bool, error) {
	for _, table := range s.grantTables() {
		row, err := s.one(ctx, "looking at grants", "SELECT COUNT(*) FROM mysql."+table+" WHERE User = ?", user)
		if err != nil {
			return false, err
		}
		if row[0] != "0" {
			return true, nil
		}
	}
	return false, nil
}

// Found is an account that the server has.
type Found struct {
	User, Host string
	// Marked says that it bears PowerPole's mark.
	Marked bool
}

// Accounts lists all accounts of the server, by a query that must also return
// the administrator's own.
func (s *Server) Accounts(ctx context.Context) (all []Found, err error) {
	note := "''"
	if s.dialect.attribute && !s.dialect.embedded {
		note = "COALESCE(User_attributes->>'$.metadata.powerpole', '')"
	}
	seen := false
	err = s.query(ctx, "listing accounts", "SELECT User, Host, "+note+" FROM mysql.user ORDER BY User, Host", func(row []string) {
		seen = seen || row[0] == s.me[0]
		all = append(all, Found{User: row[0], Host: row[1], Marked: row[2] != ""})
	})
	if err == nil && !seen {
		err = errBlind
	}
	return all, err
}

func (s *Server) grantTables() []string {
	tables := []string{"db", "tables_priv", "columns_priv", "procs_priv"}
	if s.dialect.embedded {
		tables = slices.DeleteFunc(tables, func(t string) bool { return t == "columns_priv" })
	}
	return tables
}

// mayLook makes sure that the administrator sees other people's connections:
// without PROCESS the list holds one's own only, and no error.
func (s *Server) mayLook(ctx context.Context) error {
	me, seen := "'"+s.me[0]+"'@'"+s.me[1]+"'", false
	err := s.query(ctx, "reading one's own rights", "SELECT GRANTEE FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = 'PROCESS'", func(row []string) {
		mine := row[0] == me || s.dialect.embedded && strings.HasPrefix(row[0], "'"+s.me[0]+"'@")
		seen = seen || mine
	})
	if err == nil && !seen {
		err = errors.New("looking at connections: the administrator lacks PROCESS and would see none")
	}
	return err
}
