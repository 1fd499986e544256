// Package mysql runs a MySQL-compatible server in this process
// (github.com/dolthub/go-mysql-server), with two sample schemas, shop and
// billing, and an administrator account for PowerPole.
//
// Accounts are really enforced: the host part against the address a connection
// comes from, passwords, locks, REQUIRE SSL, MAX_USER_CONNECTIONS and grants.
// What go-mysql-server parses and then ignores, or does not know, is done by
// this package on the engine's own account store (accounts.go, kill.go,
// login.go) and answers with MySQL's error numbers. What is still different
// from MySQL is written down as tests in facts_test.go.
package mysql

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/server"
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/dolthub/go-mysql-server/sql/mysql_db"
	vitess "github.com/dolthub/vitess/go/mysql"
)

// Options configure a server. The zero value is one that is reached with Dial
// only.
type Options struct {
	// Addr is the host:port to listen on. Any address of 127.0.0.0/8 may
	// connect to a server on 127.0.0.1 where the system has them all (Linux).
	// Empty: no TCP.
	Addr string
	// Listener is one more source of connections; the address their RemoteAddr
	// gives is the host that accounts are checked against. Close closes it.
	Listener net.Listener
	// Admin and AdminPassword are PowerPole's administrator, who may connect
	// from anywhere. Default: powerpole, and a random password.
	Admin, AdminPassword string
	// NoTLS turns TLS off. An account that requires TLS then cannot log in, as
	// with MySQL. Default: offered to every client, demanded of none.
	NoTLS bool
}

func (o *Options) setDefaults() {
	if o.Admin == "" {
		o.Admin = "powerpole"
	}
	if o.AdminPassword == "" {
		o.AdminPassword = rand.Text()
	}
}

// Server is a running database server.
type Server struct {
	opts     Options
	engine   *sqle.Engine
	server   *server.Server
	listener *listener
	conns    *registry
	accounts *accounts
	ca       *authority // nil without TLS
	stopped  chan struct{}
}

// New starts a server with the sample schemas. It fails if the address is
// taken.
func New(opts Options) (*Server, error) {
	opts.setDefaults()
	if err := prepareLibraries(); err != nil {
		return nil, fmt.Errorf("setting the database's global variables: %w", err)
	}
	l, err := listen(opts)
	if err != nil {
		return nil, err
	}
	s := &Server{opts: opts, listener: l, stopped: make(chan struct{})}
	if err := s.build(); err != nil {
		l.Close()
		return nil, err
	}
	go func() {
		defer close(s.stopped)
		s.server.Listener.Accept()
	}()
	return s, nil
}

func (s *Server) build() error {
	dbs := memory.NewDBProvider(newDatabase("shop"), newDatabase("billing"))
	s.engine = sqle.NewDefault(dbs)
	if err := loadSamples(s.engine, dbs); err != nil {
		return err
	}
	catalog := s.engine.Analyzer.Catalog
	catalog.MySQLDb.SetPersister(&mysql_db.NoopPersister{})
	catalog.InfoSchema = ownTables{catalog.InfoSchema}
	catalog.AuthHandler = numberedErrors{catalog.AuthHandler}
	s.accounts = newAccounts(catalog.MySQLDb)
	if err := s.accounts.addAdministrator(s.opts.Admin, s.opts.AdminPassword); err != nil {
		return err
	}
	s.conns = newRegistry(s.listener)
	return s.buildServer(dbs)
}

func (s *Server) buildServer(dbs *memory.DbProvider) error {
	cfg := server.Config{Address: s.Addr(), Listener: s.listener}
	if !s.opts.NoTLS {
		ca, err := newAuthority()
		if err != nil {
			return err
		}
		s.ca, cfg.TLSConfig = ca, ca.server
	}
	cfg.ProtocolListenerFactory = s.protocolListener
	var err error
	s.server, err = server.NewServerWithHandler(cfg, s.engine, sql.NewContext, sessions(dbs), nil, s.wrap)
	if err != nil {
		return fmt.Errorf("building the database server: %w", err)
	}
	return nil
}

func (s *Server) wrap(h vitess.Handler) (vitess.Handler, error) {
	return &handler{Handler: h, engine: s.engine, conns: s.conns, accounts: s.accounts}, nil
}

// protocolListener puts this package's login rules in front of the engine's.
func (s *Server) protocolListener(cfg server.Config, lc vitess.ListenerConfig, sel server.ServerEventListener) (server.ProtocolListener, error) {
	lc.AuthServer = s.authServer(lc.AuthServer)
	return server.MySQLProtocolListenerFactory(cfg, lc, sel)
}

func newDatabase(name string) *memory.Database {
	db := memory.NewDatabase(name)
	db.EnablePrimaryKeyIndexes()
	return db
}

// Addr is the TCP address that the server listens on, host:port, or "" if it
// has none.
func (s *Server) Addr() string {
	if s.listener.tcp == nil {
		return ""
	}
	return s.listener.tcp.Addr().String()
}

// Admin is the administrator's name and password.
func (s *Server) Admin() (user, password string) {
	return s.opts.Admin, s.opts.AdminPassword
}

// Dial connects in process, without a socket. For the server the connection
// comes from remote: accounts are checked against that address.
func (s *Server) Dial(ctx context.Context, remote netip.Addr) (net.Conn, error) {
	return s.listener.dial(ctx, remote)
}

// CA is the certificate of the authority that signed the server's, as PEM, for
// clients that verify it. The authority is made at every start and its key
// never leaves memory. Nil without TLS.
func (s *Server) CA() []byte {
	if s.ca == nil {
		return nil
	}
	return s.ca.pem
}

// ClientTLS is a client's configuration that trusts this server and nobody
// else, whatever address it was reached at. Nil without TLS.
func (s *Server) ClientTLS() *tls.Config {
	if s.ca == nil {
		return nil
	}
	return s.ca.client.Clone()
}

// Close stops listening, ends every connection and waits for both.
func (s *Server) Close() error {
	s.conns.closeAll()
	s.server.Listener.Close()
	err := s.listener.Close()
	<-s.stopped
	s.conns.wait()
	// The engine reports the end of its own background context as an error.
	if cerr := s.engine.Close(); !errors.Is(cerr, context.Canceled) {
		err = errors.Join(err, cerr)
	}
	return err
}

// remoteHost is the address part of where a connection comes from.
func remoteHost(c *vitess.Conn) string {
	host, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		host = c.RemoteAddr().String()
	}
	return strings.TrimPrefix(host, "::ffff:")
}
