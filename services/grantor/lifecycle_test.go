package grantor_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	pkgbus "github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/services/grantor"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

const other = "127.0.0.99"

func TestAnAccountIsGrantedOnceBastionAndStopAreThereInEitherOrder(t *testing.T) {
	orders := map[string][]func(*lease, context.Context) error{
		"bastion first": {(*lease).instanceReady, (*lease).armed},
		"stop first":    {(*lease).armed, (*lease).instanceReady},
	}
	for name, order := range orders {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				l := w.request("taro.yamada@example.com")
				must(t, order[0](l, t.Context()))
				if said := l.said(); said != "" || w.db.Accounts(t, "taro.yamada") != 0 {
					t.Fatalf("with one of the two there is an account, or something was said: %s", said)
				}
				must(t, order[1](l, t.Context()))
				checkGranted(t, l, only[event.Granted](l))
			})
		})
	}
}

func checkGranted(t *testing.T, l *lease, g event.Granted) {
	t.Helper()
	if g.User != "taro.yamada" || g.Host != l.ready.PrivateIP || !g.TLS || g.Cluster != "shop" {
		t.Errorf("granted %+v", g)
	}
	if want := g.GrantedAt.Add(time.Hour); !g.ExpiresAt.Equal(want) {
		t.Errorf("expires at %v, want %v", g.ExpiresAt, want)
	}
	if err := l.login(l.ready.PrivateIP.String()); err != nil {
		t.Errorf("logging in from the bastion: %v", err)
	}
	if err := l.login(other); err == nil {
		t.Error("another address could log in")
	}
}

func TestTheEndIsAtMostTheWarrantsLatest(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		l := w.request("taro@example.com")
		l.warrant.EndBy = l.warrant.StartBy.Add(l.warrant.Duration)
		l.warrant.StartBy = time.Now().Add(-time.Minute) // within the tolerance
		l.warrant.EndBy = l.warrant.StartBy.Add(l.warrant.Duration)
		if g := l.grant(); !g.ExpiresAt.Equal(l.warrant.EndBy.Truncate(time.Nanosecond)) {
			t.Errorf("expires at %v, want %v", g.ExpiresAt, l.warrant.EndBy)
		}
	})
}

func TestExpiredEndsAccountConnectionAndSecret(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		l := w.request("taro@example.com")
		l.grant()
		c, _ := l.credential()
		conn, err := w.db.Login(t, c.User, c.Password.Reveal(), l.ready.PrivateIP.String(), "shop").Conn(t.Context())
		must(t, err)
		defer func() { _ = conn.Close() }()
		must(t, l.expired(t.Context(), ""))

		r := only[event.Revoked](l)
		if r.Outcome != event.Gone || r.User != "taro" || r.Killed != 1 || !r.SecretDeleted || len(r.Looks) != 1 || r.Looks[0].Sessions != 0 {
			t.Errorf("revoked %+v", r)
		}
		if _, err := conn.ExecContext(t.Context(), "SELECT 1"); err == nil {
			t.Error("the open connection goes on")
		}
		if _, ok := l.credential(); ok {
			t.Error("the secret is still there")
		}
		if n := w.db.Accounts(t, "taro"); n != 0 {
			t.Errorf("%d accounts are left", n)
		}
	})
}

func TestARequestNeverHeardOfIsAnsweredOnceAndBuildsNothingLater(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		l := w.request("taro@example.com")
		must(t, l.expired(t.Context(), ""))
		must(t, l.expired(t.Context(), ""))
		must(t, l.instanceReady(t.Context()))
		must(t, l.armed(t.Context()))
		if r := only[event.Revoked](l); r.Outcome != event.None || r.How == "" {
			t.Errorf("revoked %+v, want none and how that is known", r)
		}
		if len(of[event.Granted](l)) != 0 || w.db.Accounts(t, "taro") != 0 {
			t.Error("something was built after the end")
		}
	})
}

func TestEveryEventThreeTimesIsAsOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		l := w.request("taro@example.com")
		for range 3 {
			must(t, l.instanceReady(t.Context()))
			must(t, l.armed(t.Context()))
		}
		only[event.Granted](l)
		for range 3 {
			must(t, l.expired(t.Context(), ""))
			must(t, l.armed(t.Context()))
			must(t, l.instanceReady(t.Context()))
		}
		only[event.Revoked](l)
		if n := w.db.Accounts(t, "taro"); n != 0 {
			t.Errorf("%d accounts are left", n)
		}
	})
}

func TestAReaperThatAsksAgainIsAnsweredAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		l := w.request("taro@example.com")
		l.grant()
		must(t, l.expired(t.Context(), ""))
		must(t, l.expired(t.Context(), "sweep-1"))
		must(t, l.expired(t.Context(), "sweep-1"))
		all := of[event.Revoked](l)
		if len(all) != 2 || all[0].User != all[1].User || !all[0].SeenAt.Equal(all[1].SeenAt) {
			t.Errorf("answers %+v, want the same one twice", all)
		}
	})
}

func TestTwoLeasesOfOnePersonNeverShareAName(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		a, b := w.request("taro@example.com"), w.request("taro@example.com")
		first, second := a.grant(), b.grant()
		if first.User != "taro" || second.User == "taro" || !strings.HasPrefix(second.User, "taro-") {
			t.Fatalf("the names are %q and %q", first.User, second.User)
		}
		must(t, a.expired(t.Context(), ""))
		if err := b.login(b.ready.PrivateIP.String()); err != nil {
			t.Errorf("the other lease: %v", err)
		}
		c := w.request("taro@example.com")
		if g := c.grant(); g.User != "taro" {
			t.Errorf("a name that was given back is not given again: %q", g.User)
		}
	})
}

func TestANameThatTheServerKnowsIsNotTaken(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		accttest.Exec(t, w.db.Root(t), "CREATE USER 'taro'@'10.9.9.9' IDENTIFIED BY 'x'", "GRANT ALL ON billing.* TO 'taro'@'10.9.9.9'")
		l := w.request("taro@example.com")
		if g := l.grant(); g.User == "taro" {
			t.Error("the account has a name that the server knew")
		}
		must(t, l.expired(t.Context(), ""))
		if n := w.db.Accounts(t, "taro"); n != 1 {
			t.Errorf("%d accounts named taro, want the one that is not ours", n)
		}
	})
}

func TestAGrantThatTheServerRefusesLeavesNothing(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		accttest.Exec(t, w.db.Root(t), "CREATE USER ''@'%' IDENTIFIED BY 'x'")
		l := w.request("taro@example.com")
		must(t, l.armed(t.Context()))
		must(t, l.instanceReady(t.Context()))
		if f := only[event.GrantFailed](l); f.Code != "everybody" {
			t.Errorf("failed with %+v", f)
		}
		if _, ok := l.credential(); ok || w.db.Accounts(t, "taro") != 0 {
			t.Error("something was left")
		}
		holder, err := w.table.Find(t.Context(), store.Pointer{Kind: "account", Value: "shop/taro"})
		if must(t, err); holder != "" {
			t.Errorf("the name still belongs to %s", holder)
		}
	})
}

func TestTheNameIsHeldForAsLongAsTheAccountMayLive(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		l := w.request("taro@example.com")
		l.grant()
		pointer := store.Pointer{Kind: "account", Value: "shop/taro"}
		holder, err := w.table.Find(t.Context(), pointer)
		if must(t, err); holder != l.id {
			t.Errorf("it belongs to %q", holder)
		}
		must(t, l.expired(t.Context(), ""))
		holder, err = w.table.Find(t.Context(), pointer)
		if must(t, err); holder != "" {
			t.Errorf("after the end it belongs to %q", holder)
		}
	})
}

func TestARevokeWaitsForADatabaseThatIsDown(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		l := w.request("taro@example.com")
		l.grant()
		wire := &faulty{dial: w.db.Target.Dial, dead: true}
		w.Service.Dial = wire.Dial
		for range 7 {
			if err := l.expired(t.Context(), ""); err == nil {
				t.Fatal("it was done without the database")
			}
		}
		if len(of[event.Revoked](l)) != 0 {
			t.Error("it said Revoked")
		}
		if a := of[event.Alarmed](l); len(a) == 0 || a[0].Alarm != "revoke-stuck" {
			t.Errorf("alarms %+v", a)
		}
		wire.dead = false
		must(t, l.expired(t.Context(), ""))
		if r := only[event.Revoked](l); r.Outcome != event.Gone {
			t.Errorf("revoked %+v", r)
		}
	})
}

func TestAnEndThatMeetsALiveClaimWaitsForIt(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		l := w.request("taro@example.com")
		must(t, l.armed(t.Context()))
		block := make(chan struct{})
		w.Service.Secrets = holding{w.options.Secrets, block}
		done := make(chan error, 1)
		go func() { done <- l.instanceReady(t.Context()) }()
		synctest.Wait()
		if _, later := pkgbus.IsLater(l.expired(t.Context(), "")); !later {
			t.Error("the end did not wait")
		}
		close(block)
		must(t, <-done)
		must(t, l.expired(t.Context(), ""))
		only[event.Revoked](l)
		if w.db.Accounts(t, "taro") != 0 {
			t.Error("there is an account")
		}
	})
}

func TestNewNamesEverythingThatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := grantor.New(grantor.Options{})
	for _, what := range []string{"catalog", "verifier", "machine", "bus", "EC2", "Secrets Manager"} {
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("error %v does not name the %s", err, what)
		}
	}
}
