package mysqlacct

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/powerpole/powerpole/pkg/reason"
	"github.com/powerpole/powerpole/pkg/secret"
)

// dialect is how one kind of server differs from the others.
type dialect struct {
	mariadb bool
	// embedded is go-mysql-server, which gives out the client's address as the
	// host of CURRENT_USER() and lacks mysql.columns_priv.
	embedded bool
	// attribute says that an account has room for a note (MySQL 8.0.21).
	attribute bool
	// locked is the query for an account's lock, Y or N.
	locked string
	// roles is the query for the roles that an account was granted.
	roles string
}

// detect reads the dialect from VERSION() and @@version_comment.
func detect(version, comment string) (dialect, error) {
	major, minor, patch := parseVersion(version)
	if strings.Contains(strings.ToLower(version+comment), "mariadb") {
		if major < 10 || major == 10 && minor < 11 {
			return dialect{}, &Refusal{"server", reason.OldMariaDB.Say()}
		}
		return dialect{
			mariadb: true,
			locked:  "SELECT IF(JSON_VALUE(Priv, '$.account_locked'), 'Y', 'N') FROM mysql.global_priv WHERE User = ? AND Host = ?",
			roles:   "SELECT Role FROM mysql.roles_mapping WHERE User = ?",
		}, nil
	}
	if major < 8 {
		return dialect{}, &Refusal{"server", reason.OldMySQL.Say()}
	}
	return dialect{
		embedded:  comment == "Dolt",
		attribute: major > 8 || minor > 0 || patch >= 21,
		locked:    "SELECT account_locked FROM mysql.user WHERE User = ? AND Host = ?",
		roles:     "SELECT FROM_USER FROM mysql.role_edges WHERE TO_USER = ?",
	}, nil
}

func parseVersion(text string) (major, minor, patch int) {
	numbers, _, _ := strings.Cut(text, "-")
	parts := append(strings.Split(numbers, "."), "", "", "")
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		if err != nil {
			return 0
		}
		return n
	}
	return number(parts[0]), number(parts[1]), number(parts[2])
}

// identity is the clause that says how the account's owner is known: by a
// password, or by a token that AWS's plugin verifies (RDS User Guide, IAM
// database authentication).
func (d dialect) identity(p Plan, password secret.String) (string, error) {
	if p.IAM {
		return "IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS'", nil
	}
	return d.identified(password)
}

// identified is the clause that sets a password. MariaDB writes statements to
// its logs as they come and so is given the hash; MySQL masks them itself.
//
// Safety: the password is of NewPassword's letters, which need no quoting; what
// is not is refused.
func (d dialect) identified(password secret.String) (string, error) {
	text := password.Reveal()
	if len(text) != passwordLen || strings.Trim(text, upperLetters+lowerLetters+digits+marks) != "" {
		return "", fmt.Errorf("setting a password: it was not made by NewPassword")
	}
	if d.mariadb {
		return "IDENTIFIED VIA mysql_native_password USING '" + nativeHash(password) + "'", nil
	}
	return "IDENTIFIED BY '" + text + "'", nil
}
