package catalog

import (
	"fmt"
	"slices"
	"time"

	"github.com/powerpole/powerpole/pkg/grant"
)

// Ask is what a request asks for, as far as the catalog has something to say about it.
type Ask struct {
	Cluster   string
	Databases []string
	// Tables narrows the databases, as shop.*, shop.orders or shop.orders(id, item); empty means all of them.
	Tables []string
	Role   string
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
	checkDatabases(ask, cluster, refuse)
	role, ok := c.Role(ask.Role)
	if !ok || !slices.Contains(cluster.Roles, ask.Role) {
		refuse("role", "%s does not offer the role %.64q", cluster.ID, ask.Role)
		return refused
	}
	checkTables(ask, role, refuse)
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

func checkDatabases(ask Ask, cluster Cluster, refuse func(field, format string, args ...any)) {
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
}

// checkTables refuses what is no scope, means nothing beside another, or is not within the role's own tables.
func checkTables(ask Ask, role Role, refuse func(field, format string, args ...any)) {
	if len(ask.Tables) == 0 && len(role.Tables) > 0 {
		refuse("tables", "%s is for some tables only, and none of them is asked for", role.Name)
	}
	given := role.Privileges
	if len(ask.Privileges) > 0 {
		given = ask.Privileges
	}
	var before []grant.Scope
	for _, text := range ask.Tables {
		scope, err := grant.Parse(text)
		switch {
		case err != nil:
			refuse("tables", "%v", err)
		case !slices.Contains(ask.Databases, scope.Database):
			refuse("tables", "%.130q is in no database that is asked for", text)
		case len(scope.Columns) > 0 && !grant.OnlySelect(given):
			refuse("tables", "%.130q lists columns, which a role can be given only if it holds SELECT and nothing else; %s holds more", text, role.Name)
		case slices.ContainsFunc(before, scope.Overlaps):
			refuse("tables", "%.130q is asked for twice", text)
		case !role.reaches(scope):
			refuse("tables", "%.130q is not among the tables of %s", text, role.Name)
		}
		before = append(before, scope)
	}
	checkShown(ask, given, refuse)
}

// checkShown refuses what is too long to be read by whoever approves it.
func checkShown(ask Ask, given []string, refuse func(field, format string, args ...any)) {
	scopes, err := grant.Scopes(ask.Databases, ask.Tables, given)
	if err != nil {
		return // what is no scope has been refused
	}
	length, field := 0, "databases"
	if len(ask.Tables) > 0 {
		field = "tables"
	}
	for _, s := range scopes {
		length += len(s.Statement(false)) + len("\n")
	}
	if length > grant.MaxShown {
		refuse(field, "this is more than an approver can be shown at once; ask for it in several requests")
	}
}
