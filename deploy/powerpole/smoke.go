package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/powerpole/powerpole/deploy/powerpole/demo"
	"github.com/powerpole/powerpole/deploy/powerpole/smoke"
)

func smokeCommand() *cobra.Command {
	o := smoke.Options{Lease: 15 * time.Second, Timeout: 3 * time.Minute}
	var endpoints, processes string
	var database demo.Server
	c := &cobra.Command{
		Use:   "smoke",
		Short: "Go the whole road once, as people would, and print a timeline",
		Long: `Asks for access in the demo's Slack, approves, logs in from the bastion's
address, and proves at the end that nothing is left. It goes against the running
demo whose --endpoints-file is given, or else against one of its own.
` + useServer,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o.Out = c.OutOrStdout()
			if o.Columns && endpoints == "" && database.DSN == "" {
				return fmt.Errorf("the embedded database has no privileges on columns: name a real server in %s", demo.DSNVariable)
			}
			switch {
			case processes != "":
				return processSmoke(c.Context(), o, database, processes, c.ErrOrStderr())
			case endpoints == "":
				return ownSmoke(c.Context(), o, database, c.ErrOrStderr())
			}
			e, err := demo.ReadEndpoints(endpoints)
			if err != nil {
				return err
			}
			o.Endpoints = e
			return report(c.Context(), o)
		},
	}
	f := c.Flags()
	f.StringVar(&endpoints, "endpoints-file", "", "the running demo's; without it, one is started for this test")
	databaseFlags(f, &database)
	f.BoolVar(&o.Columns, "columns", false, "ask for two columns of a table; on a real server only")
	f.StringVar(&processes, "processes", "", "start powerpole local --no-services and the six services as processes, from the binaries in this `folder`")
	f.DurationVar(&o.Lease, "lease", o.Lease, "how long a lease to ask for")
	f.DurationVar(&o.Timeout, "timeout", o.Timeout, "how long the whole road may take")
	c.MarkFlagsMutuallyExclusive("processes", "endpoints-file")
	return c
}

func report(ctx context.Context, o smoke.Options) error {
	r, err := smoke.Run(ctx, o)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.Out, "smoke: passed: %s, credentials %d ms after the click, connection dead %d ms after the end\n",
		r.RequestID, r.ToCredentials.Milliseconds(), r.PastEnd.Milliseconds())
	return nil
}

// ownSmoke runs a demo with an instant EC2 for the length of the test.
func ownSmoke(ctx context.Context, o smoke.Options, database demo.Server, lines io.Writer) error {
	log := slog.New(slog.NewJSONHandler(lines, &slog.HandlerOptions{Level: slog.LevelError}))
	return demo.With(ctx, demo.Options{Database: database, Log: log}, func(ctx context.Context, d *demo.Demo) error {
		o.Endpoints = d.Endpoints()
		return report(ctx, o)
	})
}
