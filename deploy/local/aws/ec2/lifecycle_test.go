package ec2_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/powerpole/powerpole/deploy/local/aws/ec2"
	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

func TestStatesTakeTheirTimeAndEachIsTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &bus{}
		_, c := setup(t, ec2.Options{Pending: 2 * time.Second, ShuttingDown: 3 * time.Second, Events: b})
		i := launch(t, c, order("a"))
		wantStates(t, b, "pending")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		wantStates(t, b, "pending", "running")
		if ch := terminate(t, c, *i.InstanceId)[0]; ch.PreviousState.Name != "running" || ch.CurrentState.Name != "shutting-down" || *ch.CurrentState.Code != 32 {
			t.Errorf("change %s to %s", ch.PreviousState.Name, ch.CurrentState.Name)
		}
		time.Sleep(3 * time.Second)
		synctest.Wait()
		wantStates(t, b, "pending", "running", "shutting-down", "terminated")
	})
}

func TestAnInstanceTerminatedWhileItBootsNeverRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &bus{}
		_, c := setup(t, ec2.Options{Pending: 2 * time.Second, ShuttingDown: time.Second, Events: b})
		i := launch(t, c, order("a"))
		terminate(t, c, *i.InstanceId)
		time.Sleep(time.Minute)
		synctest.Wait()
		wantStates(t, b, "pending", "shutting-down", "terminated")
	})
}

func TestTerminationIsIdempotentAndTellsItOnce(t *testing.T) {
	t.Parallel()
	b := &bus{}
	_, c := setup(t, ec2.Options{Events: b})
	i := launch(t, c, order("a"))
	terminate(t, c, *i.InstanceId)
	if ch := terminate(t, c, *i.InstanceId)[0]; ch.PreviousState.Name != "terminated" || ch.CurrentState.Name != "terminated" {
		t.Errorf("change %s to %s", ch.PreviousState.Name, ch.CurrentState.Name)
	}
	wantStates(t, b, "pending", "running", "shutting-down", "terminated")
}

func TestOneBadIDTerminatesNone(t *testing.T) {
	t.Parallel()
	s, c := setup(t, ec2.Options{})
	i := launch(t, c, order("a"))
	for id, code := range map[string]string{"i-00000000000000000": "InvalidInstanceID.NotFound", "bastion": "InvalidInstanceID.Malformed"} {
		_, err := c.TerminateInstances(t.Context(), &awsec2.TerminateInstancesInput{InstanceIds: []string{*i.InstanceId, id}})
		wantCode(t, err, code)
	}
	if got, _ := s.Instance(*i.InstanceId); got.State != ec2.Running {
		t.Errorf("state %s, want running", got.State)
	}
}

func TestATerminatedInstanceIsShownForAnHourWithoutItsAddress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, c := setup(t, ec2.Options{})
		i := launch(t, c, order("a"))
		terminate(t, c, *i.InstanceId)
		time.Sleep(time.Hour - time.Second)
		seen := describe(t, c)
		if len(seen) != 1 || seen[0].State.Name != "terminated" || seen[0].PrivateIpAddress != nil || *seen[0].StateReason.Code != "Client.UserInitiatedShutdown" {
			t.Fatalf("seen %+v", seen)
		}
		time.Sleep(time.Second)
		if seen := describe(t, c); len(seen) != 0 {
			t.Errorf("seen %+v after an hour", seen)
		}
		_, err := c.DescribeInstances(t.Context(), &awsec2.DescribeInstancesInput{InstanceIds: []string{*i.InstanceId}})
		wantCode(t, err, "InvalidInstanceID.NotFound")
	})
}

// endBy is an order of an instance that shuts itself down.
func endBy(at time.Time, behaviour types.ShutdownBehavior) *awsec2.RunInstancesInput {
	in := order("a")
	in.InstanceInitiatedShutdownBehavior = behaviour
	in.TagSpecifications[0].Tags = append(in.TagSpecifications[0].Tags,
		types.Tag{Key: aws.String("powerpole:end-by"), Value: aws.String(at.Format(time.RFC3339))})
	return in
}

func TestAnInstanceTerminatesItselfAtTheTimeOfItsTag(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c := setup(t, ec2.Options{SelfTerminateTag: "powerpole:end-by"})
		i := launch(t, c, endBy(time.Now().Add(time.Hour), types.ShutdownBehaviorTerminate))
		time.Sleep(time.Hour - time.Second)
		if got, _ := s.Instance(*i.InstanceId); got.State != ec2.Running {
			t.Fatalf("state %s before its time", got.State)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		got, _ := s.Instance(*i.InstanceId)
		if got.State != ec2.Terminated || got.Reason.Code != "Client.InstanceInitiatedShutdown" {
			t.Errorf("state %s for %v", got.State, got.Reason)
		}
	})
}

func TestAShutdownWithoutTheBehaviourOnlyStopsTheInstanceAndKeepsItsAddress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c := setup(t, ec2.Options{SelfTerminateTag: "powerpole:end-by", ShuttingDown: time.Second})
		i := launch(t, c, endBy(time.Now().Add(time.Hour), ""))
		time.Sleep(2 * time.Hour)
		if got, _ := s.Instance(*i.InstanceId); got.State != ec2.Stopped {
			t.Errorf("state %s, want stopped", got.State)
		}
		if seen := describe(t, c, where("private-ip-address", *i.PrivateIpAddress)); len(seen) != 1 {
			t.Errorf("%d instances have its address, want 1", len(seen))
		}
	})
}

func TestAKilledInstanceEndsWhatRunsOnIt(t *testing.T) {
	t.Parallel()
	s, c := setup(t, ec2.Options{})
	i := launch(t, c, order("a"))
	ctx, since, ok := s.Running(*i.InstanceId)
	if !ok || since.IsZero() || ctx.Err() != nil {
		t.Fatalf("running %v since %v: %v", ok, since, ctx.Err())
	}
	if err := s.Kill(*i.InstanceId); err != nil {
		t.Fatal(err)
	}
	<-ctx.Done()
	if _, _, ok := s.Running(*i.InstanceId); ok || len(s.RunningIDs()) != 0 {
		t.Error("it still runs")
	}
	var unknown *wire.Error
	if err := s.Kill("i-00000000000000000"); !errors.As(err, &unknown) || unknown.Code != "InvalidInstanceID.NotFound" {
		t.Errorf("killing an unknown instance: %v", err)
	}
}

func TestCloseStopsEveryTimer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &bus{}
		s, c := setup(t, ec2.Options{Pending: time.Second, Events: b})
		i := launch(t, c, order("a"))
		s.Close()
		time.Sleep(time.Hour)
		if got, _ := s.Instance(*i.InstanceId); got.State != ec2.Pending {
			t.Errorf("state %s, want pending", got.State)
		}
		wantStates(t, b, "pending")
	})
}
