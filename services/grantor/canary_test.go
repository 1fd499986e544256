package grantor_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/secret"
)

// listening notes every password that is stored.
type listening struct {
	secretsAPI
	mu    sync.Mutex
	heard []string
}

func (l *listening) note(value *string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c, err := credential.Decode(secret.New(*value)); err == nil {
		l.heard = append(l.heard, c.Password.Reveal())
	}
}

func (l *listening) CreateSecret(ctx context.Context, in *secretsmanager.CreateSecretInput, o ...func(*secretsmanager.Options)) (*secretsmanager.CreateSecretOutput, error) {
	l.note(in.SecretString)
	return l.secretsAPI.CreateSecret(ctx, in, o...)
}

func (l *listening) PutSecretValue(ctx context.Context, in *secretsmanager.PutSecretValueInput, o ...func(*secretsmanager.Options)) (*secretsmanager.PutSecretValueOutput, error) {
	l.note(in.SecretString)
	return l.secretsAPI.PutSecretValue(ctx, in, o...)
}

func TestNoPasswordIsInAnyEventLogErrorOrRecord(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var written bytes.Buffer
		ears := &listening{secretsAPI: w.secrets}
		w.options.Secrets = ears
		w.options.Log = slog.New(slog.NewJSONHandler(&written, &slog.HandlerOptions{Level: slog.LevelDebug}))
		crashEverywhere(t, w, tellErrors(&written))
		for _, e := range w.bus.all() {
			fmt.Fprintf(&written, "%+v %s\n", e, e.Detail.Data)
		}
		secrets := append(ears.heard, w.db.Target.Password.Reveal())
		if len(secrets) < 20 {
			t.Fatalf("only %d passwords were stored: the test hears nothing", len(secrets))
		}
		for _, s := range secrets {
			if strings.Contains(written.String(), s) {
				t.Fatalf("a password is in what was written")
			}
		}
	})
}

// tellErrors brings a lease through a crash and writes down everything that it
// leaves: errors with all of their fields, the record, the options.
func tellErrors(to *bytes.Buffer) crash {
	return func(t *testing.T, w *world, wire *faulty, n int) {
		l := w.request("taro@example.com")
		tell := func(err error) {
			if err != nil {
				fmt.Fprintf(to, "%v %+v %#v\n", err, err, err)
			}
		}
		must(t, l.armed(t.Context()))
		wire.arm(n)
		tell(l.instanceReady(t.Context()))
		wire.arm(0)
		tell(l.instanceReady(t.Context()))
		wire.arm(n)
		tell(l.expired(t.Context(), ""))
		wire.arm(0)
		tell(l.expired(t.Context(), ""))
		st, _ := l.state(t)
		record, err := json.Marshal(st)
		must(t, err)
		fmt.Fprintf(to, "%s %+v\n", record, st)
	}
}

func TestARefusalThatRepeatsTheSecretIsNotPassedOn(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		ears := &listening{secretsAPI: refusing{w.secrets}}
		w.Service.Secrets = ears
		l := w.request("taro@example.com")
		must(t, l.armed(t.Context()))
		err := l.instanceReady(t.Context())
		if err == nil || len(ears.heard) == 0 || strings.Contains(err.Error(), ears.heard[0]) {
			t.Errorf("error %v after %d passwords: want one without them", err, len(ears.heard))
		}
	})
}

// refusing repeats in its refusal what it was sent, as AWS's validation does.
type refusing struct{ secretsAPI }

func (r refusing) CreateSecret(_ context.Context, in *secretsmanager.CreateSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.CreateSecretOutput, error) {
	return nil, fmt.Errorf("1 validation error: %s", *in.SecretString)
}
