package catalog

import (
	"slices"
	"time"

	"github.com/powerpole/powerpole/pkg/grant"
)

// Names of the roles that every catalog has.
const (
	RoleREAD = "READ"
	RoleDML  = "DML"
	RoleDDL  = "DDL"
)

// Privileges returns the closed list of privileges that a role may hold: those that MySQL and MariaDB grant on a
// database. GRANT OPTION and everything server-wide or administrative (SUPER, FILE, PROCESS, CREATE USER, …) is not
// among them, so a catalog that names one is refused.
func Privileges() []string {
	return []string{
		"SELECT", "SHOW VIEW", "INSERT", "UPDATE", "DELETE",
		"CREATE", "ALTER", "DROP", "INDEX", "REFERENCES",
		"CREATE VIEW", "TRIGGER", "CREATE ROUTINE", "ALTER ROUTINE", "EVENT",
		"EXECUTE", "CREATE TEMPORARY TABLES", "LOCK TABLES",
	}
}

func builtinRoles() map[string]Role {
	read := []string{"SELECT", "SHOW VIEW"}
	dml := append(slices.Clone(read), "INSERT", "UPDATE", "DELETE")
	ddl := append(slices.Clone(dml), "CREATE", "ALTER", "DROP", "INDEX", "REFERENCES")
	role := func(name string, privileges []string, ceiling time.Duration) Role {
		return Role{
			Name: name, Privileges: privileges,
			Approvals: 1, MaxDuration: ceiling, DefaultDuration: time.Hour, Extend: true,
		}
	}
	return map[string]Role{
		RoleREAD: role(RoleREAD, read, 8*time.Hour),
		RoleDML:  role(RoleDML, dml, 4*time.Hour),
		RoleDDL:  role(RoleDDL, ddl, 4*time.Hour),
	}
}

// ReadOnly reports whether the role only reads.
func (r Role) ReadOnly() bool {
	return !slices.ContainsFunc(r.Privileges, func(p string) bool { return p != "SELECT" && p != "SHOW VIEW" })
}

// Outlives returns those of the role's privileges that make objects which run in their maker's name (DEFINER): what is
// created with them outlives the lease, and its account is then parked instead of dropped.
func (r Role) Outlives() []string {
	return r.among("CREATE VIEW", "TRIGGER", "CREATE ROUTINE", "ALTER ROUTINE", "EVENT")
}

// DropsDatabases reports whether the role may DROP DATABASE what it is granted on, which DROP on a database includes.
func (r Role) DropsDatabases() bool { return len(r.among("DROP")) > 0 }

// TablesIn returns those of the role's own tables that are in the databases: what whoever asks for no other tables asks
// for. Of a role without tables of its own there are none, and that means all.
func (r Role) TablesIn(databases []string) []string {
	var found []string
	for _, text := range r.Tables {
		if scope, err := grant.Parse(text); err == nil && slices.Contains(databases, scope.Database) {
			found = append(found, text)
		}
	}
	return found
}

// reaches reports whether one of the role's own tables covers the scope, or it has none.
func (r Role) reaches(scope grant.Scope) bool {
	return len(r.Tables) == 0 || slices.ContainsFunc(r.Tables, func(text string) bool {
		own, err := grant.Parse(text)
		return err == nil && own.Covers(scope)
	})
}

func (r Role) among(privileges ...string) []string {
	var found []string
	for _, p := range r.Privileges {
		if slices.Contains(privileges, p) {
			found = append(found, p)
		}
	}
	return found
}

func (r Role) clone() Role {
	r.Privileges, r.Tables = slices.Clone(r.Privileges), slices.Clone(r.Tables)
	return r
}
