package scheduler

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// arm makes the schedule wait for a moment; without one, or past its end, it
// is complete.
func (s *Server) arm(g *group, sc *schedule, moment time.Time) {
	sc.disarm()
	if end := time.Time(sc.EndDate); moment.IsZero() || sc.timing.every > 0 && !end.IsZero() && moment.After(end) {
		s.complete(g, sc)
		return
	}
	if s.closed {
		return
	}
	sc.moment, sc.next = moment, s.fires(moment)
	sc.timer = time.AfterFunc(time.Until(sc.next), func() { s.fire(g, sc, moment) })
}

// disarm makes the schedule wait for nothing.
func (sc *schedule) disarm() {
	if sc.timer != nil {
		sc.timer.Stop()
	}
	sc.timer, sc.moment, sc.next = nil, time.Time{}, time.Time{}
}

// complete ends a schedule that will not fire again.
func (s *Server) complete(g *group, sc *schedule) {
	if sc.ActionAfterCompletion == "DELETE" && g.schedules[sc.name] == sc {
		delete(g.schedules, sc.name)
	}
}

// fire delivers for one moment and waits for the next. The timer may have
// been too late to stop: then the schedule no longer waits for that moment.
func (s *Server) fire(g *group, sc *schedule, moment time.Time) {
	s.mu.Lock()
	current := !s.closed && g.schedules[sc.name] == sc && sc.moment.Equal(moment)
	if current {
		s.wg.Add(1)
	}
	s.mu.Unlock()
	if !current {
		return
	}
	defer s.wg.Done()
	s.deliver(s.ctx, sc, moment)
	s.mu.Lock()
	defer s.mu.Unlock()
	if sc.moment.Equal(moment) {
		s.arm(g, sc, sc.timing.after(moment))
	}
}

// deliver sends the schedule's input to its target. What the queue does not
// take goes to the dead-letter queue, or is lost with a warning.
func (s *Server) deliver(ctx context.Context, sc *schedule, moment time.Time) {
	id := uuid.NewString()
	body := sc.body(s.opts, id, moment)
	err := s.queues.Deliver(ctx, sc.Target.Arn, body, nil)
	if err == nil {
		return
	}
	code, message := "InternalFailure", err.Error()
	var we *wire.Error
	if errors.As(err, &we) {
		code, message = we.Code, we.Message
		if we.Query != "" {
			code = we.Query
		}
	}
	if dlq := sc.Target.DeadLetterConfig; dlq != nil && dlq.Arn != "" {
		err = s.queues.Deliver(ctx, dlq.Arn, body, map[string]string{
			"ERROR_CODE": code, "ERROR_MESSAGE": message, "EXECUTION_ID": id, "RETRY_ATTEMPTS": "0",
			"SCHEDULED_TIME": moment.UTC().Format(time.RFC3339), "SCHEDULE_ARN": sc.arn, "TARGET_ARN": sc.Target.Arn,
		})
	}
	if err != nil {
		s.opts.Logger.WarnContext(ctx, "schedule not delivered", "schedule", sc.arn, "target", sc.Target.Arn, "error", err)
	}
}

// body is the target's input with AWS's context attributes filled in
// (https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html),
// or AWS's default notification.
func (sc *schedule) body(opts Options, id string, moment time.Time) string {
	at := moment.UTC().Format(time.RFC3339)
	if sc.Target.Input != "" {
		return strings.NewReplacer(
			"<aws.scheduler.schedule-arn>", sc.arn, "<aws.scheduler.scheduled-time>", at,
			"<aws.scheduler.execution-id>", id, "<aws.scheduler.attempt-number>", "1",
		).Replace(sc.Target.Input)
	}
	text, _ := json.Marshal(map[string]any{ // strings only: it marshals
		"version": "0", "id": id, "detail-type": "Scheduled Event", "source": "aws.scheduler",
		"account": opts.Account, "time": at, "region": opts.Region, "resources": []string{sc.arn}, "detail": "{}",
	})
	return string(text)
}
