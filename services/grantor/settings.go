package grantor

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/pkg/store"
)

// Config is what the grantor reads from its environment beside what every
// service does. Administrators' credentials are named by the catalog.
type Config struct {
	// CAFile is the PEM file of Amazon's authorities for RDS
	// (global-bundle.pem), for clusters whose catalog says `ca: rds`.
	CAFile string `env:"POWERPOLE_RDS_CA_FILE" envDefault:"/etc/powerpole/rds-global-bundle.pem"`
}

// workers is how many messages are handled at once: most wait for a look that
// all share, and so many leases may end at the same moment.
const workers = mostInside + 56

// Spec tells package service how the grantor is made.
func Spec() service.Spec { return service.Spec{Name: "grantor", Build: build, Workers: workers} }

func build(_ context.Context, env *service.Env) (service.Service, error) {
	var cfg Config
	if err := env.Parse(&cfg); err != nil {
		return nil, err
	}
	db := dynamodb.NewFromConfig(env.AWS)
	table, err := store.NewTable[State](db, env.Topology.TableName())
	if err != nil {
		return nil, err
	}
	machine, err := store.NewMachine(env.Source, table, env.Bus, store.WithClock(env.Clock))
	if err != nil {
		return nil, err
	}
	sweep, err := store.NewSweep(db, env.Topology.TableName(), env.Quiet, env.Log)
	if err != nil {
		return nil, err
	}
	return New(Options{
		Catalog: env.Catalog, Verifier: env.Verifier, Machine: machine, Sweep: sweep, Bus: env.Bus,
		EC2: ec2.NewFromConfig(env.AWS), Secrets: secretsmanager.NewFromConfig(env.AWS),
		Dial: env.DialDatabase, CAFile: cfg.CAFile, Log: env.Log, Clock: env.Clock,
	})
}
