package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/services/grantor"
)

// timedGrantor is the grantor's own Spec, with clients that time their calls.
func timedGrantor() service.Spec {
	spec := grantor.Spec()
	spec.Build = func(_ context.Context, env *service.Env) (service.Service, error) {
		db, table := timedDynamoDB{dynamodb.NewFromConfig(env.AWS)}, env.Topology.TableName()
		events, err := bus.NewPublisher(timedEvents{eventbridge.NewFromConfig(env.AWS)}, topology.BusName, env.Source, env.Registry)
		if err != nil {
			return nil, err
		}
		records, err := store.NewTable[grantor.State](db, table)
		if err != nil {
			return nil, err
		}
		machine, err := store.NewMachine(env.Source, records, events)
		if err != nil {
			return nil, err
		}
		sweep, err := store.NewSweep(db, table, env.Quiet, env.Log)
		if err != nil {
			return nil, err
		}
		return grantor.New(grantor.Options{
			Catalog: env.Catalog, Verifier: env.Verifier, Machine: machine, Sweep: sweep, Bus: events,
			EC2: timedEC2{ec2.NewFromConfig(env.AWS)}, Secrets: timedSecrets{secretsmanager.NewFromConfig(env.AWS)}, Log: env.Log,
		})
	}
	return spec
}
