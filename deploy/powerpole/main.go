// Command powerpole is the operator's: it runs PowerPole on one machine, sets up
// what it needs in an account, and goes its road as a test.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C ends it at once.
	context.AfterFunc(ctx, stop)
	err := root().ExecuteContext(ctx)
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "powerpole:", err)
		return 1
	}
	return 0
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
