package mysqlacct

import (
	"context"
	"errors"
	"fmt"
)

// seen is one look at the connections: by user name, and all.
type seen struct {
	of        map[string][]string
	connected map[string]bool
	// arriving are those of which it is not settled yet whose they are.
	arriving map[string]bool
}

// arriving reports whether a connection is being logged in, or changes its user.
// The server may have read the account by then, and lets whoever knows its
// password in even if it is locked or dropped before that is given: within
// connect_timeout, mostly 10 s. MySQL shows no user's name until then.
func arriving(user, command string) bool {
	return user == "unauthenticated user" || command == "Change user"
}

// connections looks once. A look without its own connection in it is none.
func (s *Server) connections(ctx context.Context) (seen, error) {
	found := seen{of: map[string][]string{}, connected: map[string]bool{}, arriving: map[string]bool{}}
	err := s.query(ctx, "looking at connections", "SHOW FULL PROCESSLIST", func(row []string) {
		found.connected[row[0]] = true
		found.of[row[1]] = append(found.of[row[1]], row[0])
		if arriving(row[1], row[4]) {
			found.arriving[row[0]] = true
		}
	})
	if err == nil && !found.connected[fmt.Sprint(s.id)] {
		err = errors.New("looking at connections: our own is not in the answer")
	}
	return found, err
}

// kill ends one connection of this instance; one that is gone already is ended.
//
// Safety: id is a number of SHOW FULL PROCESSLIST, checked.
func (s *Server) kill(ctx context.Context, id string) error {
	for _, r := range id {
		if r < '0' || r > '9' {
			return fmt.Errorf("killing a connection: %.32q is no number", id)
		}
	}
	err := s.exec(ctx, "killing a connection", "KILL "+id)
	if is(err, errKillDenied) {
		byProcedure := s.exec(ctx, "killing a connection by rds_kill", "CALL mysql.rds_kill("+id+")")
		if !is(byProcedure, errNoProcedure, errProcedureDenied) { // there, or allowed, on RDS only
			err = byProcedure
		}
	}
	if is(err, errNoThread) {
		return nil
	}
	return err
}
