package provisioner_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
	"github.com/powerpole/powerpole/pkg/warrant"
	"github.com/powerpole/powerpole/services/provisioner"
)

func TestApprovedBuildsOneBastionThatIsReadyWhenASessionCanStart(t *testing.T) {
	inBubble(t, slow(), func(t *testing.T, w *world) {
		start := time.Now()
		approved := w.approved(w.warrant())
		w.deliver(func() error { return w.OnApproved(t.Context(), approved) })
		ready := servicetest.Said[event.InstanceReady](t, w.bus)
		if len(ready) != 1 {
			t.Fatalf("ready: %+v, failed: %+v", ready, w.failed())
		}
		if took := time.Since(start); took < 13*time.Second || took > 15*time.Second {
			t.Errorf("ready after %s, the agent connects after 13 s", took)
		}
		got, standing := ready[0], w.standing("")
		if len(standing) != 1 || got.InstanceID != standing[0].ID || got.PrivateIP != standing[0].PrivateIP {
			t.Errorf("ready %+v, instances %+v", got, standing)
		}
		if got.Warrant != approved.Data.Warrant || got.Region != "ap-northeast-1" ||
			got.SessionURL != "https://example.com/session/ap-northeast-1/"+got.InstanceID {
			t.Errorf("ready: %+v", got)
		}
		w.deliver(func() error { return w.OnApproved(t.Context(), approved) })
		if len(w.cloud.launches) != 1 {
			t.Errorf("%d launches", len(w.cloud.launches))
		}
	})
}

func TestBastionThatIsUpAtOnceIsReadyAtOnce(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		start := time.Now()
		w.build()
		if took := time.Since(start); took > 100*time.Millisecond {
			t.Errorf("took %s", took)
		}
	})
}

func TestLaunchAsksForNothingThatOpensABastion(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		terms := w.warrant()
		e := w.approved(terms)
		must(t, w.OnApproved(t.Context(), e))
		in := w.cloud.launches[0]
		if m := in.MetadataOptions; m.HttpTokens != types.HttpTokensStateRequired || *m.HttpPutResponseHopLimit != 1 {
			t.Errorf("metadata: %+v", m)
		}
		if in.InstanceInitiatedShutdownBehavior != types.ShutdownBehaviorTerminate || in.KeyName != nil || *in.MaxCount != 1 {
			t.Errorf("launch: %+v", in)
		}
		if n := in.NetworkInterfaces; len(n) != 1 || *n[0].AssociatePublicIpAddress || *n[0].SubnetId != "subnet-0aaaaaaaaaaaaaaaa" {
			t.Errorf("network: %+v", n)
		}
		if *in.ClientToken != w.id+"-1" {
			t.Errorf("token %s", *in.ClientToken)
		}
		tags := w.standing("")[0].Tags
		if tags[provisioner.TagRequest] != w.id || tags[provisioner.TagOwner] != "U0TARO" || tags[provisioner.TagInstallation] != installation ||
			tags[provisioner.TagEndBy] != terms.EndBy.Format(time.RFC3339) {
			t.Errorf("tags from the launch on: %v", tags)
		}
		script, err := base64.StdEncoding.DecodeString(*in.UserData)
		must(t, err)
		if !strings.Contains(string(script), "OnCalendar="+terms.EndBy.Format("2006-01-02 15:04:05")+" UTC") {
			t.Errorf("no timer at end_by in %s", script)
		}
		if strings.Contains(string(script), e.Data.Warrant) || strings.Contains(string(script), "taro@example.com") {
			t.Error("the script tells more than the end")
		}
	})
}

func TestWithoutCapacityTheNextPlaceIsTried(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.aws.EC2.Exhaust("t4g.nano", "subnet-0aaaaaaaaaaaaaaaa")
		w.build()
		if got := w.standing("")[0]; got.Spec.InstanceType != "t4g.micro" || got.ClientToken != w.id+"-2" {
			t.Errorf("launched %+v", got)
		}
	})
}

func TestWithoutAnyCapacityItGivesUpAndLeavesNothing(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.aws.EC2.Exhaust("t4g.nano", "subnet-0aaaaaaaaaaaaaaaa")
		w.aws.EC2.Exhaust("t4g.micro", "subnet-0bbbbbbbbbbbbbbbb")
		w.approve()
		w.wantFailed("no-capacity")
		if len(w.aws.EC2.Instances()) != 0 {
			t.Error("something was launched")
		}
	})
}

func (w *world) wantFailed(code string) {
	w.t.Helper()
	if f := w.failed(); f == nil || f.Code != code || f.Reason == "" {
		w.t.Errorf("failed: %+v, want %s", f, code)
	}
	if n := len(servicetest.Said[event.InstanceReady](w.t, w.bus)); n != 0 {
		w.t.Error("and said to be ready")
	}
}

func TestBastionThatNoSessionReachesFailsAtStartBy(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.aws.SSM.SetAgents(false)
		start := time.Now()
		w.approve()
		w.wantFailed("timeout")
		if took := time.Since(start); took < 10*time.Minute || took > 11*time.Minute {
			t.Errorf("gave up after %s, start_by is in 10 minutes", took)
		}
	})
}

func TestBastionThatDiesWhileStartingFails(t *testing.T) {
	inBubble(t, slow(), func(t *testing.T, w *world) {
		time.AfterFunc(7*time.Second, func() { _ = w.aws.EC2.Kill(w.aws.EC2.Instances()[0].ID) })
		w.approve()
		w.wantFailed("instance-lost")
	})
}

func TestLaunchThatAWSRefusesFailsWithoutTryingOn(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		_, err := w.cloud.DeleteLaunchTemplate(t.Context(), &ec2.DeleteLaunchTemplateInput{LaunchTemplateName: awssdk.String("powerpole-bastion")})
		must(t, err)
		w.approve()
		w.wantFailed("launch-refused")
		if len(w.cloud.launches) != 1 {
			t.Errorf("tried %d times", len(w.cloud.launches))
		}
	})
}

func TestWarrantThatIsNotGenuineMovesNothingAndIsAlarmed(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		good := w.approved(w.warrant())
		changed, foreign := good, good
		changed.Data.Warrant = good.Data.Warrant[:len(good.Data.Warrant)-4] + "AAAA"
		foreign.RequestID = event.NewRequestID()
		for _, e := range []event.Typed[event.Approved]{changed, foreign} {
			if err := w.OnApproved(t.Context(), e); !bus.IsTerminal(err) {
				t.Errorf("got %v, want it parked", err)
			}
		}
		if alarms := servicetest.Said[event.Alarmed](t, w.bus); len(alarms) != 2 || alarms[0].Alarm != "warrant-not-genuine" {
			t.Errorf("alarms: %+v", alarms)
		}
		if len(w.cloud.launches) != 0 {
			t.Error("it launched something")
		}
	})
}

func TestWarrantThatIsLateOrNoLongerAllowedFails(t *testing.T) {
	for code, spoil := range map[string]func(*warrant.Warrant){
		"late":        func(w *warrant.Warrant) { w.StartBy = w.StartBy.Add(-20 * time.Minute) },
		"not-allowed": func(w *warrant.Warrant) { w.Privileges = []string{"DROP"} },
	} {
		t.Run(code, func(t *testing.T) {
			inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
				terms := w.warrant()
				spoil(&terms)
				must(t, w.OnApproved(t.Context(), w.approved(terms)))
				w.wantFailed(code)
				if len(w.cloud.launches) != 0 {
					t.Error("it launched something")
				}
			})
		})
	}
}

// I17: the launch succeeds, the bookkeeping fails.
func TestLaunchWhoseAnswerIsLostIsTheSameLaunch(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.cloud.after = 2
		w.build()
		if n := len(w.aws.EC2.Instances()); n != 1 {
			t.Errorf("%d instances", n)
		}
		if len(w.cloud.launches) != 3 || *w.cloud.launches[0].ClientToken != *w.cloud.launches[2].ClientToken {
			t.Error("another token was used")
		}
	})
}

func TestTokenThatMadeSomethingElseIsAdoptedAndNotReplaced(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		_, err := w.cloud.Client.RunInstances(t.Context(), &ec2.RunInstancesInput{
			ClientToken: awssdk.String(w.id + "-1"), ImageId: awssdk.String("ami-00000000000000002"),
			MinCount: awssdk.Int32(1), MaxCount: awssdk.Int32(1),
		})
		must(t, err)
		w.build()
		if n := len(w.aws.EC2.Instances()); n != 1 {
			t.Errorf("%d instances", n)
		}
	})
}
