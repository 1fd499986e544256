package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

type echo struct{ Said string }

func service() *wire.JSON {
	s := wire.NewJSON("Echo", "1.1")
	wire.Handle(s, "Say", func(_ context.Context, in *echo) (*echo, error) {
		if in.Said == "" {
			return nil, &wire.Error{
				Code: "Mute", Message: "say something", Status: http.StatusTeapot, Query: "Old.Mute",
				Fields: map[string]any{"Hint": "hello"},
			}
		}
		return in, nil
	})
	wire.Handle(s, "Break", func(context.Context, *echo) (*echo, error) { return nil, errors.New("ours to mend") })
	return s
}

func call(t *testing.T, h http.Handler, op, body string) (*httptest.ResponseRecorder, map[string]any, wire.Outcome) {
	t.Helper()
	var o wire.Outcome
	r := httptest.NewRequestWithContext(wire.WithOutcome(t.Context(), &o), http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("X-Amz-Target", "Echo."+op)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var out map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
		t.Fatal(err)
	}
	return w, out, o
}

func TestAJSONCallReachesItsOperation(t *testing.T) {
	t.Parallel()
	w, out, o := call(t, service(), "Say", `{"Said":"hi","Unknown":1}`)
	if w.Code != 200 || out["Said"] != "hi" || w.Header().Get("Content-Type") != "application/x-amz-json-1.1" || o != (wire.Outcome{Operation: "Say"}) {
		t.Errorf("got %d %v %+v", w.Code, out, o)
	}
}

func TestAnErrorCarriesItsCodesAndFields(t *testing.T) {
	t.Parallel()
	w, out, o := call(t, service(), "Say", `{}`)
	if w.Code != http.StatusTeapot || out["__type"] != "Mute" || out["message"] != "say something" || out["Hint"] != "hello" ||
		w.Header().Get("X-Amzn-Errortype") != "Mute" || w.Header().Get("X-Amzn-Query-Error") != "Old.Mute;Sender" || o.Code != "Mute" {
		t.Errorf("got %d %v %v %+v", w.Code, w.Header(), out, o)
	}
}

func TestWhatIsNotAWSsErrorIsAnInternalFailure(t *testing.T) {
	t.Parallel()
	w, out, o := call(t, service(), "Break", `{}`)
	if w.Code != 500 || out["__type"] != "InternalFailure" || o.Code != "InternalFailure" {
		t.Errorf("got %d %v %+v", w.Code, out, o)
	}
}

func TestCallsThatAreNoneAreErrorsOfAWS(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ op, body, code string }{
		"an unknown operation": {"Shout", `{}`, "UnknownOperationException"},
		"broken JSON":          {"Say", `{"Said":`, "SerializationException"},
		"a wrong type":         {"Say", `{"Said":5}`, "SerializationException"},
		"an endless body":      {"Say", `{"Said":"` + strings.Repeat("x", 5<<20) + `"}`, "RequestEntityTooLarge"},
	} {
		if w, out, o := call(t, service(), c.op, c.body); w.Code < 400 || out["__type"] != c.code || o.Code != c.code {
			t.Errorf("%s: got %d %v %+v", name, w.Code, out, o)
		}
	}
}

func TestAStrictServiceRefusesWhatItWouldPassOver(t *testing.T) {
	t.Parallel()
	if _, out, _ := call(t, service().Strict(), "Say", `{"Said":"hi","Unknown":1}`); out["__type"] != "ValidationException" {
		t.Errorf("got %v", out)
	}
}

func TestAnEpochKeepsMilliseconds(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 6, 0, 0, 123e6, time.UTC)
	text, err := json.Marshal(wire.Epoch(at))
	if err != nil || string(text) != "1795500000.123" {
		t.Errorf("got %s, %v", text, err)
	}
	var back wire.Epoch
	if err := json.Unmarshal(text, &back); err != nil || !time.Time(back).Equal(at) {
		t.Errorf("got %v, %v", time.Time(back), err)
	}
	if text, _ := json.Marshal(wire.Epoch{}); string(text) != "null" {
		t.Errorf("no time is %s", text)
	}
	if err := json.Unmarshal([]byte("null"), &back); err != nil || !time.Time(back).Equal(at) {
		t.Errorf("null changed the time: %v, %v", time.Time(back), err)
	}
}

func rest() *wire.REST {
	s := wire.NewREST("Things")
	wire.HandleREST(s, "PutThing", "PUT /things/{Name}", func(_ context.Context, r *http.Request, in *echo) (*echo, error) {
		return &echo{r.PathValue("Name") + " " + in.Said}, nil
	})
	return s
}

func TestARESTCallReachesItsOperationByMethodAndPath(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ method, path, body, want string }{
		"known":       {"PUT", "/things/a%2Fb", `{"Said":"hi"}`, `{"Said":"a/b hi"}`},
		"method":      {"GET", "/things/a", ``, "UnknownOperationException"},
		"path":        {"PUT", "/other", ``, "UnknownOperationException"},
		"broken JSON": {"PUT", "/things/a", `{`, "SerializationException"},
	} {
		w := httptest.NewRecorder()
		rest().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader(c.body)))
		if !strings.Contains(w.Body.String(), c.want) || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}
