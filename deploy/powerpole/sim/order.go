package sim

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/approval"
)

// Outcome is the end state of one request, without moments and names that are of
// one run.
type Outcome struct {
	// Decisions are what people decided, in the order of approval's log, and
	// which of what ends a lease came first in the reaper.
	Decisions []string
	// State is what that came to: in events, in the world and in Slack.
	State []string
}

// Reordered checks S7: of two histories of the same deeds, requests of which the
// same was decided in the same order have the same end state. It returns how many
// it could compare; what people do about a request that messages are late for may
// come in another order.
func Reordered(a, b Result) (compared int, out []Violation) {
	for _, r := range sorted(a.Outcomes) {
		one, other := a.Outcomes[r], b.Outcomes[r]
		if !slices.Equal(one.Decisions, other.Decisions) {
			continue
		}
		compared++
		for _, line := range difference(one.State, other.State) {
			out = append(out, Violation{"S7", r + ": in one order only: " + line})
		}
	}
	return compared, out
}

// difference is what only one of the two has.
func difference(a, b []string) (out []string) {
	for i, lines := range [][]string{a, b} {
		for _, line := range lines {
			if !slices.Contains([][]string{b, a}[i], line) {
				out = append(out, fmt.Sprintf("%q", line))
			}
		}
	}
	return out
}

func (w *world) outcomes(ctx context.Context) map[string]Outcome {
	out := map[string]Outcome{}
	all, _ := gather(w.seen.all())
	for _, f := range all {
		if f.created != nil {
			out[f.created.Reason] = Outcome{w.decisions(ctx, f), w.state(f)}
		}
	}
	return out
}

// decisions are the rows of approval's log that decide. Of the reaper, whether a
// person or the time ended the lease, whether more time came before that, and of
// the grantor, whether the person did before there was an account.
func (w *world) decisions(ctx context.Context, f *facts) (out []string) {
	log, err := w.approvalLog()
	if err != nil {
		return []string{err.Error()}
	}
	rows, err := log.Rows(ctx, f.id)
	if err != nil {
		return []string{err.Error()}
	}
	for _, r := range rows {
		switch r.Entry.Kind {
		case approval.Refused, approval.ExtensionRefused, approval.Ended:
		default:
			out = append(out, fmt.Sprintf("%s %s %s", r.Entry.Kind, r.Entry.By.User, r.Entry.Total.Std()))
		}
	}
	if f.expired != nil && f.expired.Cause == event.ByRelease {
		out = append(out, "released first")
		if f.granted == nil { // a person was faster than the grantor
			out = append(out, "released before there was an account")
		}
	}
	if f.tooLate != nil {
		out = append(out, "ended before it was extended")
	}
	return out
}

// state is what is left in the end.
func (w *world) state(f *facts) []string {
	out := []string{fmt.Sprintf("ends as %v", sorted(f.ends))}
	if g := f.granted; g != nil {
		out = append(out, fmt.Sprintf("%v on %v, everybody %v", g.Privileges, g.Databases, g.Everybody))
	}
	if r := f.reaped; r != nil {
		out = append(out, fmt.Sprintf("%s, account %s, secret deleted %v, instance %s", r.Cause, r.Account.Outcome, r.Account.SecretDeleted, r.Instance.Outcome))
	}
	who := f.created.Requester.User
	for _, m := range w.slack.Messages(who, w.slack.DirectMessage(who)) {
		if m.EphemeralTo == "" && strings.Contains(string(m.Blocks), f.id) {
			out = append(out, "told: "+timeless(m.Blocks))
		}
	}
	for _, m := range w.slack.Messages(approvers[0], channel) {
		if strings.Contains(string(m.Metadata), f.id) {
			out = append(out, "shown: "+timeless(m.Blocks))
		}
	}
	slices.SortFunc(out, cmp.Compare[string])
	return out
}

// ofOneRun is what a text has of one run only: moments, ids, addresses, the hash of
// an account whose name the server knew, and how many connections, sessions and
// schedules there were when the end came.
var ofOneRun = regexp.MustCompile(`: [0-9]+\b|<!date[^>]*>|-[0-9a-f]{8}\b|pp-[0-9a-z]{26}|i-[0-9a-f]{17}|127(\.[0-9]+){3}`)

// timeless is what a message says, without the ids of its blocks.
func timeless(blocks json.RawMessage) string {
	var v any
	if json.Unmarshal(blocks, &v) != nil {
		return string(blocks)
	}
	return ofOneRun.ReplaceAllString(strings.Join(slices.DeleteFunc(texts(v, nil), ofOthers), " | "), "")
}

// ofOthers is what a message says about other requests, as they stood when it was
// written.
func ofOthers(text string) bool {
	return strings.HasPrefix(text, "*Asked for before*") || strings.HasPrefix(text, "*これまでの申請*")
}

// texts collects whatever is called text, in the order of the message.
func texts(v any, out []string) []string {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			out = texts(e, out)
		}
	case map[string]any:
		for _, key := range sorted(v) {
			if text, ok := v[key].(string); ok && key == "text" {
				out = append(out, text)
			}
			out = texts(v[key], out)
		}
	}
	return out
}
