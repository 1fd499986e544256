package mysql

import (
	"fmt"
	"sync"

	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/mysql_db"
	vitess "github.com/dolthub/vitess/go/mysql"
	"github.com/dolthub/vitess/go/vt/sqlparser"
)

// accounts runs the statements about accounts on the engine's own store, which
// holds more than the engine's statements use: it knows and enforces locks, but
// has no statement that sets one.
//
// The engine also looks an account up loosely, so that DROP USER 'a'@'10.0.0.1'
// drops 'a'@'%' where the first does not exist. Here a name is exact, as with
// MySQL.
type accounts struct {
	db    *mysql_db.MySQLDb
	mu    sync.Mutex
	rules map[mysql_db.UserPrimaryKey]rules
}

// rules are what the engine's store has no room for.
type rules struct {
	requireTLS     bool
	maxConnections int // 0 is no limit
}

func newAccounts(db *mysql_db.MySQLDb) *accounts {
	return &accounts{db: db, rules: map[mysql_db.UserPrimaryKey]rules{}}
}

func (a *accounts) addAdministrator(name, password string) error {
	login, err := credentials(&sqlparser.Authentication{Password: password})
	if err != nil {
		return fmt.Errorf("making the administrator %q: %w", name, err)
	}
	a.db.SetEnabled(true)
	ed := a.db.Editor()
	defer ed.Close()
	u := login.apply(&mysql_db.User{User: name, Host: "%"})
	u.PrivilegeSet = mysql_db.NewPrivilegeSetWithAllPrivileges()
	u.PrivilegeSet.AddGlobalStatic(sql.PrivilegeType_GrantOption)
	ed.PutUser(u)
	return nil
}

// statement returns what runs a statement about accounts, or nil if the engine
// does it well enough.
func (a *accounts) statement(c *vitess.Conn, verb, query string) func() error {
	text, ifExists := query, false
	if verb == "alter user" {
		text, ifExists = alterAsCreate(query)
	}
	parsed, err := sqlparser.Parse(text)
	if err != nil {
		return nil // the engine says what is wrong with it
	}
	switch n := parsed.(type) {
	case *sqlparser.CreateUser:
		if verb == "alter user" {
			return func() error { return a.alter(c, n, ifExists, lockClause(query)) }
		}
		return func() error { return a.create(c, n) }
	case *sqlparser.DropUser:
		return func() error { return a.drop(c, n) }
	case *sqlparser.RevokeAllPrivileges:
		return func() error { return a.revokeAll(c, n) }
	case *sqlparser.GrantPrivilege:
		return a.refuseMissing(n.To, errGrantMissing)
	case *sqlparser.RevokePrivilege:
		return a.refuseMissing(n.From, errRevokeMissing)
	case *sqlparser.ShowGrants:
		if n.For == nil {
			return nil
		}
		return a.refuseMissing([]sqlparser.AccountName{*n.For}, errRevokeMissing)
	default:
		return nil
	}
}

func (a *accounts) create(c *vitess.Conn, n *sqlparser.CreateUser) error {
	if !a.mayManage(c) {
		return errNeeds("CREATE USER")
	}
	logins, err := allCredentials(n.Users)
	if err != nil {
		return err
	}
	ed := a.db.Editor()
	defer ed.Close()
	if !n.IfNotExists {
		if there := present(ed, keysOf(n.Users)); len(there) > 0 {
			return errFailed("CREATE USER", there...)
		}
	}
	for i, user := range n.Users {
		key := keyOf(user.AccountName)
		if _, ok := ed.GetUser(key); ok {
			continue
		}
		u := logins[i].apply(&mysql_db.User{User: key.User, Host: key.Host, PrivilegeSet: mysql_db.NewPrivilegeSet()})
		u.Locked, u.Attributes = n.Locked, attributes(n.Attribute)
		ed.PutUser(u)
		a.setRules(key, n)
	}
	return nil
}

func (a *accounts) alter(c *vitess.Conn, n *sqlparser.CreateUser, ifExists bool, lock *bool) error {
	if !a.mayAlter(c, n, lock) {
		return errNeeds("CREATE USER")
	}
	logins, err := allCredentials(n.Users)
	if err != nil {
		return err
	}
	ed := a.db.Editor()
	defer ed.Close()
	if gone := missing(ed, keysOf(n.Users)); len(gone) > 0 && !ifExists {
		return errFailed("ALTER USER", gone...)
	}
	for i, user := range n.Users {
		key := keyOf(user.AccountName)
		old, ok := ed.GetUser(key)
		if !ok {
			continue
		}
		u := *old // readers may hold the old one
		if user.Auth1 != nil {
			logins[i].apply(&u)
		}
		if lock != nil {
			u.Locked = *lock
		}
		if n.Attribute != "" {
			u.Attributes = attributes(n.Attribute)
		}
		replace(ed, key, &u)
		a.setRules(key, n)
	}
	return nil
}

// replace exists because PutUser finds the old row by comparing whole rows, and
// leaves two where anything has changed.
func replace(ed *mysql_db.Editor, key mysql_db.UserPrimaryKey, u *mysql_db.User) {
	ed.RemoveUser(key)
	ed.PutUser(u)
}

func (a *accounts) drop(c *vitess.Conn, n *sqlparser.DropUser) error {
	if !a.mayManage(c) {
		return errNeeds("CREATE USER")
	}
	keys := namesOf(n.AccountNames)
	ed := a.db.Editor()
	defer ed.Close()
	if gone := missing(ed, keys); len(gone) > 0 && !n.IfExists {
		return errFailed("DROP USER", gone...)
	}
	for _, key := range keys {
		ed.RemoveUser(key)
		ed.RemoveRoleEdgesFromKey(mysql_db.RoleEdgesFromKey{FromHost: key.Host, FromUser: key.User})
		ed.RemoveRoleEdgesToKey(mysql_db.RoleEdgesToKey{ToHost: key.Host, ToUser: key.User})
		a.forget(key)
	}
	return nil
}

func (a *accounts) revokeAll(c *vitess.Conn, n *sqlparser.RevokeAllPrivileges) error {
	if !a.mayManage(c) {
		return errNeeds("CREATE USER")
	}
	keys := namesOf(n.From)
	ed := a.db.Editor()
	defer ed.Close()
	if len(missing(ed, keys)) > 0 {
		return vitess.NewSQLError(errRevokeAllMissing, vitess.SSUnknownSQLState,
			"Can't revoke all privileges for one or more of the requested users")
	}
	for _, key := range keys {
		old, _ := ed.GetUser(key)
		u := *old
		u.PrivilegeSet = mysql_db.NewPrivilegeSet()
		replace(ed, key, &u)
	}
	return nil
}

// refuseMissing returns what refuses to grant to or revoke from an account that
// does not exist; nil lets the engine do it.
func (a *accounts) refuseMissing(names []sqlparser.AccountName, refusal func(mysql_db.UserPrimaryKey) error) func() error {
	rd := a.db.Reader()
	defer rd.Close()
	for _, key := range namesOf(names) {
		if _, ok := rd.GetUser(key); !ok {
			return func() error { return refusal(key) }
		}
	}
	return nil
}

func (a *accounts) setRules(key mysql_db.UserPrimaryKey, n *sqlparser.CreateUser) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.rules[key]
	if n.TLSOptions != nil {
		r.requireTLS = *n.TLSOptions != sqlparser.TLSOptions{}
	}
	if l := n.AccountLimits; l != nil && l.MaxUserConnections != nil {
		r.maxConnections = number(l.MaxUserConnections)
	}
	a.rules[key] = r
}

func (a *accounts) rulesOf(key mysql_db.UserPrimaryKey) rules {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rules[key]
}

func (a *accounts) forget(key mysql_db.UserPrimaryKey) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.rules, key)
}
