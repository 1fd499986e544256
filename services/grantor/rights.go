package grantor

import (
	"context"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

// Serve says at the start what PowerPole's administrators lack, so that it is
// known before somebody's access must end. Nothing depends on it. At the end it
// closes what is open to databases.
func (s *Service) Serve(ctx context.Context) error {
	for _, cluster := range s.Catalog.Clusters() {
		s.checkRights(ctx, cluster)
	}
	<-ctx.Done()
	s.Close()
	return nil
}

func (s *Service) checkRights(ctx context.Context, cluster catalog.Cluster) {
	missing, err := s.missingRights(ctx, cluster)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		s.Log.WarnContext(ctx, "the administrator's rights could not be checked: see `powerpole doctor`", "cluster", cluster.ID, "error", err)
	case len(missing) > 0:
		s.Log.ErrorContext(ctx, "the administrator lacks rights: run deploy/sql again with what is missing", "cluster", cluster.ID, "missing", missing)
	default:
		s.Log.InfoContext(ctx, "the administrator has its rights", "cluster", cluster.ID)
	}
}

func (s *Service) missingRights(ctx context.Context, cluster catalog.Cluster) (missing []string, err error) {
	err = s.session(cluster, cluster.Engine.Writer, forGrants).use(ctx, func(server *mysqlacct.Server) error {
		missing, err = missingRights(ctx, server, s.Catalog, cluster)
		return err
	})
	return missing, err
}
