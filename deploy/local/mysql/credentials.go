package mysql

import (
	"encoding/json"
	"regexp"
	"strconv"
	"time"

	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/mysql_db"
	"github.com/dolthub/go-mysql-server/sql/plan"
	vitess "github.com/dolthub/vitess/go/mysql"
	"github.com/dolthub/vitess/go/vt/sqlparser"
)

// login is how an account proves who it is: a plugin and its stored hash.
type login struct {
	plugin, hash string
}

func (l login) apply(u *mysql_db.User) *mysql_db.User {
	u.Plugin, u.AuthString = l.plugin, l.hash
	u.PasswordLastChanged = time.Now().UTC()
	return u
}

func allCredentials(users []sqlparser.AccountWithAuth) ([]login, error) {
	logins := make([]login, len(users))
	for i, u := range users {
		if err := checkName(keyOf(u.AccountName)); err != nil {
			return nil, err
		}
		l, err := credentials(u.Auth1)
		if err != nil {
			return nil, err
		}
		logins[i] = l
	}
	return logins, nil
}

// credentials reads IDENTIFIED BY 'password', IDENTIFIED WITH plugin BY
// 'password' and IDENTIFIED WITH mysql_native_password AS '*hash'.
func credentials(a *sqlparser.Authentication) (login, error) {
	if a == nil {
		return login{plugin: string(vitess.MysqlNativePassword)}, nil
	}
	plugin := a.Plugin
	if plugin == "" {
		plugin = string(vitess.MysqlNativePassword)
	}
	switch {
	case a.RandomPassword:
		return login{}, vitess.NewSQLError(vitess.ERNotSupportedYet, "42000", "RANDOM PASSWORD is not supported by this server")
	case plugin == string(vitess.MysqlNativePassword) && a.Identity != "":
		if !regexp.MustCompile(`^\*[0-9A-F]{40}$`).MatchString(a.Identity) {
			return login{}, vitess.NewSQLError(1827, vitess.SSUnknownSQLState, "The password hash doesn't have the expected format.")
		}
		return login{plugin, a.Identity}, nil
	case plugin == string(vitess.MysqlNativePassword):
		hash, err := plan.AuthenticationMysqlNativePassword(a.Password).AuthString()
		return login{plugin, hash}, err
	case plugin == string(vitess.CachingSha2Password) && a.Identity == "":
		hash, err := plan.NewCachingSha2PasswordAuthentication(a.Password).AuthString()
		return login{plugin, hash}, err
	default:
		return login{}, vitess.NewSQLError(1524, vitess.SSUnknownSQLState, "Plugin '%s' is not loaded", plugin)
	}
}

// attributes is what mysql.user shows for ATTRIBUTE '{…}': MySQL keeps it under
// metadata.
func attributes(attribute string) *string {
	if attribute == "" || !json.Valid([]byte(attribute)) {
		return nil
	}
	return new(`{"metadata": ` + attribute + `}`)
}

// mayManage says whether a connection's account has CREATE USER.
func (a *accounts) mayManage(c *vitess.Conn) bool {
	u := a.current(c)
	return u != nil && (u.PrivilegeSet.Has(sql.PrivilegeType_CreateUser) || u.PrivilegeSet.Has(sql.PrivilegeType_Super))
}

// mayAlter also lets an account change its own password, and nothing else.
func (a *accounts) mayAlter(c *vitess.Conn, n *sqlparser.CreateUser, lock *bool) bool {
	if a.mayManage(c) {
		return true
	}
	own := a.current(c)
	more := lock != nil || n.TLSOptions != nil || n.AccountLimits != nil || n.PasswordOptions != nil || n.Attribute != ""
	return own != nil && !more && len(n.Users) == 1 && keyOf(n.Users[0].AccountName) == primaryKey(own)
}

// current is a copy of the account that a connection is logged in as, nil if it
// has been dropped since.
func (a *accounts) current(c *vitess.Conn) *mysql_db.User {
	rd := a.db.Reader()
	defer rd.Close()
	u := a.db.GetUser(rd, c.User, remoteHost(c), false)
	if u == nil {
		return nil
	}
	clone := *u
	clone.PrivilegeSet = u.PrivilegeSet.Copy()
	return &clone
}

func checkName(k mysql_db.UserPrimaryKey) error {
	switch {
	case len(k.User) > 32:
		return vitess.NewSQLError(1470, vitess.SSUnknownSQLState, "String '%s' is too long for user name (should be no longer than 32)", k.User)
	case len(k.Host) > 255:
		return vitess.NewSQLError(1470, vitess.SSUnknownSQLState, "String '%s' is too long for host name (should be no longer than 255)", k.Host)
	}
	return nil
}

func primaryKey(u *mysql_db.User) mysql_db.UserPrimaryKey {
	return mysql_db.UserPrimaryKey{Host: u.Host, User: u.User}
}

func keyOf(n sqlparser.AccountName) mysql_db.UserPrimaryKey {
	if n.AnyHost || n.Host == "" {
		n.Host = "%"
	}
	return mysql_db.UserPrimaryKey{Host: n.Host, User: n.Name}
}

func namesOf(names []sqlparser.AccountName) []mysql_db.UserPrimaryKey {
	keys := make([]mysql_db.UserPrimaryKey, len(names))
	for i, n := range names {
		keys[i] = keyOf(n)
	}
	return keys
}

func keysOf(users []sqlparser.AccountWithAuth) []mysql_db.UserPrimaryKey {
	keys := make([]mysql_db.UserPrimaryKey, len(users))
	for i, u := range users {
		keys[i] = keyOf(u.AccountName)
	}
	return keys
}

func present(ed *mysql_db.Editor, keys []mysql_db.UserPrimaryKey) (there []mysql_db.UserPrimaryKey) {
	for _, k := range keys {
		if _, ok := ed.GetUser(k); ok {
			there = append(there, k)
		}
	}
	return there
}

func missing(ed *mysql_db.Editor, keys []mysql_db.UserPrimaryKey) (gone []mysql_db.UserPrimaryKey) {
	for _, k := range keys {
		if _, ok := ed.GetUser(k); !ok {
			gone = append(gone, k)
		}
	}
	return gone
}

func errGrantMissing(mysql_db.UserPrimaryKey) error {
	return vitess.NewSQLError(errCreateByGrant, "42000", "You are not allowed to create a user with GRANT")
}

func errRevokeMissing(k mysql_db.UserPrimaryKey) error {
	return vitess.NewSQLError(errGrantNoUser, "42000", "There is no such grant defined for user '%s' on host '%s'", k.User, k.Host)
}

func number(v *sqlparser.SQLVal) int {
	n, err := strconv.Atoi(string(v.Val))
	if err != nil {
		return 0
	}
	return n
}
