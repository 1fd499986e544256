package main

import (
	"go/parser"
	"go/token"
	"testing"
)

// The command runs in the module of package sim, a test in its own package.
func TestEveryMutantRemovesItsGuardOnceAndStillParses(t *testing.T) {
	t.Chdir("../../..")
	names := map[string]bool{}
	for _, m := range mutants() {
		if names[m.name] {
			t.Errorf("two mutants are called %q", m.name)
		}
		names[m.name] = true
		path, mutated, err := m.source()
		if err != nil {
			t.Error(err)
			continue
		}
		if _, err := parser.ParseFile(token.NewFileSet(), path, mutated, parser.SkipObjectResolution); err != nil {
			t.Errorf("mutant %q does not parse: %v", m.name, err)
		}
	}
	if len(names) < 20 {
		t.Errorf("there are %d mutants, want at least 20", len(names))
	}
}
