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
	var asJSON, all bool
	verify := &cobra.Command{
		Use: "verify (REQUEST … | --all)", Short: "Print who did what about a request, and prove that nobody changed it since",
		Long: `Reads approval's log of each request, checks that every row bears the hash of the
one before and that the newest are there, and prints the rows. With --all it
checks every request in approval's table, and prints the broken ones and a
summary. It exits with 1 where a log is broken or there is none.`,
		Args: func(c *cobra.Command, args []string) error {
			if all {
				return cobra.NoArgs(c, args)
			}
			return cobra.MinimumNArgs(1)(c, args)
		},
		RunE: func(c *cobra.Command, args []string) error {
			cfg, err := config.LoadDefaultConfig(c.Context())
			if err != nil {
				return fmt.Errorf("loading the AWS configuration: %w", err)
			}
			db := dynamodb.NewFromConfig(cfg)
			if all {
				return verifyAll(c, db, asJSON)
			}
			return verifySome(c, db, args, asJSON)
		},
	}
	verify.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	verify.Flags().BoolVar(&all, "all", false, "verify every request in approval's table")
	c := &cobra.Command{Use: "audit", Short: "Read approval's log"}
	c.AddCommand(verify)
	return c
}

func verifySome(c *cobra.Command, db *dynamodb.Client, requests []string, asJSON bool) error {
	var errs []error
	rows := []audit.Row{}
	for _, id := range requests {
		found, err := audit.Verify(c.Context(), db, id)
		rows, errs = append(rows, found...), append(errs, err)
	}
	if asJSON {
		return errors.Join(append(errs, dlq.WriteJSON(c.OutOrStdout(), rows))...)
	}
	audit.Write(c.OutOrStdout(), rows)
	return errors.Join(errs...)
}

func verifyAll(c *cobra.Command, db *dynamodb.Client, asJSON bool) error {
	summary, err := audit.VerifyAll(c.Context(), db)
	if err != nil {
		return err
	}
	if asJSON {
		return errors.Join(summary.Err(), dlq.WriteJSON(c.OutOrStdout(), summary))
	}
	summary.Write(c.OutOrStdout())
	return summary.Err()
}
