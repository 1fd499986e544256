package mysqlacct

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/powerpole/powerpole/pkg/secret"
)

// Target is a database server and the administrator on it.
type Target struct {
	// Address is host:port.
	Address  string
	User     string
	Password secret.String
	// TLS verifies the server; nil is no TLS.
	TLS *tls.Config
	// Dial replaces TCP where it is set.
	Dial func(ctx context.Context, address string) (net.Conn, error)
}

// Server is one server over one pinned connection of its administrator. It is
// not safe for concurrent use.
type Server struct {
	target  Target
	db      *sql.DB
	conn    *sql.Conn
	id      uint64
	dialect dialect
	version string
	// me is the administrator's own account, user and host.
	me [2]string
	// identity is what the server says that it is, the same by whatever address
	// it is reached; name is that with the address.
	identity, name string
	// aurora is its id in an Aurora cluster, "" where it is of none.
	aurora string
	// locks says that it may hold named locks.
	locks bool
}

// Connect logs in as the administrator and finds out what the server is. A
// server that is too old is a *Refusal.
func Connect(ctx context.Context, t Target) (*Server, error) {
	s, err := open(ctx, t)
	if err != nil {
		return nil, err
	}
	if err := s.meet(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func open(ctx context.Context, t Target) (*Server, error) {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.Net, cfg.Addr, cfg.TLS = t.User, t.Password.Reveal(), "tcp", t.Address, t.TLS
	cfg.Timeout, cfg.ReadTimeout, cfg.WriteTimeout = 5*time.Second, 2*statementWithin, statementWithin
	cfg.InterpolateParams = true
	cfg.Logger = &mysql.NopLogger{}
	if t.Dial != nil {
		cfg.DialFunc = func(ctx context.Context, _, address string) (net.Conn, error) { return t.Dial(ctx, address) }
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, wordless("preparing a connection to "+t.Address, err)
	}
	db := sql.OpenDB(connector)
	within, cancel := context.WithTimeout(ctx, statementWithin)
	defer cancel()
	conn, err := db.Conn(within)
	if err != nil {
		return nil, errors.Join(wordless("connecting to "+t.Address, err), db.Close())
	}
	return &Server{target: t, db: db, conn: conn}, nil
}

// Close ends the connection, and with it its named lock; again it does nothing. It returns nothing:
// what was done has been read back or is not believed.
func (s *Server) Close() {
	_ = s.conn.Close()
	_ = s.db.Close()
}

// Check makes sure that the connection is still there.
func (s *Server) Check(ctx context.Context) error {
	row, err := s.one(ctx, "looking whether the connection is there", "SELECT CONNECTION_ID()")
	if err == nil && row[0] != fmt.Sprint(s.id) {
		err = errors.New("looking whether the connection is there: it is another one")
	}
	return err
}

// meet reads who the server is and who we are on it, and arranges the session.
func (s *Server) meet(ctx context.Context) error {
	if err := s.identify(ctx); err != nil {
		return err
	}
	// MySQL gives up an account statement that waits behind a lock; MariaDB
	// ignores this, and the client's deadline does it.
	return s.exec(ctx, "limiting waits", "SET SESSION lock_wait_timeout = 8")
}

// identify reads who the server is and who we are on it.
func (s *Server) identify(ctx context.Context) error {
	row, err := s.one(ctx, "asking the server who it is", "SELECT CONNECTION_ID(), VERSION(), @@version_comment, CURRENT_USER()")
	if err != nil {
		return err
	}
	if s.id, err = strconv.ParseUint(row[0], 10, 64); err != nil {
		return fmt.Errorf("asking the server who it is: %.32q is no connection id", row[0])
	}
	if s.dialect, err = detect(row[1], row[2]); err != nil {
		return err
	}
	s.version = row[1]
	user, host, _ := cutLast(row[3], "@")
	s.me = [2]string{user, host}
	return s.readName(ctx)
}
