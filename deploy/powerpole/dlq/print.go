package dlq

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf16"
)

// Printable makes hostile text fit for a terminal, and leaves JSON the same JSON:
// control characters, direction marks and the like become \uXXXX.
func Printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// lines is Printable for text whose line breaks are ours.
func lines(s string) string {
	parts := strings.Split(s, "\n")
	for i := range parts {
		parts[i] = Printable(parts[i])
	}
	return strings.Join(parts, "\n")
}

// WriteJSON prints anything as indented JSON that a terminal bears.
func WriteJSON(w io.Writer, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("marshalling the answer: %w", err)
	}
	_, err = fmt.Fprintln(w, lines(string(b)))
	return err
}

// WriteTable prints one line for each letter.
func WriteTable(w io.Writer, letters []Letter) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ID\tQUEUE\tSHAPE\tAGE\tKIND\tREQUEST\tREDRIVE\tREASON")
	for _, l := range letters {
		cells := []string{l.ID, l.Queue, string(l.Shape), age(l), dash(l.Kind), dash(l.RequestID), l.Redrive(), cut(l.Reason, 100)}
		for i := range cells {
			cells[i] = Printable(cells[i])
		}
		fmt.Fprintln(t, strings.Join(cells, "\t"))
	}
	return t.Flush()
}

// Write prints a whole letter.
func (l Letter) Write(w io.Writer) {
	row := func(name, value string) { fmt.Fprintf(w, "%-9s %s\n", name, Printable(dash(value))) }
	row("id", l.ID)
	row("queue", l.Queue)
	row("shape", string(l.Shape))
	row("reason", l.Reason)
	row("age", age(l)+", sent "+l.SentAt.Format(time.RFC3339))
	row("received", fmt.Sprintf("%d times, lookers included", l.Receives))
	row("kind", l.Kind)
	row("event", l.EventID)
	row("request", l.RequestID)
	row("redrive", l.Redrive())
	for _, name := range slices.Sorted(maps.Keys(l.Attributes)) {
		row("attribute", name+" = "+l.Attributes[name])
	}
	var body bytes.Buffer
	if json.Indent(&body, []byte(l.Body), "", "  ") == nil {
		fmt.Fprintln(w, lines(body.String()))
		return
	}
	fmt.Fprintln(w, Printable(l.Body))
}

// Redrive says what a redrive would do.
func (l Letter) Redrive() string {
	if l.Refused != "" {
		return "refused, " + l.Refused
	}
	return "to " + l.To
}

func age(l Letter) string { return time.Since(l.SentAt).Truncate(time.Second).String() }

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func cut(s string, limit int) string {
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	return string(r[:limit]) + "…"
}
