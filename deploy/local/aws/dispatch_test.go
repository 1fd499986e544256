package aws

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
)

func TestAServiceThatPanicsAnswersWithAnErrorOfAWS(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	var seen Call
	s, err := New(t.Context(), Options{
		Logger:  slog.New(slog.NewTextHandler(&log, nil)),
		Observe: func(c Call) { seen = c },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	s.services["broken"] = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("oops") })
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://aws.invalid/", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKID/20261124/us-east-1/broken/aws4_request, Signature=x")
	resp, err := s.HTTPClient().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != 500 || !strings.Contains(string(body), "InternalFailure") || strings.Contains(string(body), "oops") {
		t.Errorf("got %d %s", resp.StatusCode, body)
	}
	if !strings.Contains(log.String(), "oops") || seen.Code != "InternalFailure" {
		t.Errorf("logged %q, observed %+v", log.String(), seen)
	}
}

func TestARequestIsForTheServiceOfItsSignatureOrElseItsTarget(t *testing.T) {
	t.Parallel()
	for want, set := range map[string]func(*http.Request){
		"ec2": func(r *http.Request) {
			r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=A/20261124/us-east-1/ec2/aws4_request, SignedHeaders=host")
		},
		"sts": func(r *http.Request) {
			r.URL.RawQuery = "X-Amz-Credential=A%2F20261124%2Fus-east-1%2Fsts%2Faws4_request"
		},
		"sqs":            func(r *http.Request) { r.Header.Set("X-Amz-Target", "AmazonSQS.SendMessage") },
		"dynamodb":       func(r *http.Request) { r.Header.Set("X-Amz-Target", "DynamoDB_20120810.GetItem") },
		"events":         func(r *http.Request) { r.Header.Set("X-Amz-Target", "AWSEvents.PutEvents") },
		"secretsmanager": func(r *http.Request) { r.Header.Set("X-Amz-Target", "secretsmanager.GetSecretValue") },
		"scheduler":      func(r *http.Request) { r.URL.Path = "/schedules/x" },
		"":               func(*http.Request) {},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://aws.invalid/", nil)
		if err != nil {
			t.Fatal(err)
		}
		set(r)
		if _, got := scopeOf(r); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
