package grantor

import (
	"context"
	"fmt"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

func (s *Service) cluster(id string) (catalog.Cluster, error) {
	cluster, ok := s.Catalog.Cluster(id)
	if !ok {
		return catalog.Cluster{}, fmt.Errorf("looking up cluster %q: the catalog has none", id)
	}
	return cluster, nil
}

// connectTo logs in on one endpoint of a cluster.
func (s *Service) connectTo(ctx context.Context, at place) (*mysqlacct.Server, error) {
	cluster, err := s.cluster(at.cluster)
	if err != nil {
		return nil, err
	}
	return Administrator{Secrets: s.Secrets, Dial: s.Dial, CAFile: s.CAFile}.Connect(ctx, cluster, at.endpoint)
}
