package catalog_test

import (
	"testing"

	"github.com/powerpole/powerpole/pkg/catalog"
)

func TestExampleLoads(t *testing.T) {
	t.Parallel()
	c, warnings, err := catalog.Load("testdata/powerpole.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range warnings {
		t.Log(w)
	}
	if c.Installation() != "example-prod" {
		t.Errorf("installation is %q", c.Installation())
	}
}
