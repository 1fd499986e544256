package notifier

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/pkg/store"
)

// Config is what the notifier reads from its environment. Its secrets are
// references.
type Config struct {
	slackui.Settings
	// Runbooks is the address below which each alarm has its page.
	Runbooks string `env:"POWERPOLE_RUNBOOKS_URL" envDefault:"https://github.com/powerpole/powerpole/blob/main/docs/runbooks"`
}

// Spec tells package service how the notifier is made.
func Spec() service.Spec { return service.Spec{Name: "notifier", Build: build} }

func build(ctx context.Context, env *service.Env) (service.Service, error) {
	var cfg Config
	if err := env.Parse(&cfg); err != nil {
		return nil, err
	}
	token, err := env.Secret(ctx, cfg.Token)
	if err != nil {
		return nil, err
	}
	client, err := slackui.NewClient(cfg.APIURL, token, env.HTTP)
	if err != nil {
		return nil, err
	}
	db := dynamodb.NewFromConfig(env.AWS)
	requests, err1 := machine[State](db, env)
	alarms, err2 := machine[Alarm](db, env)
	homes, err3 := machine[Home](db, env)
	sweep, err4 := store.NewSweep(db, env.Topology.TableName(), env.Quiet, env.Log)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	return New(Options{
		Catalog: env.Catalog, Verifier: env.Verifier, Slack: client, Secrets: secretsmanager.NewFromConfig(env.AWS),
		Requests: requests, Alarms: alarms, Homes: homes, Sweep: sweep, Bus: env.Bus, Runbooks: cfg.Runbooks, Logger: env.Log, Clock: env.Clock,
	})
}

// machine runs one kind of record in the notifier's one table. Their ids differ
// in form: see recordOf.
func machine[T store.State](db *dynamodb.Client, env *service.Env) (*store.Machine[T], error) {
	table, err := store.NewTable[T](db, env.Topology.TableName())
	if err != nil {
		return nil, err
	}
	return store.NewMachine(env.Source, table, env.Bus, store.WithClock(env.Clock))
}
