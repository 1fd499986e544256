package bustest_test

import (
	"context"
	"net/http"
	"os"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"go.uber.org/goleak"

	"github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/pkg/bus/bustest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestConformance runs against the embedded AWS, in virtual time. With
// POWERPOLE_CONFORMANCE=1 it runs against the endpoint that the SDK's own
// environment variables name (AWS_ENDPOINT_URL, AWS_REGION, credentials).
func TestConformance(t *testing.T) {
	t.Parallel()
	if os.Getenv("POWERPOLE_CONFORMANCE") == "1" {
		bustest.Run(t, bustest.Endpoint{Config: fromEnvironment})
		return
	}
	bustest.Run(t, bustest.Endpoint{Config: embedded, Virtual: true})
}

func embedded(t *testing.T) awssdk.Config {
	t.Helper()
	// Not the test's context: the rig is removed after that has ended.
	s, err := aws.New(context.Background(), aws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s.Config()
}

// fromEnvironment keeps the transport that the SDK has made, but so that its
// connections can be closed.
func fromEnvironment(t *testing.T) awssdk.Config {
	t.Helper()
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	transport := cfg.HTTPClient.(*awshttp.BuildableClient).GetTransport()
	t.Cleanup(transport.CloseIdleConnections)
	cfg.HTTPClient = &http.Client{Transport: transport}
	return cfg
}
