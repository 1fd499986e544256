package telemetry_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/powerpole/powerpole/pkg/telemetry"
)

const canary = "canary in the clear"

// listQueues calls an AWS that answers so, and returns the one span of the call.
func listQueues(t *testing.T, ctx context.Context, status int, requestID, body string) (tracetest.SpanStub, error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		w.Header().Set("X-Amzn-Requestid", requestID)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	defer server.Close()
	spans := tracetest.NewInMemoryExporter()
	tel := &telemetry.Telemetry{Tracer: sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))}
	cfg := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL), HTTPClient: server.Client(),
		Retryer: func() aws.Retryer { return aws.NopRetryer{} },
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: canary}, nil
		}),
	}
	tel.AWS(&cfg)
	_, err := sqs.NewFromConfig(cfg).ListQueues(ctx, &sqs.ListQueuesInput{QueueNamePrefix: aws.String(canary)})
	got := spans.GetSpans()
	if len(got) != 1 {
		t.Fatalf("%d spans", len(got))
	}
	if whole, err := json.Marshal(got[0]); err != nil || strings.Contains(string(whole), canary) {
		t.Errorf("%v; the span tells what was sent or said: %s", err, whole)
	}
	return got[0], err
}

// attributes are a span's, as text.
func attributes(s tracetest.SpanStub) map[string]string {
	out := map[string]string{}
	for _, a := range s.Attributes {
		out[string(a.Key)] = a.Value.AsString()
	}
	return out
}

func TestAWSCallsAreTraced(t *testing.T) {
	t.Parallel()
	span, err := listQueues(t, t.Context(), http.StatusOK, "0f1e-2d3c", `{"QueueUrls":[]}`)
	if err != nil {
		t.Fatal(err)
	}
	got := attributes(span)
	for key, want := range map[string]string{
		"rpc.system": "aws-api", "rpc.service": "SQS", "rpc.method": "ListQueues", "cloud.region": "us-east-1", "aws.request_id": "0f1e-2d3c",
	} {
		if got[key] != want {
			t.Errorf("%s is %q, want %q", key, got[key], want)
		}
	}
	if span.Name != "SQS.ListQueues" || span.Status.Code == codes.Error || got["error.type"] != "" {
		t.Errorf("the span is %+v", span)
	}
}

func TestASpanHasAnAWSErrorsCodeAndNeverItsText(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ id, code, want string }{
		"a known code":       {"0f1e-2d3c", "com.amazonaws.sqs#QueueDoesNotExist", "QueueDoesNotExist"},
		"a code nobody knew": {"0f1e-2d3c", "NewError.Of-2027", "NewError.Of-2027"},
		"a text as the code": {canary, canary, "_OTHER"},
		"no end of a code":   {strings.Repeat("x", 1000), strings.Repeat("x", 1000), "_OTHER"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			span, err := listQueues(t, t.Context(), http.StatusBadRequest, test.id, fmt.Sprintf(`{"__type":%q,"message":%q}`, test.code, canary))
			if err == nil || !strings.Contains(err.Error(), canary) {
				t.Fatalf("the call gave %v", err)
			}
			if got := attributes(span)["error.type"]; got != test.want || span.Status.Code != codes.Error || len(span.Events) != 0 {
				t.Errorf("error.type is %q, want %q; the span is %+v", got, test.want, span)
			}
			if id := attributes(span)["aws.request_id"]; id != test.id && id != "_OTHER" {
				t.Errorf("the request id is %q", id)
			}
		})
	}
}

func TestACallThatWasGivenUpSaysSo(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	span, err := listQueues(t, ctx, http.StatusOK, "", "{}")
	if err == nil || attributes(span)["error.type"] != "canceled" {
		t.Errorf("%v; error.type is %q", err, attributes(span)["error.type"])
	}
}
