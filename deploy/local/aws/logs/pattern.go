package logs

import (
	"regexp"
	"slices"
	"strings"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// term is one word of a filter pattern: a sign, and a word or a phrase in
// double quotes.
var term = regexp.MustCompile(`^\s*([?-]?)(?:([\w.@]+)|"((?:[^"\\]|\\.)*)")(?:\s+|$)`)

// parsePattern reads the part of AWS's filter pattern syntax that is for
// unstructured text
// (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html):
// all of `word "a phrase"`, any of `?a ?b`, none of `-word`. Patterns of JSON
// fields, columns and regular expressions are refused.
func parsePattern(pattern string) (func(string) bool, error) {
	words := map[string][]string{}
	for rest := strings.TrimSpace(pattern); rest != ""; {
		m := term.FindStringSubmatch(rest)
		if m == nil {
			return nil, wire.Errorf("InvalidParameterException", "Invalid filter pattern: the embedded CloudWatch Logs cannot read %q", rest)
		}
		words[m[1]] = append(words[m[1]], m[2]+unquote(m[3]))
		rest = rest[len(m[0]):]
	}
	if len(words["?"]) > 0 && len(words) > 1 {
		return nil, wire.Errorf("InvalidParameterException", "Invalid filter pattern: ?words cannot be combined with others")
	}
	return func(message string) bool {
		has := func(word string) bool { return strings.Contains(message, word) }
		lacks := func(word string) bool { return !has(word) }
		return !slices.ContainsFunc(words[""], lacks) && !slices.ContainsFunc(words["-"], has) &&
			(len(words["?"]) == 0 || slices.ContainsFunc(words["?"], has))
	}, nil
}

var escaped = regexp.MustCompile(`\\(.)`)

func unquote(s string) string { return escaped.ReplaceAllString(s, "$1") }
