package catalog_test

import (
	"strings"
	"testing"

	"github.com/powerpole/powerpole/pkg/catalog"
)

func TestEachRoleSaysWhatPeopleDoNotExpectOfIt(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		privileges []string
		want       []string
	}{
		"reads":         {[]string{"SELECT", "SHOW VIEW"}, []string{"hold others up"}},
		"reads columns": {[]string{"SELECT"}, []string{"hold others up"}},
		"writes":        {[]string{"SELECT", "UPDATE"}, nil},
		"drops":         {[]string{"SELECT", "DROP"}, []string{"DROP DATABASE"}},
		"makes views":   {[]string{"SELECT", "CREATE VIEW"}, []string{"CREATE VIEW: what people create in their own name outlives their lease"}},
		"does it all":   {catalog.Privileges(), []string{"DROP DATABASE", "CREATE VIEW, TRIGGER, CREATE ROUTINE, ALTER ROUTINE, EVENT: what"}},
		"holds nothing": {nil, nil},
	}
	for name, tt := range tests {
		role := catalog.Role{Privileges: tt.privileges}
		notes := role.Notes("en")
		if len(notes) != len(tt.want) || len(role.Notes("ja")) != len(notes) {
			t.Errorf("%s: %q", name, notes)
			continue
		}
		for i, want := range tt.want {
			if !strings.Contains(notes[i], want) || role.Notes("ja")[i] == notes[i] {
				t.Errorf("%s: %q does not say %q, or says it in English only", name, notes[i], want)
			}
		}
	}
}
