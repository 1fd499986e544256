package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/powerpole/powerpole/deploy/local/slack"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// told is a story of these facts.
func told(t *testing.T, id string, facts ...event.Data) story {
	t.Helper()
	s := story{id: id, ask: event.Ask{Reason: "of " + id}}
	for _, f := range facts {
		raw, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		s.events = append(s.events, event.Event{Type: f.EventType(), Detail: event.Envelope{Data: raw}})
	}
	return s
}

func leased(t *testing.T, cause event.Cause) story {
	t.Helper()
	end := start.Add(time.Minute)
	return told(t, "pp-1", event.Granted{ExpiresAt: end}, event.Expired{Cause: cause, EndedAt: end}, event.Reaped{Cause: cause})
}

func TestARequestHasExactlyOneEnd(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		facts []event.Data
		want  string
	}{
		"none":       {[]event.Data{event.Granted{}}, "0 ends"},
		"a receipt":  {[]event.Data{event.Expired{}, event.Reaped{}}, ""},
		"denied":     {[]event.Data{event.Denied{}}, ""},
		"cancelled":  {[]event.Data{event.Cancelled{}}, ""},
		"lapsed":     {[]event.Data{event.Lapsed{}}, ""},
		"two":        {[]event.Data{event.Cancelled{}, event.Reaped{}}, "2 ends"},
		"two of one": {[]event.Data{event.Reaped{}, event.Reaped{}}, "2 ends"},
	} {
		var v verdict
		v.judge([]story{told(t, "pp-1", c.facts...)}, map[string]bool{"of pp-1": true}, nil, time.Minute)
		holds(t, name, v, c.want)
	}
}

func TestAFormThatWasTakenIsARequest(t *testing.T) {
	t.Parallel()
	var v verdict
	v.judge([]story{leased(t, event.ByTime)}, map[string]bool{"of pp-1": true, "lost": true}, nil, time.Minute)
	holds(t, "a lost form", v, `"lost" was taken`)
}

func TestAClientHasItsAccountUntilTheEndAndNoLonger(t *testing.T) {
	t.Parallel()
	end := start.Add(time.Minute)
	in := probe{request: "pp-1", user: "taro", connected: start}
	at := func(died, refused time.Duration) probe {
		p := in
		p.died, p.refused = end.Add(died), end.Add(refused)
		return p
	}
	early := told(t, "pp-1", event.Granted{ExpiresAt: end.Add(time.Hour)}, event.Expired{Cause: event.ByRelease, EndedAt: end}, event.Reaped{})
	late := told(t, "pp-1", event.Granted{ExpiresAt: end}, event.Expired{Cause: event.ByTime, EndedAt: end.Add(time.Minute)}, event.Reaped{})
	for name, c := range map[string]struct {
		story story
		probe probe
		want  string
	}{
		"on time":                      {leased(t, event.ByTime), at(time.Second, 2*time.Second), ""},
		"still in":                     {leased(t, event.ByTime), in, "can still log in"},
		"too late":                     {leased(t, event.ByTime), at(time.Second, time.Hour), "usable for 1h0m0s"},
		"refused before":               {leased(t, event.ByTime), at(time.Second, -time.Second), "before its end"},
		"cut before":                   {leased(t, event.ByTime), at(-time.Second, time.Second), "before its end"},
		"without an end":               {told(t, "pp-1", event.Granted{}, event.Denied{}), at(0, 0), "has no end"},
		"a release":                    {early, at(time.Second, 2*time.Second), ""},
		"an end that was noticed late": {late, at(50*time.Second, 2*time.Hour), "usable for 2h0m0s"},
		"never in":                     {leased(t, event.ByTime), probe{request: "pp-1", refused: end.Add(time.Hour)}, ""},
	} {
		var v verdict
		v.judge([]story{c.story}, nil, []probe{c.probe}, 10*time.Minute)
		holds(t, name, v, c.want)
	}
}

func holds(t *testing.T, name string, v verdict, want string) {
	t.Helper()
	if want == "" && len(v.findings) > 0 || want != "" && (len(v.findings) != 1 || !strings.Contains(v.findings[0].what, want)) {
		t.Errorf("%s: %q, want %q", name, v.findings, want)
	}
}

func TestTheHistogramCountsEveryLeaseOnce(t *testing.T) {
	t.Parallel()
	var all []time.Duration
	for i := range 100 {
		all = append(all, time.Duration(i+1)*10*time.Millisecond)
	}
	var v verdict
	v.byTime, v.early = all, []time.Duration{24 * time.Hour}
	var out bytes.Buffer
	v.write(&out)
	for _, want := range []string{
		"≤ 50ms     5 ", "≤ 100ms     5 ", "≤ 200ms    10 ", "≤ 500ms    30 ", "≤ 1s    50 ", "p50 500ms, p99 990ms, max 1s of 100", "more     1 ",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

func TestPeopleAreToldHowARequestEnded(t *testing.T) {
	t.Parallel()
	const id = "pp-01m87axs8rezsehsey36n5vakm"
	value := slackui.ButtonValue{RequestID: id}.Encode()
	blocks, err := json.Marshal([]any{map[string]any{
		"type": "actions", "elements": []any{map[string]any{"action_id": slackui.ActionID(event.Release), "value": value}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	offering := slack.Message{Channel: "D1", Blocks: blocks}
	receipt := slack.Message{Blocks: []byte(`[{"text":{"text":":receipt: ` + id + `"}}]`)}
	other := slack.Message{Blocks: []byte(`[{"text":{"text":":receipt: pp-2"}}]`)}
	for name, c := range map[string]struct {
		direct []slack.Message
		want   int
	}{
		"told":             {[]slack.Message{other, receipt}, 0},
		"of another":       {[]slack.Message{other}, 1},
		"still a button":   {[]slack.Message{receipt, offering}, 1},
		"a button, untold": {[]slack.Message{offering}, 2},
		"nothing whatever": {nil, 1},
	} {
		if left := shown(told(t, id, event.Reaped{}), c.direct, nil); len(left) != c.want {
			t.Errorf("%s: %q", name, left)
		}
	}
	if left := shown(told(t, id, event.Denied{}), nil, nil); len(left) > 0 {
		t.Errorf("a denial has no receipt, and yet: %q", left)
	}
}
