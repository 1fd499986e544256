package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/policy"
)

// catalogCommand checks a catalog before it is rolled out.
func catalogCommand() *cobra.Command {
	c := &cobra.Command{Use: "policy", Short: "Look after the catalog and its policies"}
	c.AddCommand(&cobra.Command{
		Use:   "check powerpole.yaml [policy.cedar …]",
		Short: "Say everything that is wrong with a catalog and its policies",
		Long: `Reads a catalog, and the Cedar policies added to it, as the services would at
their start, and lists every problem with its file and line. It exits with 1
where there is any; warnings do not change that.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cat, warnings, err := catalog.Load(args[0])
			if err != nil {
				return err
			}
			for _, w := range warnings {
				fmt.Fprintln(c.OutOrStdout(), "warning:", w)
			}
			engine, err := policy.Load(cat, args[1:]...)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "%s: in order, policy hash %s\n", args[0], engine.Hash())
			return nil
		},
	})
	return c
}
