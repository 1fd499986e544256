package dlq_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/powerpole/powerpole/deploy/powerpole/dlq"
	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/services/approval"
)

// parked has the reaper park its message about a request.
func (w *world) parked(request, why string) dlq.Letter {
	w.t.Helper()
	w.send("powerpole-reaper", endDue(w.t, request))
	w.reap(func(event.Typed[event.EndDue]) error { return bus.Terminal(errors.New(why)) })
	return w.only("reaper", request)
}

func TestAParkedLetterSaysItsReasonAndRedrivenItIsHandled(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		l := w.parked("pp-01k0000000000000000000000a", "no such lease")
		if l.Shape != dlq.Parked || !strings.Contains(l.Reason, "terminal: ") || !strings.Contains(l.Reason, "no such lease") ||
			l.RequestID != "pp-01k0000000000000000000000a" || l.Kind != "powerpole.reaper EndDue v1" || l.To != "powerpole-reaper" || l.Refused != "" {
			t.Fatalf("the letter is %+v", l)
		}
		if _, err := w.Redrive(t.Context(), everything, l.ID, false); err != nil {
			t.Fatal(err)
		}
		var got []string
		w.reap(func(e event.Typed[event.EndDue]) error { got = append(got, e.RequestID); return nil })
		if len(got) != 1 || got[0] != "pp-01k0000000000000000000000a" {
			t.Errorf("the reaper was given %q", got)
		}
		if left := w.list(everything); len(left) > 0 {
			t.Errorf("left are %+v", left)
		}
	})
}

func TestALetterOfTheRedrivePolicyCountsItsReceives(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		reaper, _ := topology.Find("reaper")
		w.send(reaper.Queue(), endDue(t, "pp-01k0000000000000000000000b"))
		for range topology.RedriveAfter(reaper) + 1 {
			_, err := w.queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: w.url(reaper.Queue()), MaxNumberOfMessages: 10, VisibilityTimeout: 1})
			must(t, err)
			time.Sleep(2 * time.Second)
		}
		l := w.only("reaper", "pp-01k0000000000000000000000b")
		if l.Shape != dlq.Overflowed || l.Receives <= topology.RedriveAfter(reaper) || l.RequestID != "pp-01k0000000000000000000000b" || time.Since(l.SentAt) < 40*time.Second {
			t.Errorf("the letter is %+v", l)
		}
	})
}

func TestALetterOfEventBridgeNamesTheErrorAndGoesToTheQueueOfTheTopology(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.deleteQueue("powerpole-provisioner")
		_, err := eventbridge.NewFromConfig(w.stack.Config()).PutEvents(t.Context(), &eventbridge.PutEventsInput{
			Entries: []ebtypes.PutEventsRequestEntry{{
				EventBusName: awssdk.String("powerpole"), Source: awssdk.String("powerpole.approval"), DetailType: awssdk.String("Approved"),
				Detail: awssdk.String(`{"id":"e1","request_id":"pp-01k0000000000000000000000c","version":1,"data":{}}`),
			}},
		})
		must(t, err)
		l := w.only("provisioner", "pp-01k0000000000000000000000c")
		if l.Shape != dlq.Undelivered || !strings.Contains(l.Reason, "NO_RESOURCE") || l.RequestID != "pp-01k0000000000000000000000c" ||
			l.EventID != "e1" || l.Kind != "powerpole.approval Approved v1" || l.To != "powerpole-provisioner" {
			t.Fatalf("the letter is %+v", l)
		}
		if _, err := w.Redrive(t.Context(), everything, l.ID, false); err == nil {
			t.Error("it was redriven to a queue that is not there")
		}
		if again := w.only("provisioner", "pp-01k0000000000000000000000c"); again.ID != l.ID {
			t.Errorf("after the failed redrive there is %+v", again)
		}
		time.Sleep(2 * time.Minute) // SQS does not make a queue again for a minute
		w.bootstrap()
		if _, err := w.Redrive(t.Context(), everything, l.ID, false); err != nil {
			t.Fatal(err)
		}
		out, err := w.queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: w.url(l.To), MaxNumberOfMessages: 10})
		must(t, err)
		// Beside it is the sweep's message.
		if !slices.ContainsFunc(out.Messages, func(m types.Message) bool { return *m.Body == l.Body }) {
			t.Errorf("none of the %d messages of the provisioner's queue is it", len(out.Messages))
		}
	})
}

func TestALetterOfTheSchedulerIsOfNoRequestWhereItIsASweep(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		time.Sleep(topology.SweepEvery / 2) // the first sweep was at once
		w.deleteQueue("powerpole-grantor")
		time.Sleep(topology.SweepEvery)
		l := w.only("grantor", "")
		if l.Shape != dlq.Unscheduled || !strings.Contains(l.Reason, "NonExistentQueue") || l.RequestID != "" || l.Kind != "powerpole.grantor SweepDue v1" || l.Refused != "" {
			t.Errorf("the letter is %+v", l)
		}
	})
}

// The embedded scheduler sends no such letter: this one is written as AWS
// documents it, with the failed SendMessage as its body.
func TestTheSchedulersWrappingIsTakenOffAndACutBodyIsNotRedriven(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		inner := endDue(t, "pp-01k0000000000000000000000d")
		body, err := json.Marshal(map[string]string{"MessageBody": inner, "QueueUrl": "https://example.com/q"})
		must(t, err)
		attributes := map[string]types.MessageAttributeValue{}
		for name, value := range map[string]string{
			"ERROR_CODE": "AWS.SimpleQueueService.NonExistentQueue", "ERROR_MESSAGE": "no queue", "EXECUTION_ID": "ad06616e51cdf74a",
			"EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts", "IS_PAYLOAD_TRUNCATED": "true", "RETRY_ATTEMPTS": "185",
			"SCHEDULED_TIME": "2026-11-19T22:00:00Z", "SCHEDULE_ARN": "arn:aws:scheduler:us-east-1:0:schedule/powerpole/x",
			"TARGET_ARN": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage",
		} {
			attributes[name] = types.MessageAttributeValue{DataType: awssdk.String("String"), StringValue: &value}
		}
		_, err = w.queues.SendMessage(t.Context(), &sqs.SendMessageInput{
			QueueUrl: w.url("powerpole-reaper-dlq"), MessageBody: awssdk.String(string(body)), MessageAttributes: attributes,
		})
		must(t, err)
		l := w.only("reaper", "")
		if l.Shape != dlq.Unscheduled || l.Body != inner || l.RequestID != "pp-01k0000000000000000000000d" || !strings.HasPrefix(l.Reason, "MaximumRetryAttempts: ") {
			t.Errorf("the letter is %+v", l)
		}
		if _, err := w.Redrive(t.Context(), everything, l.ID, false); !errors.Is(err, dlq.ErrRefused) {
			t.Errorf("redriving gave %v", err)
		}
	})
}

func TestARedriveIsRefusedForARequestThatHasEndedUnlessForced(t *testing.T) {
	for _, end := range []approval.Kind{approval.Denied, approval.Cancelled, approval.Lapsed, approval.Ended} {
		t.Run(string(end), func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				w.logged("pp-01k0000000000000000000000e", approval.Requested, end, approval.Refused)
				l := w.parked("pp-01k0000000000000000000000e", "no")
				if _, err := w.Redrive(t.Context(), everything, l.ID, false); !errors.Is(err, dlq.ErrRefused) {
					t.Fatalf("redriving gave %v", err)
				}
				if again := w.only("reaper", ""); again.ID != l.ID || again.Refused == "" {
					t.Fatalf("after the refusal there is %+v", again)
				}
				if _, err := w.Redrive(t.Context(), everything, l.ID, true); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestARedriveIsNotRefusedWhileTheTeardownOwesItsReceipt(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		w.logged("pp-01k0000000000000000000000f", approval.Requested, approval.Approved, approval.Released)
		l := w.parked("pp-01k0000000000000000000000f", "no")
		if _, err := w.Redrive(t.Context(), everything, l.ID, false); err != nil {
			t.Error(err)
		}
	})
}

func TestListingGivesBackAllInOrderAndStopsAtItsLimit(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		for i := range 25 {
			w.send("powerpole-reaper-dlq", fmt.Sprint("by hand ", i))
			time.Sleep(time.Second)
		}
		for range 2 {
			letters := w.list(everything)
			if len(letters) != 25 {
				t.Fatalf("%d letters are listed", len(letters))
			}
			for i, l := range letters {
				if l.Shape != dlq.Foreign || l.Body != fmt.Sprint("by hand ", i) {
					t.Errorf("letter %d is %+v", i, l)
				}
			}
		}
		some, more, err := w.List(t.Context(), dlq.Choice{Limit: 12})
		if err != nil || !more || len(some) != 12 {
			t.Errorf("with a limit: %d letters, more %t, %v", len(some), more, err)
		}
		if none := w.list(dlq.Choice{Limit: 1000, Request: "pp-other"}); len(none) > 0 {
			t.Errorf("of another request there are %+v", none)
		}
	})
}

func TestDroppingTakesThatLetterAndNoOther(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		for i := range 12 {
			w.send("powerpole-notifier-dlq", fmt.Sprint(i))
		}
		before := w.list(everything)
		l, err := w.Drop(t.Context(), everything, before[7].ID)
		if err != nil || l.Body != before[7].Body {
			t.Fatalf("dropped was %+v, %v", l, err)
		}
		if left := w.list(everything); len(left) != 11 {
			t.Errorf("%d are left", len(left))
		}
		if _, err := w.Drop(t.Context(), everything, l.ID); !errors.Is(err, dlq.ErrNotFound) {
			t.Errorf("dropping it again gave %v", err)
		}
	})
}

func TestAQueueThatTheTopologyDoesNotNameIsAnError(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		if _, _, err := w.List(t.Context(), dlq.Choice{Queue: "powerpole-nobody", Limit: 1}); err == nil {
			t.Error("it was listed")
		}
	})
}

func TestNoControlCharacterReachesATerminal(t *testing.T) {
	t.Parallel()
	evil := "{\"a\":\"\u009b31m\u202e\"} \x1b[2J\r\n"
	l := dlq.Letter{ID: "1", Body: evil, Reason: evil, RequestID: evil, Kind: evil, Attributes: map[string]string{evil: evil}}
	whole := l
	whole.Body = "{\"a\":\"\u009b31m\u202e\"}"
	var out bytes.Buffer
	l.Write(&out)
	whole.Write(&out)
	must(t, dlq.WriteTable(&out, []dlq.Letter{l}))
	must(t, dlq.WriteJSON(&out, l))
	if i := strings.IndexAny(out.String(), "\x1b\r\u009b\u202e"); i >= 0 {
		t.Errorf("printed was %q", out.String())
	}
	var back dlq.Letter
	out.Reset()
	must(t, dlq.WriteJSON(&out, l))
	must(t, json.Unmarshal(out.Bytes(), &back))
	if back.Body != evil {
		t.Errorf("JSON holds %q", back.Body)
	}
}
