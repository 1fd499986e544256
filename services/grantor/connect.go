package grantor

import (
	"context"
	"fmt"

	"github.com/powerpole/powerpole/pkg/catalog"
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

// connectTo logs in on one endpoint of it.
func (s *Service) connectTo(ctx context.Context, cluster catalog.Cluster, endpoint string) (*mysqlacct.Server, error) {
	return Administrator{Secrets: s.Secrets, Dial: s.Dial, CAFile: s.CAFile}.Connect(ctx, cluster, endpoint)
}
