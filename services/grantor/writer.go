package grantor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

// onWriter does something on the cluster's writer. Where the endpoint leads to
// one that is not the writer any more, the writer is looked for among the
// instances.
func (s *Service) onWriter(ctx context.Context, cluster catalog.Cluster, why purpose, do func(*mysqlacct.Server) error) error {
	var instances []instance
	refused := s.session(cluster, cluster.Engine.Writer, why).use(ctx, func(server *mysqlacct.Server) error {
		err := do(server)
		if mysqlacct.IsReadOnly(err) {
			var listing error
			instances, listing = listInstances(ctx, cluster, server)
			err = errors.Join(err, listing)
		}
		return err
	})
	for _, i := range instances {
		if done, err := s.ifWriter(ctx, cluster, i, why, do); done {
			return err
		}
	}
	return refused
}

// ifWriter does it if that instance is the writer.
func (s *Service) ifWriter(ctx context.Context, cluster catalog.Cluster, i instance, why purpose, do func(*mysqlacct.Server) error) (done bool, err error) {
	err = s.session(cluster, i.endpoint, why).use(ctx, func(server *mysqlacct.Server) error {
		if writable, err := server.Writable(ctx); err != nil || !writable {
			return err
		}
		done = true
		return do(server)
	})
	return done, err // one that is down is not the writer
}

// instance is where one server of a cluster is, and what it must call itself if
// that is known.
type instance struct{ endpoint, id string }

// is says whether the server that answers is that instance, and no other in its
// place.
func (i instance) is(server *mysqlacct.Server) error {
	if i.id != "" && server.Name() != i.id {
		return fmt.Errorf("looking at instance %q: %q answers in its place", i.id, server.Name())
	}
	return nil
}

// listInstances are the cluster's as of now: as Aurora lists them, or as the
// catalog does. The reader endpoint proves nothing.
func listInstances(ctx context.Context, cluster catalog.Cluster, server *mysqlacct.Server) (out []instance, err error) {
	listed, err := server.Instances(ctx)
	if err != nil {
		return nil, err
	}
	for _, i := range listed {
		endpoint, err := auroraEndpoint(cluster.Engine.Writer, i.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, instance{endpoint, i.ID})
	}
	if len(listed) > 0 {
		return out, nil
	}
	for _, endpoint := range cluster.Engine.Instances {
		out = append(out, instance{endpoint: endpoint})
	}
	return out, nil
}

// auroraEndpoint is the endpoint of an instance of the cluster whose own is
// `<cluster>.cluster-<hash>.<region>.rds.amazonaws.com:<port>`: the instance's id
// takes the cluster's place, and `cluster-` goes. A reader's (cluster-ro-) or a
// custom endpoint is not the cluster's own.
func auroraEndpoint(writer, id string) (string, error) {
	host, port, err := net.SplitHostPort(writer)
	if err != nil {
		return "", fmt.Errorf("reading the writer's endpoint: %w", err)
	}
	_, domain, ok := strings.Cut(host, ".cluster-")
	hash, _, _ := strings.Cut(domain, ".")
	if !ok || strings.Contains(hash, "-") {
		return "", fmt.Errorf("finding instance %q: the writer's endpoint is not of an Aurora cluster", id)
	}
	return net.JoinHostPort(id+"."+domain, port), nil
}
