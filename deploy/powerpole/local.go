package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/powerpole/powerpole/deploy/powerpole/demo"
)

func localCommand() *cobra.Command {
	o := demo.Options{Addresses: demo.DefaultAddresses(), Boot: 2 * time.Second, Agent: time.Second, Shutdown: time.Second}
	var endpoints string
	var verbose bool
	c := &cobra.Command{
		Use:   "local",
		Short: "Run everything on this machine: services, AWS, Slack, a database and a web page",
		Long: `Runs the six services unchanged in one process, on an embedded AWS, a Slack
workspace and a database that live in it too. Nothing leaves this machine, and
nothing stays on its disk.
` + useServer,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o.Log = slog.New(slog.NewJSONHandler(c.ErrOrStderr(), &slog.HandlerOptions{Level: level(verbose)}))
			return runLocal(c.Context(), o, endpoints, c.OutOrStdout())
		},
	}
	f := c.Flags()
	f.StringVar(&o.Addresses.Page, "page", o.Addresses.Page, "address of the web page")
	f.StringVar(&o.Addresses.AWS, "aws", o.Addresses.AWS, "address of the embedded AWS")
	f.StringVar(&o.Addresses.Slack, "slack", o.Addresses.Slack, "address of the embedded Slack")
	f.StringVar(&o.Addresses.Intake, "intake", o.Addresses.Intake, "address of intake, towards Slack")
	f.StringVar(&o.Addresses.Database, "database", o.Addresses.Database, "address of the embedded database")
	databaseFlags(f, &o.Database)
	f.BoolVar(&o.NoServices, "no-services", false, "do not run the services; start them as processes with the environment in --endpoints-file")
	f.DurationVar(&o.Boot, "boot", o.Boot, "how long an instance takes to boot")
	f.DurationVar(&o.Agent, "agent", o.Agent, "how long its agent takes to connect")
	f.DurationVar(&o.Shutdown, "shutdown", o.Shutdown, "how long an instance takes to end")
	f.DurationVar(&o.SweepEvery, "sweep-every", 0, "how often services look after what they made, in whole minutes (default: as in production, 5m)")
	f.StringVar(&endpoints, "endpoints-file", "", "write every address and token to this file as JSON; it is removed at the end")
	f.BoolVarP(&verbose, "verbose", "v", false, "show the services' log lines, not only errors")
	return c
}

// useServer is how help tells of a real server instead of the embedded one. Its
// password is not for an argument list, which everybody on the machine can read.
const useServer = `
To use a MySQL or MariaDB on this machine instead of the embedded database, set
` + demo.DSNVariable + ` to USER:PASSWORD@tcp(127.0.0.1:PORT)/`

// databaseFlags name a real server instead of the embedded one.
func databaseFlags(f *pflag.FlagSet, d *demo.Server) {
	d.DSN = os.Getenv(demo.DSNVariable)
	f.StringVar(&d.CA, "mysql-ca", "", "PEM file of the authority that signed the certificate of the server in "+demo.DSNVariable+"; without it TLS is off")
	f.StringVar(&d.ServerName, "mysql-server-name", "", "name in its certificate (default: the DSN's host)")
}

func level(verbose bool) slog.Level {
	if verbose {
		return slog.LevelInfo
	}
	return slog.LevelError
}

func runLocal(ctx context.Context, o demo.Options, endpoints string, out io.Writer) (err error) {
	d, err := demo.New(ctx, o)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return nil // Ctrl-C is how it ends, and it may come early
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	if endpoints != "" {
		if err := d.Endpoints().Write(endpoints); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.Remove(endpoints)) }()
	}
	err = d.Run(ctx, func() { welcome(out, d.Endpoints(), o.NoServices) })
	if ctx.Err() != nil {
		fmt.Fprintln(out, "Stopped; nothing is left running or on disk.")
	}
	return err
}

func welcome(out io.Writer, e demo.Endpoints, noServices bool) {
	fmt.Fprintf(out, "PowerPole is running. Open %s\n", e.Page)
	if noServices {
		fmt.Fprintln(out, "The services are yours to start; intake is expected at", e.Intake)
	}
	fmt.Fprintln(out, "Ctrl-C stops it.")
}
