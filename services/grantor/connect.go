package grantor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

// connect logs in on the cluster's writer.
func (s *Service) connect(ctx context.Context, clusterID string) (*mysqlacct.Server, error) {
	cluster, err := s.cluster(clusterID)
	if err != nil {
		return nil, err
	}
	return s.connectTo(ctx, cluster, cluster.Engine.Writer)
}

func (s *Service) cluster(id string) (catalog.Cluster, error) {
	cluster, ok := s.Catalog.Cluster(id)
	if !ok {
		return catalog.Cluster{}, fmt.Errorf("looking up cluster %q: the catalog has none", id)
	}
	return cluster, nil
}

// connectTo logs in on one endpoint. The credentials are read anew each time, so
// that they may be rotated.
func (s *Service) connectTo(ctx context.Context, cluster catalog.Cluster, endpoint string) (*mysqlacct.Server, error) {
	raw, err := secret.Load(ctx, cluster.Engine.AdminSecret, s.Secrets)
	if err != nil {
		return nil, err
	}
	admin, err := credential.Decode(raw)
	if err != nil {
		return nil, fmt.Errorf("reading the administrator of %q: %w", cluster.ID, err)
	}
	secured, err := s.tls(cluster, endpoint)
	if err != nil {
		return nil, err
	}
	return mysqlacct.Connect(ctx, mysqlacct.Target{
		Address: endpoint, User: admin.User, Password: admin.Password, TLS: secured, Dial: s.Dial,
	})
}

// tls verifies the server by name and authority; nil where the catalog turned it
// off.
func (s *Service) tls(cluster catalog.Cluster, endpoint string) (*tls.Config, error) {
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
		path = s.CAFile
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
