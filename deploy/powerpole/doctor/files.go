package doctor

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/policy"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// files looks at what a deployment brings along: catalog, policies, public keys.
func (e *examination) files(ctx context.Context) {
	e.check(ctx, "catalog", e.readCatalog)
	if e.catalog != nil {
		e.check(ctx, "policies", e.readPolicies)
		e.check(ctx, "keys", e.readKeys)
	}
}

func (e *examination) readCatalog(context.Context) []Finding {
	if e.Settings.Catalog == "" {
		return []Finding{Problem("none is given", "set POWERPOLE_CATALOG or give --catalog")}
	}
	c, warnings, err := catalog.Load(e.Settings.Catalog)
	var found []Finding
	for _, w := range warnings {
		found = append(found, Note("%s", w))
	}
	var problems catalog.Problems
	switch {
	case errors.As(err, &problems):
		for _, p := range problems {
			found = append(found, Problem(p.String(), "correct it; `powerpole policy check` says the same"))
		}
		return found
	case err != nil:
		return append(found, Problem(err.Error(), "give the path of powerpole.yaml"))
	}
	e.catalog = c
	return append(found, OK("%s: installation %s, %d clusters, %s", e.Settings.Catalog, c.Installation(), len(c.Clusters()), c.Digest()))
}

func (e *examination) readPolicies(context.Context) []Finding {
	engine, err := policy.Load(e.catalog, e.Policies...)
	if err == nil {
		return []Finding{OK("the default and %d more, hash %s", len(e.Policies), engine.Hash())}
	}
	var found []Finding
	for line := range strings.Lines(err.Error()) {
		found = append(found, Problem(strings.TrimSpace(line), "correct it; `powerpole policy check` says the same"))
	}
	return found
}

func (e *examination) readKeys(context.Context) []Finding {
	const todo = "set POWERPOLE_KEYS to the JWKS with the public halves of intake's and approval's keys"
	if e.Keys == "" {
		return []Finding{Problem("none are given", todo)}
	}
	jwks, err := os.ReadFile(e.Keys)
	if err != nil {
		return []Finding{Problem(err.Error(), todo)}
	}
	keys, err := warrant.ParseKeySet(jwks)
	if err == nil {
		_, err = warrant.NewVerifier(keys, e.catalog.Installation())
	}
	if err != nil {
		return []Finding{Problem(err.Error(), todo)}
	}
	return []Finding{OK("%s", e.Keys)}
}
