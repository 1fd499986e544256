package mysql

import (
	"regexp"
	"strings"

	"github.com/dolthub/go-mysql-server/sql/mysql_db"
)

// undefined is the beginning of a statement that makes a stored object and does
// not name its DEFINER; the clause belongs between the two groups.
var undefined = regexp.MustCompile(`(?is)^(\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:ALGORITHM\s*=\s*\w+\s+)?)` +
	`((?:SQL\s+SECURITY\s+\w+\s+)?(?:VIEW|TRIGGER|PROCEDURE|EVENT)\s)`)

// withDefiner writes who makes an object into the statement. The engine keeps
// the statement and reads the definer from it when it is asked, and where it
// finds none it names whoever asks.
func withDefiner(query string, owner mysql_db.UserPrimaryKey) string {
	at := undefined.FindStringSubmatchIndex(query)
	if at == nil {
		return query
	}
	clause := "DEFINER = " + backtick(owner.User) + "@" + backtick(owner.Host) + " "
	return query[:at[4]] + clause + query[at[4]:]
}

func backtick(name string) string {
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}
