package accttest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// mysqld is the server's binary in a root (Debian: mysql-server-core).
const mysqld = "/usr/sbin/mysqld"

// MySQL starts a MySQL of that root by chroot, on a free port, with a data
// folder of its own that stop removes. It must run as root.
func MySQL(root string) (server *Server, stop func(), err error) {
	dir, err := os.MkdirTemp(filepath.Join(root, "tmp"), "powerpole-mysql-")
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
	superuser := "CREATE USER 'root'@'127.0.0.1';\nGRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n"
	if err := os.WriteFile(filepath.Join(dir, "init.sql"), []byte(superuser), 0o600); err != nil {
		return nil, nil, err
	}
	inside := "/tmp/" + filepath.Base(dir) // as the server sees it
	common := []string{
		root, mysqld, "--no-defaults", "--user=root", "--datadir=" + inside + "/data", "--tmpdir=" + inside,
		"--innodb-buffer-pool-size=32M", survivesKill, "--skip-log-bin", "--log-error=" + inside + "/error.log",
	}
	if out, err := exec.Command("chroot", append(common, "--initialize-insecure", "--init-file="+inside+"/init.sql")...).CombinedOutput(); err != nil {
		return nil, nil, fmt.Errorf("making MySQL's system tables: %w: %s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return nil, nil, err
	}
	return serve("mysql", dir, port, ca, func() *exec.Cmd {
		return exec.Command("chroot", append(common,
			"--secure-file-priv=", "--mysqlx=OFF", fmt.Sprintf("--port=%d", port), "--bind-address=127.0.0.1", "--skip-name-resolve",
			"--socket="+inside+"/s", "--pid-file="+inside+"/pid", "--max-connections=400", "--performance-schema=OFF",
			"--ssl-ca="+inside+"/ca.pem", "--ssl-cert="+inside+"/server.pem", "--ssl-key="+inside+"/key.pem",
			"--general-log=1", "--general-log-file="+inside+"/general.log")...)
	})
}
