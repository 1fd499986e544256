package catalog

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Ask is what a request asks for, as far as the catalog has something to say about it.
type Ask struct {
	Cluster   string
	Databases []string
	Tables    []string // as shop.orders or shop.*; empty means all of the databases
	Role      string
	// Privileges are those that were approved; empty before that. They must all be the role's still.
	Privileges []string
	// Duration is the total length of the lease.
	Duration time.Duration
}

// Refusal is one reason why the catalog does not allow an ask. Field is the field of the form that it is about: cluster,
// databases, tables, role, privileges or duration.
type Refusal struct {
	Field string
	Text  string
}

// Check returns everything in the ask that the catalog does not allow: nothing, if it allows it.
func (c *Catalog) Check(ask Ask) []Refusal {
	cluster, ok := c.Cluster(ask.Cluster)
	if !ok {
		return []Refusal{{"cluster", fmt.Sprintf("there is no cluster %.64q", ask.Cluster)}}
	}
	var refused []Refusal
	refuse := func(field, format string, args ...any) {
		refused = append(refused, Refusal{field, fmt.Sprintf(format, args...)})
	}
	checkScope(ask, cluster, refuse)
	role, ok := c.Role(ask.Role)
	if !ok || !slices.Contains(cluster.Roles, ask.Role) {
		refuse("role", "%s does not offer the role %.64q", cluster.ID, ask.Role)
		return refused
	}
	for _, p := range ask.Privileges {
		if !slices.Contains(role.Privileges, p) {
			refuse("privileges", "%s does not hold %.64q", role.Name, p)
		}
	}
	if shortest := c.Limits().MinDuration; ask.Duration < shortest || ask.Duration > role.MaxDuration {
		refuse("duration", "%v is not between %v and %v", ask.Duration, shortest, role.MaxDuration)
	}
	return refused
}

func checkScope(ask Ask, cluster Cluster, refuse func(field, format string, args ...any)) {
	if len(ask.Databases) == 0 {
		refuse("databases", "no database is asked for")
	}
	for i, database := range ask.Databases {
		if !slices.Contains(cluster.Databases, database) {
			refuse("databases", "%s does not offer the database %.64q", cluster.ID, database)
		}
		if slices.Contains(ask.Databases[:i], database) {
			refuse("databases", "%q is asked for twice", database)
		}
	}
	for _, table := range ask.Tables {
		database, name, ok := strings.Cut(table, ".")
		if !ok || name != "*" && !isIdentifier(name) {
			refuse("tables", "%.130q is not database.table", table)
		} else if !slices.Contains(ask.Databases, database) {
			refuse("tables", "%.130q is in no database that is asked for", table)
		}
	}
}

func isIdentifier(name string) bool {
	return regexp.MustCompile(formOf("database").pattern).MatchString(name)
}
