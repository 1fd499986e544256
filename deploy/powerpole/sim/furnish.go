package sim

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/powerpole/powerpole/pkg/bootstrap"
	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/warrant"
)

//go:embed catalog.yaml
var catalogText []byte

// The secrets that services are given by name.
const (
	botToken      = "sim/slack-bot-token"
	signingSecret = "sim/slack-signing-secret"
	slipKey       = "sim/slip-key"
	warrantKey    = "sim/warrant-key"
	adminSecret   = "powerpole-admin/shop"
)

// furnish makes what PowerPole finds in an account: queues and tables, keys,
// secrets, the launch template, the catalog.
func (w *world) furnish(ctx context.Context, dir string) error {
	if err := bootstrap.New(w.stack.Config(), bootstrap.Options{}).Run(ctx); err != nil {
		return err
	}
	if err := w.furnishSecrets(ctx); err != nil {
		return err
	}
	public, err := w.furnishKeys(ctx)
	if err != nil {
		return err
	}
	_, err = ec2.NewFromConfig(w.stack.Config()).CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("powerpole-bastion"),
		LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String("ami-0123456789abcdef0")},
	})
	if err != nil {
		return fmt.Errorf("creating the launch template: %w", err)
	}
	w.catalog, w.keys = filepath.Join(dir, "powerpole.yaml"), filepath.Join(dir, "keys.json")
	if err := os.WriteFile(w.catalog, catalogText, 0o600); err != nil {
		return fmt.Errorf("writing the catalog: %w", err)
	}
	if err := os.WriteFile(w.keys, public, 0o600); err != nil {
		return fmt.Errorf("writing the public keys: %w", err)
	}
	return errors.Join(w.checks.read(w.keys), w.furnishForeign(ctx), w.furnishMisreadings())
}

func (w *world) furnishKeys(ctx context.Context) ([]byte, error) {
	var public warrant.KeySet
	for _, k := range []struct {
		name string
		kind warrant.Kind
	}{{slipKey, warrant.KindSlip}, {warrantKey, warrant.KindWarrant}} {
		key, err := warrant.GenerateKey(k.kind, "sim-"+string(k.kind))
		if err != nil {
			return nil, err
		}
		private, err := key.Private()
		if err != nil {
			return nil, err
		}
		if err := w.put(ctx, k.name, private); err != nil {
			return nil, err
		}
		if public, err = public.Merge(key.Public()); err != nil {
			return nil, err
		}
	}
	return json.Marshal(public)
}

func (w *world) furnishSecrets(ctx context.Context) error {
	tokens := w.slack.Tokens()
	user, password := w.database.Admin()
	admin, err := credential.Credential{User: user, Password: secret.New(password)}.Encode()
	if err != nil {
		return err
	}
	for _, s := range []struct {
		name  string
		value secret.String
	}{{botToken, secret.New(tokens.Bot)}, {signingSecret, secret.New(tokens.SigningSecret)}, {adminSecret, admin}} {
		if err := w.put(ctx, s.name, s.value); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) put(ctx context.Context, name string, value secret.String) error {
	return secret.Store(ctx, secretsmanager.NewFromConfig(w.stack.Config()), name, value, nil)
}

// environment is what a service is told, with what it misreads.
func (w *world) environment(name, misreads string) map[string]string {
	out := map[string]string{
		"POWERPOLE_CATALOG": w.catalog, "POWERPOLE_KEYS": w.keys, "POWERPOLE_GRACE": "1ms",
	}
	switch name {
	case "intake":
		out["POWERPOLE_SLACK_SIGNING_SECRET"] = "secretsmanager:" + signingSecret
		out["POWERPOLE_SLIP_KEY"] = "secretsmanager:" + slipKey
	case "approval":
		out["POWERPOLE_WARRANT_KEY"] = "secretsmanager:" + warrantKey
	}
	if name == "intake" || name == "approval" || name == "notifier" {
		out["POWERPOLE_SLACK_API_URL"] = w.slack.APIURL()
		out["POWERPOLE_SLACK_BOT_TOKEN"] = "secretsmanager:" + botToken
	}
	switch {
	case strings.HasSuffix(misreads, aPolicy):
		out["POWERPOLE_POLICIES"] = w.misreading(misreads)
	case misreads != "":
		out["POWERPOLE_CATALOG"] = w.misreading(misreads)
	}
	return out
}
