package catalog

import (
	"slices"
	"time"

	"github.com/powerpole/powerpole/pkg/grant"
	"github.com/powerpole/powerpole/pkg/reason"
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
		return []Refusal{{"cluster", reason.NoCluster.Say(ask.Cluster)}}
	}
	var refused []Refusal
	refuse := func(field, why string) { refused = append(refused, Refusal{field, why}) }
	checkDatabases(ask, cluster, refuse)
	role, ok := c.Role(ask.Role)
	if !ok || !slices.Contains(cluster.Roles, ask.Role) {
		refuse("role", reason.NoRole.Say(cluster.ID, ask.Role))
		return refused
	}
	checkTables(ask, role, refuse)
	for _, p := range ask.Privileges {
		if !slices.Contains(role.Privileges, p) {
			refuse("privileges", reason.NotHeld.Say(role.Name, p))
		}
	}
	if shortest := c.Limits().MinDuration; ask.Duration < shortest || ask.Duration > role.MaxDuration {
		refuse("duration", reason.NotBetween.Say(ask.Duration, shortest, role.MaxDuration))
	}
	return refused
}

func checkDatabases(ask Ask, cluster Cluster, refuse func(field, why string)) {
	if len(ask.Databases) == 0 {
		refuse("databases", reason.NoDatabase.Say())
	}
	for i, database := range ask.Databases {
		if !slices.Contains(cluster.Databases, database) {
			refuse("databases", reason.OtherDatabase.Say(cluster.ID, database))
		}
		if slices.Contains(ask.Databases[:i], database) {
			refuse("databases", reason.AskedTwice.Say(database))
		}
	}
}

// checkTables refuses what is no scope, means nothing beside another, or is not within the role's own tables.
func checkTables(ask Ask, role Role, refuse func(field, why string)) {
	if len(ask.Tables) == 0 && len(role.Tables) > 0 {
		refuse("tables", reason.TablesOnly.Say(role.Name))
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
			refuse("tables", err.Error())
		case !slices.Contains(ask.Databases, scope.Database):
			refuse("tables", reason.OutsideAsked.Say(text))
		case len(scope.Columns) > 0 && !grant.OnlySelect(given):
			refuse("tables", reason.ColumnsOnly.Say(text, role.Name))
		case slices.ContainsFunc(before, scope.Overlaps):
			refuse("tables", reason.AskedTwice.Say(text))
		case !role.reaches(scope):
			refuse("tables", reason.OutsideRole.Say(text, role.Name))
		}
		before = append(before, scope)
	}
	checkShown(ask, given, refuse)
}

// checkShown refuses what is too long to be read by whoever approves it.
func checkShown(ask Ask, given []string, refuse func(field, why string)) {
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
		refuse(field, reason.TooMuchToShow.Say())
	}
}
