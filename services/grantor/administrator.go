package grantor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

// Administrator is how PowerPole's administrators log in on the clusters of a
// catalog.
type Administrator struct {
	Secrets secret.Client
	// Dial replaces TCP towards databases where it is set.
	Dial func(ctx context.Context, address string) (net.Conn, error)
	// CAFile is the PEM file of Amazon's authorities for RDS.
	CAFile string
}

// Connect logs in on one endpoint of a cluster. The credentials are read anew
// each time, so that they may be rotated.
func (a Administrator) Connect(ctx context.Context, cluster catalog.Cluster, endpoint string) (*mysqlacct.Server, error) {
	admin, err := a.credential(ctx, cluster)
	if err != nil {
		return nil, err
	}
	return a.login(ctx, cluster, endpoint, admin)
}

func (a Administrator) credential(ctx context.Context, cluster catalog.Cluster) (admin credential.Credential, err error) {
	raw, err := secret.Load(ctx, cluster.Engine.AdminSecret, a.Secrets)
	if err != nil {
		return admin, err
	}
	if admin, err = credential.Decode(raw); err != nil {
		return admin, fmt.Errorf("reading the administrator of %q: %w", cluster.ID, err)
	}
	return admin, nil
}

func (a Administrator) login(ctx context.Context, cluster catalog.Cluster, endpoint string, admin credential.Credential) (*mysqlacct.Server, error) {
	secured, err := a.tls(cluster, endpoint)
	if err != nil {
		return nil, err
	}
	return mysqlacct.Connect(ctx, mysqlacct.Target{
		Address: endpoint, User: admin.User, Password: admin.Password, TLS: secured, Dial: a.Dial,
	})
}

// tls verifies the server by name and authority; nil where the catalog turned it
// off.
func (a Administrator) tls(cluster catalog.Cluster, endpoint string) (*tls.Config, error) {
	t := cluster.Engine.TLS
	if t.Off {
		return nil, nil
	}
	cfg := &tls.Config{ServerName: cluster.ServerName(endpoint), MinVersion: tls.VersionTLS12}
	path, isFile := strings.CutPrefix(t.CA, "file:")
	switch {
	case t.CA == catalog.CASystem:
		return cfg, nil
	case !isFile:
		path = a.CAFile
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the authorities of %q: %w", cluster.ID, err)
	}
	cfg.RootCAs = x509.NewCertPool()
	if !cfg.RootCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New("reading the authorities of " + cluster.ID + ": there is no certificate in the file")
	}
	return cfg, nil
}

// Survey is what the administrator finds on a cluster.
type Survey struct {
	// Version is the server's kind and version, as MySQL 8.4.3.
	Version string
	// Missing is what the administrator lacks of deploy/sql for the roles that
	// the catalog has on the cluster.
	Missing []string
	// Everybody is what everybody has on the server, whatever is granted.
	Everybody []string
	Instances []SurveyedInstance
}

// SurveyedInstance is one server of a cluster. Err says why the administrator
// could not log in there.
type SurveyedInstance struct {
	Endpoint, Name string
	Err            error
}

// Survey logs in on the writer and then on every instance, and changes nothing.
func (a Administrator) Survey(ctx context.Context, c *catalog.Catalog, cluster catalog.Cluster) (found Survey, err error) {
	server, err := a.Connect(ctx, cluster, cluster.Engine.Writer)
	if err != nil {
		return found, err
	}
	defer server.Close()
	found.Version = server.Version()
	if found.Missing, err = missingRights(ctx, server, c, cluster); err != nil {
		return found, err
	}
	if len(found.Missing) > 0 {
		return found, nil // what needs them would fail, and say less
	}
	if found.Everybody, err = server.Everybody(ctx); err != nil {
		return found, err
	}
	all, err := listInstances(ctx, cluster, server)
	for _, i := range all {
		name, err := a.visit(ctx, cluster, i)
		found.Instances = append(found.Instances, SurveyedInstance{i.endpoint, name, err})
	}
	return found, err
}

func (a Administrator) visit(ctx context.Context, cluster catalog.Cluster, i instance) (name string, err error) {
	server, err := a.Connect(ctx, cluster, i.endpoint)
	if err != nil {
		return "", err
	}
	defer server.Close()
	return server.Name(), i.is(server)
}

// missingRights lists what the administrator lacks for the roles that the
// catalog has on the cluster.
func missingRights(ctx context.Context, server *mysqlacct.Server, c *catalog.Catalog, cluster catalog.Cluster) ([]string, error) {
	var privileges []string
	for _, name := range cluster.Roles {
		if role, ok := c.Role(name); ok {
			privileges = append(privileges, role.Privileges...)
		}
	}
	slices.Sort(privileges)
	return server.MissingRights(ctx, cluster.Databases, slices.Compact(privileges))
}
