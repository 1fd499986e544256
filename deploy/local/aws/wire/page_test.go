package wire_test

import (
	"slices"
	"testing"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

func TestPagesNeitherRepeatNorDropWhatWasThereAllTheTime(t *testing.T) {
	t.Parallel()
	itself := func(s string) string { return s }
	first, token, ok := wire.Page([]string{"d", "b", "c", "a"}, itself, 2, "")
	if !ok || !slices.Equal(first, []string{"a", "b"}) || token == "" {
		t.Fatalf("first page %v, token %q, %v", first, token, ok)
	}
	second, token, ok := wire.Page([]string{"d", "c", "aa"}, itself, 2, token)
	if !ok || !slices.Equal(second, []string{"c", "d"}) || token != "" {
		t.Errorf("second page %v, token %q, %v", second, token, ok)
	}
}

func TestWithoutALimitThereIsOnePage(t *testing.T) {
	t.Parallel()
	all, token, ok := wire.Page([]string{"b", "a"}, func(s string) string { return s }, 0, "")
	if !ok || !slices.Equal(all, []string{"a", "b"}) || token != "" {
		t.Errorf("page %v, token %q, %v", all, token, ok)
	}
}

func TestATokenThatNoPageHadIsRefused(t *testing.T) {
	t.Parallel()
	if _, _, ok := wire.Page([]string{"a"}, func(s string) string { return s }, 1, "!"); ok {
		t.Error("it was taken")
	}
}
