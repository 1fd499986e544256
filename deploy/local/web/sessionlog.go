package web

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/powerpole/powerpole/deploy/local/aws/logs"
)

// cloudwatch is a client that does not try again: the page waits for it.
func (s *Server) cloudwatch() *cloudwatchlogs.Client {
	return cloudwatchlogs.NewFromConfig(s.opts.AWS.Config(), func(o *cloudwatchlogs.Options) { o.RetryMaxAttempts = 1 })
}

// openLog makes the session's log stream.
func (s *Server) openLog(ctx context.Context, ss *session) error {
	client := s.cloudwatch()
	_, err := client.CreateLogGroup(ctx, &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &s.opts.LogGroup})
	if _, exists := errors.AsType[*types.ResourceAlreadyExistsException](err); err != nil && !exists {
		return fmt.Errorf("making the log group %q: %w", s.opts.LogGroup, err)
	}
	id := ss.ssm.ID()
	if _, err := client.CreateLogStream(ctx, &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &s.opts.LogGroup, LogStreamName: &id}); err != nil {
		return fmt.Errorf("making the log stream %q: %w", id, err)
	}
	return nil
}

// note writes a line to the session's log, never with its password.
func (s *Server) note(ctx context.Context, ss *session, line string) error {
	line = ss.clean(line)
	id, now := ss.ssm.ID(), time.Now().UnixMilli()
	_, err := s.cloudwatch().PutLogEvents(ctx, &cloudwatchlogs.PutLogEventsInput{
		LogGroupName: &s.opts.LogGroup, LogStreamName: &id,
		LogEvents: []types.InputLogEvent{{Message: &line, Timestamp: &now}},
	})
	if err != nil {
		return fmt.Errorf("logging to %q: %w", id, err)
	}
	return nil
}

// logged is what the session's log holds.
func (s *Server) logged(ss *session) []logs.Event {
	if ss == nil {
		return nil
	}
	return s.opts.AWS.Logs.Events(s.opts.LogGroup, ss.ssm.ID())
}
