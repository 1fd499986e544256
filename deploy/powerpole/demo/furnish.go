package demo

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/pkg/warrant"
)

//go:embed catalog.yaml.tmpl
var catalogTemplate string

// The demo's secrets are in its own Secrets Manager; services are given these
// names.
const (
	botTokenSecret = "powerpole-demo/slack-bot-token"
	signingSecret  = "powerpole-demo/slack-signing-secret"
	slipKey        = "powerpole-demo/slip-key"
	warrantKey     = "powerpole-demo/warrant-key"
	adminSecret    = "powerpole-admin/shop-demo"
)

// furnish makes what bootstrap does not: keys, secrets, the launch template, the
// catalog, and from all that the endpoints.
func (d *Demo) furnish(ctx context.Context) error {
	keys, err := d.keys(ctx)
	if err != nil {
		return err
	}
	if err := d.secrets(ctx); err != nil {
		return err
	}
	if err := d.launchTemplate(ctx); err != nil {
		return err
	}
	catalog, ca, err := d.catalog()
	if err != nil {
		return err
	}
	d.endpoints = d.describe(catalog, keys, ca)
	return nil
}

// keys makes intake's and approval's keys and returns the path of the public
// halves.
func (d *Demo) keys(ctx context.Context) (string, error) {
	var public warrant.KeySet
	for name, kind := range map[string]warrant.Kind{slipKey: warrant.KindSlip, warrantKey: warrant.KindWarrant} {
		key, err := warrant.GenerateKey(kind, "demo-"+string(kind))
		if err != nil {
			return "", err
		}
		private, err := key.Private()
		if err != nil {
			return "", err
		}
		if err := d.put(ctx, name, private); err != nil {
			return "", err
		}
		if public, err = public.Merge(key.Public()); err != nil {
			return "", err
		}
	}
	b, err := json.Marshal(public)
	if err != nil {
		return "", fmt.Errorf("writing the public keys: %w", err)
	}
	return d.write("keys.json", b)
}

func (d *Demo) secrets(ctx context.Context) error {
	tokens := d.Slack.Tokens()
	admin, err := credential.Credential{User: d.database.user, Password: secret.New(d.database.password)}.Encode()
	if err != nil {
		return err
	}
	for name, value := range map[string]secret.String{
		botTokenSecret: secret.New(tokens.Bot), signingSecret: secret.New(tokens.SigningSecret), adminSecret: admin,
	} {
		if err := d.put(ctx, name, value); err != nil {
			return err
		}
	}
	return nil
}

func (d *Demo) put(ctx context.Context, name string, value secret.String) error {
	return secret.Store(ctx, secretsmanager.NewFromConfig(d.AWS.Config()), name, value, nil)
}

func (d *Demo) launchTemplate(ctx context.Context) error {
	_, err := ec2.NewFromConfig(d.AWS.Config()).CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("powerpole-bastion"),
		LaunchTemplateData: &types.RequestLaunchTemplateData{ImageId: aws.String("ami-0123456789abcdef0")},
	})
	if err != nil {
		return fmt.Errorf("creating the launch template: %w", err)
	}
	return nil
}

// catalog writes powerpole.yaml and, with TLS, the database's authority beside
// it.
func (d *Demo) catalog() (path, ca string, err error) {
	if d.database.ca != nil {
		if ca, err = d.write("ca.pem", d.database.ca); err != nil {
			return "", "", err
		}
	}
	path = filepath.Join(d.dir, "powerpole.yaml")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return "", "", fmt.Errorf("writing the catalog: %w", err)
	}
	defer f.Close()
	t, err := template.New("catalog").Parse(catalogTemplate)
	if err != nil {
		return "", "", err
	}
	return path, ca, t.Execute(f, map[string]string{
		"Region": region, "Address": d.database.address, "CA": ca, "ServerName": d.database.serverName, "Page": d.url("page"),
	})
}

func (d *Demo) write(name string, b []byte) (string, error) {
	path := filepath.Join(d.dir, name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		return "", fmt.Errorf("writing %s: %w", name, err)
	}
	return path, nil
}

const region = "us-east-1"

func (d *Demo) describe(catalog, keys, ca string) Endpoints {
	tokens := d.Slack.Tokens()
	e := Endpoints{
		Page: d.url("page"), AWS: d.url("aws"), Region: region, Intake: d.url("intake"), Catalog: catalog,
		Slack: Slack{
			URL: d.url("slack"), PeopleToken: tokens.People, SigningSecret: tokens.SigningSecret,
			BotToken: tokens.Bot, AppToken: tokens.App,
		},
		Database: Database{
			Address: d.database.address, Embedded: d.database.embedded != nil,
			User: d.database.user, Password: d.database.password, CA: ca, ServerName: d.database.serverName,
		},
		Environment: map[string]map[string]string{},
	}
	for _, s := range topology.Services() {
		e.Environment[s.Name] = d.environment(s.Name, catalog, keys)
	}
	return e
}

// AccessKey is the key that a service's calls bear, so that they can be told
// apart.
func AccessKey(service string) string { return "AKIA" + strings.ToUpper(service) }

// environment is what a service is told: endpoints, paths, and names of secrets.
func (d *Demo) environment(name, catalog, keys string) map[string]string {
	out := map[string]string{
		"AWS_ENDPOINT_URL": d.url("aws"), "AWS_REGION": region,
		"AWS_ACCESS_KEY_ID": AccessKey(name), "AWS_SECRET_ACCESS_KEY": "embedded",
		"POWERPOLE_CATALOG": catalog, "POWERPOLE_KEYS": keys,
		"POWERPOLE_SCHEDULER_PRECISION": max(d.opts.SchedulerPrecision, time.Second).String(),
	}
	if !d.opts.NoServices { // somebody sits before the page and waits
		out["POWERPOLE_REST"] = "0s"
	}
	switch name {
	case "intake":
		out["POWERPOLE_INTAKE_ADDR"] = d.listeners["intake"].Addr().String()
		out["POWERPOLE_SLACK_SIGNING_SECRET"] = "secretsmanager:" + signingSecret
		out["POWERPOLE_SLIP_KEY"] = "secretsmanager:" + slipKey
	case "approval":
		out["POWERPOLE_WARRANT_KEY"] = "secretsmanager:" + warrantKey
	}
	if name == "intake" || name == "approval" || name == "notifier" {
		out["POWERPOLE_SLACK_API_URL"] = d.Slack.APIURL()
		out["POWERPOLE_SLACK_BOT_TOKEN"] = "secretsmanager:" + botTokenSecret
	}
	return out
}
