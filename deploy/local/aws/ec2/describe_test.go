package ec2_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/powerpole/powerpole/deploy/local/aws/ec2"
)

func TestFiltersFindTheInstanceTheyName(t *testing.T) {
	t.Parallel()
	_, c := setup(t, ec2.Options{})
	other := order("b")
	other.SubnetId = aws.String("subnet-b")
	gone := launch(t, c, other)
	terminate(t, c, *gone.InstanceId)
	i := launch(t, c, order("a"))
	for _, f := range []types.Filter{
		where("instance-id", *i.InstanceId),
		where("tag:powerpole:request", "a"),
		where("tag:powerpole:request", "x", "a*"),
		where("instance-state-name", "pending", "running"),
		where("client-token", "a"),
		where("private-ip-address", *i.PrivateIpAddress),
		where("subnet-id", "subnet-a"),
	} {
		seen := describe(t, c, f)
		if len(seen) != 1 || *seen[0].InstanceId != *i.InstanceId {
			t.Errorf("filter %s %v found %d", *f.Name, f.Values, len(seen))
		}
	}
	if n := len(describe(t, c, where("tag-key", "powerpole:*"))); n != 2 {
		t.Errorf("tag-key found %d, want both", n)
	}
	if n := len(describe(t, c, where("client-token", "a"), where("subnet-id", "subnet-b"))); n != 0 {
		t.Errorf("filters that contradict found %d", n)
	}
	if n := len(describe(t, c, where("client-token", "."))); n != 0 {
		t.Errorf("a value was read as a pattern and found %d", n)
	}
}

func TestAnUnknownFilterIsRefused(t *testing.T) {
	t.Parallel()
	_, c := setup(t, ec2.Options{})
	_, err := c.DescribeInstances(t.Context(), &awsec2.DescribeInstancesInput{Filters: []types.Filter{where("colour", "red")}})
	wantCode(t, err, "InvalidParameterValue")
}

func TestPagesShowEachInstanceOnceThoughOthersComeAndGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, c := setup(t, ec2.Options{})
		var want []string
		for n := range 12 {
			want = append(want, *launch(t, c, order(string(rune('a'+n)))).InstanceId)
		}
		var got []string
		pages := awsec2.NewDescribeInstancesPaginator(c, &awsec2.DescribeInstancesInput{MaxResults: aws.Int32(5)})
		for first := true; pages.HasMorePages(); first = false {
			out, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range out.Reservations {
				got = append(got, *r.Instances[0].InstanceId)
			}
			if first {
				terminate(t, c, want[0])
				time.Sleep(time.Hour)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages showed %v, want %v", got, want)
		}
	})
}

func TestBadPagingIsRefused(t *testing.T) {
	t.Parallel()
	_, c := setup(t, ec2.Options{})
	i := launch(t, c, order("a"))
	for code, in := range map[string]*awsec2.DescribeInstancesInput{
		"InvalidParameterValue":       {MaxResults: aws.Int32(4)},
		"InvalidParameterCombination": {MaxResults: aws.Int32(5), InstanceIds: []string{*i.InstanceId}},
		"InvalidNextToken":            {NextToken: aws.String("!")},
	} {
		_, err := c.DescribeInstances(t.Context(), in)
		wantCode(t, err, code)
	}
}

func TestALaunchedInstanceIsOutOfSightForTheLag(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c := setup(t, ec2.Options{DescribeLag: time.Second})
		i := launch(t, c, order("a"))
		_, err := c.TerminateInstances(t.Context(), &awsec2.TerminateInstancesInput{InstanceIds: []string{*i.InstanceId}})
		wantCode(t, err, "InvalidInstanceID.NotFound")
		if n := len(describe(t, c, where("client-token", "a"))); n != 0 {
			t.Errorf("%d instances seen at once", n)
		}
		if known, shown := s.Known(), s.Instances(); len(known) != 1 || known[0].ID != *i.InstanceId || len(shown) != 0 {
			t.Errorf("at once EC2 knows %v and shows %v", known, shown)
		}
		time.Sleep(time.Second)
		if n := len(describe(t, c, where("client-token", "a"))); n != 1 {
			t.Errorf("%d instances seen after the lag, want 1", n)
		}
	})
}

func TestInstanceStatusShowsRunningInstancesUnlessAskedForAll(t *testing.T) {
	t.Parallel()
	_, c := setup(t, ec2.Options{})
	gone, i := launch(t, c, order("a")), launch(t, c, order("b"))
	terminate(t, c, *gone.InstanceId)
	for all, want := range map[bool]int{false: 1, true: 2} {
		out, err := c.DescribeInstanceStatus(t.Context(), &awsec2.DescribeInstanceStatusInput{IncludeAllInstances: &all})
		if err != nil {
			t.Fatal(err)
		}
		last := out.InstanceStatuses[len(out.InstanceStatuses)-1]
		if len(out.InstanceStatuses) != want || *last.InstanceId != *i.InstanceId || last.InstanceStatus.Status != types.SummaryStatusOk {
			t.Errorf("all %v: %d statuses, last %+v", all, len(out.InstanceStatuses), last)
		}
	}
}

func TestTagsCanBeAddedAndListed(t *testing.T) {
	t.Parallel()
	_, c := setup(t, ec2.Options{})
	i := launch(t, c, order("a"))
	tag := []types.Tag{{Key: aws.String("seen"), Value: aws.String("yes")}}
	_, err := c.CreateTags(t.Context(), &awsec2.CreateTagsInput{Resources: []string{*i.InstanceId, "i-00000000000000000"}, Tags: tag})
	wantCode(t, err, "InvalidInstanceID.NotFound")
	if n := len(describe(t, c, where("tag:seen", "yes"))); n != 0 {
		t.Error("a refused call has tagged")
	}
	if _, err := c.CreateTags(t.Context(), &awsec2.CreateTagsInput{Resources: []string{*i.InstanceId}, Tags: tag}); err != nil {
		t.Fatal(err)
	}
	out, err := c.DescribeTags(t.Context(), &awsec2.DescribeTagsInput{Filters: []types.Filter{where("resource-id", *i.InstanceId)}})
	if err != nil || len(out.Tags) != 2 || *out.Tags[1].Key != "seen" || out.Tags[1].ResourceType != types.ResourceTypeInstance {
		t.Errorf("tags %+v, %v", out, err)
	}
}
