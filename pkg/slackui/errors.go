package slackui

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/bus"
)

// unknownWait is how long to wait where Slack limits us and does not say.
const unknownWait = 30 * time.Second

// Outcome is what becomes of a message whose handling met this error of Slack's:
// a rate limit asks again after the time that Slack names, everything else is
// tried again with backoff. nil stays nil.
func Outcome(err error) error {
	if wait, limited := RateLimited(err); limited {
		return bus.Later(wait, err)
	}
	return err
}

// RateLimited reports whether Slack asked to wait (HTTP 429), and for how long.
func RateLimited(err error) (time.Duration, bool) {
	var limited *slack.RateLimitedError
	if errors.As(err, &limited) {
		return limited.RetryAfter, true
	}
	var status slack.StatusCodeError
	if errors.As(err, &status) && status.Code == http.StatusTooManyRequests || ErrorCode(err) == "ratelimited" {
		return unknownWait, true
	}
	return 0, false
}

// ErrorCode is the code of Slack's answer, as channel_not_found; empty where
// Slack did not answer or answered with another error.
func ErrorCode(err error) string {
	var refused slack.SlackErrorResponse
	if errors.As(err, &refused) {
		return refused.Err
	}
	return ""
}

// Refused reports whether Slack understood and said no, so that the call had no
// effect and the same call will not have one either.
func Refused(err error) bool {
	transient := []string{
		"", "ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout",
	}
	return !slices.Contains(transient, ErrorCode(err))
}

// MessageGone reports whether the message that was to be edited can never be
// edited again.
func MessageGone(err error) bool {
	return slices.Contains([]string{"message_not_found", "cant_update_message", "edit_window_closed"}, ErrorCode(err))
}

// ViewGone reports whether the view that was to be filled is not open any more.
func ViewGone(err error) bool {
	return slices.Contains([]string{"not_found", "view_not_found"}, ErrorCode(err))
}

// UserUnknown reports whether Slack does not know the person, or not to us.
func UserUnknown(err error) bool {
	return slices.Contains([]string{"user_not_found", "user_not_visible", "users_not_found"}, ErrorCode(err))
}
