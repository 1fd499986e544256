package web

import (
	"fmt"
	"html/template"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// markup turns Slack's mrkdwn into HTML. Only the tags written in this file ever
// come out: everything else goes through escape.
type markup struct {
	person  func(id string) string
	channel func(id string) string
	zone    *time.Location
}

// unescape undoes the three escapes of mrkdwn, and nothing else.
func unescape(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}

// escape makes HTML of mrkdwn's literal text.
func escape(s string) string { return template.HTMLEscapeString(unescape(s)) }

func (m markup) text(t kitText) template.HTML {
	if t.Type != "mrkdwn" {
		return template.HTML(emoji(lines(template.HTMLEscapeString(t.Text)))) //nolint:gosec // escaped
	}
	return m.html(t.Text)
}

func lines(s string) string { return strings.ReplaceAll(s, "\n", "<br>") }

// html turns mrkdwn into HTML: blocks of code first, for nothing in them is
// markup.
func (m markup) html(s string) template.HTML {
	var b strings.Builder
	for i, part := range strings.Split(s, "```") {
		if i%2 == 1 {
			b.WriteString("<pre>" + escape(strings.Trim(part, "\n")) + "</pre>")
			continue
		}
		if i > 0 {
			part = strings.TrimPrefix(part, "\n")
		}
		b.WriteString(m.paragraphs(part))
	}
	return template.HTML(b.String()) //nolint:gosec // every literal part was escaped
}

// paragraphs groups lines into quotes and what is not quoted.
func (m markup) paragraphs(s string) string {
	var b strings.Builder
	quoted := false
	for i, line := range strings.Split(s, "\n") {
		rest, isQuote := strings.CutPrefix(line, "&gt;")
		if !isQuote {
			rest, isQuote = strings.CutPrefix(line, ">")
		}
		switch {
		case isQuote && !quoted:
			b.WriteString("<blockquote>")
		case !isQuote && quoted:
			b.WriteString("</blockquote>")
		case i > 0:
			b.WriteString("<br>")
		}
		quoted = isQuote
		b.WriteString(m.inline(strings.TrimPrefix(rest, " ")))
	}
	if quoted {
		b.WriteString("</blockquote>")
	}
	return b.String()
}

// inline turns one line into HTML: code, then references, then styles.
func (m markup) inline(s string) string {
	var b strings.Builder
	for s != "" {
		at := strings.IndexAny(s, "`<")
		if at < 0 {
			break
		}
		end := "`"
		if s[at] == '<' {
			end = ">"
		}
		length := strings.Index(s[at+1:], end)
		if length < 0 {
			break
		}
		inner := s[at+1 : at+1+length]
		b.WriteString(styled(s[:at]))
		if end == "`" {
			b.WriteString("<code>" + escape(inner) + "</code>")
		} else {
			b.WriteString(m.reference(inner))
		}
		s = s[at+1+length+1:]
	}
	return b.String() + styled(s)
}

// reference is what stands in angle brackets.
func (m markup) reference(s string) string {
	target, label, _ := strings.Cut(s, "|")
	switch {
	case strings.HasPrefix(target, "@"):
		return span("mention", "@"+m.person(target[1:]))
	case strings.HasPrefix(target, "#"):
		return span("mention", "#"+m.channel(target[1:]))
	case strings.HasPrefix(target, "!date^"):
		return m.date(target, label)
	case strings.HasPrefix(target, "!subteam^"):
		name := strings.TrimPrefix(target, "!subteam^")
		if label != "" {
			name = unescape(label)
		}
		return span("mention", "@"+strings.TrimPrefix(name, "@"))
	case strings.HasPrefix(target, "!"):
		return span("mention", "@"+target[1:])
	}
	return link(unescape(target), unescape(label))
}

func span(class, text string) string {
	return `<span class="` + class + `">` + template.HTMLEscapeString(text) + "</span>"
}

// webURL is a link that leads somewhere on the web, "" for any other.
func webURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.String()
}

// link is an anchor. A session on this page is reached by the name that the
// browser knows the page by, so that its cookie goes along.
func link(target, label string) string {
	if label == "" {
		label = target
	}
	target = webURL(target)
	if target == "" {
		return template.HTMLEscapeString(label)
	}
	class := ""
	if u, err := url.Parse(target); err == nil && loopback(u.Host) && strings.HasPrefix(u.Path, sessionPath) {
		target, class = u.EscapedPath(), ` class="session-link"`
	}
	return `<a` + class + ` href="` + template.HTMLEscapeString(target) + `" target="_blank" rel="noopener">` +
		template.HTMLEscapeString(label) + "</a>"
}

// date is <!date^seconds^format^link|fallback>, in the reader's zone.
func (m markup) date(target, fallback string) string {
	parts := strings.Split(target, "^")
	if len(parts) < 3 {
		return escape(fallback)
	}
	seconds, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return escape(fallback)
	}
	t := time.Unix(seconds, 0).In(m.zone)
	shown := strings.NewReplacer(
		"{date_num}", t.Format("2006-01-02"), "{time}", t.Format("15:04"), "{time_secs}", t.Format("15:04:05"),
		"{date_short_pretty}", t.Format("2 Jan"), "{date_pretty}", t.Format("2 January"), "{date_long_pretty}", t.Format("Monday, 2 January"),
		"{date_short}", t.Format("2 Jan 2006"), "{date_long}", t.Format("Monday, 2 January 2006"), "{date}", t.Format("2 January 2006"),
		"{ago}", t.Format("2 Jan 15:04"),
	).Replace(parts[2])
	return fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, t.UTC().Format(time.RFC3339), escape(fallback), escape(shown))
}
