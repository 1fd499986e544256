package grantor_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	pkgbus "github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/services/grantor"
)

const races = 400

func TestGrantRacingRevokeLeavesNoLiveAccountAfterRevoked(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		for i := range races {
			if broken := w.grantRacingRevoke(); broken != "" {
				t.Fatalf("race %d: %s", i, broken)
			}
		}
	})
}

func TestGrantRacingGrantLeavesASecretThatLogsIn(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		for i := range races {
			if broken := w.grantRacingGrant(); broken != "" {
				t.Fatalf("race %d: %s", i, broken)
			}
		}
	})
}

// TestWithoutClaimsTheRacesAreLost shows that the two tests above would notice:
// the same races on a store whose writes have no conditions.
func TestWithoutClaimsTheRacesAreLost(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		table, err := store.NewTable[grantor.State](lawless{w.dynamo}, "grantor")
		must(t, err)
		w.options.Machine, err = store.NewMachine(event.Grantor, table, w.bus)
		must(t, err)
		lost := 0
		for range races {
			if w.grantRacingRevoke() != "" || w.grantRacingGrant() != "" {
				lost++
			}
		}
		if lost < races/100 {
			t.Errorf("%d of %d races were lost without claims: the races are no test", lost, races)
		}
	})
}

// grantRacingRevoke delivers everything at once and says what was broken.
func (w *world) grantRacingRevoke() string {
	l := w.slowly().request("taro@example.com")
	l.atOnce(l.instanceReady, l.armed, l.instanceReady, l.end, l.end)
	st, err := w.table.Load(w.t.Context(), l.id)
	must(w.t, err)
	switch {
	case len(of[event.Revoked](l)) != 1:
		return fmt.Sprintf("%d times Revoked: %s", len(of[event.Revoked](l)), l.said())
	case st.State.Account != nil && w.db.Accounts(w.t, st.State.Account.User) != 0:
		return "an account after Revoked"
	}
	if _, ok := l.credential(); ok {
		return "a secret after Revoked"
	}
	return ""
}

// grantRacingGrant delivers what grants several times at once.
func (w *world) grantRacingGrant() string {
	l := w.slowly().request("taro@example.com")
	l.atOnce(l.armed, l.instanceReady, l.instanceReady, l.armed)
	broken := ""
	if n := len(of[event.Granted](l)); n != 1 {
		broken = fmt.Sprintf("%d times Granted", n)
	} else if err := l.login(l.ready.PrivateIP.String()); err != nil {
		broken = fmt.Sprintf("the secret does not log in: %v", err)
	}
	l.atOnce(l.end)
	return broken
}

func (l *lease) end(ctx context.Context) error { return l.expired(ctx, "") }

// atOnce delivers each message until it is acknowledged, as its queue does.
func (l *lease) atOnce(messages ...func(context.Context) error) {
	var all sync.WaitGroup
	for _, deliver := range messages {
		all.Go(func() {
			shortly()
			for range 20 {
				err := deliver(l.w.t.Context())
				if err == nil {
					return
				}
				wait, later := pkgbus.IsLater(err)
				if !later {
					wait = time.Second
				}
				time.Sleep(wait)
			}
			l.w.t.Errorf("a message was received 20 times")
		})
	}
	all.Wait()
}

// slowly is the same world on a wire whose writes take a random time, so that
// two handlers meet at any statement.
func (w *world) slowly() *world {
	w.t.Helper()
	o := w.options
	o.Dial = func(ctx context.Context, address string) (net.Conn, error) {
		c, err := w.db.Target.Dial(ctx, address)
		return slowConn{c}, err
	}
	service, err := grantor.New(o)
	must(w.t, err)
	w.t.Cleanup(service.Close)
	fork := *w
	fork.Service = service
	return &fork
}

type slowConn struct{ net.Conn }

func (c slowConn) Write(p []byte) (int, error) {
	shortly()
	return c.Conn.Write(p)
}

func shortly() { time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond) }

// lawless writes whatever the conditions say.
type lawless struct{ store.API }

func (l lawless) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues = nil, nil, nil
	return l.API.PutItem(ctx, in, o...)
}

func (l lawless) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, o ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	for i := range in.TransactItems {
		if p := in.TransactItems[i].Put; p != nil {
			p.ConditionExpression, p.ExpressionAttributeNames, p.ExpressionAttributeValues = nil, nil, nil
		}
		if d := in.TransactItems[i].Delete; d != nil {
			d.ConditionExpression, d.ExpressionAttributeNames, d.ExpressionAttributeValues = nil, nil, nil
		}
	}
	return l.API.TransactWriteItems(ctx, in, o...)
}
