package mysqlacct

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// Instance is one server of an Aurora cluster, as the cluster itself lists it.
type Instance struct {
	ID     string
	Writer bool
}

// Name is the server's name for itself: its id on Aurora.
func (s *Server) Name() string {
	if s.aurora != "" {
		return s.aurora
	}
	return s.name
}

// Version is the server's kind and version, as MySQL 8.4.3.
func (s *Server) Version() string {
	version, _, _ := strings.Cut(s.version, "-")
	switch {
	case s.dialect.mariadb:
		return "MariaDB " + version
	case s.dialect.embedded:
		return "embedded MySQL " + version
	case s.aurora != "":
		return "Aurora MySQL " + version
	default:
		return "MySQL " + version
	}
}

// Instances lists the cluster's instances as of now
// (information_schema.replica_host_status); none where the server is of no
// Aurora cluster and does not know them.
func (s *Server) Instances(ctx context.Context) (found []Instance, err error) {
	if s.aurora == "" {
		return nil, nil
	}
	me := false
	err = s.query(ctx, "listing instances", "SELECT SERVER_ID, SESSION_ID FROM information_schema.replica_host_status", func(row []string) {
		found = append(found, Instance{row[0], row[1] == "MASTER_SESSION_ID"})
		me = me || row[0] == s.aurora
	})
	if err == nil && !me {
		err = errors.New("listing instances: the one that answers is not in the list")
	}
	return found, err
}

// Writable reports whether the server takes account statements.
func (s *Server) Writable(ctx context.Context) (bool, error) {
	row, err := s.one(ctx, "asking whether this is the writer", "SELECT @@read_only + @@innodb_read_only")
	return err == nil && row[0] == "0", err
}

// readName reads the server's name for itself: what is seen on one instance
// proves nothing about another.
func (s *Server) readName(ctx context.Context) error {
	if s.dialect.embedded {
		row, err := s.one(ctx, "asking the server its name", "SELECT @@hostname, @@server_uuid")
		s.named(row...)
		return err
	}
	is := map[string]string{}
	err := s.query(ctx, "asking the server its name",
		"SHOW VARIABLES WHERE Variable_name IN ('aurora_server_id', 'hostname', 'server_uuid', 'server_id', 'server_uid')",
		func(row []string) { is[strings.ToLower(row[0])] = row[1] })
	if s.dialect.mariadb {
		// The id is mostly left at 1. The hash tells servers of one machine apart;
		// older ones have none.
		s.named(is["hostname"], is["server_id"], is["server_uid"])
		return err
	}
	if err == nil && is["server_uuid"] == "" {
		err = errors.New("asking the server its name: it has none")
	}
	s.aurora = is["aurora_server_id"]
	s.named(s.aurora, is["hostname"], is["server_uuid"])
	return err
}

func (s *Server) named(parts ...string) {
	s.identity = strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), " ")
	s.name = s.target.Address + " (" + s.identity + ")"
}
