// Package aws is the part of AWS that PowerPole uses, in one process: one
// endpoint that speaks the wire protocols of SQS, EventBridge, EventBridge
// Scheduler, DynamoDB, EC2, SSM, Secrets Manager, CloudWatch Logs and STS. The
// SDK reaches it over HTTP, or without a socket through Config, so that
// testing/synctest can run it in virtual time.
//
// What it does not know it answers with AWS's own error, never with a success.
// It checks no signature: who can reach it may do everything.
package aws

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/powerpole/powerpole/deploy/local/aws/dynamodb"
	"github.com/powerpole/powerpole/deploy/local/aws/ec2"
	"github.com/powerpole/powerpole/deploy/local/aws/eventbridge"
	"github.com/powerpole/powerpole/deploy/local/aws/logs"
	"github.com/powerpole/powerpole/deploy/local/aws/scheduler"
	"github.com/powerpole/powerpole/deploy/local/aws/secretsmanager"
	"github.com/powerpole/powerpole/deploy/local/aws/sqs"
	"github.com/powerpole/powerpole/deploy/local/aws/ssm"
	"github.com/powerpole/powerpole/deploy/local/aws/sts"
)

// Options say how the stack behaves. The zero value is usable.
type Options struct {
	// Region and Account are part of every ARN; us-east-1 and 000000000000
	// where empty.
	Region, Account string
	// Logger takes what could not be told to a caller; slog.Default() where
	// nil.
	Logger *slog.Logger
	// SchedulerPrecision is how exact schedules fire: zero at their very
	// moment, time.Minute in the last second of its minute, the latest that
	// AWS promises.
	SchedulerPrecision time.Duration
	// LongPoll replaces the wait of every SQS long poll; zero leaves it as
	// asked for. A simulation in virtual time skips idle hours with it.
	LongPoll time.Duration
	// EC2 and SSM hold how long instances and agents take, and more. What
	// they share with the stack (account, log, each other) is filled in.
	EC2 ec2.Options
	SSM ssm.Options
	// Observe, if set, is told of every request after its answer. It is called
	// on the request's goroutine.
	Observe func(Call)
	// OnEvent, if set, is told of every event that passed a bus, on the
	// publisher's goroutine. It must not call the stack.
	OnEvent func(eventbridge.Event)
	// Intercept, if set, wraps the transport behind HTTPClient and Config: the
	// place to delay, repeat, lose or fail calls.
	Intercept func(http.RoundTripper) http.RoundTripper
	// Carry, if set, is given every message on its way from a rule or a
	// schedule to a queue, and delivers it when and as often as it likes, also
	// after it has returned. Its error is what the queue answered.
	Carry func(p Parcel, deliver func() error) error
}

func (o *Options) fill() {
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	if o.Account == "" {
		o.Account = "000000000000"
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	o.EC2.Account, o.EC2.Log = o.Account, o.Logger
	if o.EC2.Zone == "" {
		o.EC2.Zone = o.Region + "a"
	}
	if o.Observe == nil {
		o.Observe = func(Call) {}
	}
}

// Stack is the running services. Each can be asked about its state directly.
type Stack struct {
	// The services, each an http.Handler of its own.
	SQS            *sqs.Server
	EventBridge    *eventbridge.Server
	DynamoDB       *dynamodb.Server
	EC2            *ec2.Server
	SSM            *ssm.Server
	SecretsManager *secretsmanager.Server
	Scheduler      *scheduler.Server
	Logs           *logs.Server
	STS            *sts.Server

	opts      Options
	services  map[string]http.Handler // by name in a signature's scope
	transport *transport
}

// New starts the services. They end with ctx, or with Close, which also waits
// for them. The error is about the options of EC2 or SSM.
func New(ctx context.Context, o Options) (*Stack, error) {
	o.fill()
	s := &Stack{opts: o}
	s.SQS = sqs.New(sqs.Options{Region: o.Region, Account: o.Account, LongPoll: o.LongPoll})
	s.EventBridge = eventbridge.New(eventbridge.Options{
		Region: o.Region, Account: o.Account, Logger: o.Logger, OnEvent: o.OnEvent,
	}, courier{queues: s.SQS, carry: o.Carry})
	s.DynamoDB = dynamodb.New(dynamodb.Options{Region: o.Region, Account: o.Account})
	s.SecretsManager = secretsmanager.New(secretsmanager.Options{Region: o.Region, Account: o.Account})
	s.Logs = logs.New(logs.Options{Region: o.Region, Account: o.Account})
	s.Scheduler = scheduler.New(scheduler.Options{
		Region: o.Region, Account: o.Account, Logger: o.Logger, Precision: o.SchedulerPrecision,
	}, courier{queues: s.SQS, carry: o.Carry, schedule: true})
	s.STS = sts.New(sts.Options{Account: o.Account})
	if err := s.startInstances(o); err != nil {
		return nil, err
	}
	s.services = map[string]http.Handler{
		"dynamodb": s.DynamoDB, "ec2": s.EC2, "events": s.EventBridge, "logs": s.Logs,
		"scheduler": s.Scheduler, "secretsmanager": s.SecretsManager,
		"sqs": s.SQS, "ssm": s.SSM, "sts": s.STS,
	}
	s.transport = &transport{handler: http.HandlerFunc(s.serve)}
	context.AfterFunc(ctx, s.Close)
	return s, nil
}

func (s *Stack) startInstances(o Options) (err error) {
	o.EC2.Events = s.EventBridge
	if s.EC2, err = ec2.New(o.EC2); err != nil {
		return err
	}
	o.SSM.Instances = s.EC2
	s.SSM, err = ssm.New(o.SSM)
	return err
}

// Handler returns the one endpoint of all services, to serve over HTTP.
func (s *Stack) Handler() http.Handler { return http.HandlerFunc(s.serve) }

// HTTPClient returns a client that reaches the services without a socket,
// whatever the URL. A call obeys its request's context.
func (s *Stack) HTTPClient() *http.Client {
	var rt http.RoundTripper = s.transport
	if s.opts.Intercept != nil {
		rt = s.opts.Intercept(rt)
	}
	return &http.Client{Transport: rt}
}

// Config returns the SDK's configuration for HTTPClient, with made-up
// credentials.
func (s *Stack) Config() awssdk.Config {
	return awssdk.Config{
		Region:       s.opts.Region,
		Credentials:  credentials.NewStaticCredentialsProvider("AKIAEMBEDDED", "embedded", ""),
		HTTPClient:   s.HTTPClient(),
		BaseEndpoint: awssdk.String("http://aws.invalid"), // resolves nowhere, should it ever get out
	}
}

// Close stops everything and waits for it, calls under way through HTTPClient
// included. It may be called more than once.
func (s *Stack) Close() {
	s.transport.stop()
	s.SQS.Close() // ends the long polls
	s.transport.wait()
	s.Scheduler.Close()
	s.EC2.Close()
	s.SSM.Close()
	s.EventBridge.Close()
	s.SQS.Close() // what a call began meanwhile
}
