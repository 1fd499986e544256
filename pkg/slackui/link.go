package slackui

import (
	"fmt"
	"regexp"
	"strings"
	"time"
)

var (
	userID    = regexp.MustCompile(`^[UW][A-Z0-9]{1,30}$`)
	channelID = regexp.MustCompile(`^[CGD][A-Z0-9]{1,30}$`)
	address   = regexp.MustCompile(`^(https://|http://(127\.0\.0\.1|localhost)[:/])[^\s<>|]+$`)
)

// Mention names a person so that Slack links them; what is no user id becomes
// plain text.
func Mention(user string) string {
	if !userID.MatchString(user) {
		return Line(user, maxCode)
	}
	return "<@" + user + ">"
}

// Channel names a channel so that Slack links it; what is no channel id becomes
// plain text.
func Channel(id string) string {
	if !channelID.MatchString(id) {
		return Line(id, maxCode)
	}
	return "<#" + id + ">"
}

// Link is text that opens a web address; what is none, over TLS or on this
// machine, becomes plain text.
func Link(url, text string) string {
	if !address.MatchString(url) {
		return Line(text, maxCode)
	}
	return "<" + Escape(url) + "|" + Line(text, maxCode) + ">"
}

// Date is a moment that each reader sees in their own time zone. Where a client
// cannot show that, it is in UTC.
func Date(t time.Time) string {
	return fmt.Sprintf("<!date^%d^{date_short_pretty} {time}|%s>", t.Unix(), t.UTC().Format("2006-01-02 15:04 UTC"))
}

// Language is that of PowerPole's languages which fits a Slack locale: "ja" or
// "en".
func Language(locale string) string {
	if l := strings.ToLower(locale); l == "ja" || strings.HasPrefix(l, "ja-") || strings.HasPrefix(l, "ja_") {
		return "ja"
	}
	return "en"
}

// Length is a length of time as people write it in either language, as
// "1 h 30 min"; to the second.
func Length(d time.Duration) string {
	d = d.Round(time.Second)
	var parts []string
	for _, unit := range []struct {
		name string
		of   time.Duration
	}{{"h", time.Hour}, {"min", time.Minute}, {"s", time.Second}} {
		if n := d / unit.of; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, unit.name))
			d -= n * unit.of
		}
	}
	if len(parts) == 0 {
		return "0 s"
	}
	return strings.Join(parts, " ")
}
