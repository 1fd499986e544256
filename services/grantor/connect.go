package grantor

import (
	"context"
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/credential"
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
	a := Administrator{Secrets: s.Secrets, Dial: s.Dial, CAFile: s.CAFile}
	admin, err := s.administrator(ctx, a, cluster, at.purpose)
	if err != nil {
		return nil, err
	}
	server, err := a.login(ctx, cluster, at.endpoint, admin)
	if err == nil {
		s.reach.remember(cluster.ID, admin)
	}
	return server, err
}

// readWithin is how long the credentials may take to be read where others are
// known.
const readWithin = 3 * time.Second

// administrator reads the credentials of a cluster's administrator. An end does
// not depend on that: where they cannot be read it goes on with those that were
// good for a login before. What gives somebody access does not.
func (s *Service) administrator(ctx context.Context, a Administrator, cluster catalog.Cluster, why purpose) (credential.Credential, error) {
	known, ok := s.reach.remembered(cluster.ID)
	if !ok || why != forEnds {
		return a.credential(ctx, cluster)
	}
	reading, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	admin, err := a.credential(reading, cluster)
	if err != nil && ctx.Err() == nil {
		s.Log.WarnContext(ctx, "the administrator's credentials cannot be read: an end goes on with the last that were good", "cluster", cluster.ID, "error", err)
		return known, nil
	}
	return admin, err
}
