package catalog

import (
	"net"
	"net/url"
	"slices"
	"strings"
)

// Endpoint returns the host:port that people with the role are given: the reader where the role only reads, there is a
// reader and the catalog does not say otherwise.
func (c Cluster) Endpoint(role Role) string {
	if c.Engine.Reader != "" && c.Engine.ReaderForRead && role.ReadOnly() {
		return c.Engine.Reader
	}
	return c.Engine.Writer
}

// SessionLink returns the link into a session on the instance.
func (c Cluster) SessionLink(instanceID string) string {
	return strings.NewReplacer(
		"{instance}", url.PathEscape(instanceID),
		"{region}", url.PathEscape(c.Region),
	).Replace(c.Bastion.SessionURL)
}

// ServerName returns the name that must be in the certificate of the server at the endpoint.
func (c Cluster) ServerName(endpoint string) string {
	if c.Engine.TLS.ServerName != "" {
		return c.Engine.TLS.ServerName
	}
	host, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		return endpoint
	}
	return host
}

func (c Cluster) clone() Cluster {
	c.Databases = slices.Clone(c.Databases)
	c.Roles = slices.Clone(c.Roles)
	c.Approvers = slices.Clone(c.Approvers)
	c.AutoApprove = slices.Clone(c.AutoApprove)
	c.BreakGlass = slices.Clone(c.BreakGlass)
	c.Engine.Instances = slices.Clone(c.Engine.Instances)
	c.Bastion.Capacity = slices.Clone(c.Bastion.Capacity)
	return c
}
