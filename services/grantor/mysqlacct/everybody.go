package mysqlacct

import (
	"context"
	"regexp"
	"slices"
	"strings"
)

// requestID is what an account's note may hold.
var requestID = regexp.MustCompile(`^pp-[0-9a-z]{1,40}$`)

// Everybody lists what everybody has on the server, whatever is granted:
// mandatory roles, the grants of PUBLIC, an anonymous user. Catalogs allow it by
// these words.
func (s *Server) Everybody(ctx context.Context) ([]string, error) {
	_, everybody, err := s.readServer(ctx)
	return everybody, err
}

// readServer reads what bears upon every grant: whether database names are taken
// literally, and what everybody has.
func (s *Server) readServer(ctx context.Context) (literal bool, everybody []string, err error) {
	if s.dialect.mariadb {
		everybody, err = s.readPublic(ctx)
	} else {
		literal, everybody, err = s.readRoles(ctx)
	}
	if err != nil {
		return false, nil, err
	}
	anonymous := false
	err = s.query(ctx, "looking for an anonymous user", "SELECT Host FROM mysql.user WHERE User = ''", func([]string) { anonymous = true })
	if anonymous {
		everybody = append(everybody, "anonymous user")
	}
	return literal, everybody, err
}

func (s *Server) readRoles(ctx context.Context) (literal bool, everybody []string, err error) {
	row, err := s.one(ctx, "reading the server's settings", "SELECT @@partial_revokes, @@mandatory_roles")
	if err != nil {
		return false, nil, err
	}
	for role := range strings.SplitSeq(row[1], ",") {
		if role = strings.TrimSpace(role); role != "" {
			everybody = append(everybody, "mandatory role "+role)
		}
	}
	return row[0] == "1", everybody, nil
}

// readPublic reads what MariaDB grants to PUBLIC.
func (s *Server) readPublic(ctx context.Context) (everybody []string, err error) {
	err = s.query(ctx, "reading the grants of PUBLIC", "SHOW GRANTS FOR PUBLIC", func(row []string) {
		if !strings.HasPrefix(row[0], "GRANT USAGE ON *.*") {
			everybody = append(everybody, row[0])
		}
	})
	if is(err, errNoGrant) {
		return nil, nil
	}
	return everybody, err
}

// without is what is in all and not in some.
func without(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(v string) bool { return slices.Contains(some, v) })
}
