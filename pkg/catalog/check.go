package catalog

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/powerpole/powerpole/pkg/grant"
)

// Bounds of what a catalog may say.
const (
	maxPending      = 7 * 24 * time.Hour
	maxProvisioning = time.Hour
	maxCeiling      = 24 * time.Hour // the longest session of Session Manager: 1,440 minutes
	maxDrain        = time.Minute
	minMinDuration  = 5 * time.Second
	usualMinimum    = 5 * time.Minute
	maxApprovals    = 10
)

// checker looks for what the keys of a catalog say against each other.
type checker struct {
	*notes
	doc *document
}

func (c checker) check() {
	c.limits()
	for _, name := range slices.Sorted(maps.Keys(c.doc.Roles)) {
		c.role(c.doc.Roles[name], join("roles", name))
	}
	for i := range c.doc.Clusters {
		c.cluster(i, fmt.Sprintf("clusters[%d]", i))
	}
}

func (c checker) limits() {
	l := c.doc.Limits
	c.between("limits.pending", l.Pending, time.Minute, maxPending)
	c.between("limits.provisioning", l.Provisioning, time.Minute, maxProvisioning)
	c.between("limits.min_duration", l.MinDuration, minMinDuration, maxCeiling)
	if l.MinDuration < usualMinimum {
		c.warn("limits.min_duration", "is under %v: only for trying PowerPole out", usualMinimum)
	}
	if l.OpenPerPerson < 1 {
		c.problem("limits.open_per_person", "is %d: nobody could ask for anything", l.OpenPerPerson)
	}
}

func (c checker) between(path string, d, low, high time.Duration) {
	if d < low || d > high {
		c.problem(path, "is %v, not between %v and %v", d, low, high)
	}
}

func (c checker) role(role Role, path string) {
	if len(role.Privileges) == 0 {
		c.problem(path+".privileges", "is missing: the role gives nothing")
	}
	if role.Name == RoleREAD && !role.ReadOnly() {
		c.problem(path+".privileges", "lets a role with the name READ do more than read; give it another name")
	}
	if role.Approvals < 1 || role.Approvals > maxApprovals {
		c.problem(path+".approvals", "is %d, not between 1 and %d; see auto_approve of a cluster", role.Approvals, maxApprovals)
	}
	c.between(path+".max_duration", role.MaxDuration, c.doc.Limits.MinDuration, maxCeiling)
	if role.MaxDuration >= c.doc.Limits.MinDuration {
		c.between(path+".default_duration", role.DefaultDuration, c.doc.Limits.MinDuration, role.MaxDuration)
	}
	c.between(path+".drain", role.Drain, 0, maxDrain)
	c.dangerous(role, path)
	c.tables(role, path+".tables")
}

// tables looks for column lists that cannot be granted, and for tables that mean nothing beside another.
func (c checker) tables(role Role, path string) {
	var before []grant.Scope
	for i, text := range role.Tables {
		scope, err := grant.Parse(text)
		if err != nil {
			continue // its form has been noted
		}
		at := fmt.Sprintf("%s[%d]", path, i)
		if len(scope.Columns) > 0 && !grant.OnlySelect(role.Privileges) {
			c.problem(at, "lists columns, which only a role with the one privilege SELECT may: SHOW VIEW and the rest are not of columns")
		}
		if j := slices.IndexFunc(before, scope.Overlaps); j >= 0 && before[j].String() != text {
			c.problem(at, "is %q, of which %q speaks already", text, before[j].String())
		}
		before = append(before, scope)
	}
}

// dangerous refuses in READ, DML and DDL what outlives a lease: people know these three by name and expect nothing more
// of them. In a role of the catalog's own it is allowed, and said.
func (c checker) dangerous(role Role, path string) {
	outlives := strings.Join(role.Outlives(), ", ")
	_, builtin := builtinRoles()[role.Name]
	switch {
	case outlives != "" && builtin:
		c.problem(path+".privileges", "holds %s, which only a role of your own may hold: what is created with it outlives the lease", outlives)
	case outlives != "":
		c.warn(path+".privileges", "holds %s: what people create with it in their name outlives their lease, and their account is then parked instead of dropped", outlives)
	}
	if len(role.among("EXECUTE")) > 0 {
		c.warn(path+".privileges", "holds EXECUTE: a routine runs with the rights of its DEFINER, whatever else the role gives")
	}
	if len(role.among("LOCK TABLES")) > 0 {
		c.warn(path+".privileges", "holds LOCK TABLES: one lease can stop everybody who writes")
	}
	if role.DropsDatabases() && !builtin {
		c.warn(path+".privileges", "holds DROP, which includes DROP DATABASE")
	}
}

func (c checker) cluster(i int, path string) {
	cluster := c.doc.Clusters[i]
	for j, other := range c.doc.Clusters[:i] {
		if cluster.ID != "" && cluster.ID == other.ID {
			c.problem(path+".id", "is %q, as is that of clusters[%d]", cluster.ID, j)
		}
		if cluster.Engine.Writer != "" && strings.EqualFold(cluster.Engine.Writer, other.Engine.Writer) {
			c.problem(path+".engine.writer", "is the writer of %q too: one server under two names has no ledger of its accounts", other.ID)
		}
	}
	if cluster.Channel == "" {
		c.problem(path+".channel", "is missing, and so is slack.approvers_channel: nobody would be asked")
	}
	c.clusterRoles(cluster, path)
	c.engine(cluster.Engine, path+".engine")
}

func (c checker) clusterRoles(cluster Cluster, path string) {
	for i, name := range cluster.Roles {
		role, known := c.doc.Roles[name]
		if !known {
			c.problem(fmt.Sprintf("%s.roles[%d]", path, i), "is %q, which is no role of this catalog", name)
			continue
		}
		if len(role.Tables) > 0 && len(role.TablesIn(cluster.Databases)) == 0 {
			c.problem(fmt.Sprintf("%s.roles[%d]", path, i), "is %q, none of whose tables is in a database of this cluster", name)
		}
		c.approvers(cluster, role, path)
	}
	c.subset(cluster.AutoApprove, cluster.Roles, path+".auto_approve")
	c.subset(cluster.BreakGlass, cluster.Roles, path+".break_glass")
	for i, name := range cluster.AutoApprove {
		if role := c.doc.Roles[name]; role.Approvals > 1 {
			c.problem(fmt.Sprintf("%s.auto_approve[%d]", path, i), "is %q, for which roles.%s.approvals asks for %d people", name, name, role.Approvals)
		} else if !role.ReadOnly() {
			c.warn(fmt.Sprintf("%s.auto_approve[%d]", path, i), "is %q: people change data without anybody having agreed", name)
		}
	}
}

// approvers compares how many people must approve with how many can. What a user group holds is not known here.
func (c checker) approvers(cluster Cluster, role Role, path string) {
	isGroup := func(id string) bool { return strings.HasPrefix(id, "S") }
	if slices.ContainsFunc(cluster.Approvers, isGroup) {
		return
	}
	switch n := len(cluster.Approvers); {
	case n > 0 && n < role.Approvals:
		c.problem(path+".approvers", "names %d people, and %s asks for %d", n, role.Name, role.Approvals)
	case n > 0 && n == role.Approvals:
		c.warn(path+".approvers", "names as many people as %s asks for: if one of them asks, nobody can approve", role.Name)
	}
}

func (c checker) subset(names, of []string, path string) {
	for i, name := range names {
		if !slices.Contains(of, name) {
			c.problem(fmt.Sprintf("%s[%d]", path, i), "is %q, which is not among the roles of this cluster", name)
		}
	}
}

func (c checker) engine(e Engine, path string) {
	if e.Reader == "" && c.written(path+".reader_for_read") && e.ReaderForRead {
		c.problem(path+".reader_for_read", "is true, and there is no reader")
	}
	if e.Reader != "" && e.Reader == e.Writer {
		c.problem(path+".reader", "is the writer")
	}
	if !e.TLS.Off {
		return
	}
	if c.written(path+".tls.ca") || c.written(path+".tls.server_name") {
		c.problem(path+".tls.off", "is true, and yet it is said how to verify the server")
	}
	if e.Auth == AuthIAM {
		c.problem(path+".tls.off", "is true, and auth is iam: the token would travel in the open")
	}
	for _, endpoint := range append(slices.Clone(e.Instances), e.Writer, e.Reader) {
		if endpoint != "" && !isLoopback(endpoint) {
			c.problem(path+".tls.off", "is true, and %s is not on the loopback interface", endpoint)
			return
		}
	}
}

// written reports whether the key stands in the file.
func (c checker) written(path string) bool {
	_, ok := c.positions[path]
	return ok
}
