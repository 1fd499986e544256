package doctor

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/powerpole/powerpole/deploy/powerpole/dlq"
)

// Finding is what a check found.
type Finding struct {
	kind, text, todo string
}

// OK is a finding that something is as it must be.
func OK(format string, args ...any) Finding {
	return Finding{kind: "ok", text: fmt.Sprintf(format, args...)}
}

// Note is a finding that somebody should know and that is no problem.
func Note(format string, args ...any) Finding {
	return Finding{kind: "note", text: fmt.Sprintf(format, args...)}
}

// Problem is a finding that something is not as it must be, and what to do.
func Problem(text, todo string) Finding { return Finding{kind: "problem", text: text, todo: todo} }

// Report prints one line a finding. It is safe for concurrent use.
type Report struct {
	mu            sync.Mutex
	out, progress io.Writer
	problems      int
}

// NewReport returns a report that goes to out; what takes longer than a second is
// said to progress.
func NewReport(out, progress io.Writer) *Report { return &Report{out: out, progress: progress} }

func (r *Report) add(check string, f Finding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	line := fmt.Sprintf("%-7s  %-20s  %s", f.kind, dlq.Printable(check), dlq.Printable(f.text))
	if f.kind == "problem" {
		r.problems++
		line += " → " + dlq.Printable(f.todo)
	}
	fmt.Fprintln(r.out, line)
}

// paste prints text that is to be pasted somewhere, after what it is.
func (r *Report) paste(what, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(r.out, "\n%s\n%s\n\n", what, text)
}

// begin says what is being looked at once it has taken a second, until stop is
// called.
func (r *Report) begin(check string) (stop func()) {
	timer := time.AfterFunc(time.Second, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		fmt.Fprintf(r.progress, "looking at %s …\n", dlq.Printable(check))
	})
	return func() { timer.Stop() }
}
