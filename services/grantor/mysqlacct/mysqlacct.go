// Package mysqlacct makes and ends accounts on MySQL 8.0 and later, Aurora MySQL
// 3, MariaDB 10.11 and the embedded server, in an order in which a crash at any
// statement leaves an account that nobody can use.
//
// All work on one server goes over one pinned connection. Every statement can
// run again, and has a deadline of its own. Of a server's error only its number
// and SQLSTATE leave the package: the text of a statement that names a password
// must never be repeated, and MariaDB repeats it.
package mysqlacct

import (
	"fmt"
	"net/netip"
	"regexp"
	"time"

	"github.com/powerpole/powerpole/pkg/grant"
)

// Account is a database account of one request.
type Account struct {
	// User obeys the rule of CheckName; Host is the one address that it works
	// from.
	User string
	Host netip.Addr
	// Request is noted with the account where the server has room for it.
	Request string
}

// String gives the account as logs name it.
func (a Account) String() string { return a.User + "@" + a.Host.String() }

// grantee is the account as INFORMATION_SCHEMA names it, and as a literal in a
// statement.
//
// Safety: User matches userName and Host is a netip.Addr without zone (check),
// so neither can hold a quote or a backslash.
func (a Account) grantee() string { return "'" + a.User + "'@'" + a.Host.String() + "'" }

var userName = regexp.MustCompile(`^[a-z][a-z0-9._-]{0,31}$`)

// CheckName returns an error unless the name is one that this package may put
// into a statement: a lower-case letter, then at most 31 of [a-z0-9._-].
func CheckName(user string) error {
	if !userName.MatchString(user) {
		return fmt.Errorf("checking a user name: %.64q is not %s", user, userName)
	}
	return nil
}

func (a Account) check() error {
	if err := CheckName(a.User); err != nil {
		return err
	}
	if !a.Host.Is4() || a.Host.IsUnspecified() {
		return fmt.Errorf("checking account %q: its host is not an IPv4 address", a.User)
	}
	return nil
}

// Scope is where privileges are granted.
type Scope = grant.Scope

// Plan is what is to be granted.
type Plan struct {
	Account Account
	Scopes  []Scope
	// TLS says that the account must use it.
	TLS bool
	// IAM says that people log in with tokens of AWS and there is no password.
	IAM bool
	// Connections is how many the account may have at a time.
	Connections int
	// Everybody lists what everybody may have on the server; anything else that
	// everybody has is refused.
	Everybody []string
	// Lock is the name of the lock that keeps statements of a dead handler
	// away: 128 random bits, told to nobody.
	Lock string
}

func (p Plan) check() error {
	if err := p.Account.check(); err != nil {
		return err
	}
	if len(p.Scopes) == 0 || p.Connections < 1 {
		return fmt.Errorf("checking the plan of %s: no scope or no connection", p.Account)
	}
	for _, s := range p.Scopes {
		if err := s.Check(); err != nil {
			return err
		}
	}
	return checkLock(p.Lock)
}

var lockName = regexp.MustCompile(`^[A-Za-z0-9]{16,60}$`)

func checkLock(name string) error {
	if !lockName.MatchString(name) {
		return fmt.Errorf("checking the name of a lock: it is not 16 to 60 letters and digits")
	}
	return nil
}

// Look is what was seen of an account on one instance by somebody who had just
// shown that they can see.
type Look struct {
	// Instance is the server's own name for itself.
	Instance string
	// Gone says that the account was not among the accounts.
	Gone bool
	// Killed is how many connections were ended, Sessions how many connections and
	// rollbacks the last look found, Rollbacks how many of these the look with the
	// most.
	Killed, Sessions, Rollbacks int
	SeenAt                      time.Time
}

// Refusal is an error that trying again does not mend: the server, or what is on
// it, does not allow the account. Code is of a closed set, Reason for a person.
type Refusal struct {
	Code, Reason string
}

// Error names both.
func (r *Refusal) Error() string { return r.Code + ": " + r.Reason }
