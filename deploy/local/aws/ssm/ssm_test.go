package ssm_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	awsssm "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"github.com/powerpole/powerpole/deploy/local/aws/ec2"
	"github.com/powerpole/powerpole/deploy/local/aws/ssm"
	"github.com/powerpole/powerpole/deploy/local/aws/wire/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is an SSM over an embedded EC2.
type bench struct {
	*ssm.Server
	ec2    *ec2.Server
	client *awsssm.Client
}

func setup(t *testing.T, machines ec2.Options, o ssm.Options) bench {
	t.Helper()
	e, err := ec2.New(machines)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	o.Instances = e
	s, err := ssm.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return bench{s, e, awsssm.NewFromConfig(wiretest.Config(s))}
}

func (b bench) launch(t *testing.T) string {
	t.Helper()
	out, err := awsec2.NewFromConfig(wiretest.Config(b.ec2)).RunInstances(t.Context(), &awsec2.RunInstancesInput{
		ImageId: aws.String("ami-1"), MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
	})
	if err != nil {
		t.Fatal(err)
	}
	return *out.Instances[0].InstanceId
}

// start starts a session over the wire.
func (b bench) start(t *testing.T, instance string) *ssm.Session {
	t.Helper()
	out, err := b.client.StartSession(t.Context(), &awsssm.StartSessionInput{Target: &instance, Reason: aws.String("look")})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(*out.StreamUrl, *out.SessionId) || len(*out.TokenValue) < 32 {
		t.Errorf("stream %s, token %q", *out.StreamUrl, *out.TokenValue)
	}
	ss, ok := b.Session(*out.SessionId)
	if !ok {
		t.Fatalf("session %s is not known", *out.SessionId)
	}
	return ss
}

func (b bench) status(t *testing.T, instance string) types.ConnectionStatus {
	t.Helper()
	out, err := b.client.GetConnectionStatus(t.Context(), &awsssm.GetConnectionStatusInput{Target: &instance})
	if err != nil {
		t.Fatal(err)
	}
	return out.Status
}

func (b bench) sessions(t *testing.T, state types.SessionState, filters ...types.SessionFilter) []types.Session {
	t.Helper()
	out, err := b.client.DescribeSessions(t.Context(), &awsssm.DescribeSessionsInput{State: state, Filters: filters})
	if err != nil {
		t.Fatal(err)
	}
	return out.Sessions
}

func TestAnInstanceIsConnectedOnceItRunsAndItsAgentHasHadItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, ec2.Options{Pending: 2 * time.Second}, ssm.Options{AgentDelay: 3 * time.Second})
		id := b.launch(t)
		time.Sleep(5*time.Second - time.Millisecond)
		if got := b.status(t, id); got != types.ConnectionStatusNotConnected {
			t.Errorf("status %s too early", got)
		}
		_, err := b.client.StartSession(t.Context(), &awsssm.StartSessionInput{Target: &id})
		var not *types.TargetNotConnected
		if !errors.As(err, &not) {
			t.Errorf("error %v, want TargetNotConnected", err)
		}
		time.Sleep(time.Millisecond)
		if got := b.status(t, id); got != types.ConnectionStatusConnected {
			t.Errorf("status %s, want connected", got)
		}
		b.start(t, id)
	})
}

func TestAnAgentThatIsMuteNeverConnects(t *testing.T) {
	t.Parallel()
	b := setup(t, ec2.Options{}, ssm.Options{})
	one, other := b.launch(t), b.launch(t)
	b.SetAgents(false)
	b.SetAgent(other, true)
	if b.status(t, one) != types.ConnectionStatusNotConnected || b.status(t, other) != types.ConnectionStatusConnected {
		t.Errorf("status %s and %s", b.status(t, one), b.status(t, other))
	}
}

func TestInstanceInformationShowsTheConnectedInstancesAskedFor(t *testing.T) {
	t.Parallel()
	b := setup(t, ec2.Options{}, ssm.Options{})
	one, two, mute := b.launch(t), b.launch(t), b.launch(t)
	b.SetAgent(mute, false)
	all, err := b.client.DescribeInstanceInformation(t.Context(), &awsssm.DescribeInstanceInformationInput{})
	if err != nil || len(all.InstanceInformationList) != 2 {
		t.Fatalf("information %+v, %v", all, err)
	}
	some, err := b.client.DescribeInstanceInformation(t.Context(), &awsssm.DescribeInstanceInformationInput{
		Filters: []types.InstanceInformationStringFilter{{Key: aws.String("InstanceIds"), Values: []string{two, mute}}},
	})
	if err != nil || len(some.InstanceInformationList) != 1 || *some.InstanceInformationList[0].InstanceId != two ||
		some.InstanceInformationList[0].PingStatus != types.PingStatusOnline {
		t.Errorf("information of %s beside %s: %+v, %v", two, one, some, err)
	}
}

func TestTerminateSessionCutsWhatRunsInIt(t *testing.T) {
	t.Parallel()
	b := setup(t, ec2.Options{}, ssm.Options{})
	ss := b.start(t, b.launch(t))
	if _, err := b.client.TerminateSession(t.Context(), &awsssm.TerminateSessionInput{SessionId: aws.String(ss.ID())}); err != nil {
		t.Fatal(err)
	}
	<-ss.Context().Done()
	if cause := context.Cause(ss.Context()); !errors.Is(cause, ssm.ErrTerminated) {
		t.Errorf("cause %v", cause)
	}
	_, err := b.client.TerminateSession(t.Context(), &awsssm.TerminateSessionInput{SessionId: aws.String("nobody-1")})
	var unknown *types.DoesNotExistException
	if !errors.As(err, &unknown) {
		t.Errorf("error %v, want DoesNotExistException", err)
	}
}

func TestASessionEndsWithItsInstance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, ec2.Options{ShuttingDown: time.Minute}, ssm.Options{})
		id := b.launch(t)
		ss := b.start(t, id)
		if err := b.ec2.Kill(id); err != nil {
			t.Fatal(err)
		}
		if n := len(b.sessions(t, types.SessionStateActive)); n != 0 {
			t.Errorf("%d sessions on a machine that shuts down", n)
		}
		<-ss.Context().Done()
		if cause := context.Cause(ss.Context()); !errors.Is(cause, ssm.ErrInstanceGone) {
			t.Errorf("cause %v", cause)
		}
	})
}

func TestASessionLastsNoLongerThanTheLongest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, ec2.Options{}, ssm.Options{MaxSession: time.Hour})
		ss := b.start(t, b.launch(t))
		time.Sleep(time.Hour - time.Second)
		if ss.Context().Err() != nil {
			t.Error("it ended early")
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if cause := context.Cause(ss.Context()); !errors.Is(cause, ssm.ErrTooLong) {
			t.Errorf("cause %v", cause)
		}
	})
}

func TestCloseEndsEverySession(t *testing.T) {
	t.Parallel()
	b := setup(t, ec2.Options{}, ssm.Options{})
	ss := b.start(t, b.launch(t))
	b.Close()
	<-ss.Context().Done()
}

func TestSessionsAreListedByStateAndFilter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, ec2.Options{}, ssm.Options{})
		id := b.launch(t)
		over := b.start(t, id)
		if err := b.Terminate(over.ID()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		b.start(t, b.launch(t))
		alice, err := b.Start(ssm.Start{Target: id, Owner: "arn:aws:sts::1:assumed-role/dev/alice"})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(b.sessions(t, types.SessionStateActive)); n != 2 {
			t.Errorf("%d active sessions, want 2", n)
		}
		for key, value := range map[types.SessionFilterKey]string{
			types.SessionFilterKeyTargetId: id, types.SessionFilterKeyOwner: alice.Owner(), types.SessionFilterKeySessionId: alice.ID(),
		} {
			got := b.sessions(t, types.SessionStateActive, types.SessionFilter{Key: key, Value: &value})
			if len(got) != 1 || *got[0].SessionId != alice.ID() || got[0].Status != types.SessionStatusConnected || !strings.HasPrefix(alice.ID(), "alice-") {
				t.Errorf("filter %s=%s: %+v", key, value, got)
			}
		}
		past := b.sessions(t, types.SessionStateHistory)
		if len(past) != 1 || *past[0].SessionId != over.ID() || past[0].Status != types.SessionStatusTerminated || past[0].EndDate == nil {
			t.Errorf("history %+v", past)
		}
	})
}

func TestPagesShowEverySessionNewestFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, ec2.Options{}, ssm.Options{})
		id := b.launch(t)
		var want, got []string
		for range 3 {
			want = append([]string{b.start(t, id).ID()}, want...)
			time.Sleep(time.Second)
		}
		pages := awsssm.NewDescribeSessionsPaginator(b.client, &awsssm.DescribeSessionsInput{State: types.SessionStateActive, MaxResults: aws.Int32(2)})
		for pages.HasMorePages() {
			out, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range out.Sessions {
				got = append(got, *s.SessionId)
			}
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("pages showed %v, want %v", got, want)
		}
	})
}

func TestASessionThatEndedIsForgottenAfter30Days(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, ec2.Options{}, ssm.Options{})
		if err := b.Terminate(b.start(t, b.launch(t)).ID()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(30*24*time.Hour - time.Second)
		if n := len(b.Sessions()); n != 1 {
			t.Errorf("%d sessions before 30 days, want 1", n)
		}
		time.Sleep(time.Second)
		if n := len(b.Sessions()); n != 0 {
			t.Errorf("%d sessions after 30 days, want none", n)
		}
	})
}

func TestWhatSSMDoesNotKnowIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, ec2.Options{}, ssm.Options{})
	id := b.launch(t)
	_, err := b.client.StartSession(t.Context(), &awsssm.StartSessionInput{Target: &id, DocumentName: aws.String("mine")})
	var document *types.InvalidDocument
	if !errors.As(err, &document) {
		t.Errorf("error %v, want InvalidDocument", err)
	}
	_, err = b.client.DescribeSessions(t.Context(), &awsssm.DescribeSessionsInput{
		State: types.SessionStateActive, Filters: []types.SessionFilter{{Key: "Colour", Value: aws.String("red")}},
	})
	var key *types.InvalidFilterKey
	if !errors.As(err, &key) {
		t.Errorf("error %v, want InvalidFilterKey", err)
	}
	_, err = b.client.ResumeSession(t.Context(), &awsssm.ResumeSessionInput{SessionId: aws.String("x-1")})
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "UnknownOperationException" {
		t.Errorf("error %v, want UnknownOperationException", err)
	}
}

func TestAnSSMWithoutInstancesIsRefused(t *testing.T) {
	t.Parallel()
	if _, err := ssm.New(ssm.Options{}); err == nil {
		t.Error("it was made")
	}
}
