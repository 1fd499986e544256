package main

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/spf13/cobra"

	"github.com/powerpole/powerpole/deploy/powerpole/audit"
	"github.com/powerpole/powerpole/deploy/powerpole/dlq"
)

// auditCommand reads what approval has written down.
func auditCommand() *cobra.Command {
	var asJSON bool
	verify := &cobra.Command{
		Use: "verify REQUEST …", Short: "Print who did what about a request, and prove that nobody changed it since",
		Long: `Reads approval's log of each request, checks that every row bears the hash of the
one before and that the newest are there, and prints the rows. It exits with 1
where a log is broken or there is none.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := config.LoadDefaultConfig(c.Context())
			if err != nil {
				return fmt.Errorf("loading the AWS configuration: %w", err)
			}
			db := dynamodb.NewFromConfig(cfg)
			var errs []error
			rows := []audit.Row{}
			for _, id := range args {
				found, err := audit.Verify(c.Context(), db, id)
				rows, errs = append(rows, found...), append(errs, err)
			}
			if asJSON {
				return errors.Join(append(errs, dlq.WriteJSON(c.OutOrStdout(), rows))...)
			}
			audit.Write(c.OutOrStdout(), rows)
			return errors.Join(errs...)
		},
	}
	verify.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c := &cobra.Command{Use: "audit", Short: "Read approval's log"}
	c.AddCommand(verify)
	return c
}
