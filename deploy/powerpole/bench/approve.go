package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/powerpole/powerpole/deploy/local/slack"
	"github.com/powerpole/powerpole/deploy/powerpole/demo"
	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// approver says Approved as approval would, with a warrant of its key, so that
// many leases can begin at a chosen moment.
type approver struct {
	slack   *slack.Server
	signer  *warrant.Signer
	bus     *bus.Publisher
	catalog *catalog.Catalog
}

func newApprover(ctx context.Context, d *demo.Demo) (*approver, error) {
	cfg, e := d.AWS.Config(), d.Endpoints()
	read, _, err := catalog.Load(e.Catalog)
	if err != nil {
		return nil, err
	}
	private, err := secret.Load(ctx, e.Environment["approval"]["POWERPOLE_WARRANT_KEY"], secretsmanager.NewFromConfig(cfg))
	if err != nil {
		return nil, err
	}
	key, err := warrant.ParseKey(private)
	if err != nil {
		return nil, err
	}
	signer, err := warrant.NewSigner(key, read.Installation())
	if err != nil {
		return nil, err
	}
	registry, err := event.All()
	if err != nil {
		return nil, err
	}
	publisher, err := bus.NewPublisher(eventbridge.NewFromConfig(cfg), topology.BusName, event.Approval, registry)
	return &approver{d.Slack, signer, publisher, read}, err
}

const (
	cluster = "shop-demo"
	role    = "READ"
)

// approve begins a lease for somebody new in the workspace and returns its
// request's id.
func (a *approver) approve(ctx context.Context, n int, length time.Duration) (string, error) {
	owner := event.Person{Team: "T0NIMBUS", User: fmt.Sprintf("U0BENCH%05d", n), Email: fmt.Sprintf("bench.%05d@nimbus.example", n), Locale: "en-US"}
	a.slack.SetUser(slack.User{ID: owner.User, Name: owner.User, RealName: owner.User, Email: owner.Email, Locale: owner.Locale, TZ: "UTC"})
	data, err := a.approved(event.NewRequestID(), owner, length)
	if err != nil {
		return "", err
	}
	e, err := event.New(event.About{Source: event.Approval, RequestID: data.id}, data.Approved)
	if err != nil {
		return "", err
	}
	return data.id, a.bus.Publish(ctx, e)
}

type approved struct {
	id string
	event.Approved
}

func (a *approver) approved(id string, owner event.Person, length time.Duration) (approved, error) {
	allowed, _ := a.catalog.Role(role)
	now := time.Now().UTC().Truncate(time.Millisecond)
	by := event.Person{Team: "T0NIMBUS", User: "U0HANAKO", Email: "hanako.sato@nimbus.example"}
	e := event.Approved{
		Ask: event.Ask{
			Requester: owner, Cluster: cluster, Databases: []string{"shop"}, Role: role,
			Duration: event.Duration(length), Reason: "measuring PowerPole",
		},
		Privileges: allowed.Privileges, Approvers: []event.Person{by}, PolicyHash: "bench",
		StartBy: now.Add(a.catalog.Limits().Provisioning),
	}
	e.EndBy = e.StartBy.Add(allowed.MaxDuration)
	var err error
	e.Warrant, err = a.signer.Warrant(warrant.Warrant{
		RequestID: id, Purpose: warrant.PurposeGrant, Owner: warrant.Person{Team: owner.Team, User: owner.User, Email: owner.Email},
		Cluster: e.Cluster, Databases: e.Databases, Role: e.Role, Privileges: e.Privileges, Duration: length,
		Approvers:  []warrant.Person{{Team: by.Team, User: by.User, Email: by.Email}},
		PolicyHash: e.PolicyHash, StartBy: e.StartBy, EndBy: e.EndBy, IssuedAt: now,
	})
	return approved{id, e}, err
}
