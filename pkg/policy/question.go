package policy

import (
	"math"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"

	"github.com/powerpole/powerpole/pkg/grant"
	"github.com/powerpole/powerpole/pkg/person"
)

// question puts a decision into Cedar's terms: the entities of policy.cedarschema and a request about them.
func (e *Engine) question(p Principal, action Action, r Resource, offered bool) (cedar.EntityMap, cedar.Request) {
	who := cedar.Entity{UID: cedar.NewEntityUID("Person", "principal"), Attributes: e.personRecord(p)}
	what := cedar.Entity{UID: cedar.NewEntityUID("Request", "resource"), Attributes: e.requestRecord(r, offered)}
	return cedar.EntityMap{who.UID: who, what.UID: what}, cedar.Request{
		Principal: who.UID,
		Action:    cedar.NewEntityUID("Action", cedar.String(action)),
		Resource:  what.UID,
		Context:   cedar.NewRecord(nil),
	}
}

func (e *Engine) personRecord(p Principal) cedar.Record {
	return cedar.NewRecord(cedar.RecordMap{
		"user":        cedar.String(strings.ToUpper(p.User)),
		"email":       cedar.String(person.NormalEmail(p.Email)),
		"domain":      cedar.String(person.Domain(p.Email)),
		"memberships": textSet(append(slices.Clone(p.Memberships), strings.ToUpper(p.User))),
		"guest":       cedar.Boolean(p.Guest),
		"bot":         cedar.Boolean(p.Bot),
		"stranger":    cedar.Boolean(p.Stranger),
		"deactivated": cedar.Boolean(p.Deactivated),
		"complete":    cedar.Boolean(p.Complete()),
		"ourDomain":   cedar.Boolean(e.catalog.AllowsEmail(p.Email)),
	})
}

func (e *Engine) requestRecord(r Resource, offered bool) cedar.Record {
	cluster, _ := e.catalog.Cluster(r.Cluster) // one that is unknown offers nothing and has no approvers
	role, _ := e.catalog.Role(r.Role)
	tables, columns := narrowed(r.Tables)
	return cedar.NewRecord(cedar.RecordMap{
		"cluster":           cedar.String(r.Cluster),
		"region":            cedar.String(cluster.Region),
		"role":              cedar.String(r.Role),
		"databases":         textSet(r.Databases),
		"tables":            textSet(tables),
		"columns":           textSet(columns),
		"seconds":           cedar.Long(math.Ceil(r.Duration.Seconds())),
		"requesterUser":     cedar.String(strings.ToUpper(r.Requester.User)),
		"requesterEmail":    cedar.String(person.NormalEmail(r.Requester.Email)),
		"requesterComplete": cedar.Boolean(r.Requester.Complete()),
		"approvers":         textSet(cluster.Approvers),
		"administrators":    textSet(e.catalog.Administrators()),
		"offered":           cedar.Boolean(offered),
		"extendable":        cedar.Boolean(role.Extend),
		"autoApproved":      cedar.Boolean(slices.Contains(cluster.AutoApprove, r.Role)),
		"breakGlass":        cedar.Boolean(slices.Contains(cluster.BreakGlass, r.Role)),
	})
}

// narrowed are the tables without their columns, so that a policy about a table is about its columns too, and the
// columns with theirs. What is no scope stays as it is; nobody offers it.
func narrowed(texts []string) (tables, columns []string) {
	for _, text := range texts {
		s, err := grant.Parse(text)
		if err != nil {
			tables = append(tables, text)
			continue
		}
		for _, c := range s.Columns {
			columns = append(columns, s.Database+"."+s.Table+"."+c)
		}
		s.Columns = nil
		tables = append(tables, s.String())
	}
	return tables, columns
}

func textSet(texts []string) cedar.Set {
	values := make([]cedar.Value, len(texts))
	for i, text := range texts {
		values[i] = cedar.String(text)
	}
	return cedar.NewSet(values...)
}
