package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/spf13/cobra"

	"github.com/powerpole/powerpole/pkg/bootstrap"
)

func bootstrapCommand() *cobra.Command {
	var o bootstrap.Options
	c := &cobra.Command{
		Use:   "bootstrap",
		Short: "Create bus, archive, rules, queues, tables and schedule group in an account",
		Long: `Creates what the topology names in the account, region and endpoint that the
AWS environment says (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, …). It can be
run again: what is there is brought up to date, and nothing else is touched.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := config.LoadDefaultConfig(c.Context())
			if err != nil {
				return fmt.Errorf("loading the AWS configuration: %w", err)
			}
			o.Report = func(kind, name string) { fmt.Fprintf(c.OutOrStdout(), "%-15s %s\n", kind, name) }
			return bootstrap.New(cfg, o).Run(c.Context())
		},
	}
	c.Flags().StringVar(&o.Role, "scheduler-role", os.Getenv("POWERPOLE_SCHEDULER_ROLE_ARN"),
		"ARN of the role that EventBridge Scheduler assumes; default $POWERPOLE_SCHEDULER_ROLE_ARN, then that of the embedded AWS")
	return c
}
