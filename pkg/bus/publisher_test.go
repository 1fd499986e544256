package bus_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
)

// fakeBus takes events; answer decides about each entry by the event's id and
// how often it was sent by now, with an error code.
type fakeBus struct {
	answer func(id string, n int) string
	fail   func(call int) error

	mu     sync.Mutex
	sizes  []int
	sent   map[string]int
	taken  []string
	detail map[string]string
}

func newBus() *fakeBus {
	return &fakeBus{sent: map[string]int{}, detail: map[string]string{}}
}

func (f *fakeBus) PutEvents(ctx context.Context, in *eventbridge.PutEventsInput, _ ...func(*eventbridge.Options)) (*eventbridge.PutEventsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sizes = append(f.sizes, len(in.Entries))
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if f.fail != nil {
		if err := f.fail(len(f.sizes)); err != nil {
			return nil, err
		}
	}
	var out eventbridge.PutEventsOutput
	for _, e := range in.Entries {
		r := f.one(e)
		if r.ErrorCode != nil {
			out.FailedEntryCount++
		}
		out.Entries = append(out.Entries, r)
	}
	return &out, nil
}

func (f *fakeBus) one(e types.PutEventsRequestEntry) types.PutEventsResultEntry {
	var d event.Envelope
	_ = json.Unmarshal([]byte(*e.Detail), &d)
	f.sent[d.ID]++
	if f.answer != nil {
		if code := f.answer(d.ID, f.sent[d.ID]); code != "" {
			return types.PutEventsResultEntry{ErrorCode: aws.String(code), ErrorMessage: aws.String("canary")}
		}
	}
	f.taken = append(f.taken, d.ID)
	f.detail[d.ID] = *e.Detail
	return types.PutEventsResultEntry{EventId: aws.String("x")}
}

func publisher(t *testing.T, f *fakeBus) *bus.Publisher {
	t.Helper()
	p, err := bus.NewPublisher(f, "powerpole", event.Intake, registry(t))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func manyPings(t *testing.T, n int) (out []event.Event, ids []string) {
	t.Helper()
	for i := range n {
		out = append(out, newPing(t, i))
		ids = append(ids, out[i].Detail.ID)
	}
	return out, ids
}

func TestPublishSendsBatchesOfTenInOrderAsTheyWereStored(t *testing.T) {
	t.Parallel()
	f := newBus()
	events, ids := manyPings(t, 23)
	if err := publisher(t, f).Publish(t.Context(), events...); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(f.sizes, []int{10, 10, 3}) || !slices.Equal(f.taken, ids) {
		t.Errorf("batches of %v, taken %v", f.sizes, f.taken)
	}
	stored, err := json.Marshal(events[7].Detail)
	if err != nil || f.detail[ids[7]] != string(stored) {
		t.Errorf("detail is %s, stored is %s", f.detail[ids[7]], stored)
	}
}

func TestPublishSendsAgainOnlyWhatFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newBus()
		events, ids := manyPings(t, 3)
		f.answer = func(id string, n int) string {
			if id == ids[1] && n <= 2 {
				return "InternalFailure"
			}
			return ""
		}
		if err := publisher(t, f).Publish(t.Context(), events...); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(f.sizes, []int{3, 1, 1}) || len(f.taken) != 3 {
			t.Errorf("batches of %v, taken %v", f.sizes, f.taken)
		}
	})
}

func TestPublishNamesWhatDidNotGoAndNeverItsData(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newBus()
		events, ids := manyPings(t, 12)
		f.answer = func(id string, _ int) string {
			if id == ids[1] || id == ids[11] {
				return "ThrottlingException"
			}
			return ""
		}
		err := publisher(t, f).Publish(t.Context(), events...)
		var failed *bus.PublishError
		if !errors.As(err, &failed) || len(failed.Events) != 2 || failed.Total != 12 {
			t.Fatalf("error is %v", err)
		}
		want := fmt.Sprintf("publishing 2 of 12 events: Ping %s (ThrottlingException), Ping %s (ThrottlingException)", ids[1], ids[11])
		if err.Error() != want {
			t.Errorf("error is %q, want %q", err, want)
		}
		if len(f.taken) != 10 {
			t.Errorf("%d taken", len(f.taken))
		}
	})
}

func TestPublishTriesAFailedCallAgainAndGivesUpWithItsCode(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newBus()
		f.fail = func(call int) error {
			if call == 1 {
				return errDown
			}
			return nil
		}
		events, _ := manyPings(t, 2)
		if err := publisher(t, f).Publish(t.Context(), events...); err != nil {
			t.Fatal(err)
		}
		f.fail = func(int) error { return errDown }
		err := publisher(t, f).Publish(t.Context(), events...)
		if !errors.Is(err, errDown) || !contains(err.Error(), "(ServiceUnavailable)") || contains(err.Error(), "canary") {
			t.Errorf("error is %v", err)
		}
		if len(f.sizes) != 2+4 {
			t.Errorf("%d calls", len(f.sizes))
		}
	})
}

func TestPublishObeysItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newBus()
		f.fail = func(int) error { return errDown }
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		events, _ := manyPings(t, 1)
		begin := time.Now()
		err := publisher(t, f).Publish(ctx, events...)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 10*time.Millisecond {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
	})
}

func TestPublishRefusesBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	foreign := newPing(t, 0)
	foreign.Source = event.Approval
	unknown := newPing(t, 0)
	unknown.Detail.Version = 9
	large := newPing(t, 0)
	large.Detail.Data = json.RawMessage(`"` + strings.Repeat("x", event.MaxSize) + `"`)
	cases := map[string]struct {
		event event.Event
		want  error
	}{
		"another service's source":     {foreign, bus.ErrMayNotPublish},
		"a kind that nobody knows":     {unknown, bus.ErrMayNotPublish},
		"a message of the scheduler's": {newEvent(t, due{}, 0), bus.ErrMayNotPublish},
		"more than 64 KiB":             {large, event.ErrTooLarge},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newBus()
			if err := publisher(t, f).Publish(t.Context(), newPing(t, 1), c.event); !errors.Is(err, c.want) {
				t.Errorf("error is %v, want %v", err, c.want)
			}
			if len(f.sizes) != 0 {
				t.Error("something was sent")
			}
		})
	}
}

func TestPublishingNothingCallsNobody(t *testing.T) {
	t.Parallel()
	f := newBus()
	if err := publisher(t, f).Publish(t.Context()); err != nil || len(f.sizes) != 0 {
		t.Errorf("%v after %d calls", err, len(f.sizes))
	}
}

func TestAPublisherNeedsAllOfItsParts(t *testing.T) {
	t.Parallel()
	if _, err := bus.NewPublisher(newBus(), "", event.Intake, registry(t)); err == nil {
		t.Error("no bus is no error")
	}
}
