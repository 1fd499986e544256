// Command powerpole is the operator's: it runs PowerPole on one machine, sets up
// what it needs in an account, and goes its road as a test.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// exitInterrupted is what a shell says of a command that Ctrl-C ended.
const exitInterrupted = 130

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C ends it at once.
	context.AfterFunc(ctx, stop)
	c := root()
	c.SetArgs(args)
	c.SetOut(stdout)
	c.SetErr(stderr)
	return exitCode(ctx, c.ExecuteContext(ctx), stderr)
}

// exitCode is 0 only for what came to its end: a check that was interrupted has
// not passed, whatever its error is.
func exitCode(ctx context.Context, err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	interrupted := ctx.Err() != nil
	if !interrupted || !errors.Is(err, context.Canceled) {
		fmt.Fprintln(stderr, "powerpole:", err)
	}
	if interrupted {
		fmt.Fprintln(stderr, "powerpole: interrupted")
		return exitInterrupted
	}
	return 1
}

func root() *cobra.Command {
	c := &cobra.Command{
		Use:           "powerpole",
		Short:         "Database access for one person, for as long as an approver allows",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
	}
	c.AddCommand(localCommand(), bootstrapCommand(), smokeCommand(), catalogCommand(), dlqCommand(), auditCommand(), doctorCommand())
	return c
}
