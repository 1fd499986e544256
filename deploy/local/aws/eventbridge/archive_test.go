package eventbridge_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
)

// archive makes an archive of the bus.
func (x *fixture) archive(pattern string, days int32) {
	x.t.Helper()
	in := &eventbridge.CreateArchiveInput{ArchiveName: awssdk.String("kept"), EventSourceArn: awssdk.String(busARN), RetentionDays: &days}
	if pattern != "" {
		in.EventPattern = &pattern
	}
	if _, err := x.api.CreateArchive(x.t.Context(), in); err != nil {
		x.t.Fatal(err)
	}
}

func (x *fixture) archived() int64 {
	x.t.Helper()
	d, err := x.api.DescribeArchive(x.t.Context(), &eventbridge.DescribeArchiveInput{ArchiveName: awssdk.String("kept")})
	if err != nil {
		x.t.Fatal(err)
	}
	return d.EventCount
}

func replay(name string, from, to time.Time, rules ...string) *eventbridge.StartReplayInput {
	return &eventbridge.StartReplayInput{
		ReplayName: &name, EventSourceArn: awssdk.String("arn:aws:events:us-east-1:000000000000:archive/kept"),
		EventStartTime: &from, EventEndTime: &to,
		Destination: &types.ReplayDestination{Arn: awssdk.String(busARN), FilterArns: rules},
	}
}

func bubble(t *testing.T, f func(*testing.T, *fixture)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, fresh(t)) })
}

func TestAReplayedEventCarriesTheReplaysNameAndIsNotArchivedAgain(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, x *fixture) {
		x.archive("", 0)
		x.rule("effects", `{"source":[{"prefix":"powerpole."}],"replay-name":[{"exists":false}]}`, to("inbox"))
		x.rule("audit", `{"source":[{"prefix":"powerpole."}]}`, to("dead"))
		begin := time.Now()
		x.put(entry("A", `{"n":1}`))
		original := x.received("dead")
		x.received("inbox")
		if _, err := x.api.StartReplay(t.Context(), replay("again", begin.Add(-time.Minute), begin.Add(time.Minute))); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got := x.received("inbox"); len(got) != 0 {
			t.Errorf("a rule without replays got %v", got)
		}
		got := x.received("dead")
		if len(got) != 1 || *got[0].Body != strings.TrimSuffix(*original[0].Body, "}")+`,"replay-name":"again"}` {
			t.Errorf("got %v", got)
		}
		d, err := x.api.DescribeReplay(t.Context(), &eventbridge.DescribeReplayInput{ReplayName: awssdk.String("again")})
		if err != nil || d.State != types.ReplayStateCompleted || x.archived() != 1 {
			t.Errorf("got %+v, %v; %d archived", d, err, x.archived())
		}
	})
}

func TestAReplayTakesOnlyItsTimeAndItsRules(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, x *fixture) {
		x.archive("", 0)
		begin := time.Now()
		for range 3 {
			x.put(entry("A", `{}`))
			time.Sleep(time.Hour)
		}
		x.rule("one", `{"source":[{"prefix":"powerpole."}]}`, to("inbox"))
		x.rule("two", `{"source":[{"prefix":"powerpole."}]}`, to("dead"))
		in := replay("some", begin.Add(time.Minute), begin.Add(2*time.Hour), "arn:aws:events:us-east-1:000000000000:rule/powerpole/one")
		if _, err := x.api.StartReplay(t.Context(), in); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if a, b := len(x.received("inbox")), len(x.received("dead")); a != 2 || b != 0 {
			t.Errorf("the chosen rule got %d, the other %d", a, b)
		}
	})
}

func TestAReplayCanBeCancelled(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, x *fixture) {
		x.archive("", 0)
		begin := time.Now()
		for range 9 {
			x.put(entry("A", `{}`))
			time.Sleep(time.Minute)
		}
		x.rule("all", `{"source":[{"prefix":"powerpole."}]}`, to("inbox"))
		if _, err := x.api.StartReplay(t.Context(), replay("long", begin, begin.Add(time.Hour))); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2500 * time.Millisecond)
		name := awssdk.String("long")
		if _, err := x.api.CancelReplay(t.Context(), &eventbridge.CancelReplayInput{ReplayName: name}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		d, err := x.api.DescribeReplay(t.Context(), &eventbridge.DescribeReplayInput{ReplayName: name})
		if n := len(x.received("inbox")); err != nil || d.State != types.ReplayStateCancelled || n != 3 {
			t.Errorf("%d delivered, %+v, %v", n, d, err)
		}
		if _, err := x.api.CancelReplay(t.Context(), &eventbridge.CancelReplayInput{ReplayName: name}); code(err) != "IllegalStatusException" {
			t.Errorf("a second time: %v", err)
		}
	})
}

func TestReplaysThatAWSRefuses(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, x *fixture) {
		x.archive("", 0)
		now := time.Now()
		elsewhere, backward, none, rule := replay("a", now.Add(-time.Hour), now), replay("b", now, now.Add(-time.Hour)), replay("c", now.Add(-time.Hour), now), replay("d", now.Add(-time.Hour), now, "arn:none")
		elsewhere.Destination.Arn = awssdk.String("arn:aws:events:us-east-1:000000000000:event-bus/default")
		none.EventSourceArn = awssdk.String("arn:aws:events:us-east-1:000000000000:archive/none")
		for in, want := range map[*eventbridge.StartReplayInput]string{
			elsewhere: "ValidationException", backward: "ValidationException", none: "ResourceNotFoundException", rule: "ResourceNotFoundException",
		} {
			if _, err := x.api.StartReplay(t.Context(), in); code(err) != want {
				t.Errorf("%s: %v, want %s", *in.ReplayName, err, want)
			}
		}
	})
}

func TestAnArchiveKeepsWhatItsPatternWantsForItsDays(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T, x *fixture) {
		x.archive(`{"detail-type":["A"]}`, 2)
		x.put(entry("A", `{}`), entry("B", `{}`))
		if n := x.archived(); n != 1 {
			t.Errorf("%d kept", n)
		}
		time.Sleep(49 * time.Hour)
		if n := x.archived(); n != 0 {
			t.Errorf("%d kept after their days", n)
		}
		name := awssdk.String("kept")
		if _, err := x.api.UpdateArchive(t.Context(), &eventbridge.UpdateArchiveInput{ArchiveName: name, RetentionDays: awssdk.Int32(0)}); err != nil {
			t.Fatal(err)
		}
		x.put(entry("B", `{}`))
		list, err := x.api.ListArchives(t.Context(), &eventbridge.ListArchivesInput{EventSourceArn: awssdk.String(busARN)})
		if err != nil || len(list.Archives) != 1 || list.Archives[0].EventCount != 1 {
			t.Errorf("got %+v, %v", list, err)
		}
		if _, err := x.api.DeleteArchive(t.Context(), &eventbridge.DeleteArchiveInput{ArchiveName: name}); err != nil {
			t.Fatal(err)
		}
		if _, err := x.api.DescribeArchive(t.Context(), &eventbridge.DescribeArchiveInput{ArchiveName: name}); code(err) != "ResourceNotFoundException" {
			t.Errorf("got %v", err)
		}
	})
}
