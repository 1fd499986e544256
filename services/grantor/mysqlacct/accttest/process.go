package accttest

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// survivesKill has a commit written to the operating system, so that it
// outlives the process, and not to the disk, which only a machine's crash asks
// for.
const survivesKill = "--innodb-flush-log-at-trx-commit=2"

// process is a server of ours, which can end and be started again on its data.
type process struct {
	dir, address string
	command      func() *exec.Cmd
	running      *exec.Cmd
	ended        chan struct{}
}

// serve starts a server in the folder and arranges it. stop ends it and removes
// the folder.
func serve(name, dir string, port int, ca []byte, command func() *exec.Cmd) (s *Server, stop func(), err error) {
	p := &process{dir: dir, address: fmt.Sprintf("127.0.0.1:%d", port), command: command}
	if err := p.start(); err != nil {
		return nil, nil, err
	}
	s = realServer(name, p.address, ca)
	s.MariaDB = name == "mariadb"
	s.process, s.generalLog = p, filepath.Join(dir, "general.log")
	if err := s.arrange(name + ".sql"); err != nil {
		p.stop()
		return nil, nil, err
	}
	return s, p.stop, nil
}

// Kill ends the server's process with SIGKILL: it writes nothing more.
func (s *Server) Kill() { s.process.kill() }

// Start starts the server again after Kill, at the same address on the same
// data, and returns when it lets a superuser in.
func (s *Server) Start() error {
	if err := s.process.start(); err != nil {
		return err
	}
	db, err := s.open(s.root, netip.MustParseAddr("127.0.0.1"), "")
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	return db.Ping()
}

func (p *process) start() error {
	p.running, p.ended = p.command(), make(chan struct{})
	if err := p.running.Start(); err != nil {
		return fmt.Errorf("starting a database server: %w", err)
	}
	go func() {
		_ = p.running.Wait()
		close(p.ended)
	}()
	if err := p.listening(); err != nil {
		p.kill()
		return err
	}
	return nil
}

// listening waits until the server takes connections.
func (p *process) listening() error {
	for range 600 {
		if conn, err := net.Dial("tcp", p.address); err == nil {
			return conn.Close()
		}
		select {
		case <-p.ended:
			return errors.New("starting a database server: it ended")
		case <-time.After(50 * time.Millisecond):
		}
	}
	return errors.New("starting a database server: it does not listen")
}

func (p *process) kill() {
	_ = p.running.Process.Kill()
	<-p.ended
}

func (p *process) stop() {
	p.kill()
	_ = os.RemoveAll(p.dir)
}
