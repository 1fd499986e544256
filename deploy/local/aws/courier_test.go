package aws_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/pkg/bootstrap"
)

func TestACarrierDeliversAsOftenAsItLikes(t *testing.T) {
	t.Parallel()
	for _, times := range []int{0, 1, 3} {
		stack, err := aws.New(t.Context(), aws.Options{Carry: func(p aws.Parcel, deliver func() error) error {
			for range times {
				if err := deliver(); err != nil {
					return err
				}
			}
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		if err := bootstrap.New(stack.Config(), "arn:aws:iam::000000000000:role/powerpole-scheduler", nil).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		source, kind, detail, bus := "powerpole.intake", "PersonChanged", "{}", "powerpole"
		_, err = eventbridge.NewFromConfig(stack.Config()).PutEvents(t.Context(), &eventbridge.PutEventsInput{
			Entries: []types.PutEventsRequestEntry{{Source: &source, DetailType: &kind, Detail: &detail, EventBusName: &bus}},
		})
		if err != nil {
			t.Fatal(err)
		}
		delivered := 0
		for _, body := range stack.SQS.Peek("powerpole-approval", 10) {
			if strings.Contains(body, kind) { // a sweep may be there too
				delivered++
			}
		}
		if delivered != times {
			t.Errorf("carried %d times, delivered %d", times, delivered)
		}
		stack.Close()
	}
}
