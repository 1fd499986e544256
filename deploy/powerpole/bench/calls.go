package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// calls is how long somebody has waited for AWS.
type calls struct{ nanoseconds atomic.Int64 }

type callsKey struct{}

// timing is a context whose calls to AWS are timed.
func timing(ctx context.Context) (context.Context, *calls) {
	c := new(calls)
	return context.WithValue(ctx, callsKey{}, c), c
}

func (c *calls) total() time.Duration { return time.Duration(c.nanoseconds.Load()) }

// timed makes a call, and notes how long it took from the SDK's method to its
// return: a middleware would leave out what the SDK does before it has its stack.
func timed[I, O, F any](ctx context.Context, call func(context.Context, I, ...F) (O, error), in I, options []F) (O, error) {
	begun := time.Now()
	out, err := call(ctx, in, options...)
	if c, ok := ctx.Value(callsKey{}).(*calls); ok {
		c.nanoseconds.Add(int64(time.Since(begun)))
	}
	return out, err
}

// timedDynamoDB and the others are clients whose calls in a grant are timed.
type timedDynamoDB struct{ *dynamodb.Client }

func (t timedDynamoDB) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	return timed(ctx, t.Client.GetItem, in, o)
}

func (t timedDynamoDB) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	return timed(ctx, t.Client.PutItem, in, o)
}

func (t timedDynamoDB) TransactWriteItems(
	ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options),
) (*dynamodb.TransactWriteItemsOutput, error) {
	return timed(ctx, t.Client.TransactWriteItems, in, o)
}

type timedEC2 struct{ *ec2.Client }

func (t timedEC2) DescribeInstances(ctx context.Context, in *ec2.DescribeInstancesInput, o ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	return timed(ctx, t.Client.DescribeInstances, in, o)
}

type timedSecrets struct{ *secretsmanager.Client }

func (t timedSecrets) CreateSecret(
	ctx context.Context, in *secretsmanager.CreateSecretInput, o ...func(*secretsmanager.Options),
) (*secretsmanager.CreateSecretOutput, error) {
	return timed(ctx, t.Client.CreateSecret, in, o)
}

type timedEvents struct{ *eventbridge.Client }

func (t timedEvents) PutEvents(ctx context.Context, in *eventbridge.PutEventsInput, o ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	return timed(ctx, t.Client.PutEvents, in, o)
}
