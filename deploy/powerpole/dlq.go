package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/spf13/cobra"

	"github.com/powerpole/powerpole/deploy/powerpole/dlq"
)

// dlqFlags are common to all of `powerpole dlq`.
type dlqFlags struct {
	dlq.Choice
	json bool
}

func dlqCommand() *cobra.Command {
	var o dlqFlags
	c := &cobra.Command{
		Use:   "dlq",
		Short: "Read dead letters, send them on, or drop them",
		Long: `Works on the dead-letter queue of every service, in the account, region and
endpoint that the AWS environment says. See docs/runbooks/dead-letters.md.

Looking counts as a receive for SQS and hides a letter meanwhile. Both are
harmless: a dead-letter queue has no redrive policy of its own, and what was
looked at is given back at the end (after a minute if this process is killed).`,
	}
	f := c.PersistentFlags()
	f.StringVar(&o.Queue, "queue", "", "only this service or queue")
	f.IntVar(&o.Limit, "limit", 1000, "take at most so many letters of one queue")
	f.BoolVar(&o.json, "json", false, "print JSON")
	c.AddCommand(dlqList(&o), dlqShow(&o), dlqRedrive(&o), dlqDrop(&o))
	return c
}

func desk(c *cobra.Command) (*dlq.Desk, error) {
	cfg, err := config.LoadDefaultConfig(c.Context())
	if err != nil {
		return nil, fmt.Errorf("loading the AWS configuration: %w", err)
	}
	requests, err := dlq.NewApprovalLog(dynamodb.NewFromConfig(cfg))
	return dlq.New(sqs.NewFromConfig(cfg), requests), err
}

func dlqList(o *dlqFlags) *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "List dead letters: reason, age, event, request, what a redrive would do", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := desk(c)
			if err != nil {
				return err
			}
			letters, more, err := d.List(c.Context(), o.Choice)
			if more {
				fmt.Fprintf(c.ErrOrStderr(), "powerpole: some queue has more than %d letters; see --limit\n", o.Limit)
			}
			if o.json {
				return errors.Join(err, dlq.WriteJSON(c.OutOrStdout(), append([]dlq.Letter{}, letters...)))
			}
			return errors.Join(err, dlq.WriteTable(c.OutOrStdout(), letters))
		},
	}
	c.Flags().StringVar(&o.Request, "request", "", "only letters of this request")
	return c
}

func (o *dlqFlags) print(w io.Writer, l dlq.Letter) error {
	if o.json {
		return dlq.WriteJSON(w, l)
	}
	l.Write(w)
	return nil
}

func dlqShow(o *dlqFlags) *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Print a whole dead letter", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			d, err := desk(c)
			if err != nil {
				return err
			}
			l, err := d.Show(c.Context(), o.Choice, args[0])
			if err != nil {
				return err
			}
			return o.print(c.OutOrStdout(), l)
		},
	}
}

func dlqRedrive(o *dlqFlags) *cobra.Command {
	var force bool
	c := &cobra.Command{
		Use: "redrive ID …", Short: "Send dead letters to their service's queue once more", Args: cobra.MinimumNArgs(1),
		Long: `Sends each letter's body to the queue of its service, then deletes the letter. A
crash in between leaves both; services bear duplicates. It is refused where the
request has ended, as approval's log says, unless --force is given.`,
		RunE: func(c *cobra.Command, args []string) error {
			d, err := desk(c)
			if err != nil {
				return err
			}
			var errs []error
			for _, id := range args {
				l, err := d.Redrive(c.Context(), o.Choice, id, force)
				if errs = append(errs, err); err == nil {
					errs = append(errs, o.done(c.OutOrStdout(), "redriven", l))
				}
			}
			return errors.Join(errs...)
		},
	}
	c.Flags().BoolVar(&force, "force", false, "also where it is refused")
	return c
}

func (o *dlqFlags) done(w io.Writer, what string, l dlq.Letter) error {
	if o.json {
		return dlq.WriteJSON(w, l)
	}
	_, err := fmt.Fprintf(w, "%s %s\n", what, dlq.Printable(l.ID+" of "+l.Queue))
	return err
}

func dlqDrop(o *dlqFlags) *cobra.Command {
	var yes bool
	c := &cobra.Command{
		Use: "drop ID", Short: "Delete a dead letter for good; what is dropped is printed", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			d, err := desk(c)
			if err != nil {
				return err
			}
			l, err := d.Show(c.Context(), o.Choice, args[0])
			if err != nil {
				return err
			}
			if err := o.print(c.OutOrStdout(), l); err != nil {
				return err
			}
			if !yes && !confirmed(c.InOrStdin(), c.ErrOrStderr()) {
				return errors.New("dropping: not confirmed, nothing was dropped")
			}
			if _, err = d.Drop(c.Context(), o.Choice, args[0]); err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.ErrOrStderr(), "dropped", dlq.Printable(args[0]))
			return err
		},
	}
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

func confirmed(in io.Reader, out io.Writer) bool {
	fmt.Fprint(out, "Drop it for good? Type yes: ")
	line, _ := bufio.NewReader(in).ReadString('\n')
	return strings.TrimSpace(line) == "yes"
}
