package aws_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	ebtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"github.com/powerpole/powerpole/deploy/local/aws"
	local "github.com/powerpole/powerpole/deploy/local/aws/eventbridge"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, o aws.Options) *aws.Stack {
	t.Helper()
	s, err := aws.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// route makes a queue that gets every event of the source demo on the default
// bus, and returns its URL.
func route(t *testing.T, cfg awssdk.Config) string {
	t.Helper()
	q, err := sqs.NewFromConfig(cfg).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: awssdk.String("inbox")})
	if err != nil {
		t.Fatal(err)
	}
	eb := eventbridge.NewFromConfig(cfg)
	if _, err := eb.PutRule(t.Context(), &eventbridge.PutRuleInput{
		Name: awssdk.String("all"), EventPattern: awssdk.String(`{"source":["demo"]}`),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := eb.PutTargets(t.Context(), &eventbridge.PutTargetsInput{
		Rule:    awssdk.String("all"),
		Targets: []ebtypes.Target{{Id: awssdk.String("q"), Arn: awssdk.String("arn:aws:sqs:us-east-1:000000000000:inbox")}},
	}); err != nil {
		t.Fatal(err)
	}
	return *q.QueueUrl
}

func publish(ctx context.Context, cfg awssdk.Config) error {
	out, err := eventbridge.NewFromConfig(cfg).PutEvents(ctx, &eventbridge.PutEventsInput{Entries: []ebtypes.PutEventsRequestEntry{{
		Source: awssdk.String("demo"), DetailType: awssdk.String("Said"), Detail: awssdk.String(`{"n":1}`),
	}}})
	if err == nil && out.FailedEntryCount > 0 {
		err = errors.New(*out.Entries[0].ErrorMessage)
	}
	return err
}

func TestAnEventPublishedOverHTTPArrivesInItsQueue(t *testing.T) {
	t.Parallel()
	s := start(t, aws.Options{})
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	cfg := s.Config()
	cfg.BaseEndpoint, cfg.HTTPClient = awssdk.String(server.URL), server.Client()

	url := route(t, cfg)
	if err := publish(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	out, err := sqs.NewFromConfig(cfg).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20})
	if err != nil || len(out.Messages) != 1 {
		t.Fatalf("received %v, %v", out, err)
	}
}

func TestEveryServiceAnswersOnTheOneEndpoint(t *testing.T) {
	t.Parallel()
	cfg := start(t, aws.Options{}).Config()
	id, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	if err != nil || *id.Account != "000000000000" {
		t.Errorf("sts: %v, %v", id, err)
	}
	if _, err := dynamodb.NewFromConfig(cfg).ListTables(t.Context(), nil); err != nil {
		t.Errorf("dynamodb: %v", err)
	}
	if _, err := sqs.NewFromConfig(cfg).ListQueues(t.Context(), nil); err != nil {
		t.Errorf("sqs: %v", err)
	}
	if _, err := eventbridge.NewFromConfig(cfg).ListRules(t.Context(), &eventbridge.ListRulesInput{}); err != nil {
		t.Errorf("events: %v", err)
	}
}

func TestAServiceThatIsNotThereIsAnErrorOfAWS(t *testing.T) {
	t.Parallel()
	cfg := start(t, aws.Options{}).Config()
	cfg.RetryMaxAttempts = 1
	_, err := sns.NewFromConfig(cfg).ListTopics(t.Context(), nil)
	if err == nil {
		t.Fatal("SNS answered")
	}
	// SNS reads XML, so ask as a JSON service would to see the shape.
	s := start(t, aws.Options{})
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://aws.invalid/", nil)
	r.Header.Set("X-Amz-Target", "Kinesis_20131202.ListStreams")
	resp, err := s.HTTPClient().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != 400 || resp.Header.Get("X-Amzn-Errortype") != "UnknownOperationException" {
		t.Errorf("got %v %v", resp.Status, resp.Header)
	}
}

func TestAnOperationThatIsNotThereIsAnErrorOfAWS(t *testing.T) {
	t.Parallel()
	cfg := start(t, aws.Options{}).Config()
	var api smithy.APIError
	_, err := dynamodb.NewFromConfig(cfg).UpdateTimeToLive(t.Context(), &dynamodb.UpdateTimeToLiveInput{
		TableName:               awssdk.String("records"),
		TimeToLiveSpecification: &dbtypes.TimeToLiveSpecification{AttributeName: awssdk.String("x"), Enabled: awssdk.Bool(true)},
	})
	if !errors.As(err, &api) || api.ErrorCode() != "UnknownOperationException" {
		t.Errorf("dynamodb: %v", err)
	}
	_, err = sqs.NewFromConfig(cfg).AddPermission(t.Context(), &sqs.AddPermissionInput{
		QueueUrl: awssdk.String("x"), Label: awssdk.String("x"), AWSAccountIds: []string{"1"}, Actions: []string{"*"},
	})
	if !errors.As(err, &api) || api.ErrorCode() != "UnknownOperationException" {
		t.Errorf("sqs: %v", err)
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := start(t, aws.Options{}).Config()
		url := route(t, cfg)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		begin := time.Now()
		_, err := sqs.NewFromConfig(cfg).ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 3*time.Second {
			t.Errorf("ended after %v with %v", time.Since(begin), err)
		}
	})
}

func TestCloseEndsALongPollAndRefusesFurtherCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := start(t, aws.Options{})
		cfg := s.Config()
		url := route(t, cfg)
		done := make(chan error, 1)
		go func() {
			_, err := sqs.NewFromConfig(cfg).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20})
			done <- err
		}()
		synctest.Wait()
		begin := time.Now()
		s.Close()
		if err := <-done; err != nil || time.Since(begin) != 0 {
			t.Errorf("the poll ended after %v with %v", time.Since(begin), err)
		}
		cfg.RetryMaxAttempts = 1
		if err := publish(t.Context(), cfg); err == nil {
			t.Error("a closed stack took an event")
		}
	})
}

func TestTheStackEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s, err := aws.New(ctx, aws.Options{})
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		synctest.Wait()
		cfg := s.Config()
		cfg.RetryMaxAttempts = 1
		if err := publish(t.Context(), cfg); err == nil {
			t.Error("the stack outlived its context")
		}
	})
}

func TestAHundredHoursOfLongPollingPassInVirtualTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := start(t, aws.Options{}).Config()
		url := route(t, cfg)
		begin := time.Now()
		time.AfterFunc(100*time.Hour, func() {
			if err := publish(t.Context(), cfg); err != nil {
				t.Error(err)
			}
		})
		client := sqs.NewFromConfig(cfg)
		for {
			out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20})
			if err != nil {
				t.Fatal(err)
			}
			if len(out.Messages) > 0 {
				break
			}
		}
		if d := time.Since(begin); d != 100*time.Hour {
			t.Errorf("the event of hour 100 arrived after %v", d)
		}
		synctest.Wait() // until the publisher has its answer
	})
}

func TestObserveIsToldOfEveryCallWithItsError(t *testing.T) {
	t.Parallel()
	calls := make(chan aws.Call, 10)
	cfg := start(t, aws.Options{Observe: func(c aws.Call) { calls <- c }}).Config()
	_, _ = sqs.NewFromConfig(cfg).GetQueueUrl(t.Context(), &sqs.GetQueueUrlInput{QueueName: awssdk.String("none")})
	_, _ = sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
	if c := <-calls; c.Service != "sqs" || c.Operation != "GetQueueUrl" || c.Code != "QueueDoesNotExist" {
		t.Errorf("got %+v", c)
	}
	if c := <-calls; c.Service != "sts" || c.Operation != "GetCallerIdentity" || c.Code != "" {
		t.Errorf("got %+v", c)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestInterceptMayLoseACall(t *testing.T) {
	t.Parallel()
	lost := errors.New("lost on the way")
	cfg := start(t, aws.Options{Intercept: func(http.RoundTripper) http.RoundTripper {
		return roundTripper(func(*http.Request) (*http.Response, error) { return nil, lost })
	}}).Config()
	cfg.RetryMaxAttempts = 1
	if err := publish(t.Context(), cfg); !errors.Is(err, lost) {
		t.Errorf("got %v", err)
	}
}

func TestLongPollReplacesTheWaitOfAnEmptyPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cfg := start(t, aws.Options{LongPoll: 10 * time.Minute}).Config()
		url := route(t, cfg)
		begin := time.Now()
		_, err := sqs.NewFromConfig(cfg).ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20})
		if err != nil || time.Since(begin) != 10*time.Minute {
			t.Errorf("ended after %v with %v", time.Since(begin), err)
		}
	})
}

func TestOnEventIsToldOfAnEventWithItsTargets(t *testing.T) {
	t.Parallel()
	events := make(chan local.Event, 1)
	cfg := start(t, aws.Options{OnEvent: func(e local.Event) { events <- e }}).Config()
	route(t, cfg)
	if err := publish(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	if e := <-events; e.Source != "demo" || e.DetailType != "Said" || len(e.Targets) != 1 {
		t.Errorf("got %+v", e)
	}
}

func TestAnInstanceThatRunsIsToldOnTheDefaultBus(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var seen []string
		s := start(t, aws.Options{OnEvent: func(e local.Event) { seen = append(seen, e.Bus+" "+e.Source) }})
		if _, err := ec2.NewFromConfig(s.Config()).RunInstances(t.Context(), &ec2.RunInstancesInput{
			ImageId: awssdk.String("ami-1"), InstanceType: "t3.micro", MinCount: awssdk.Int32(1), MaxCount: awssdk.Int32(1),
		}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if len(seen) == 0 || seen[0] != "default aws.ec2" {
			t.Errorf("got %v", seen)
		}
	})
}
