package slackui

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Block Kit's limits, in characters.
const (
	MaxSection = 3000
	MaxField   = 2000
	MaxHeader  = 150
	MaxButton  = 75
	MaxTitle   = 24
)

const ellipsis = "…"

// Sanitize makes a person's text harmless to print: no control characters
// except line ends and tabs, none that turn the direction of writing round or
// cannot be seen, valid UTF-8, at most limit characters, never cut within one.
func Sanitize(s string, limit int) string {
	s = strings.TrimSpace(strings.Map(harmless, strings.ToValidUTF8(s, "\uFFFD")))
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	return string([]rune(s)[:max(limit-1, 0)]) + ellipsis
}

func harmless(r rune) rune {
	switch {
	case r == '\n' || r == '\t':
		return r
	case r == '\u2028' || r == '\u2029':
		return '\n'
	case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
		return -1
	default:
		return r
	}
}

// Escape takes the meaning from Slack's three control characters, and with them
// from every mention, channel link and date (`<!channel>`, `<@U1>`).
func Escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// Text is a person's text for mrkdwn: harmless, escaped, and at most limit
// characters with its escapes, none of them cut.
func Text(s string, limit int) string {
	s = Sanitize(s, limit)
	whole := Escape(s)
	if utf8.RuneCountInString(whole) <= limit {
		return whole
	}
	var cut strings.Builder
	left := limit - 1
	for _, r := range s {
		escaped := Escape(string(r))
		if left -= utf8.RuneCountInString(escaped); left < 0 {
			break
		}
		cut.WriteString(escaped)
	}
	return cut.String() + ellipsis
}

// Line is Text on one line.
func Line(s string, limit int) string {
	return Text(strings.Join(strings.Fields(s), " "), limit)
}

// Quote is a person's text as a quotation, every line of it marked as theirs.
func Quote(s string, limit int) string {
	return "> " + strings.ReplaceAll(Text(s, limit), "\n", "\n> ")
}

// maxCode is the most that a name or command has in a line, in characters.
const maxCode = 500

// Code is text in a code span. Backticks, which would end it, become
// apostrophes.
func Code(s string) string {
	return "`" + strings.ReplaceAll(Line(s, maxCode), "`", "'") + "`"
}

// CodeBlock is text in a code block, at most limit characters of it.
func CodeBlock(s string, limit int) string {
	return "```\n" + strings.ReplaceAll(Text(s, limit), "```", "'''") + "\n```"
}

// Exact is a code span of text that must stay as it is to the letter, as a
// password. It must be on one line and without backticks.
func Exact(s string) string { return "`" + Escape(s) + "`" }
