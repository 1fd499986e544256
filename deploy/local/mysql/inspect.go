package mysql

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/mysql_db"
)

// Account is a database account as it is now. It holds no hash.
type Account struct {
	User, Host string
	Locked     bool
	RequireTLS bool
	// MaxConnections is the limit of simultaneous connections; 0 is none.
	MaxConnections int
	// Attribute is the JSON that CREATE USER … ATTRIBUTE gave it, as mysql.user
	// keeps it, or "".
	Attribute string
}

// Connection is an open connection. User is the account that it was opened
// with, "" before it has logged in.
type Connection struct {
	ID         uint32
	User, Host string
	Database   string
	// Command is MySQL's word: Connect, Sleep, Query.
	Command string
	Since   time.Time
}

// Accounts are all accounts, by name and host.
func (s *Server) Accounts() []Account {
	rd := s.accounts.db.Reader()
	var all []Account
	rd.VisitUsers(func(u *mysql_db.User) {
		a := Account{User: u.User, Host: u.Host, Locked: u.Locked}
		if u.Attributes != nil {
			a.Attribute = *u.Attributes
		}
		all = append(all, a)
	})
	rd.Close()
	for i, a := range all {
		r := s.accounts.rulesOf(mysql_db.UserPrimaryKey{User: a.User, Host: a.Host})
		all[i].RequireTLS, all[i].MaxConnections = r.requireTLS, r.maxConnections
	}
	slices.SortFunc(all, func(a, b Account) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Host, b.Host))
	})
	return all
}

// Connections are all open connections, by id.
func (s *Server) Connections() []Connection {
	var all []Connection
	for _, p := range s.engine.ProcessList.Processes() {
		_, owner := s.conns.find(p.Connection)
		all = append(all, Connection{
			ID: p.Connection, User: owner.User, Host: p.Host, Database: p.Database,
			Command: string(p.Command), Since: p.StartedAt,
		})
	}
	slices.SortFunc(all, func(a, b Connection) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Privileges is what an account has, one line for each privilege and where it
// applies, sorted, as "SELECT ON shop.*" and "SELECT ON shop.orders". USAGE,
// which is none, and privileges on columns are left out.
func (s *Server) Privileges(user, host string) []string {
	rd := s.accounts.db.Reader()
	defer rd.Close()
	u, ok := rd.GetUser(mysql_db.UserPrimaryKey{User: user, Host: host})
	if !ok {
		return nil
	}
	all := lines("*.*", u.PrivilegeSet.ToSlice())
	for _, db := range u.PrivilegeSet.GetDatabases() {
		all = append(all, lines(db.Name()+".*", db.ToSlice())...)
		for _, t := range db.GetTables() {
			all = append(all, lines(db.Name()+"."+t.Name(), t.ToSlice())...)
		}
	}
	slices.Sort(all)
	return all
}

func lines(where string, privileges []sql.PrivilegeType) (out []string) {
	for _, p := range privileges {
		out = append(out, strings.ToUpper(p.String())+" ON "+where)
	}
	return out
}
