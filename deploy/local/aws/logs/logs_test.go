package logs_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslogs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"

	"github.com/powerpole/powerpole/deploy/local/aws/logs"
	"github.com/powerpole/powerpole/deploy/local/aws/wire/wiretest"
)

// setup returns a server with the group g and these streams.
func setup(t *testing.T, streams ...string) (*logs.Server, *awslogs.Client) {
	t.Helper()
	s := logs.New(logs.Options{})
	c := awslogs.NewFromConfig(wiretest.Config(s))
	if _, err := c.CreateLogGroup(t.Context(), &awslogs.CreateLogGroupInput{LogGroupName: aws.String("g")}); err != nil {
		t.Fatal(err)
	}
	for _, name := range streams {
		if _, err := c.CreateLogStream(t.Context(), &awslogs.CreateLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: &name}); err != nil {
			t.Fatal(err)
		}
	}
	return s, c
}

func event(at time.Time, message string) types.InputLogEvent {
	return types.InputLogEvent{Timestamp: aws.Int64(at.UnixMilli()), Message: &message}
}

func tryPut(t *testing.T, c *awslogs.Client, stream string, events ...types.InputLogEvent) (*awslogs.PutLogEventsOutput, error) {
	t.Helper()
	return c.PutLogEvents(t.Context(), &awslogs.PutLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: &stream, LogEvents: events})
}

func put(t *testing.T, c *awslogs.Client, stream string, events ...types.InputLogEvent) *awslogs.PutLogEventsOutput {
	t.Helper()
	out, err := tryPut(t, c, stream, events...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func get(t *testing.T, c *awslogs.Client, in awslogs.GetLogEventsInput) (*awslogs.GetLogEventsOutput, string) {
	t.Helper()
	in.LogGroupName, in.LogStreamName = aws.String("g"), aws.String("s")
	out, err := c.GetLogEvents(t.Context(), &in)
	if err != nil {
		t.Fatal(err)
	}
	var messages []string
	for _, e := range out.Events {
		messages = append(messages, *e.Message)
	}
	return out, strings.Join(messages, " ")
}

func search(t *testing.T, c *awslogs.Client, in awslogs.FilterLogEventsInput) string {
	t.Helper()
	in.LogGroupName = aws.String("g")
	var messages []string
	for pages := awslogs.NewFilterLogEventsPaginator(c, &in); pages.HasMorePages(); {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if in.Limit != nil && len(out.Events) > int(*in.Limit) {
			t.Errorf("%d events on a page of %d", len(out.Events), *in.Limit)
		}
		for _, e := range out.Events {
			messages = append(messages, *e.LogStreamName+":"+*e.Message)
		}
	}
	return strings.Join(messages, "|")
}

// wantType fails unless the error is AWS's error T.
func wantType[T error](t *testing.T, err error) {
	t.Helper()
	var want T
	if !errors.As(err, &want) {
		t.Errorf("error %v, want %T", err, want)
	}
}

func TestGroupsAndStreamsAreMadeOnceAndMustExist(t *testing.T) {
	t.Parallel()
	s, c := setup(t, "s")
	_, err := c.CreateLogGroup(t.Context(), &awslogs.CreateLogGroupInput{LogGroupName: aws.String("g")})
	wantType[*types.ResourceAlreadyExistsException](t, err)
	_, err = c.CreateLogStream(t.Context(), &awslogs.CreateLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s")})
	wantType[*types.ResourceAlreadyExistsException](t, err)
	_, err = c.CreateLogStream(t.Context(), &awslogs.CreateLogStreamInput{LogGroupName: aws.String("h"), LogStreamName: aws.String("s")})
	wantType[*types.ResourceNotFoundException](t, err)
	_, err = tryPut(t, c, "other", event(time.Now(), "a"))
	wantType[*types.ResourceNotFoundException](t, err)
	if _, err := c.DeleteLogGroup(t.Context(), &awslogs.DeleteLogGroupInput{LogGroupName: aws.String("g")}); err != nil {
		t.Fatal(err)
	}
	_, err = tryPut(t, c, "s", event(time.Now(), "a"))
	wantType[*types.ResourceNotFoundException](t, err)
	if got := s.Groups(); len(got) != 0 {
		t.Errorf("groups %v", got)
	}
}

func TestAStreamIsReadForwardsUntilTheSameTokenComesBack(t *testing.T) {
	t.Parallel()
	_, c := setup(t, "s")
	at := time.Now()
	put(t, c, "s", event(at, "a"), event(at, "b"), event(at.Add(time.Second), "c"))
	out, got := get(t, c, awslogs.GetLogEventsInput{StartFromHead: aws.Bool(true), Limit: aws.Int32(2)})
	if got != "a b" {
		t.Errorf("first page %q", got)
	}
	out, got = get(t, c, awslogs.GetLogEventsInput{NextToken: out.NextForwardToken, Limit: aws.Int32(2)})
	if got != "c" {
		t.Errorf("second page %q", got)
	}
	again, got := get(t, c, awslogs.GetLogEventsInput{NextToken: out.NextForwardToken})
	if got != "" || *again.NextForwardToken != *out.NextForwardToken {
		t.Errorf("page past the end %q, token %s", got, *again.NextForwardToken)
	}
	put(t, c, "s", event(at.Add(2*time.Second), "d"))
	if _, got = get(t, c, awslogs.GetLogEventsInput{NextToken: again.NextForwardToken}); got != "d" {
		t.Errorf("what came after the end %q", got)
	}
}

func TestAStreamIsReadFromItsEndBackwards(t *testing.T) {
	t.Parallel()
	_, c := setup(t, "s")
	at := time.Now()
	put(t, c, "s", event(at, "a"), event(at.Add(1e9), "b"), event(at.Add(2e9), "c"))
	out, got := get(t, c, awslogs.GetLogEventsInput{Limit: aws.Int32(2)})
	if got != "b c" {
		t.Errorf("last page %q", got)
	}
	if _, got = get(t, c, awslogs.GetLogEventsInput{Limit: aws.Int32(2), NextToken: out.NextBackwardToken}); got != "a" {
		t.Errorf("page before it %q", got)
	}
	if _, got = get(t, c, awslogs.GetLogEventsInput{StartTime: aws.Int64(at.UnixMilli() + 1000), EndTime: aws.Int64(at.UnixMilli() + 2000)}); got != "b" {
		t.Errorf("range %q", got)
	}
}

func TestEventsTooOldOrTooNewAreRejectedAndTheRestKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, c := setup(t, "s")
		day := 24 * time.Hour
		now := time.Now()
		out := put(t, c, "s", event(now.Add(-15*day), "old"), event(now, "a"), event(now.Add(2*time.Hour), "b"), event(now.Add(3*time.Hour), "new"))
		if r := out.RejectedLogEventsInfo; r == nil || *r.TooOldLogEventEndIndex != 1 || *r.TooNewLogEventStartIndex != 3 || r.ExpiredLogEventEndIndex != nil {
			t.Errorf("rejected %+v", r)
		}
		if _, got := get(t, c, awslogs.GetLogEventsInput{}); got != "a b" {
			t.Errorf("kept %q", got)
		}
		if out := put(t, c, "s", event(now, "c")); out.RejectedLogEventsInfo != nil {
			t.Errorf("rejected %+v of a good batch", out.RejectedLogEventsInfo)
		}
	})
}

func TestABadBatchIsRefusedWhole(t *testing.T) {
	t.Parallel()
	s, c := setup(t, "s")
	now := time.Now()
	large := strings.Repeat("x", 600_000)
	for name, events := range map[string][]types.InputLogEvent{
		"no events":       {},
		"empty message":   {event(now, "")},
		"out of order":    {event(now, "a"), event(now.Add(-time.Second), "b")},
		"too large":       {event(now, large), event(now, large)},
		"more than a day": {event(now.Add(-25*time.Hour), "a"), event(now, "b")},
	} {
		if _, err := tryPut(t, c, "s", events...); err == nil {
			t.Errorf("%s: taken", name)
		} else {
			wantType[*types.InvalidParameterException](t, err)
		}
	}
	if got := s.Events("g", "s"); len(got) != 0 {
		t.Errorf("kept %v", got)
	}
}

func TestAStreamShowsWhetherItStillGrows(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c := setup(t, "s")
		look := func() types.LogStream {
			out, err := c.DescribeLogStreams(t.Context(), &awslogs.DescribeLogStreamsInput{LogGroupName: aws.String("g"), LogStreamNamePrefix: aws.String("s")})
			if err != nil || len(out.LogStreams) != 1 {
				t.Fatalf("streams %+v, %v", out, err)
			}
			return out.LogStreams[0]
		}
		if st := look(); st.LastEventTimestamp != nil || st.LastIngestionTime != nil {
			t.Errorf("empty stream %+v", st)
		}
		at := time.Now()
		time.Sleep(time.Minute)
		put(t, c, "s", event(at, "hello"))
		if st := look(); *st.LastEventTimestamp != at.UnixMilli() || *st.LastIngestionTime != at.Add(time.Minute).UnixMilli() {
			t.Errorf("stream %+v", st)
		}
		if got := s.Streams("g")[0]; got.Events != 1 || got.Bytes != 5+26 || !got.LastEventAt.Equal(at.Truncate(time.Millisecond)) {
			t.Errorf("stream %+v", got)
		}
	})
}

func TestStreamsAreListedByNameOrLastEventInBothDirections(t *testing.T) {
	t.Parallel()
	_, c := setup(t, "a", "ab", "b")
	put(t, c, "ab", event(time.Now(), "x"))
	put(t, c, "a", event(time.Now().Add(time.Second), "x"))
	for want, in := range map[string]awslogs.DescribeLogStreamsInput{
		"a ab b":  {},
		"b ab a":  {Descending: aws.Bool(true)},
		"b ab a ": {OrderBy: types.OrderByLastEventTime},
		"a ab b ": {OrderBy: types.OrderByLastEventTime, Descending: aws.Bool(true)},
	} {
		in.LogGroupName, in.Limit = aws.String("g"), aws.Int32(2)
		var got []string
		for pages := awslogs.NewDescribeLogStreamsPaginator(c, &in); pages.HasMorePages(); {
			out, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, st := range out.LogStreams {
				got = append(got, *st.LogStreamName)
			}
		}
		if strings.Join(got, " ") != strings.TrimSpace(want) {
			t.Errorf("listed %v, want %s", got, want)
		}
	}
	_, err := c.DescribeLogStreams(t.Context(), &awslogs.DescribeLogStreamsInput{
		LogGroupName: aws.String("g"), OrderBy: types.OrderByLastEventTime, LogStreamNamePrefix: aws.String("a"),
	})
	wantType[*types.InvalidParameterException](t, err)
}

func TestAFilterPatternFindsWordsAndPhrases(t *testing.T) {
	t.Parallel()
	_, c := setup(t, "s")
	at := time.Now()
	put(t, c, "s", event(at, "SELECT * FROM orders"), event(at, "DROP TABLE orders"), event(at, `say "hi" now`))
	for pattern, want := range map[string]string{
		"":                    `s:SELECT * FROM orders|s:DROP TABLE orders|s:say "hi" now`,
		"orders":              "s:SELECT * FROM orders|s:DROP TABLE orders",
		"orders DROP":         "s:DROP TABLE orders",
		`"* FROM"`:            "s:SELECT * FROM orders",
		`"\"hi\" now"`:        `s:say "hi" now`,
		"?DROP ?say":          `s:DROP TABLE orders|s:say "hi" now`,
		"orders -SELECT":      "s:DROP TABLE orders",
		"drop":                "",
		`-"DROP TABLE" TABLE`: "",
	} {
		if got := search(t, c, awslogs.FilterLogEventsInput{FilterPattern: &pattern}); got != want {
			t.Errorf("pattern %s found %s, want %s", pattern, got, want)
		}
	}
	for _, pattern := range []string{`{ $.a = 1 }`, `[a, b]`, `%x%`, `"open`, "?a b", "a*"} {
		_, err := c.FilterLogEvents(t.Context(), &awslogs.FilterLogEventsInput{LogGroupName: aws.String("g"), FilterPattern: &pattern})
		wantType[*types.InvalidParameterException](t, err)
	}
}

func TestAFilterSearchesTheStreamsAndTheTimeAskedFor(t *testing.T) {
	t.Parallel()
	_, c := setup(t, "a1", "a2", "b")
	at := time.Now().Truncate(time.Second)
	for n, stream := range []string{"a1", "a2", "b"} {
		put(t, c, stream, event(at.Add(time.Duration(n)*time.Second), "x"), event(at.Add(10*time.Second), "y"))
	}
	ms := func(s int) *int64 { return aws.Int64(at.UnixMilli() + int64(s)*1000) }
	for want, in := range map[string]awslogs.FilterLogEventsInput{
		"a1:x|a2:x|b:x|a1:y|a2:y|b:y": {Limit: aws.Int32(1)},
		"a1:x|a2:x|a1:y|a2:y":         {LogStreamNamePrefix: aws.String("a")},
		"a2:x|b:x|a2:y|b:y":           {LogStreamNames: []string{"b", "a2", "b"}},
		"a2:x|b:x":                    {StartTime: ms(1), EndTime: ms(2)},
	} {
		if got := search(t, c, in); got != want {
			t.Errorf("found %s, want %s", got, want)
		}
	}
	_, err := c.FilterLogEvents(t.Context(), &awslogs.FilterLogEventsInput{LogGroupName: aws.String("g"), LogStreamNames: []string{"z"}})
	wantType[*types.ResourceNotFoundException](t, err)
	_, err = c.FilterLogEvents(t.Context(), &awslogs.FilterLogEventsInput{LogGroupName: aws.String("g"), LogStreamNames: []string{"b"}, LogStreamNamePrefix: aws.String("a")})
	wantType[*types.InvalidParameterException](t, err)
}

func TestAGroupForgetsWhatIsOlderThanItsRetention(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, c := setup(t, "s")
		_, err := c.PutRetentionPolicy(t.Context(), &awslogs.PutRetentionPolicyInput{LogGroupName: aws.String("g"), RetentionInDays: aws.Int32(2)})
		wantType[*types.InvalidParameterException](t, err)
		if _, err := c.PutRetentionPolicy(t.Context(), &awslogs.PutRetentionPolicyInput{LogGroupName: aws.String("g"), RetentionInDays: aws.Int32(3)}); err != nil {
			t.Fatal(err)
		}
		put(t, c, "s", event(time.Now(), "a"))
		time.Sleep(4 * 24 * time.Hour)
		out := put(t, c, "s", event(time.Now().Add(-4*24*time.Hour), "late"), event(time.Now(), "b"))
		if r := out.RejectedLogEventsInfo; r == nil || *r.ExpiredLogEventEndIndex != 1 || r.TooOldLogEventEndIndex != nil {
			t.Errorf("rejected %+v", r)
		}
		if got := s.Events("g", "s"); len(got) != 1 || got[0].Message != "b" {
			t.Errorf("kept %v", got)
		}
	})
}

func TestGroupsAreListedWithWhatTheyHold(t *testing.T) {
	t.Parallel()
	_, c := setup(t, "s")
	put(t, c, "s", event(time.Now(), "hello"))
	for n := range 3 {
		if _, err := c.CreateLogGroup(t.Context(), &awslogs.CreateLogGroupInput{LogGroupName: aws.String(fmt.Sprintf("/aws/%d", n))}); err != nil {
			t.Fatal(err)
		}
	}
	var names []string
	in := &awslogs.DescribeLogGroupsInput{Limit: aws.Int32(2), LogGroupNamePrefix: aws.String("/aws/")}
	for pages := awslogs.NewDescribeLogGroupsPaginator(c, in); pages.HasMorePages(); {
		out, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range out.LogGroups {
			names = append(names, *g.LogGroupName)
		}
	}
	if !slices.Equal(names, []string{"/aws/0", "/aws/1", "/aws/2"}) {
		t.Errorf("groups %v", names)
	}
	out, err := c.DescribeLogGroups(t.Context(), &awslogs.DescribeLogGroupsInput{LogGroupNamePattern: aws.String("G")})
	if err != nil || len(out.LogGroups) != 1 || *out.LogGroups[0].StoredBytes != 31 {
		t.Fatalf("groups %+v, %v", out, err)
	}
	if got, err := c.GetLogEvents(t.Context(), &awslogs.GetLogEventsInput{LogGroupIdentifier: out.LogGroups[0].LogGroupArn, LogStreamName: aws.String("s")}); err != nil || len(got.Events) != 1 {
		t.Errorf("events by ARN %+v, %v", got, err)
	}
}

func TestBadNamesTokensAndOperationsAreRefused(t *testing.T) {
	t.Parallel()
	_, c := setup(t, "s")
	_, err := c.CreateLogGroup(t.Context(), &awslogs.CreateLogGroupInput{LogGroupName: aws.String("a b")})
	wantType[*types.InvalidParameterException](t, err)
	_, err = c.CreateLogStream(t.Context(), &awslogs.CreateLogStreamInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("a:b")})
	wantType[*types.InvalidParameterException](t, err)
	_, err = c.GetLogEvents(t.Context(), &awslogs.GetLogEventsInput{LogGroupName: aws.String("g"), LogStreamName: aws.String("s"), NextToken: aws.String("x")})
	wantType[*types.InvalidParameterException](t, err)
	_, err = c.StartQuery(t.Context(), &awslogs.StartQueryInput{QueryString: aws.String("x"), StartTime: aws.Int64(0), EndTime: aws.Int64(1)})
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "UnknownOperationException" {
		t.Errorf("error %v, want UnknownOperationException", err)
	}
}
