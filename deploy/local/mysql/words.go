package mysql

import (
	"bytes"

	"github.com/dolthub/vitess/go/vt/sqlparser"
)

// firstWords names the statements that this package looks at, by their first
// two tokens; "" is any other.
func firstWords(query string) string {
	tokens := sqlparser.NewStringTokenizer(query)
	first, word := tokens.Scan()
	switch first {
	case sqlparser.KILL:
		return "kill"
	case sqlparser.GRANT:
		return "grant"
	}
	second, next := tokens.Scan()
	switch {
	case first == sqlparser.CREATE && second == sqlparser.USER:
		return "create user"
	case first == sqlparser.ALTER && second == sqlparser.USER:
		return "alter user"
	case first == sqlparser.DROP && second == sqlparser.USER:
		return "drop user"
	case first == sqlparser.REVOKE:
		return "revoke"
	case first == sqlparser.SHOW && second == sqlparser.GRANTS:
		return "show grants"
	case string(bytes.ToLower(word)) == "xa" && string(bytes.ToLower(next)) == "recover":
		return "xa recover"
	}
	return ""
}

// alterAsCreate turns ALTER USER into the CREATE USER with the same options:
// the parser knows the options of the latter only.
func alterAsCreate(query string) (create string, ifExists bool) {
	tokens := sqlparser.NewStringTokenizer(query)
	tokens.Scan()
	tokens.Scan()
	rest := query[min(tokens.Position-1, len(query)):]
	if t, _ := tokens.Scan(); t == sqlparser.IF {
		tokens.Scan()
		ifExists = true
		rest = query[min(tokens.Position-1, len(query)):]
	}
	return "CREATE USER " + rest, ifExists
}

// lockClause is what a statement says about the lock: true, false, or nothing.
// The parser keeps no difference between UNLOCK and nothing.
func lockClause(query string) *bool {
	tokens := sqlparser.NewStringTokenizer(query)
	var said *bool
	for previous := 0; ; {
		t, _ := tokens.Scan()
		if t == 0 || t == sqlparser.LEX_ERROR {
			return said
		}
		if previous == sqlparser.ACCOUNT && (t == sqlparser.LOCK || t == sqlparser.UNLOCK) {
			said = new(t == sqlparser.LOCK)
		}
		previous = t
	}
}
