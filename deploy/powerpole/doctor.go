package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/caarlos0/env/v11"
	"github.com/spf13/cobra"

	"github.com/powerpole/powerpole/deploy/powerpole/demo"
	"github.com/powerpole/powerpole/deploy/powerpole/doctor"
)

func doctorCommand() *cobra.Command {
	var o doctor.Options
	var endpoints string
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Look at an installation and say what is wrong and what to do",
		Long: `Looks at the catalog, the AWS account, Slack and every cluster, with the settings
that the services have (POWERPOLE_CATALOG, POWERPOLE_KEYS, POWERPOLE_POLICIES,
POWERPOLE_SLACK_BOT_TOKEN, POWERPOLE_RDS_CA_FILE, AWS_PROFILE, …) or the flags. It
only reads, and prints no secret. Run it where the grantor runs: databases are
reached from there, and as the grantor's administrator.

Each line is "ok", a "note", or a "problem" with what to do about it. It exits
with 1 where there is a problem.

For a cluster with "auth: iam" it prints the IAM policy that people need.`,
		Example: `  powerpole doctor --catalog powerpole.yaml --keys keys.json --slack-token secretsmanager:powerpole/slack-bot-token
  powerpole doctor --cluster shop
  powerpole doctor --endpoints-file endpoints.json   # of a running "powerpole local --endpoints-file endpoints.json"`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o.Report = doctor.NewReport(c.OutOrStdout(), c.ErrOrStderr())
			return runDoctor(c.Context(), o, endpoints)
		},
	}
	f := c.Flags()
	f.StringVar(&o.Catalog, "catalog", "", "powerpole.yaml; default $POWERPOLE_CATALOG")
	f.StringVar(&o.Keys, "keys", "", "public keys (JWKS); default $POWERPOLE_KEYS")
	f.StringSliceVar(&o.Policies, "policies", nil, "added Cedar policies; default $POWERPOLE_POLICIES")
	f.StringVar(&o.SlackURL, "slack-api-url", "", "Slack's Web API; default $POWERPOLE_SLACK_API_URL, then Slack's own")
	f.StringVar(&o.SlackToken, "slack-token", "", "reference of the bot token, file:/path or secretsmanager:NAME, never the token; default $POWERPOLE_SLACK_BOT_TOKEN")
	f.StringVar(&o.CAFile, "rds-ca-file", "", "Amazon's authorities for RDS (global-bundle.pem); default $POWERPOLE_RDS_CA_FILE")
	f.StringVar(&o.Cluster, "cluster", "", "look at this cluster only")
	f.StringVar(&endpoints, "endpoints-file", "", "`FILE` of a running \"powerpole local\", instead of the environment")
	return c
}

func runDoctor(ctx context.Context, o doctor.Options, endpoints string) error {
	environ := env.ToMap(os.Environ())
	o.HTTP = &http.Client{Timeout: 10 * time.Second}
	var err error
	if endpoints == "" {
		o.AWS, err = config.LoadDefaultConfig(ctx)
	} else {
		o.AWS, err = ofDemo(ctx, endpoints, environ)
	}
	if err != nil {
		return fmt.Errorf("loading the AWS configuration: %w", err)
	}
	read, err := doctor.Read(environ)
	if err != nil {
		return err
	}
	o.Catalog, o.Keys = cmp.Or(o.Catalog, read.Catalog), cmp.Or(o.Keys, read.Keys)
	o.SlackURL, o.SlackToken = cmp.Or(o.SlackURL, read.SlackURL), cmp.Or(o.SlackToken, read.SlackToken)
	o.CAFile = cmp.Or(o.CAFile, read.CAFile)
	if len(o.Policies) == 0 {
		o.Policies = read.Policies
	}
	return doctor.Run(ctx, o)
}

// ofDemo puts the settings of a demo's services into the environment, and
// returns how its AWS is reached.
func ofDemo(ctx context.Context, endpoints string, environ map[string]string) (aws.Config, error) {
	e, err := demo.ReadEndpoints(endpoints)
	if err != nil {
		return aws.Config{}, err
	}
	for _, service := range []string{"approval", "notifier", "grantor"} {
		maps.Copy(environ, e.Environment[service])
	}
	return config.LoadDefaultConfig(ctx, config.WithRegion(e.Region), config.WithBaseEndpoint(e.AWS),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(demo.AccessKey("doctor"), "embedded", "")))
}
