package event_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/powerpole/powerpole/pkg/event"
)

// later is Armed as a version that nobody knows yet.
type later struct{ event.Armed }

func (later) EventVersion() int { return 3 }

func TestAKindThatIsRegisteredTwiceIsRefused(t *testing.T) {
	t.Parallel()
	r := event.NewRegistry()
	from := []event.Source{event.Reaper}
	if err := event.Register[event.Armed](r, "a stop", from); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"the same":        event.Register[event.Armed](r, "another", from),
		"among others":    event.Register[event.Armed](r, "another", []event.Source{event.Grantor, event.Reaper}),
		"another version": nil,
	} {
		if (err == nil) != (what == "another version") {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := event.Register[later](r, "a stop", from); err != nil {
		t.Errorf("another version: %v", err)
	}
	if n := len(r.Entries()); n != 3 {
		t.Errorf("%d kinds, want 3", n)
	}
}

func TestUnknownNewerAndMalformedAreToldApart(t *testing.T) {
	t.Parallel()
	r := registry(t)
	armed := func(edit func(*event.Event)) event.Event {
		entry, err := r.Lookup(event.Kind{Source: event.Reaper, Type: "Armed", Version: 1})
		if err != nil {
			t.Fatal(err)
		}
		e := envelope(t, entry)
		edit(&e)
		return e
	}
	for what, c := range map[string]struct {
		edit func(*event.Event)
		want error
	}{
		"as it is":             {func(*event.Event) {}, nil},
		"unknown type":         {func(e *event.Event) { e.Type = "Armoured" }, event.ErrUnknownType},
		"not theirs to say":    {func(e *event.Event) { e.Source = event.Intake }, event.ErrUnknownType},
		"newer":                {func(e *event.Event) { e.Detail.Version = 2 }, event.ErrNewerVersion},
		"newer, other data":    {func(e *event.Event) { e.Detail.Version, e.Detail.Data = 9, nil }, event.ErrNewerVersion},
		"without version":      {func(e *event.Event) { e.Detail.Version = 0 }, event.ErrMalformed},
		"without id":           {func(e *event.Event) { e.Detail.ID = "" }, event.ErrMalformed},
		"without time":         {func(e *event.Event) { e.Detail.OccurredAt = time.Time{} }, event.ErrMalformed},
		"of no request":        {func(e *event.Event) { e.Detail.RequestID = "" }, event.ErrMalformed},
		"of a request's shape": {func(e *event.Event) { e.Detail.RequestID = "pp-'; DROP" }, event.ErrMalformed},
		"without data":         {func(e *event.Event) { e.Detail.Data = nil }, event.ErrMalformed},
		"with data null":       {func(e *event.Event) { e.Detail.Data = json.RawMessage("null") }, event.ErrMalformed},
		"with other data":      {func(e *event.Event) { e.Detail.Data = json.RawMessage(`{"at":7}`) }, event.ErrMalformed},
		"with invalid data":    {func(e *event.Event) { e.Detail.Data = json.RawMessage(`{"stop":"middle"}`) }, event.ErrMalformed},
	} {
		_, err := r.Decode(armed(c.edit))
		for _, known := range []error{event.ErrUnknownType, event.ErrNewerVersion, event.ErrMalformed} {
			if errors.Is(err, known) != (known == c.want) {
				t.Errorf("%s: %v, want %v", what, err, c.want)
			}
		}
	}
}

func TestOnlySomeTypesMayBeOfNoRequestAndNoneOfAFalseOne(t *testing.T) {
	t.Parallel()
	r := registry(t)
	free := map[string]bool{
		"HomeOpened": true, "PersonChanged": true, "Alarmed": true, "SweepDue": true,
		event.InstanceStateChanged{}.EventType(): true,
	}
	for _, entry := range r.Entries() {
		e := envelope(t, entry)
		e.Detail.RequestID = ""
		if _, err := r.Decode(e); (err == nil) != free[e.Type] {
			t.Errorf("%s of no request: %v", entry.Kind, err)
		}
		e.Detail.RequestID = "pp-1"
		if _, err := r.Decode(e); !errors.Is(err, event.ErrMalformed) {
			t.Errorf("%s of a false request: %v", entry.Kind, err)
		}
	}
}

func TestWhatIsNoEventIsMalformed(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"", "null", "[]", "{", "true", `{"source":"powerpole.intake","detail-type":"HomeOpened"}`,
		`{"detail-type":"HomeOpened","detail":{}}`, `{"source":"powerpole.intake","detail":{}}`,
		`{"source":"powerpole.intake","detail-type":"HomeOpened","detail":"{}"}`,
		`{"source":"powerpole.intake","detail-type":"HomeOpened","detail":{"occurred_at":"yesterday"}}`,
	} {
		if _, err := event.Parse([]byte(body)); !errors.Is(err, event.ErrMalformed) {
			t.Errorf("%s: %v, want ErrMalformed", body, err)
		}
	}
}

func TestAnEventOfAWSIsReadWithoutAnEnvelope(t *testing.T) {
	t.Parallel()
	got, err := event.Parse([]byte(`{"version":"0","id":"7bf73129-1428-4cd3-a780-95db273d1602",
		"detail-type":"EC2 Instance State-change Notification","source":"aws.ec2","account":"123456789012",
		"time":"2026-11-23T06:00:00Z","region":"us-east-1","resources":["arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"],
		"detail":{"instance-id":"i-abcd1111","state":"pending"},"replay-name":"again"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := event.Header{ID: "7bf73129-1428-4cd3-a780-95db273d1602", Version: 1, OccurredAt: time.Date(2026, 11, 23, 6, 0, 0, 0, time.UTC)}
	if diff := cmp.Diff(want, got.Detail.Header); diff != "" || got.ReplayName != "again" {
		t.Errorf("%s, replayed by %q", diff, got.ReplayName)
	}
	data, err := registry(t).Decode(got.Event)
	if err != nil || data != (event.InstanceStateChanged{InstanceID: "i-abcd1111", State: "pending"}) {
		t.Errorf("%+v, %v", data, err)
	}
}

func TestANewEventSaysWhereItComesFromAndWhen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(1234567 * time.Nanosecond)
		cause := event.Header{ID: "cause", Trace: event.Trace{Traceparent: "theirs"}}
		about := event.About{Source: event.Notifier, RequestID: someRequest, Discriminator: "x", Cause: cause}
		got, err := event.New(about, event.Alarmed{Alarm: "a", Text: "b"})
		want := event.Header{
			ID: event.ID(event.Notifier, "Alarmed", someRequest, "x"), RequestID: someRequest, Version: 1,
			OccurredAt: time.Now().UTC().Truncate(time.Millisecond), CausationID: "cause", Trace: cause.Trace,
		}
		if diff := cmp.Diff(want, got.Detail.Header); err != nil || diff != "" {
			t.Error(err, diff)
		}
		about.Trace = event.Trace{Traceparent: "ours"}
		if got, err = event.New(about, event.Alarmed{Alarm: "a", Text: "b"}); err != nil || got.Detail.Trace != about.Trace {
			t.Errorf("%+v, %v", got.Detail.Trace, err)
		}
	})
}

func TestWhatIsInvalidOrTooLargeIsNotMade(t *testing.T) {
	t.Parallel()
	about := event.About{Source: event.Notifier, RequestID: someRequest}
	if _, err := event.New(about, event.Alarmed{Alarm: "a"}); err == nil {
		t.Error("an alarm without text was made")
	}
	small, err := event.New(about, event.Alarmed{Alarm: "a", Text: "b"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(small.Detail)
	if err != nil {
		t.Fatal(err)
	}
	// The time's milliseconds may be written with up to four characters more.
	room := event.MaxSize - len(b)
	if _, err := event.New(about, event.Alarmed{Alarm: "a", Text: strings.Repeat("b", room-4)}); err != nil {
		t.Errorf("just small enough: %v", err)
	}
	if _, err := event.New(about, event.Alarmed{Alarm: "a", Text: strings.Repeat("b", room+6)}); !errors.Is(err, event.ErrTooLarge) {
		t.Errorf("too large: %v, want ErrTooLarge", err)
	}
}

func TestAnIDIsTheSameForTheSameFactOnlyAndForEver(t *testing.T) {
	t.Parallel()
	id := event.ID(event.Reaper, "Armed", someRequest, "end")
	if want := "04522227-e350-57de-a8e5-020e1040510d"; id != want {
		t.Errorf("got %s, ever so far %s", id, want)
	}
	if u, err := uuid.Parse(id); err != nil || u.Version() != 5 {
		t.Errorf("%s is no UUIDv5: %v", id, err)
	}
	seen := map[string]bool{id: true}
	for _, other := range []string{
		event.ID(event.Grantor, "Armed", someRequest, "end"), event.ID(event.Reaper, "Expired", someRequest, "end"),
		event.ID(event.Reaper, "Armed", someRequest+"x", "end"), event.ID(event.Reaper, "Armed", someRequest, ""),
		event.ID(event.Reaper, "Armed", someRequest+"end", ""),
	} {
		if seen[other] {
			t.Errorf("%s is of two facts", other)
		}
		seen[other] = true
	}
}

func TestARequestIDIsLowerCaseAndInItsOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		last := ""
		for range 50 {
			id := event.NewRequestID()
			if err := event.CheckRequestID(id); err != nil || id <= last {
				t.Errorf("%s after %s: %v", id, last, err)
			}
			last = id
			time.Sleep(time.Millisecond)
		}
	})
	for _, id := range []string{
		"", "pp-", strings.ToUpper(someRequest), someRequest + "0", someRequest[:28], " " + someRequest, someRequest + "\n",
		"pp-81jdxnvs00000000000000000a", "pp-01jdxnvs0000000000000000il",
	} {
		if event.CheckRequestID(id) == nil {
			t.Errorf("%q is a request's id", id)
		}
	}
}

func TestDurationsAndAddressesAreWrittenAsPeopleDo(t *testing.T) {
	t.Parallel()
	type form struct {
		D event.Duration
		A netip.Addr
	}
	want := form{event.Duration(90 * time.Minute), netip.MustParseAddr("10.0.0.9")}
	b, err := json.Marshal(want)
	if err != nil || string(b) != `{"D":"1h30m0s","A":"10.0.0.9"}` {
		t.Errorf("%s, %v", b, err)
	}
	var got form
	if err := json.Unmarshal(b, &got); err != nil || got != want || got.D.Std() != 90*time.Minute {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range []string{`{"D":5400}`, `{"D":"90"}`, `{"D":""}`, `{"D":null}`, `{"A":"10.0.0"}`, `{"A":167772169}`} {
		if json.Unmarshal([]byte(bad), &got) == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}

func TestAWordOfNoClosedSetIsMalformed(t *testing.T) {
	t.Parallel()
	r := registry(t)
	for _, c := range []struct {
		kind event.Kind
		old  string
	}{
		{event.Kind{Source: event.Intake, Type: "ActionSubmitted", Version: 1}, `"extend"`},
		{event.Kind{Source: event.Approval, Type: "Voted", Version: 1}, `"approve"`},
		{event.Kind{Source: event.Grantor, Type: "Revoked", Version: 1}, `"parked"`},
		{event.Kind{Source: event.Provisioner, Type: "InstanceTerminated", Version: 1}, `"gone"`},
		{event.Kind{Source: event.Grantor, Type: "Granted", Version: 1}, `"auth":"password"`},
		{event.Kind{Source: event.Reaper, Type: "Armed", Version: 1}, `"end"`},
		{event.Kind{Source: event.Reaper, Type: "Expired", Version: 1}, `"hard stop"`},
		{event.Kind{Source: event.Reaper, Type: "Reaped", Version: 1}, `"cause":"time"`},
	} {
		entry, err := r.Lookup(c.kind)
		if err != nil {
			t.Fatal(err)
		}
		e := envelope(t, entry)
		other := strings.Split(c.old, ":")
		other[len(other)-1] = `"else"`
		e.Detail.Data = bytes.Replace(e.Detail.Data, []byte(c.old), []byte(strings.Join(other, ":")), 1)
		if _, err := r.Decode(e); !errors.Is(err, event.ErrMalformed) {
			t.Errorf("%s without %s: %v", c.kind, c.old, err)
		}
	}
}
