package service

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/aws/smithy-go/logging"
)

// Not parallel: it replaces the process's logger and environment.
func TestAWarningOfTheSDKIsALineLikeAnyOther(t *testing.T) {
	var out bytes.Buffer
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	slog.SetDefault(slog.New(slog.NewJSONHandler(&out, nil)))
	t.Setenv("AWS_REGION", "us-east-1")
	cfg, err := awsConfig(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Logger.Logf(logging.Debug, "not asked for")
	cfg.Logger.Logf(logging.Warn, "failed to discard %d bytes\nof a body", 7)
	var line struct{ Level, Says string }
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%s: %v", out.String(), err)
	}
	if line.Level != "WARN" || line.Says != "failed to discard 7 bytes\nof a body" {
		t.Errorf("the line is %s", out.String())
	}
}
