package notifier_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
	"github.com/powerpole/powerpole/services/notifier"
)

// heard is a whole road as a list of deliveries.
func (b *bundle) heard(tb testing.TB) []func(context.Context) error {
	tb.Helper()
	granted := b.granted(tb)
	created, approved, ready := b.created(tb), b.approved(), b.ready()
	armed := of(b, event.Reaper, event.Armed{Stop: "end", At: granted.Data.ExpiresAt, Generation: 2})
	start := of(b, event.Reaper, event.Armed{Stop: "start", At: time.Now(), Generation: 1})
	expiring := of(b, event.Reaper, event.Expiring{ExpiresAt: granted.Data.ExpiresAt})
	expired, reaped := b.expired(event.ByTime), b.reaped()
	voted := of(b, event.Approval, event.Voted{By: hanako(), Action: event.Approve, Taken: true})
	return []func(context.Context) error{
		func(ctx context.Context) error { return b.OnRequestCreated(ctx, created) },
		func(ctx context.Context) error { return b.OnVoted(ctx, voted) },
		func(ctx context.Context) error { return b.OnApproved(ctx, approved) },
		func(ctx context.Context) error { return b.OnArmed(ctx, start) },
		func(ctx context.Context) error { return b.OnInstanceReady(ctx, ready) },
		func(ctx context.Context) error { return b.OnGranted(ctx, granted) },
		func(ctx context.Context) error { return b.OnArmed(ctx, armed) },
		func(ctx context.Context) error { return b.OnExpiring(ctx, expiring) },
		func(ctx context.Context) error { return b.OnExpired(ctx, expired) },
		func(ctx context.Context) error { return b.OnReaped(ctx, reaped) },
	}
}

func TestWhateverTheOrderTheEndIsShownAndNoPassword(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		b := setup(t)
		heard := b.heard(t)
		heard = append(heard, heard...) // each twice
		r := rand.New(rand.NewPCG(seed, seed))
		r.Shuffle(len(heard), func(i, j int) { heard[i], heard[j] = heard[j], heard[i] })
		for _, deliver := range heard {
			ok(t, deliver(t.Context()))
		}
		shown := b.shown(t)
		must(t, shown, "Your access has ended", "the password is gone")
		mustNot(t, shown, "Canary")
		if n := len(b.slack.Messages("U0HANAKO", "C0SHOPDB")); n != 1 {
			t.Fatalf("seed %d: the channel was told %d times", seed, n)
		}
	}
}

func TestAtOnceIsAsOneAfterTheOther(t *testing.T) {
	t.Parallel()
	for range 10 {
		b := setup(t)
		var all sync.WaitGroup
		for _, deliver := range b.heard(t) {
			all.Go(func() {
				if err := deliver(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		must(t, b.shown(t), "Your access has ended")
		mustNot(t, b.shown(t), "Canary")
	}
}

func TestAnEarlierStateNeverOverwritesALater(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	ok(t, b.OnRequestCreated(ctx, b.created(t)))
	ok(t, b.OnExpired(ctx, b.expired(event.ByFailure)))
	ok(t, b.OnApproved(ctx, b.approved()))
	ok(t, b.OnGranted(ctx, b.granted(t)))
	must(t, b.shown(t), "Your access is ending")
	mustNot(t, b.shown(t), "Canary", "powerpole.")
}

func TestAMovedEndTakesTheWarningBack(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	ok(t, b.OnRequestCreated(ctx, b.created(t)))
	ok(t, b.OnInstanceReady(ctx, b.ready()))
	granted := b.granted(t)
	ok(t, b.OnGranted(ctx, granted))
	ok(t, b.OnExpiring(ctx, of(b, event.Reaper, event.Expiring{ExpiresAt: granted.Data.ExpiresAt})))
	must(t, b.shown(t), "Your access ends soon", "powerpole.extend")
	later := granted.Data.ExpiresAt.Add(time.Hour)
	ok(t, b.OnArmed(ctx, of(b, event.Reaper, event.Armed{Stop: "end", At: later, Generation: 3})))
	must(t, b.shown(t), "You can connect")
	mustNot(t, b.shown(t), "powerpole.extend")
	ok(t, b.OnArmed(ctx, of(b, event.Reaper, event.Armed{Stop: "end", At: granted.Data.ExpiresAt, Generation: 2})))
	must(t, b.shown(t), "You can connect")
}

func TestTheStopOfAStartIsNoEnd(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	ok(t, b.OnRequestCreated(ctx, b.created(t)))
	far := time.Now().Add(5 * time.Hour)
	ok(t, b.OnArmed(ctx, of(b, event.Reaper, event.Armed{Stop: "start", At: far, Generation: 1})))
	granted := b.granted(t)
	ok(t, b.OnGranted(ctx, granted))
	must(t, b.shown(t), fmt.Sprintf("date^%d^", granted.Data.ExpiresAt.Unix()), "powerpole.extend")
	mustNot(t, b.shown(t), fmt.Sprintf("date^%d^", far.Unix()))
}

func TestEveryOtherEndIsShownWithItsReason(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		end  func(*bundle, context.Context) error
		want []string
	}{
		"denied": {func(b *bundle, ctx context.Context) error {
			return b.OnDenied(ctx, of(b, event.Approval, event.Denied{Ask: ask(), By: hanako(), Reason: "not <!here> today"}))
		}, []string{"was denied", "U0HANAKO", "&amp;lt;!here"}},
		"denied by a rule": {func(b *bundle, ctx context.Context) error {
			return b.OnDenied(ctx, of(b, event.Approval, event.Denied{Ask: ask(), Rule: "open-per-person", Reason: "too many"}))
		}, []string{"was denied", "open-per-person", "too many"}},
		"cancelled": {func(b *bundle, ctx context.Context) error {
			return b.OnCancelled(ctx, of(b, event.Approval, event.Cancelled{Ask: ask(), By: emma()}))
		}, []string{"was taken back"}},
		"lapsed": {func(b *bundle, ctx context.Context) error {
			return b.OnLapsed(ctx, of(b, event.Approval, event.Lapsed{Ask: ask()}))
		}, []string{"nobody decided in time"}},
		"no bastion": {func(b *bundle, ctx context.Context) error {
			return b.OnProvisionFailed(ctx, of(b, event.Provisioner, event.ProvisionFailed{Code: "capacity", Reason: "no room left"}))
		}, []string{"did not work out", "no room left", "taken down"}},
		"no account": {func(b *bundle, ctx context.Context) error {
			return b.OnGrantFailed(ctx, of(b, event.Grantor, event.GrantFailed{Code: "late", Reason: "the database is away"}))
		}, []string{"did not work out", "the database is away"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			ok(t, b.OnRequestCreated(t.Context(), b.created(t)))
			ok(t, tt.end(b, t.Context()))
			ok(t, tt.end(b, t.Context()))
			must(t, strings.ReplaceAll(b.shown(t), "\\u0026", "&amp;"), tt.want...)
			mustNot(t, b.shown(t), `"powerpole.`)
		})
	}
}

func TestARequestOfWhichOnlyTheEndIsHeardIsToldOfIt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ok(t, b.OnDenied(t.Context(), of(b, event.Approval, event.Denied{Ask: ask(), Rule: "policy", Reason: "no"})))
	must(t, b.shown(t), "was denied")
}

// What is late is heard after the line was written, or never.
func TestTheChannelReadsWhyAnAccessEndedFromTheReceiptAlone(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]func(*bundle, context.Context) error{
		"alone": func(*bundle, context.Context) error { return nil },
		"after a failure": func(b *bundle, ctx context.Context) error {
			return b.OnGrantFailed(ctx, of(b, event.Grantor, event.GrantFailed{Code: "late", Reason: "no stop in time"}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			ok(t, b.OnRequestCreated(t.Context(), b.created(t)))
			ok(t, before(b, t.Context()))
			receipt := b.reaped()
			receipt.Data.Cause, receipt.Data.Reason = event.ByFailure, "no stop in time"
			ok(t, b.OnReaped(t.Context(), receipt))
			lines := b.slack.Messages("U0HANAKO", "C0SHOPDB")
			if len(lines) != 1 || !strings.Contains(string(lines[0].Blocks), "no stop in time") {
				t.Errorf("the channel reads %+v", lines)
			}
		})
	}
}

func TestAnEndWithoutARequestTellsNobody(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ok(t, b.OnExpired(t.Context(), b.expired(event.ByTime)))
	ok(t, b.OnReaped(t.Context(), b.reaped()))
	if n := len(b.slack.Messages("U0HANAKO", "C0SHOPDB")); n != 0 {
		t.Errorf("the channel was told %d times", n)
	}
}

func TestARateLimitIsWaitedOutAndTheRecordIsShownThen(t *testing.T) {
	t.Parallel()
	b := setup(t)
	created := b.created(t)
	for _, method := range []string{"conversations.open", "chat.postMessage", "chat.update"} {
		b.slack.SetRateLimit(method, 1, 4*time.Second)
		if after, later := bus.IsLater(b.OnRequestCreated(t.Context(), created)); !later || after != 4*time.Second {
			t.Errorf("%s: asked again after %v (%v)", method, after, later)
		}
	}
	ok(t, b.OnRequestCreated(t.Context(), created))
	must(t, b.shown(t), "Waiting for approval")
}

func TestAPersonWhomSlackDoesNotReachRaisesAnAlarmAndHoldsNothingUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.slack.SetError("conversations.open", 1, "user_disabled")
	ok(t, b.OnRequestCreated(t.Context(), b.created(t)))
	ok(t, b.OnApproved(t.Context(), b.approved()))
	b.alarmed(t, "slack-refused", 1)
	if b.slack.DirectMessage("U0EMMA") != "" {
		t.Error("there is a direct message")
	}
}

func (b *bundle) alarmed(tb testing.TB, alarm string, times int) {
	tb.Helper()
	n := 0
	for _, a := range servicetest.Said[event.Alarmed](tb, b.bus) {
		if strings.Contains(a.Alarm+" "+a.Text, alarm) {
			n++
		}
	}
	if n != times {
		tb.Errorf("%s was raised %d times, want %d", alarm, n, times)
	}
}

func TestAMessageThatWasDeletedBeginsAgainFromThePlaceholder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ok(t, b.OnRequestCreated(t.Context(), b.created(t)))
	b.slack.SetError("chat.update", 1, "message_not_found")
	ok(t, b.OnApproved(t.Context(), b.approved()))
	all := b.direct("U0EMMA")
	if len(all) != 2 || !strings.Contains(string(all[1].Blocks), "is being built") {
		t.Errorf("%d messages: %+v", len(all), all)
	}
}

func TestAForgedRequestGetsNoMessage(t *testing.T) {
	t.Parallel()
	for name, forge := range map[string]func(*event.RequestCreated){
		"of another person":   func(r *event.RequestCreated) { r.Requester.User = "U0KEN" },
		"of another length":   func(r *event.RequestCreated) { r.Duration *= 2 },
		"of another database": func(r *event.RequestCreated) { r.Databases = []string{"billing"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			e := b.created(t)
			forge(&e.Data)
			if err := b.OnRequestCreated(t.Context(), e); !bus.IsTerminal(err) {
				t.Errorf("got %v, want it parked", err)
			}
			b.alarmed(t, "slip-not-genuine", 1)
			if b.slack.DirectMessage(e.Data.Requester.User) != "" {
				t.Error("somebody was told of it")
			}
		})
	}
}

func TestHalfAServiceIsRefusedByName(t *testing.T) {
	t.Parallel()
	b := setup(t)
	o := b.options
	o.Secrets, o.Bus = nil, nil
	if _, err := notifier.New(o); err == nil || !strings.Contains(err.Error(), "Secrets Manager") || !strings.Contains(err.Error(), "bus") {
		t.Errorf("got %v", err)
	}
}
