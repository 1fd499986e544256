package accttest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// mariadbd is the server's binary (Debian: mariadb-server-core).
const mariadbd = "/usr/sbin/mariadbd"

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
	port, err := freePort()
	if err != nil {
		return nil, nil, err
	}
	return serve("mariadb", dir, port, ca, func() *exec.Cmd { return command(dir, port) })
}

func common(dir string) []string {
	return []string{
		"--no-defaults", "--user=root", "--datadir=" + filepath.Join(dir, "data"), "--tmpdir=" + dir,
		"--innodb-buffer-pool-size=16M", survivesKill,
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

func command(dir string, port int) *exec.Cmd {
	return exec.Command(mariadbd, append(common(dir),
		fmt.Sprintf("--port=%d", port), "--bind-address=127.0.0.1", "--socket="+filepath.Join(dir, "s"),
		"--pid-file="+filepath.Join(dir, "pid"), "--skip-name-resolve", "--max-connections=400",
		"--ssl-ca="+filepath.Join(dir, "ca.pem"), "--ssl-cert="+filepath.Join(dir, "server.pem"), "--ssl-key="+filepath.Join(dir, "key.pem"),
		"--general-log=1", "--general-log-file="+filepath.Join(dir, "general.log"))...)
}
