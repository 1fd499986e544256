package grant

import "strings"

// MaxShown is how many characters of statements approvers are shown. More is not asked for: nobody approves what they
// cannot read.
const MaxShown = 2500

// Statement is the statement that grants the scope, but for the account. literal says that the server takes _ and % in
// a database's name as they are (MySQL's partial_revokes).
//
// Safety: what passes Check needs no quoting; backquotes stand around the names nevertheless, and only _ in them means
// something to GRANT, at database level (escaped).
func (s Scope) Statement(literal bool) string {
	return "GRANT " + strings.Join(s.Privileges, ", ") + s.columns() + " ON " + s.object(literal)
}

// columns follow the one privilege that they narrow.
func (s Scope) columns() string {
	if len(s.Columns) == 0 {
		return ""
	}
	quoted := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		quoted[i] = quote(c)
	}
	return " (" + strings.Join(quoted, ", ") + ")"
}

func (s Scope) object(literal bool) string {
	if s.Table != "" {
		return quote(s.Database) + "." + quote(s.Table) // table level: never escaped
	}
	return quote(Escaped(s.Database, literal)) + ".*"
}

// Escaped is a database's name as GRANT at database level takes it. `app_db` would open appXdb: _ and % are wildcards
// there, unless it is literal.
func Escaped(database string, literal bool) string {
	if literal {
		return database
	}
	return strings.NewReplacer("_", `\_`, "%", `\%`).Replace(database)
}

func quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
