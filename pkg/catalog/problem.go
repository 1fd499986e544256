package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong in a catalog, and where.
type Problem struct {
	File         string
	Line, Column int // from 1; 0 where the whole file is meant
	Text         string
}

// String returns the problem as compilers write theirs: file:line:column: text.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Text)
}

// Warning is something that is allowed and that its owner should know.
type Warning Problem

// String returns the warning as file:line:column: text.
func (w Warning) String() string { return Problem(w).String() }

// Problems is everything that is wrong in a catalog, in the order of the file.
type Problems []Problem

// Error returns the problems, one a line.
func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

func byPosition(a, b Problem) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), strings.Compare(a.Text, b.Text))
}

// notes collects problems and warnings while a file is read and checked, and knows where each key of it stands.
type notes struct {
	file      string
	positions map[string]position
	problems  Problems
	warnings  []Warning
}

type position struct{ line, column int }

func newNotes(file string) *notes {
	return &notes{file: file, positions: map[string]position{}}
}

// problem notes a problem at the key with the path, as clusters[0].engine.writer.
func (n *notes) problem(path, format string, args ...any) {
	n.problems = append(n.problems, n.at(path, format, args...))
}

func (n *notes) warn(path, format string, args ...any) {
	n.warnings = append(n.warnings, Warning(n.at(path, format, args...)))
}

func (n *notes) at(path, format string, args ...any) Problem {
	where := n.find(path)
	text := fmt.Sprintf(format, args...)
	if path != "" {
		text = path + " " + text
	}
	return Problem{File: n.file, Line: where.line, Column: where.column, Text: text}
}

// find returns where the key stands or, if it does not, the nearest thing around it that does.
func (n *notes) find(path string) position {
	for {
		if where, ok := n.positions[path]; ok || path == "" {
			return where
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
}

// sorted returns what was noted in the order of the file.
func (n *notes) sorted() ([]Warning, error) {
	slices.SortStableFunc(n.problems, byPosition)
	slices.SortStableFunc(n.warnings, func(a, b Warning) int { return byPosition(Problem(a), Problem(b)) })
	if len(n.problems) == 0 {
		return n.warnings, nil
	}
	return n.warnings, n.problems
}
