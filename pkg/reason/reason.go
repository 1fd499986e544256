// Package reason has the sentences in which PowerPole itself says why something is so, in each of its languages. An
// event, a log and a record hold the English one, which is what an audit reads; whoever shows it to a person asks In for
// theirs. It is a leaf.
package reason

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Reason is one sentence in English and in Japanese. In the English one a value has a verb of fmt; %v is for another
// reason, or several, %.1500s for a person's words. The Japanese one takes the values as texts, with %s or %[2]s.
type Reason struct{ English, Japanese string }

// Say gives the English sentence with its values.
func (r Reason) Say(args ...any) string {
	if len(args) == 0 {
		return r.English
	}
	return fmt.Sprintf(r.English, args...)
}

// separator is between several reasons.
const separator = "; "

// Join makes one text of several reasons.
func Join(reasons []string) string { return strings.Join(reasons, separator) }

// In gives what Say and Join gave in a language, "ja" or else English. What was said by somebody else, as by a person or by
// an installation's own policy, stays as it is.
func In(language, text string) string {
	if language != "ja" {
		return text
	}
	return japanese(text)
}

func japanese(text string) string {
	for _, k := range known() {
		if values := k.pattern.FindStringSubmatch(text); values != nil {
			return k.with(values[1:])
		}
	}
	parts := strings.Split(text, separator)
	if len(parts) == 1 {
		return text
	}
	for i, p := range parts {
		parts[i] = japanese(p)
	}
	return strings.Join(parts, separator)
}

// sentence is a reason that can be recognised.
type sentence struct {
	Reason
	pattern *regexp.Regexp
	verbs   []string
}

// with puts the values of the English sentence into the Japanese one.
func (s sentence) with(values []string) string {
	args := make([]any, len(values))
	for i, v := range values {
		if s.verbs[i] == "%v" {
			v = japanese(v)
		}
		args[i] = v
	}
	if len(args) == 0 {
		return s.Japanese
	}
	return fmt.Sprintf(s.Japanese, args...)
}

var (
	verb = regexp.MustCompile(`%[.0-9]*[a-z]`)
	// said are all reasons, as the variables of this package put them there.
	said []Reason
	// known recognises them, those with the most words of their own first.
	known = sync.OnceValue(func() []sentence {
		var all []sentence
		for _, r := range said {
			all = append(all, recognise(r))
		}
		slices.SortStableFunc(all, func(a, b sentence) int { return words(b) - words(a) })
		return all
	})
)

// say is for the variables of this package.
func say(english, japanese string) Reason {
	r := Reason{english, japanese}
	said = append(said, r)
	return r
}

func words(s sentence) int { return len(verb.ReplaceAllString(s.English, "")) }

// recognise makes the pattern of a sentence. A value has no separator in it, another reason and a person's
// words may.
func recognise(r Reason) sentence {
	s := sentence{Reason: r, verbs: verb.FindAllString(r.English, -1)}
	var pattern strings.Builder
	for i, literal := range verb.Split(r.English, -1) {
		pattern.WriteString(regexp.QuoteMeta(literal))
		switch {
		case i == len(s.verbs):
		case s.verbs[i] == "%v" || s.verbs[i] == "%.1500s":
			pattern.WriteString(`(.+)`)
		default:
			pattern.WriteString(`([^;]+)`)
		}
	}
	s.pattern = regexp.MustCompile(`(?s)^` + pattern.String() + `$`)
	return s
}
