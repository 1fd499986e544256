package intake

import (
	"strings"
	"unicode"
)

// clean makes what a person typed safe to carry on: valid UTF-8 without control
// and format characters, which SQS refuses (XML 1.0 §2.2), break a log line, or
// turn what is read around. Line ends stay.
func clean(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "�"), "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\u200d' || r == '\u200c': // joiners, as in emoji and Persian
			return r
		case unicode.IsControl(r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r):
			return ' '
		case unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Noncharacter_Code_Point, r):
			return -1
		default:
			return r
		}
	}, text))
}
