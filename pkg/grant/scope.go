// Package grant says where the privileges of a lease apply, and in which statement they are given. It is one place, so
// that what approvers read is what the grantor sends.
package grant

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const name = `[A-Za-z0-9_]{1,64}`

// Pattern and Words are the form of a scope as Parse takes it: a regular expression, and the same for people.
const (
	Pattern = `^` + name + `\.(\*|` + name + `(\(` + name + `(, ` + name + `)*\))?)$`
	Words   = "database.*, database.table or database.table(column, column)"
)

// Scope is where privileges are granted: on a database, one of its tables, or columns of a table.
type Scope struct {
	Database string
	// Table is empty for the whole database.
	Table string
	// Columns narrows the table to these, for SELECT only; empty means all.
	Columns    []string
	Privileges []string
}

// form is compiled once: with names of up to 64 characters that takes longer than a statement on a database.
var form = regexp.MustCompile(Pattern)

// Parse reads a scope without its privileges from the one way to write it, which is String's.
func Parse(text string) (Scope, error) {
	if !form.MatchString(text) {
		return Scope{}, fmt.Errorf("%.130q is not %s", text, Words)
	}
	where, list, _ := strings.Cut(strings.TrimSuffix(text, ")"), "(")
	database, table, _ := strings.Cut(where, ".")
	s := Scope{Database: database, Table: strings.TrimPrefix(table, "*")}
	if list != "" {
		s.Columns = strings.Split(list, ", ")
	}
	if twice := repeated(s.Columns); twice != "" {
		return Scope{}, fmt.Errorf("%.130q lists %q twice", text, twice)
	}
	return s, nil
}

// repeated is the first column that is listed twice. Servers do not tell columns apart by their case.
func repeated(columns []string) string {
	for i, c := range columns {
		if slices.ContainsFunc(columns[:i], func(o string) bool { return strings.EqualFold(o, c) }) {
			return c
		}
	}
	return ""
}

// Scopes are the databases of a lease or, where it names tables, those in place of them.
func Scopes(databases, tables, privileges []string) ([]Scope, error) {
	if len(tables) == 0 {
		tables = make([]string, len(databases))
		for i, d := range databases {
			tables[i] = d + ".*"
		}
	}
	scopes := make([]Scope, len(tables))
	for i, text := range tables {
		s, err := Parse(text)
		if err != nil {
			return nil, fmt.Errorf("reading a scope: %w", err)
		}
		s.Privileges = privileges
		scopes[i] = s
	}
	return scopes, nil
}

var privilege = regexp.MustCompile(`^[A-Z]+( [A-Z]+){0,2}$`)

// Check returns an error for a scope that must reach no statement.
func (s Scope) Check() error {
	read, err := Parse(s.String())
	if err != nil {
		return fmt.Errorf("checking a scope: %w", err)
	}
	if read.Table != s.Table || !slices.Equal(read.Columns, s.Columns) {
		return fmt.Errorf("checking a scope: %.130q hides another", s.String())
	}
	if len(s.Privileges) == 0 {
		return fmt.Errorf("checking the scope %s: it has no privilege", s)
	}
	for _, p := range s.Privileges {
		if !privilege.MatchString(p) || p == "ALL" || p == "USAGE" || p == "GRANT OPTION" || strings.HasPrefix(p, "ALL ") {
			return fmt.Errorf("checking the scope %s: %.64q may not be granted", s, p)
		}
	}
	if len(s.Columns) > 0 && !OnlySelect(s.Privileges) {
		return fmt.Errorf("checking the scope %s: columns are granted for SELECT alone", s)
	}
	return nil
}

// OnlySelect reports whether columns can be listed with the privileges: they are SELECT and nothing else. INSERT and
// UPDATE of columns would change rows whose other columns nobody may see, and SHOW VIEW and the rest are not of columns.
func OnlySelect(privileges []string) bool { return slices.Equal(privileges, []string{"SELECT"}) }

// String gives the scope as people read and write it: shop.*, shop.orders, shop.orders(id, item).
func (s Scope) String() string {
	text := s.Database + "." + cmp.Or(s.Table, "*")
	if len(s.Columns) > 0 {
		text += "(" + strings.Join(s.Columns, ", ") + ")"
	}
	return text
}

// Covers reports whether all that other reaches is within s, privileges aside.
func (s Scope) Covers(other Scope) bool {
	switch {
	case s.Database != other.Database:
		return false
	case s.Table == "" || other.Table == "":
		return s.Table == ""
	case s.Table != other.Table:
		return false
	case len(s.Columns) == 0 || len(other.Columns) == 0:
		return len(s.Columns) == 0
	}
	return !slices.ContainsFunc(other.Columns, func(c string) bool { return !slices.Contains(s.Columns, c) })
}

// Overlaps reports whether the two say something about the same table. The narrower one would then mean nothing.
func (s Scope) Overlaps(other Scope) bool {
	return s.Database == other.Database && (s.Table == "" || other.Table == "" || s.Table == other.Table)
}
