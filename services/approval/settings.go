package approval

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/powerpole/powerpole/pkg/policy"
	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// Config is what approval reads from its environment. Its secrets are
// references.
type Config struct {
	slackui.Settings
	// WarrantKey refers to the private key that signs warrants.
	WarrantKey string `env:"POWERPOLE_WARRANT_KEY,required"`
	// Policies are paths of Cedar files beside the built-in policies.
	Policies []string `env:"POWERPOLE_POLICIES"`
}

// Spec tells package service how approval is made.
func Spec() service.Spec { return service.Spec{Name: "approval", Build: build} }

func build(ctx context.Context, env *service.Env) (service.Service, error) {
	var cfg Config
	if err := env.Parse(&cfg); err != nil {
		return nil, err
	}
	token, err1 := env.Secret(ctx, cfg.Token)
	warrants, err2 := warrantSigner(ctx, env, cfg.WarrantKey)
	engine, err3 := policy.Load(env.Catalog, cfg.Policies...)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	client, err := slackui.NewClient(cfg.APIURL, token, env.HTTP)
	if err != nil {
		return nil, err
	}
	o := Options{
		Catalog: env.Catalog, Policy: engine, Verifier: env.Verifier, Signer: warrants,
		Slack: client, Bus: env.Bus, Logger: env.Log, Clock: env.Clock,
	}
	if env.Scheduler != nil {
		o.Scheduler = env.Scheduler
	}
	db := dynamodb.NewFromConfig(env.AWS)
	table, err1 := store.NewTable[State](db, env.Topology.TableName())
	log, err2 := store.NewLog[Entry](db, env.Topology.TableName(), env.Source, env.Bus, store.WithClock(env.Clock))
	machine, err3 := store.NewMachine(env.Source, table, env.Bus, store.WithClock(env.Clock))
	sweep, err4 := store.NewSweep(db, env.Topology.TableName(), env.Quiet, env.Log)
	people, err5 := store.NewTable[Past](db, env.Topology.TableName())
	pasts, err6 := store.NewMachine(env.Source, people, env.Bus, store.WithClock(env.Clock))
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		return nil, err
	}
	o.Log, o.Machine, o.Pasts, o.Sweep = log, machine, pasts, sweep
	return New(o)
}

func warrantSigner(ctx context.Context, env *service.Env, ref string) (*warrant.Signer, error) {
	raw, err := env.Secret(ctx, ref)
	if err != nil {
		return nil, err
	}
	key, err := warrant.ParseKey(raw)
	if err != nil {
		return nil, fmt.Errorf("reading the key for warrants: %w", err)
	}
	return warrant.NewSigner(key, env.Catalog.Installation())
}
