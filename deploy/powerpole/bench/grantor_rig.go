package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	localaws "github.com/powerpole/powerpole/deploy/local/aws"
	localbus "github.com/powerpole/powerpole/deploy/local/aws/eventbridge"
	"github.com/powerpole/powerpole/pkg/bootstrap"
	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/pkg/warrant"
	"github.com/powerpole/powerpole/services/grantor"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

const benchCatalog = `
installation: bench
email_domains: [example.com]
slack: {operators_channel: C0OPS, approvers_channel: C0APP}
clusters:
  - id: shop
    region: us-east-1
    account: "123456789012"
    engine:
      writer: "%[1]s"
      admin_secret: "file:%[2]s/admin.json"
      tls: {ca: "file:%[2]s/ca.pem", server_name: "%[3]s"}
    databases: [shop]
    roles: [READ]
    approvers: [U0APPROVER]
    bastion:
      launch_template: bastion
      capacity: [{instance_type: t4g.nano, subnet: subnet-1}]
`

// grantorRig is the grantor as its process, with an embedded AWS and a real
// server.
type grantorRig struct {
	server  string // the server's kind
	db      *accttest.Server
	admin   *sql.Conn // the administrator's, as the grantor's own is pinned
	service *grantor.Service
	signer  *warrant.Signer
	ec2     *ec2.Client
	secrets *secretsmanager.Client
	reaper  *bus.Publisher
	// warmed is a lease that is not measured, first what the first one's secret
	// said.
	warmed *benchLease
	first  credential.Credential
	// revoked gets the request of each lease that is.
	revoked chan string
	ends    []func() error
}

func newGrantorRig(ctx context.Context, startServer func() (*accttest.Server, func(), error)) (_ *grantorRig, err error) {
	r := &grantorRig{revoked: make(chan string, 2*leases)}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	db, stop, err := startServer()
	if err != nil {
		return nil, err
	}
	r.db = db
	r.ends = append(r.ends, func() error { stop(); return nil })
	if err := r.openDatabase(ctx); err != nil {
		return nil, err
	}
	stack, err := localaws.New(ctx, localaws.Options{OnEvent: r.saw})
	if err != nil {
		return nil, err
	}
	r.ends = append(r.ends, func() error { stack.Close(); return nil })
	cfg := stack.Config()
	r.ec2, r.secrets = ec2.NewFromConfig(cfg), secretsmanager.NewFromConfig(cfg)
	if err := bootstrap.New(cfg, bootstrap.Options{}).Run(ctx); err != nil {
		return nil, err
	}
	registry, err := event.All()
	if err != nil {
		return nil, err
	}
	if r.reaper, err = bus.NewPublisher(eventbridge.NewFromConfig(cfg), topology.BusName, event.Reaper, registry); err != nil {
		return nil, err
	}
	environ, err := r.settings()
	if err != nil {
		return nil, err
	}
	return r, r.start(ctx, service.Options{AWS: &cfg, Environ: environ, Log: slog.New(slog.DiscardHandler)})
}

// saw notes what the grantor says.
func (r *grantorRig) saw(e localbus.Event) {
	if parsed, err := event.Parse([]byte(e.JSON)); err == nil && parsed.Type == (event.Revoked{}).EventType() {
		r.revoked <- parsed.Detail.RequestID
	}
}

// start runs the service until close.
func (r *grantorRig) start(ctx context.Context, o service.Options) error {
	running, stop := context.WithCancel(ctx)
	ready, ended := make(chan *grantor.Service, 1), make(chan error, 1)
	o.Ready = func(s service.Service) { ready <- s.(*grantor.Service) }
	go func() { ended <- service.Run(running, timedGrantor(), o) }()
	r.ends = append(r.ends, func() error { stop(); return <-ended })
	select {
	case r.service = <-ready:
		return nil
	case err := <-ended:
		ended <- nil
		return err
	}
}

// settings writes the files that the service reads and names them.
func (r *grantorRig) settings() (map[string]string, error) {
	dir, err := os.MkdirTemp("", "powerpole-bench-")
	if err != nil {
		return nil, err
	}
	r.ends = append(r.ends, func() error { return os.RemoveAll(dir) })
	key, err := warrant.GenerateKey(warrant.KindWarrant, "bench")
	if err != nil {
		return nil, err
	}
	if r.signer, err = warrant.NewSigner(key, "bench"); err != nil {
		return nil, err
	}
	keys, err := json.Marshal(key.Public())
	if err != nil {
		return nil, err
	}
	admin, err := credential.Credential{User: r.db.Target.User, Password: r.db.Target.Password}.Encode()
	if err != nil {
		return nil, err
	}
	for name, text := range map[string][]byte{
		"admin.json": []byte(admin.Reveal()), "ca.pem": r.db.CA, "keys.json": keys,
		"powerpole.yaml": fmt.Appendf(nil, benchCatalog, r.db.Target.Address, dir, r.db.ServerName),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			return nil, err
		}
	}
	return map[string]string{
		"POWERPOLE_CATALOG": filepath.Join(dir, "powerpole.yaml"), "POWERPOLE_KEYS": filepath.Join(dir, "keys.json"),
	}, nil
}

// close ends what was begun, the last first.
func (r *grantorRig) close() (err error) {
	for len(r.ends) > 0 {
		last := len(r.ends) - 1
		err = errors.Join(err, r.ends[last]())
		r.ends = r.ends[:last]
	}
	return err
}
