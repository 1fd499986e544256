package grantor

import (
	"context"
	"slices"

	"github.com/powerpole/powerpole/pkg/catalog"
)

// Serve says at the start what PowerPole's administrators lack, so that it is
// known before somebody's access must end. Nothing depends on it.
func (s *Service) Serve(ctx context.Context) error {
	for _, cluster := range s.Catalog.Clusters() {
		s.checkRights(ctx, cluster)
	}
	<-ctx.Done()
	return nil
}

func (s *Service) checkRights(ctx context.Context, cluster catalog.Cluster) {
	missing, err := s.missingRights(ctx, cluster)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		s.Log.WarnContext(ctx, "the administrator's rights could not be checked", "cluster", cluster.ID, "error", err)
	case len(missing) > 0:
		s.Log.ErrorContext(ctx, "the administrator lacks rights of deploy/sql", "cluster", cluster.ID, "missing", missing)
	default:
		s.Log.InfoContext(ctx, "the administrator has its rights", "cluster", cluster.ID)
	}
}

// missingRights lists what the administrator lacks for the roles that the
// catalog has on the cluster.
func (s *Service) missingRights(ctx context.Context, cluster catalog.Cluster) ([]string, error) {
	server, err := s.connect(ctx, cluster.ID)
	if err != nil {
		return nil, err
	}
	defer server.Close()
	var privileges []string
	for _, name := range cluster.Roles {
		if role, ok := s.Catalog.Role(name); ok {
			privileges = append(privileges, role.Privileges...)
		}
	}
	slices.Sort(privileges)
	return server.MissingRights(ctx, cluster.Databases, slices.Compact(privileges))
}
