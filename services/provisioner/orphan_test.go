package provisioner_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/pkg/bus"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/service/servicetest"
	"github.com/powerpole/powerpole/services/provisioner"
)

// old is older than the provisioning limit and ten minutes.
const old = 20*time.Minute + time.Second

// stray launches an instance of our installation that is on no record, with that
// tag and value.
func (w *world) stray(tag, value string) string {
	w.t.Helper()
	return w.launch(map[string]string{provisioner.TagInstallation: installation, tag: value})
}

func (w *world) launch(with map[string]string) string {
	w.t.Helper()
	var tags []types.Tag
	for key, value := range with {
		tags = append(tags, types.Tag{Key: &key, Value: &value})
	}
	in := &ec2.RunInstancesInput{
		MinCount: awssdk.Int32(1), MaxCount: awssdk.Int32(1), InstanceType: "t4g.nano",
		LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateName: awssdk.String("powerpole-bastion")},
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeInstance, Tags: tags,
		}},
	}
	out, err := w.cloud.Client.RunInstances(w.t.Context(), in)
	must(w.t, err)
	return *out.Instances[0].InstanceId
}

func TestAnInstanceOfNoRecordIsEndedAndReportedOnceItIsOld(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		began := time.Now()
		id := w.stray(provisioner.TagRequest, w.id)
		time.Sleep(20*time.Minute - time.Second)
		w.sweep()
		if len(w.cloud.asked) != 0 || w.bus.Count("Alarmed") != 0 {
			t.Fatal("a young one was ended")
		}
		time.Sleep(time.Second)
		w.sweep()
		w.sweep()
		if len(w.standing("")) != 0 {
			t.Error("it stands")
		}
		due, alarms := servicetest.Said[event.Overdue](t, w.bus), servicetest.Said[event.Alarmed](t, w.bus)
		if len(due) != 1 || due[0].Ref != id || due[0].What != "instance" || due[0].Since.Sub(began).Abs() > time.Second {
			t.Errorf("overdue: %+v", due)
		}
		if len(alarms) != 1 || alarms[0].Alarm != "orphan-instance" {
			t.Errorf("alarms: %+v", alarms)
		}
	})
}

func TestAnInstanceOfAFinishedRecordIsAnOrphanAndOneOfAnUnfinishedIsNot(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.build()
		id := w.stray(provisioner.TagRequest, w.id)
		time.Sleep(old)
		w.sweep()
		if len(w.cloud.asked) != 0 {
			t.Fatal("ended while its request is not finished")
		}
		w.expireAndRevoke()
		w.sweep()
		if len(w.standing("")) != 0 || w.bus.Count("Alarmed") != 1 {
			t.Errorf("standing %+v, %d alarms; the orphan is %s", w.standing(""), w.bus.Count("Alarmed"), id)
		}
	})
}

func TestAnInstanceThatTheSameSweepEndedIsNoOrphan(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.build()
		if _, later := bus.IsLater(w.OnExpired(t.Context(), w.expired(0))); !later {
			t.Fatal("it does not wait for Revoked")
		}
		time.Sleep(old)
		w.sweep()
		if w.terminated() == nil {
			t.Fatal("the sweep did not end it")
		}
		if w.bus.Count("Alarmed") != 0 || len(w.cloud.asked) != 1 {
			t.Error("its own end was taken for an orphan's")
		}
	})
}

func TestAnOrphanOfARecordThatTheSweepFinishedIsEndedByTheSameSweep(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.build()
		if _, later := bus.IsLater(w.OnExpired(t.Context(), w.expired(0))); !later {
			t.Fatal("it does not wait for Revoked")
		}
		w.stray(provisioner.TagRequest, w.id)
		time.Sleep(old)
		w.sweep()
		if len(w.standing("")) != 0 || w.bus.Count("Alarmed") != 1 {
			t.Errorf("standing %+v, %d alarms", w.standing(""), w.bus.Count("Alarmed"))
		}
	})
}

func TestAboveTheCeilingNoOrphanIsEndedAndPeopleAreTold(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		for range 6 {
			w.stray(provisioner.TagRequest, event.NewRequestID())
		}
		time.Sleep(old)
		w.sweep()
		time.Sleep(5 * time.Minute)
		w.sweep()
		alarms := servicetest.Said[event.Alarmed](t, w.bus)
		if len(w.standing("")) != 6 || len(alarms) != 1 || alarms[0].Alarm != "too-many-orphans" {
			t.Fatalf("%d stand, alarms %+v", len(w.standing("")), alarms)
		}
		must(t, w.aws.EC2.Kill(w.standing("")[0].ID))
		w.sweep()
		if n := len(w.standing("")); n != 0 {
			t.Errorf("%d of five stand", n)
		}
	})
}

// S5.
func TestWhatPowerPoleDidNotMakeIsNeverEnded(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.stray("Name", "somebody-elses")
		w.stray("powerpole:owner", w.id)
		w.stray(provisioner.TagRequest, "not-a-request")
		time.Sleep(old)
		w.sweep()
		if len(w.standing("")) != 3 || len(w.cloud.asked) != 0 {
			t.Errorf("asked to end %q", w.cloud.asked)
		}
		if w.cloud.shown != 1 {
			t.Errorf("looked at %d instances, and one bears our tag", w.cloud.shown)
		}
	})
}

// S5: two installations may share an account and a region.
func TestAnotherInstallationsBastionsAreLeftAloneAndUnreported(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		for range 6 { // as many as would be a lost table
			w.launch(map[string]string{provisioner.TagInstallation: "another", provisioner.TagRequest: event.NewRequestID()})
		}
		w.launch(map[string]string{provisioner.TagRequest: event.NewRequestID()})
		w.launch(map[string]string{provisioner.TagInstallation: "another", provisioner.TagRequest: w.id})
		w.build()
		time.Sleep(old)
		w.expireAndRevoke()
		w.sweep()
		if n := len(w.standing("")); n != 8 || w.bus.Count("Alarmed") != 0 || w.bus.Count("Overdue") != 0 {
			t.Errorf("%d of eight stand, %d alarms, %d overdue", n, w.bus.Count("Alarmed"), w.bus.Count("Overdue"))
		}
		if len(w.cloud.asked) != 1 {
			t.Errorf("asked to end %q, want our own bastion alone", w.cloud.asked)
		}
	})
}

func TestAnOrphanIsNotEndedBeforePeopleAreTold(t *testing.T) {
	inBubble(t, aws.Options{}, func(t *testing.T, w *world) {
		w.stray(provisioner.TagRequest, w.id)
		time.Sleep(old)
		w.bus.SetDown(true)
		w.sweep()
		if len(w.cloud.asked) != 0 {
			t.Fatal("ended, and nobody was told")
		}
		w.bus.SetDown(false)
		w.sweep()
		if len(w.standing("")) != 0 {
			t.Error("it stands")
		}
	})
}

func TestASweepIsToldOfManyInstancesInPages(t *testing.T) {
	var told atomic.Int32
	watch := aws.Options{Observe: func(c aws.Call) {
		if c.Operation == "DescribeInstances" {
			told.Add(1)
		}
	}}
	inBubble(t, watch, func(t *testing.T, w *world) {
		for range 450 {
			w.stray(provisioner.TagRequest, w.id)
		}
		time.Sleep(old)
		before := told.Load()
		w.sweep()
		if n := told.Load() - before; n < 3 {
			t.Errorf("it asked %d times", n)
		}
		if alarms := servicetest.Said[event.Alarmed](t, w.bus); len(alarms) != 1 || !strings.HasPrefix(alarms[0].Text, "450 instances") {
			t.Errorf("it says %+v", alarms)
		}
	})
}
