package intake

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/service"
	"github.com/powerpole/powerpole/pkg/slackui"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// Config is what intake reads from its environment. Its secrets are references.
type Config struct {
	// Address is the host:port to listen on, port 0 for any. Empty: no HTTP.
	Address string `env:"POWERPOLE_INTAKE_ADDR" envDefault:":8080"`
	// SigningSecret refers to Slack's signing secret of the app.
	SigningSecret string `env:"POWERPOLE_SLACK_SIGNING_SECRET,required"`
	slackui.Settings
	// AppToken refers to the app-level token (xapp-…); with it, Socket Mode.
	AppToken string `env:"POWERPOLE_SLACK_APP_TOKEN"`
	// SlipKey refers to the private key that signs slips.
	SlipKey string `env:"POWERPOLE_SLIP_KEY,required"`
}

// Spec tells package service how intake is made.
func Spec() service.Spec { return service.Spec{Name: "intake", Build: build} }

func build(ctx context.Context, env *service.Env) (service.Service, error) {
	var cfg Config
	if err := env.Parse(&cfg); err != nil {
		return nil, err
	}
	signing, err1 := env.Secret(ctx, cfg.SigningSecret)
	token, err2 := env.Secret(ctx, cfg.Token)
	slips, err3 := slipSigner(ctx, env, cfg.SlipKey)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	client, err := slackui.NewClient(cfg.APIURL, token, env.HTTP)
	if err != nil {
		return nil, err
	}
	o := Options{
		Catalog: env.Catalog, Bus: env.Bus, Slack: client, Signer: slips, SigningSecret: signing, Address: cfg.Address, Log: env.Log, Clock: env.Clock,
	}
	if cfg.AppToken != "" {
		app, err := env.Secret(ctx, cfg.AppToken)
		if err != nil {
			return nil, err
		}
		o.Socket = slack.New(token.Reveal(), slack.OptionAPIURL(strings.TrimSuffix(cfg.APIURL, "/")+"/"),
			slack.OptionHTTPClient(env.HTTP), slack.OptionAppLevelToken(app.Reveal()))
	}
	return New(o)
}

func slipSigner(ctx context.Context, env *service.Env, ref string) (*warrant.Signer, error) {
	raw, err := env.Secret(ctx, ref)
	if err != nil {
		return nil, err
	}
	key, err := warrant.ParseKey(raw)
	if err != nil {
		return nil, fmt.Errorf("reading the key for slips: %w", err)
	}
	return warrant.NewSigner(key, env.Catalog.Installation())
}
