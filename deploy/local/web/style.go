package web

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// styles are mrkdwn's marks, outermost first.
var styles = []struct{ mark, tag string }{{"*", "b"}, {"_", "i"}, {"~", "s"}}

// styled is literal text with its styles and emoji.
func styled(s string) string {
	for _, style := range styles {
		before, inner, after, ok := cutStyle(s, style.mark)
		if ok {
			return styled(before) + "<" + style.tag + ">" + styled(inner) + "</" + style.tag + ">" + styled(after)
		}
	}
	return emoji(escape(s))
}

// cutStyle finds text between two marks that stand at the edges of words.
func cutStyle(s, mark string) (before, inner, after string, ok bool) {
	for from := 0; ; {
		at := strings.Index(s[from:], mark)
		if at < 0 {
			return "", "", "", false
		}
		at += from
		from = at + 1
		if wordBefore(s[:at]) || spaceAfter(s[from:]) {
			continue
		}
		length := strings.Index(s[from:], mark)
		if length <= 0 {
			return "", "", "", false
		}
		inner, after = s[from:from+length], s[from+length+1:]
		if !strings.HasSuffix(inner, " ") && !wordAfter(after) {
			return s[:at], inner, after, true
		}
	}
}

func wordBefore(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return r != utf8.RuneError && isWord(r)
}

func wordAfter(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return r != utf8.RuneError && isWord(r)
}

func spaceAfter(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsSpace(r)
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// emoji replaces the names of those that PowerPole and people here use.
func emoji(s string) string {
	if strings.Count(s, ":") < 2 {
		return s
	}
	return strings.NewReplacer(
		":warning:", "⚠️", ":white_check_mark:", "✅", ":x:", "❌", ":key:", "🔑", ":lock:", "🔒", ":hourglass:", "⌛",
		":hourglass_flowing_sand:", "⏳", ":no_entry:", "⛔", ":no_entry_sign:", "🚫", ":rotating_light:", "🚨", ":bell:", "🔔",
		":eyes:", "👀", ":tada:", "🎉", ":wave:", "👋", ":gear:", "⚙️", ":stopwatch:", "⏱️", ":clock1:", "🕐", ":fire:", "🔥",
		":information_source:", "ℹ️", ":checkered_flag:", "🏁", ":broom:", "🧹", ":thumbsup:", "👍", ":+1:", "👍", ":memo:", "📝",
	).Replace(s)
}
