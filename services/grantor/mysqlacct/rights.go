package mysqlacct

import (
	"context"
	"slices"
	"strings"

	"github.com/powerpole/powerpole/pkg/grant"
)

// MissingRights lists what the administrator lacks of deploy/sql to give and end
// accounts with those privileges on those databases. What it has only by a role
// is not seen and so is listed.
func (s *Server) MissingRights(ctx context.Context, databases, privileges []string) (missing []string, err error) {
	mine, err := s.myRights(ctx)
	if err != nil {
		return nil, err
	}
	kill, err := s.mayCallKill(ctx)
	if err != nil {
		return nil, err
	}
	literal := false
	if !s.dialect.mariadb {
		if literal, _, err = s.readRoles(ctx); err != nil {
			return nil, err
		}
	}
	for _, right := range s.dialect.needs() {
		byProcedure := kill && strings.HasPrefix(right, "CONNECTION")
		if !byProcedure && !mine[held{privilege: right}.key()] {
			missing = append(missing, right+" ON *.*")
		}
	}
	if !mine[held{privilege: "SELECT"}.key()] && !mine[held{database: "mysql", privilege: "SELECT"}.key()] {
		missing = append(missing, "SELECT ON mysql.*")
	}
	for _, d := range databases {
		for _, p := range privileges {
			everywhere, there := held{privilege: p, grantable: "YES"}, held{database: grant.Escaped(d, literal), privilege: p, grantable: "YES"}
			if !mine[everywhere.key()] && !mine[there.key()] {
				missing = append(missing, p+" ON "+d+".* WITH GRANT OPTION")
			}
		}
	}
	slices.Sort(missing)
	return missing, nil
}

// needs are the rights on *.* that the administrator of deploy/sql has.
func (d dialect) needs() []string {
	switch {
	case d.embedded:
		return []string{"CREATE USER", "PROCESS"}
	case d.mariadb:
		return []string{"CREATE USER", "PROCESS", "CONNECTION ADMIN"}
	default:
		return []string{"CREATE USER", "PROCESS", "CONNECTION_ADMIN", "XA_RECOVER_ADMIN"}
	}
}

// key is a right without its owner; grantable counts where it is asked for.
func (h held) key() string {
	if h.grantable != "YES" {
		h.grantable = ""
	}
	return h.database + "\x00" + h.privilege + "\x00" + h.grantable
}

// myRights are the administrator's own: as they are and, where they may be given
// on, as that too.
func (s *Server) myRights(ctx context.Context) (map[string]bool, error) {
	rights, me := map[string]bool{}, "'"+s.me[0]+"'@'"+s.me[1]+"'"
	for _, view := range views[:2] {
		err := s.query(ctx, "reading one's own rights", view, func(row []string) {
			if row[0] != me && !(s.dialect.embedded && strings.HasPrefix(row[0], "'"+s.me[0]+"'@")) {
				return
			}
			h := held{database: row[1], privilege: row[4], grantable: row[5]}
			rights[h.key()] = true
			h.grantable = ""
			rights[h.key()] = true
		})
		if err != nil {
			return nil, err
		}
	}
	return rights, nil
}

// mayCallKill reports whether the administrator may call RDS's procedure that
// kills.
func (s *Server) mayCallKill(ctx context.Context) (may bool, err error) {
	err = s.query(ctx, "reading one's own procedures",
		"SELECT Routine_name FROM mysql.procs_priv WHERE Db = 'mysql' AND User = ?",
		func(row []string) { may = may || row[0] == "rds_kill" }, s.me[0])
	if is(err, errTableDenied) {
		return false, nil // SELECT on mysql.* is missing, and listed
	}
	return may, err
}
