package accttest

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

// mariadbd is the server's binary (Debian: mariadb-server-core).
const mariadbd = "/usr/sbin/mariadbd"

// RealServers starts every real server that is there. Where
// POWERPOLE_TEST_MARIADB is "required", MariaDB's absence is an error.
func RealServers() (servers []*Server, stop func(), err error) {
	if _, err := os.Stat(mariadbd); err != nil {
		if os.Getenv("POWERPOLE_TEST_MARIADB") == "required" {
			return nil, nil, fmt.Errorf("looking for MariaDB: %w", err)
		}
		return nil, func() {}, nil
	}
	s, stop, err := MariaDB()
	if err != nil {
		return nil, nil, err
	}
	return []*Server{s}, stop, nil
}

// MariaDB starts a MariaDB on a free port, with a data folder of its own that
// stop removes.
func MariaDB() (server *Server, stop func(), err error) {
	dir, err := os.MkdirTemp("", "powerpole-mariadb-")
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(dir)
		}
	}()
	ca, err := writeCertificates(dir)
	if err != nil {
		return nil, nil, err
	}
	if err := bootstrap(dir); err != nil {
		return nil, nil, err
	}
	address, end, err := launch(dir)
	if err != nil {
		return nil, nil, err
	}
	s := realServer(address, ca)
	if err := s.arrange(); err != nil {
		end()
		return nil, nil, err
	}
	return s, end, nil
}

func common(dir string) []string {
	return []string{
		"--no-defaults", "--user=root", "--datadir=" + filepath.Join(dir, "data"), "--tmpdir=" + dir,
		"--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0",
	}
}

// bootstrap makes the system tables, as mariadb-install-db does (which needs the
// client package).
func bootstrap(dir string) error {
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		return err
	}
	script := bytes.NewBufferString("CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket=NULL;\nSET @skip_auth_anonymous=1;\n")
	for _, name := range []string{"mysql_system_tables.sql", "mysql_performance_tables.sql", "mysql_system_tables_data.sql"} {
		part, err := os.ReadFile(filepath.Join("/usr/share/mysql", name))
		if err != nil {
			return err
		}
		script.Write(part)
	}
	cmd := exec.Command(mariadbd, append(common(dir), "--bootstrap", "--log-warnings=0")...)
	cmd.Stdin = script
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("making MariaDB's system tables: %w: %s", err, out)
	}
	return nil
}

func launch(dir string) (address string, stop func(), err error) {
	port, err := freePort()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.Command(mariadbd, append(common(dir),
		fmt.Sprintf("--port=%d", port), "--bind-address=127.0.0.1", "--socket="+filepath.Join(dir, "s"),
		"--pid-file="+filepath.Join(dir, "pid"), "--skip-name-resolve", "--max-connections=400",
		"--ssl-ca="+filepath.Join(dir, "ca.pem"), "--ssl-cert="+filepath.Join(dir, "server.pem"), "--ssl-key="+filepath.Join(dir, "key.pem"),
		"--general-log=1", "--general-log-file="+filepath.Join(dir, "general.log"))...)
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	stop = func() {
		_ = cmd.Process.Kill() // its data folder goes with it
		<-ended
		_ = os.RemoveAll(dir)
	}
	address = fmt.Sprintf("127.0.0.1:%d", port)
	if err := listening(address, ended); err != nil {
		stop()
		return "", nil, err
	}
	return address, stop, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// listening waits until the server takes connections.
func listening(address string, ended <-chan struct{}) error {
	for range 300 {
		if conn, err := net.Dial("tcp", address); err == nil {
			return conn.Close()
		}
		select {
		case <-ended:
			return errors.New("starting MariaDB: it ended")
		case <-time.After(100 * time.Millisecond):
		}
	}
	return errors.New("starting MariaDB: it does not listen")
}

// realServer is reached over TCP from any address of 127.0.0.0/8.
func realServer(address string, ca []byte) *Server {
	dial := func(ctx context.Context, from netip.Addr) (net.Conn, error) {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: from.AsSlice()}}
		return d.DialContext(ctx, "tcp", address)
	}
	secured := &tls.Config{RootCAs: pool(ca), ServerName: "localhost", MinVersion: tls.VersionTLS12}
	return &Server{
		Name: "mariadb", Real: true, CA: ca, ServerName: "localhost", secured: secured, dial: dial,
		Target: mysqlacct.Target{
			Address: address, User: "powerpole", Password: secret.New(rand.Text()), TLS: secured,
			Dial: func(ctx context.Context, _ string) (net.Conn, error) {
				return dial(ctx, netip.MustParseAddr("127.0.0.1"))
			},
		},
		root: mysqlacct.Target{User: "root"},
	}
}

// arrange makes the schemas and the administrator with the rights that deploy/sql
// gives and no others.
func (s *Server) arrange() error {
	db, err := s.open(s.root, netip.MustParseAddr("127.0.0.1"), "")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	admin := "'powerpole'@'127.0.0.1'"
	statements := []string{
		"CREATE DATABASE shop", "CREATE DATABASE billing", "CREATE DATABASE app_db", "CREATE DATABASE appXdb",
		"CREATE TABLE shop.orders (id INT PRIMARY KEY, item VARCHAR(50), customer_id INT)", "INSERT INTO shop.orders VALUES (1, 'tea', 1)",
		"CREATE TABLE billing.invoices (id INT PRIMARY KEY)", "INSERT INTO billing.invoices VALUES (1)",
		"CREATE TABLE app_db.s (id INT)", "CREATE TABLE appXdb.s (id INT)",
		"CREATE USER " + admin + " IDENTIFIED BY '" + s.Target.Password.Reveal() + "' REQUIRE SSL",
		"GRANT CREATE USER, PROCESS, CONNECTION ADMIN ON *.* TO " + admin,
		"GRANT SELECT ON mysql.* TO " + admin,
	}
	for _, d := range []string{"shop", "billing", `app\_db`} {
		statements = append(statements, "GRANT SELECT, SHOW VIEW, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES ON `"+d+"`.* TO "+admin+" WITH GRANT OPTION")
	}
	return execAll(db, statements)
}

func execAll(db *sql.DB, statements []string) error {
	for _, q := range statements {
		if _, err := db.Exec(q); err != nil {
			return fmt.Errorf("arranging MariaDB: %.60s: %w", q, err)
		}
	}
	return nil
}

// GeneralLog is what the server has written to its general log, "" for one that
// keeps none.
func (s *Server) GeneralLog() (string, error) {
	if !s.Real {
		return "", nil
	}
	db, err := s.open(s.root, netip.MustParseAddr("127.0.0.1"), "")
	if err != nil {
		return "", err
	}
	defer func() { _ = db.Close() }()
	var path string
	if err := db.QueryRow("SELECT @@general_log_file").Scan(&path); err != nil {
		return "", err
	}
	b, err := os.ReadFile(path)
	return string(b), err
}
