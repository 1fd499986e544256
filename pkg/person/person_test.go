package person_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/powerpole/powerpole/pkg/person"
)

func TestSamePersonByUserIDOrByEmail(t *testing.T) {
	t.Parallel()
	taro := person.ID{User: "U1", Email: "taro.yamada@example.com"}
	tests := map[string]struct {
		other person.ID
		want  bool
	}{
		"same id, other mail":      {person.ID{User: "U1", Email: "x@example.com"}, true},
		"id in other case":         {person.ID{User: "u1", Email: "x@example.com"}, true},
		"other id, same mail":      {person.ID{User: "U2", Email: "taro.yamada@example.com"}, true},
		"mail in other case":       {person.ID{User: "U2", Email: "Taro.Yamada@EXAMPLE.com"}, true},
		"mail with tag":            {person.ID{User: "U2", Email: "taro.yamada+ops@example.com"}, true},
		"mail with two tags":       {person.ID{User: "U2", Email: "taro.yamada+a+b@example.com"}, true},
		"mail with space":          {person.ID{User: "U2", Email: " taro.yamada@example.com\n"}, true},
		"mail with root dot":       {person.ID{User: "U2", Email: "taro.yamada@example.com."}, true},
		"same local, other domain": {person.ID{User: "U2", Email: "taro.yamada@example.org"}, false},
		"another person":           {person.ID{User: "U2", Email: "hanako@example.com"}, false},
		"nobody":                   {person.ID{}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := person.Same(taro, tt.other); got != tt.want {
				t.Errorf("Same(%v, %v) = %v, want %v", taro, tt.other, got, tt.want)
			}
			if got := person.Same(tt.other, taro); got != tt.want {
				t.Errorf("Same is not symmetric for %v", tt.other)
			}
		})
	}
}

func TestLettersWithTwoLowerCaseFormsAreOneLetter(t *testing.T) {
	t.Parallel()
	if a, b := person.NormalEmail("ſuſhi@example.com"), person.NormalEmail("sushi@example.com"); a != b {
		t.Errorf("%q and %q compare as two people", a, b)
	}
}

func TestEmptyIsNotTheSameAsEmpty(t *testing.T) {
	t.Parallel()
	if person.Same(person.ID{}, person.ID{}) {
		t.Error("two unknown people were taken for one")
	}
}

func TestCompleteNeedsUserAndAddress(t *testing.T) {
	t.Parallel()
	for _, id := range []person.ID{
		{},
		{User: "U1"},
		{Email: "a@b"},
		{User: "U1", Email: "nobody"},
		{User: "U1", Email: "@b"},
		{User: "U1", Email: "a@"},
		{User: "U1", Email: "+tag@b"},
	} {
		if id.Complete() {
			t.Errorf("%+v counts as complete", id)
		}
	}
	if id := (person.ID{User: "U1", Email: "a@b"}); !id.Complete() {
		t.Errorf("%+v does not count as complete", id)
	}
}

func TestDomainIsWhatFollowsTheLastAt(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"a@Example.COM":          "example.com",
		"a@example.com@evil.org": "evil.org",
		"a":                      "",
		"@example.com":           "",
	} {
		if got := person.Domain(address); got != want {
			t.Errorf("Domain(%q) = %q, want %q", address, got, want)
		}
	}
}

func TestNormalFormIsAFixedPointThatTagsAndCaseDoNotMove(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		local := rapid.StringMatching(`[a-zA-Z0-9._-]{1,20}`).Draw(t, "local")
		tag := rapid.StringMatching(`(\+[a-zA-Z0-9+]{0,10})?`).Draw(t, "tag")
		domain := rapid.StringMatching(`[a-zA-Z0-9-]{1,10}\.[a-z]{2,5}`).Draw(t, "domain")
		want := strings.ToLower(local + "@" + domain)
		got := person.NormalEmail(local + tag + "@" + domain)
		if got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
		if again := person.NormalEmail(got); again != got {
			t.Fatalf("normalising again moved %q to %q", got, again)
		}
	})
}
