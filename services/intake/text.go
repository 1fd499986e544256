package intake

import (
	"strings"
	"unicode"

	"github.com/powerpole/powerpole/pkg/slackui"
)

// maxText is more than any text that we take: what is longer is refused, not
// cut.
const maxText = 100_000

// clean makes what a person typed safe to carry on: harmless to print, and
// without the code points that SQS refuses (XML 1.0 §2.2, "Char").
func clean(text string) string {
	return slackui.Sanitize(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Noncharacter_Code_Point, r) {
			return -1
		}
		return r
	}, text), maxText)
}
