// Package catalog reads powerpole.yaml: the clusters, databases, roles, limits and approvers of one installation. It is
// what PowerPole may do at most; policies (package policy) can only narrow it.
//
// A catalog is read whole or not at all. Parse notes everything that is unknown, malformed or contradictory, each with
// its line, and returns no catalog if there is anything: what is broken permits nothing. A *Catalog never changes; what
// it hands out are copies.
package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/powerpole/powerpole/pkg/person"
)

// Values of Engine.Auth and TLS.CA.
const (
	AuthPassword = "password"
	AuthIAM      = "iam"
	CARDS        = "rds"
	CASystem     = "system"
)

// Catalog is a valid catalog. The zero Catalog and nil know nobody and nothing.
type Catalog struct {
	doc    document
	digest string
}

// Load reads and parses the file. The problems of its content are named after the file's last path element.
func Load(path string) (*Catalog, []Warning, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading catalog: %w", err)
	}
	return Parse(filepath.Base(path), content)
}

// Parse reads a catalog. Its error is of type Problems and holds all of them; name is the file's name in them. Warnings
// are returned in either case.
func Parse(name string, content []byte) (*Catalog, []Warning, error) {
	found := newNotes(name)
	doc := newDocument()
	if (decoder{found}).decode(bytes.TrimPrefix(content, []byte("\ufeff")), doc) {
		complete(doc)
		checker{found, doc}.check()
	}
	warnings, err := found.sorted()
	if err != nil {
		return nil, warnings, err
	}
	canonical, err := json.Marshal(doc)
	if err != nil {
		return nil, warnings, fmt.Errorf("digesting catalog: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return &Catalog{doc: *doc, digest: "sha256:" + hex.EncodeToString(sum[:])}, warnings, nil
}

// complete fills in what follows from other keys.
func complete(doc *document) {
	for name, role := range doc.Roles {
		role.Name = name
		doc.Roles[name] = role
	}
	for i := range doc.Clusters {
		c := &doc.Clusters[i]
		if c.Name == "" {
			c.Name = c.ID
		}
		if c.Channel == "" {
			c.Channel = doc.Slack.ApproversChannel
		}
		if len(c.Engine.Instances) == 0 && c.Engine.Writer != "" {
			c.Engine.Instances = []string{c.Engine.Writer}
		}
	}
}

// Administrators returns the Slack user groups and users who may end any lease.
func (c *Catalog) Administrators() []string { return slices.Clone(c.document().Administrators) }

// AllowsEmail reports whether the address is of one of the installation's domains.
func (c *Catalog) AllowsEmail(address string) bool {
	domain := person.Domain(address)
	return domain != "" && slices.Contains(c.document().EmailDomains, domain)
}

// Cluster returns the cluster with the id.
func (c *Catalog) Cluster(id string) (Cluster, bool) {
	for _, cluster := range c.document().Clusters {
		if cluster.ID == id && id != "" {
			return cluster.clone(), true
		}
	}
	return Cluster{}, false
}

// Clusters returns all clusters, in the order of the file.
func (c *Catalog) Clusters() []Cluster { return c.clustersWhere(func(Cluster) bool { return true }) }

// ClustersForApprover returns the clusters for which one of the Slack user groups or users may approve.
func (c *Catalog) ClustersForApprover(members ...string) []Cluster {
	return c.clustersWhere(func(cluster Cluster) bool {
		return slices.ContainsFunc(members, func(m string) bool { return slices.Contains(cluster.Approvers, m) })
	})
}

// ClustersMatching returns the clusters whose id or name contains the text, whatever its case.
func (c *Catalog) ClustersMatching(text string) []Cluster {
	text = strings.ToLower(strings.TrimSpace(text))
	return c.clustersWhere(func(cluster Cluster) bool {
		return strings.Contains(strings.ToLower(cluster.ID+"\n"+cluster.Name), text)
	})
}

// Digest returns the SHA-256 of what the catalog says, whatever its comments and layout.
func (c *Catalog) Digest() string {
	if c == nil {
		return ""
	}
	return c.digest
}

// EmailDomains returns the domains of the people who may take part.
func (c *Catalog) EmailDomains() []string { return slices.Clone(c.document().EmailDomains) }

// Everybody returns what everybody may have on the servers.
func (c *Catalog) Everybody() []string { return slices.Clone(c.document().Everybody) }

// Installation returns the installation's id, the audience of slips and warrants.
func (c *Catalog) Installation() string { return c.document().Installation }

// Limits returns the limits for everybody.
func (c *Catalog) Limits() Limits { return c.document().Limits }

// LongestCeiling returns the longest ceiling of all roles: what Session Manager's longest session must be.
func (c *Catalog) LongestCeiling() time.Duration {
	var longest time.Duration
	for _, role := range c.document().Roles {
		longest = max(longest, role.MaxDuration)
	}
	return longest
}

// Role returns the role with the name.
func (c *Catalog) Role(name string) (Role, bool) {
	role, ok := c.document().Roles[name]
	return role.clone(), ok
}

// Roles returns all roles: READ, DML and DDL, then the catalog's own by name.
func (c *Catalog) Roles() []Role {
	doc := c.document()
	names := []string{RoleREAD, RoleDML, RoleDDL}
	for _, name := range slices.Sorted(maps.Keys(doc.Roles)) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	var roles []Role
	for _, name := range names {
		if role, ok := doc.Roles[name]; ok {
			roles = append(roles, role.clone())
		}
	}
	return roles
}

// Slack returns the channels that belong to no single cluster.
func (c *Catalog) Slack() Slack { return c.document().Slack }

func (c *Catalog) clustersWhere(keep func(Cluster) bool) []Cluster {
	var found []Cluster
	for _, cluster := range c.document().Clusters {
		if keep(cluster) {
			found = append(found, cluster.clone())
		}
	}
	return found
}

func (c *Catalog) document() *document {
	if c == nil {
		return &document{}
	}
	return &c.doc
}
