package accttest

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"

	driver "github.com/go-sql-driver/mysql"

	"github.com/powerpole/powerpole/pkg/secret"
)

// named is the server of POWERPOLE_TEST_DSN, a superuser's data source name
// (go-sql-driver) on this machine: clients come from all of 127.0.0.0/8. Its
// certificate is verified against the PEM file of POWERPOLE_TEST_DSN_CA, and
// against nothing where that is not set. Databases and an account are made on
// it and dropped at the end; one that is there already is an error and stays.
// Packages use it one after another (go test -p 1).
func named() (*Server, func(), error) {
	dsn := os.Getenv("POWERPOLE_TEST_DSN")
	if dsn == "" {
		return nil, nil, nil
	}
	cfg, err := driver.ParseDSN(dsn)
	if err != nil {
		return nil, nil, errors.New("reading POWERPOLE_TEST_DSN: it is no data source name")
	}
	host, _, err := net.SplitHostPort(cfg.Addr)
	if err != nil {
		return nil, nil, fmt.Errorf("reading POWERPOLE_TEST_DSN: %w", err)
	}
	var ca []byte
	if path := os.Getenv("POWERPOLE_TEST_DSN_CA"); path != "" {
		if ca, err = os.ReadFile(path); err != nil {
			return nil, nil, fmt.Errorf("reading POWERPOLE_TEST_DSN_CA: %w", err)
		}
	}
	s := realServer("dsn", cfg.Addr, ca)
	s.ServerName, s.secured.ServerName = host, host
	s.secured.InsecureSkipVerify = ca == nil //nolint:gosec // a test's server, whose authority nobody names
	s.root.User, s.root.Password, s.root.TLS = cfg.User, secret.New(cfg.Passwd), s.secured
	if err := s.arrangeNamed(); err != nil {
		return nil, nil, fmt.Errorf("preparing the server of POWERPOLE_TEST_DSN: %w", err)
	}
	return s, s.clear, nil
}

func (s *Server) arrangeNamed() error {
	db, err := s.open(s.root, netip.MustParseAddr("127.0.0.1"), "")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	var version string
	if err := db.QueryRow("SELECT CONCAT(VERSION(), @@version_comment)").Scan(&version); err != nil {
		return err
	}
	if s.MariaDB = strings.Contains(strings.ToLower(version), "mariadb"); s.MariaDB {
		return s.arrange("mariadb.sql")
	}
	return s.arrange("mysql.sql")
}

// clear drops what arrange made, as far as it can.
func (s *Server) clear() {
	db, err := s.open(s.root, netip.MustParseAddr("127.0.0.1"), "")
	if err != nil {
		return
	}
	defer func() { _ = db.Close() }()
	for _, name := range databases() {
		_, _ = db.Exec("DROP DATABASE " + name)
	}
	_, _ = db.Exec("DROP USER '" + s.Target.User + "'@'127.0.0.1'")
}
