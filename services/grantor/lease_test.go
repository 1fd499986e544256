package grantor_test

import (
	"context"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// lease is one request in a test.
type lease struct {
	w       *world
	id      string
	email   string
	warrant warrant.Warrant
	ready   event.InstanceReady
}

// request makes a request of that person with its bastion running.
func (w *world) request(email string) *lease {
	w.t.Helper()
	now := time.Now().UTC()
	l := &lease{w: w, id: event.NewRequestID(), email: email}
	l.warrant = warrant.Warrant{
		RequestID: l.id, Purpose: warrant.PurposeGrant, Owner: warrant.Person{Team: "T1", User: "U1", Email: email},
		Cluster: "shop", Databases: []string{"shop"}, Role: "READ", Privileges: []string{"SELECT", "SHOW VIEW"},
		Duration: time.Hour, Approvers: []warrant.Person{{Team: "T1", User: "U2", Email: "hanako@example.com"}},
		PolicyHash: "p", StartBy: now.Add(10 * time.Minute), EndBy: now.Add(8 * time.Hour), IssuedAt: now,
	}
	id, address := w.launch(l.id)
	l.ready = event.InstanceReady{
		InstanceID: id, PrivateIP: address, Region: "us-east-1", SessionURL: "https://example.com/s",
	}
	return l
}

func (w *world) launch(request string) (id string, address netip.Addr) {
	w.t.Helper()
	return w.launchFor("test", request)
}

func (w *world) launchFor(installation, request string) (id string, address netip.Addr) {
	w.t.Helper()
	out, err := w.ec2.RunInstances(w.t.Context(), &ec2.RunInstancesInput{
		ImageId: awssdk.String("ami-0123456789abcdef0"), InstanceType: types.InstanceTypeT4gNano, SubnetId: awssdk.String("subnet-1"),
		MinCount: awssdk.Int32(1), MaxCount: awssdk.Int32(1),
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeInstance,
			Tags: []types.Tag{
				{Key: awssdk.String("powerpole:request"), Value: &request},
				{Key: awssdk.String("powerpole:installation"), Value: &installation},
			},
		}},
	})
	must(w.t, err)
	i := out.Instances[0]
	return *i.InstanceId, netip.MustParseAddr(*i.PrivateIpAddress)
}

func typed[T event.Data](l *lease, source event.Source, data T, discriminator string) event.Typed[T] {
	return event.Typed[T]{Source: source, Data: data, Header: event.Header{
		ID: event.ID(source, data.EventType(), l.id, discriminator), RequestID: l.id, Version: 1, OccurredAt: time.Now().UTC(),
	}}
}

func (l *lease) instanceReady(ctx context.Context) error {
	data := l.ready
	if data.Warrant == "" {
		token, err := l.w.signer.Warrant(l.warrant)
		must(l.w.t, err)
		data.Warrant = token
	}
	return l.w.OnInstanceReady(ctx, typed(l, event.Provisioner, data, ""))
}

func (l *lease) armed(ctx context.Context) error {
	return l.w.OnArmed(ctx, typed(l, event.Reaper, event.Armed{Stop: "start", At: l.warrant.StartBy, Generation: 1}, "1"))
}

func (l *lease) expired(ctx context.Context, again string) error {
	return l.w.OnExpired(ctx, typed(l, event.Reaper, event.Expired{Cause: event.ByTime, EndedAt: time.Now().UTC()}, again))
}

// grant brings the lease to Granted.
func (l *lease) grant() event.Granted {
	l.w.t.Helper()
	must(l.w.t, l.instanceReady(l.w.t.Context()))
	must(l.w.t, l.armed(l.w.t.Context()))
	return only[event.Granted](l)
}

// of returns what was said of that type about the lease. An event may go out
// more than once, but with the same id and content.
func of[T event.Data](l *lease) (out []T) {
	l.w.t.Helper()
	registry := allEvents(l.w.t)
	var seen []event.Event
	for _, e := range l.w.bus.all() {
		if e.Detail.RequestID != l.id {
			continue
		}
		if slices.ContainsFunc(seen, func(s event.Event) bool { return reflect.DeepEqual(s, e) }) {
			continue
		}
		seen = append(seen, e)
		data, err := registry.Decode(e)
		must(l.w.t, err)
		if d, ok := data.(T); ok {
			out = append(out, d)
		}
	}
	return out
}

func only[T event.Data](l *lease) T {
	l.w.t.Helper()
	all := of[T](l)
	if len(all) != 1 {
		var zero T
		l.w.t.Fatalf("%d %s were said, want 1; in all: %s", len(all), zero.EventType(), l.said())
	}
	return all[0]
}

func (l *lease) said() string {
	var out []string
	for _, e := range l.w.bus.all() {
		if e.Detail.RequestID == l.id {
			out = append(out, e.Type+string(e.Detail.Data))
		}
	}
	return strings.Join(out, "\n")
}

func allEvents(t testing.TB) *event.Registry {
	t.Helper()
	r, err := event.All()
	must(t, err)
	return r
}

// credential is the lease's secret; ok is false where there is none.
func (l *lease) credential() (c credential.Credential, ok bool) {
	l.w.t.Helper()
	value, err := secret.Load(l.w.t.Context(), "secretsmanager:"+credential.Name(l.id), l.w.secrets)
	if err != nil {
		return credential.Credential{}, false
	}
	c, err = credential.Decode(value)
	must(l.w.t, err)
	return c, true
}

// login tries the lease's secret from the address.
func (l *lease) login(from string) error {
	c, ok := l.credential()
	if !ok {
		return fmt.Errorf("there is no secret")
	}
	db := l.w.db.Login(l.w.t, c.User, c.Password.Reveal(), from, "shop")
	defer func() { _ = db.Close() }()
	return db.PingContext(l.w.t.Context())
}
