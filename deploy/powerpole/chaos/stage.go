package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/powerpole/powerpole/deploy/powerpole/demo"
	"github.com/powerpole/powerpole/deploy/powerpole/visitor"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

// stage is everything that runs: MariaDB, the embedded AWS and Slack, proxies,
// and the six services, each in a process of its own.
type stage struct {
	// dir has a log of each process, and faults.log.
	dir       string
	files     []*os.File
	journal   *log.Logger
	network   *network
	local     *demo.Local
	processes []*process
	counts    counts
	// database is MariaDB's own address, not the proxy's.
	database demo.Database
	aws      aws.Config
	slack    visitor.Workspace
	accounts map[string]bool // those that were there before anybody asked

	stopDatabase func()
	stopServices context.CancelFunc
	running      sync.WaitGroup

	raging atomic.Bool // things break just now

	mu     sync.Mutex
	deaths []string
}

func newStage(ctx context.Context, o options) (_ *stage, err error) {
	s := &stage{network: newNetwork(), stopDatabase: func() {}, stopServices: func() {}}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close(), os.RemoveAll(s.dir))
		}
	}()
	if s.dir, err = os.MkdirTemp("", fmt.Sprintf("powerpole-chaos-%d-", o.seed)); err != nil {
		return nil, fmt.Errorf("making a folder for logs: %w", err)
	}
	faults, err := s.file("faults")
	if err != nil {
		return nil, err
	}
	s.journal = log.New(faults, "", log.LstdFlags|log.Lmicroseconds|log.LUTC)
	if err := s.startLocal(ctx, o); err != nil {
		return nil, err
	}
	if s.accounts, err = s.allAccounts(ctx); err != nil {
		return nil, err
	}
	return s, s.startServices(o.bin)
}

func (s *stage) file(name string) (io.Writer, error) {
	f, err := os.Create(filepath.Join(s.dir, name+".log"))
	if err != nil {
		return nil, fmt.Errorf("making a log: %w", err)
	}
	s.files = append(s.files, f)
	return f, nil
}

// startLocal starts MariaDB, and the demo without its services on it. The
// demo's catalog names the proxy as the database.
func (s *stage) startLocal(ctx context.Context, o options) error {
	db, stop, err := accttest.MariaDB()
	if err != nil {
		return fmt.Errorf("starting MariaDB (Debian: mariadb-server-core): %w", err)
	}
	s.stopDatabase = stop
	ca := filepath.Join(s.dir, "ca.pem")
	if err := os.WriteFile(ca, db.CA, 0o600); err != nil {
		return fmt.Errorf("writing the database's authority: %w", err)
	}
	proxied, err := s.network.link("grantor-mariadb", db.Target.Address)
	if err != nil {
		return err
	}
	lines, err := s.file("local")
	if err != nil {
		return err
	}
	a := demo.FreeAddresses()
	if a.Intake, err = keptPort(); err != nil {
		return err
	}
	s.local, err = demo.StartLocal(ctx, o.bin, filepath.Join(s.dir, "endpoints.json"), demo.LocalOptions{
		Addresses: a, SweepEvery: o.sweepEvery, Lines: lines,
		Boot: 500 * time.Millisecond, Agent: 300 * time.Millisecond, Shutdown: 500 * time.Millisecond,
		Database: demo.Server{
			DSN: fmt.Sprintf("%s:%s@tcp(%s)/", db.Target.User, db.Target.Password.Reveal(), proxied),
			CA:  ca, ServerName: db.ServerName,
		},
	})
	if err != nil {
		return err
	}
	e := s.local.Endpoints
	s.database, s.slack = e.Database, visitor.NewWorkspace(e.Slack)
	s.database.Address = db.Target.Address
	s.aws = visitor.AWS(e)
	return nil
}

// keptPort is a port that no outgoing connection takes while intake is down:
// one below those that the kernel gives out.
func keptPort() (string, error) {
	for port := 18000; port < 30000; port += 7 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		return l.Addr().String(), l.Close()
	}
	return "", errors.New("finding a port for intake: none is free")
}

// startServices starts all six, each behind proxies of its own.
func (s *stage) startServices(folder string) error {
	ctx, stop := context.WithCancel(context.Background())
	s.stopServices = stop
	for _, spec := range demo.Specs() {
		env := s.local.Endpoints.Environment[spec.Name]
		for variable, what := range map[string]string{"AWS_ENDPOINT_URL": "aws", "POWERPOLE_SLACK_API_URL": "slack"} {
			if err := s.reroute(env, variable, spec.Name+"-"+what); err != nil {
				return err
			}
		}
		lines, err := s.file(spec.Name)
		if err != nil {
			return err
		}
		s.processes = append(s.processes, newProcess(folder, spec.Name, env, lines))
	}
	for _, p := range s.processes {
		s.running.Go(func() { p.keep(ctx, s.died) })
	}
	return nil
}

// reroute sends what goes to the URL of a variable through a proxy.
func (s *stage) reroute(env map[string]string, variable, name string) error {
	if env[variable] == "" {
		return nil
	}
	u, err := url.Parse(env[variable])
	if err != nil {
		return fmt.Errorf("reading %s: %w", variable, err)
	}
	if u.Host, err = s.network.link(name, u.Host); err != nil {
		return err
	}
	env[variable] = u.String()
	return nil
}

// startWithin is how soon a service that cannot have its secrets or its queue
// gives up: it says so and ends, and whoever keeps it starts it again.
const startWithin = 15 * time.Second

// died notes an end. One at the start, with an error and while links break, is
// part of the game; every other is a finding.
func (s *stage) died(e end) {
	s.journal.Printf("%s ended after %s: %v", e.name, e.after, e.err)
	var exit *exec.ExitError
	if errors.As(e.err, &exit) && exit.ExitCode() == 1 && e.after < startWithin && s.raging.Load() {
		s.counts.starts.Add(1)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deaths = append(s.deaths, fmt.Sprintf("%s ended by itself after %s: %v", e.name, e.after, e.err))
}

// close stops everything. The logs stay.
func (s *stage) close() error {
	s.stopServices()
	s.running.Wait()
	var errs []error
	if s.local != nil {
		errs = append(errs, s.local.Stop())
	}
	s.network.close()
	s.stopDatabase()
	for _, f := range s.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
