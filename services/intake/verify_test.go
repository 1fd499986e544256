package intake_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/powerpole/powerpole/deploy/local/slack"
)

var paths = []string{"/slack/command", "/slack/interactivity", "/slack/options", "/slack/events"}

// homeOpened is a body that publishes something if it is let in.
const homeOpened = `{"type":"event_callback","team_id":"T0NIMBUS","event_id":"Ev1","event":{"type":"app_home_opened","user":"U0TARO","tab":"home"}}`

func TestWhatSlackDidNotSignIsRefused(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	changes := map[string]func(*http.Request){
		"no signature":        func(r *http.Request) { r.Header.Del("X-Slack-Signature") },
		"no timestamp":        func(r *http.Request) { r.Header.Del("X-Slack-Request-Timestamp") },
		"another signature":   func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v0="+strings.Repeat("0", 64)) },
		"another version":     func(r *http.Request) { r.Header.Set("X-Slack-Signature", "v1"+r.Header.Get("X-Slack-Signature")[2:]) },
		"another timestamp":   func(r *http.Request) { r.Header.Set("X-Slack-Request-Timestamp", stamp(time.Now().Add(-time.Minute))) },
		"another app's":       func(r *http.Request) { r.Header = slack.Sign("another", []byte(homeOpened)) },
		"a timestamp in text": func(r *http.Request) { r.Header.Set("X-Slack-Request-Timestamp", "now") },
	}
	for name, change := range changes {
		for _, path := range paths {
			if w := d.post(path, homeOpened, change); w.Code != http.StatusUnauthorized {
				t.Errorf("%s on %s: status %d, want 401", name, path, w.Code)
			}
		}
	}
	if n := len(d.bus.all()); n != 0 {
		t.Errorf("%d events were published", n)
	}
	if w := d.post("/slack/events", homeOpened, nil); w.Code != http.StatusOK || len(d.bus.all()) != 1 {
		t.Errorf("what is signed: status %d, %d events", w.Code, len(d.bus.all()))
	}
}

func TestASignatureOlderThanFiveMinutesIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t)
		signed := slack.Sign(d.secret, []byte(homeOpened))
		use := func(r *http.Request) { r.Header = signed }
		time.Sleep(5 * time.Minute)
		if w := d.post("/slack/events", homeOpened, use); w.Code != http.StatusOK {
			t.Errorf("after five minutes: status %d", w.Code)
		}
		time.Sleep(2 * time.Second)
		if w := d.post("/slack/events", homeOpened, use); w.Code != http.StatusUnauthorized {
			t.Errorf("after more: status %d, want 401", w.Code)
		}
	})
}

func TestWhatIsTooLargeIsRefusedUnread(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, path := range paths {
		if w := d.post(path, strings.Repeat("x", 256<<10+1), nil); w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: status %d, want 413", path, w.Code)
		}
	}
}

func TestWhatIsSignedAndMalformedIsRefusedAndPublishesNothing(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	payload := func(json string) string { return url.Values{"payload": {json}}.Encode() }
	for _, test := range []struct{ path, body string }{
		{"/slack/events", "{"},
		{"/slack/events", `{"type":"event_callback","event":{"type":"user_change"}}`},
		{"/slack/command", "a=%zz"},
		{"/slack/command", "user_id=U1"},
		{"/slack/interactivity", "payload=%7B"},
		{"/slack/interactivity", payload(`{"type":"block_actions","team":{"id":"T1"}}`)},
		{"/slack/interactivity", payload(`{"type":"view_submission","team":{"id":"T1"},"user":{"id":"U1"},"view":{"callback_id":"powerpole.request","private_metadata":"{\"r\":\"pp-x\"}"}}`)},
		{"/slack/interactivity", payload(`{"type":"view_submission","team":{"id":"T1"},"user":{"id":"U1"},"view":{"callback_id":"powerpole.reason","private_metadata":"nonsense"}}`)},
		{"/slack/interactivity", payload(`{"type":"block_actions","team":{"id":"T1"},"user":{"id":"U1"},"actions":[{"action_id":"powerpole.approve","block_id":"b","value":"{}"}]}`)},
	} {
		if w := d.post(test.path, test.body, nil); w.Code != http.StatusBadRequest {
			t.Errorf("%s %s: status %d, want 400", test.path, test.body, w.Code)
		}
	}
	if n := len(d.bus.all()); n != 0 {
		t.Errorf("%d events were published", n)
	}
}

func stamp(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

// FuzzAnyBitOfABodyOrSignatureThatIsTurnedIsRefused is threat 2.
func FuzzAnyBitOfABodyOrSignatureThatIsTurnedIsRefused(f *testing.F) {
	for bit := range uint(64) {
		f.Add(bit*17, bit%2 == 0)
	}
	f.Fuzz(func(t *testing.T, bit uint, inBody bool) {
		d := newDesk(t)
		body := []byte(homeOpened)
		headers := slack.Sign(d.secret, body)
		if inBody {
			body = flip(body, bit)
		} else {
			turned := flip([]byte(headers.Get("X-Slack-Signature")), bit)
			if strings.EqualFold(string(turned), headers.Get("X-Slack-Signature")) {
				return // hexadecimal digits have two cases
			}
			headers.Set("X-Slack-Signature", string(turned))
		}
		w := d.post("/slack/events", string(body), func(r *http.Request) { r.Header = headers })
		if w.Code != http.StatusUnauthorized || len(d.bus.all()) != 0 {
			t.Errorf("status %d and %d events, want 401 and none", w.Code, len(d.bus.all()))
		}
	})
}

func flip(b []byte, bit uint) []byte {
	out := append([]byte(nil), b...)
	bit %= uint(8 * len(out))
	out[bit/8] ^= 1 << (bit % 8)
	return out
}
