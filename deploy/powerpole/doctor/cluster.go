package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/powerpole/powerpole/pkg/catalog"
)

// cluster looks at one cluster as the grantor's administrator does.
func (e *examination) cluster(ctx context.Context, c catalog.Cluster) {
	e.check(ctx, "cluster "+c.ID, func(ctx context.Context) []Finding { return e.survey(ctx, c) })
	if c.Engine.Auth == catalog.AuthIAM && ctx.Err() == nil {
		e.Report.paste(aboutPolicy(c), iamPolicy(c))
	}
}

func (e *examination) survey(ctx context.Context, c catalog.Cluster) []Finding {
	found, err := e.administrator().Survey(ctx, e.catalog, c)
	if err != nil && found.Version == "" {
		return []Finding{Problem("the administrator cannot log in on "+c.Engine.Writer+": "+reason(err),
			"check engine.writer, the secret "+c.Engine.AdminSecret+", engine.tls, and the way there from here")}
	}
	out := []Finding{OK("%s on %s, %s", found.Version, c.Engine.Writer, secured(c))}
	if err != nil {
		out = append(out, Problem("the administrator could not look: "+reason(err), "run deploy/sql for this server again"))
	}
	for _, right := range found.Missing {
		out = append(out, Problem("the administrator lacks "+right, "grant it as deploy/sql does, to the account that "+c.Engine.AdminSecret+" names"))
	}
	if err == nil && len(found.Missing) == 0 {
		out = append(out, OK("the administrator has every right of deploy/sql that the roles %s need", strings.Join(c.Roles, ", ")))
	}
	for _, grant := range found.Everybody {
		out = append(out, e.everybody(grant))
	}
	for _, i := range found.Instances {
		if i.Err != nil {
			out = append(out, Problem("instance "+i.Endpoint+" cannot be looked at, so no end could be proven there: "+reason(i.Err), "let the grantor reach it, or correct engine.instances"))
		} else {
			out = append(out, OK("instance %s", i.Name))
		}
	}
	return out
}

// secured says how the connection is. That it stands proves it: nothing falls
// back.
func secured(c catalog.Cluster) string {
	if c.Engine.TLS.Off {
		return "without TLS (engine.tls.off)"
	}
	return fmt.Sprintf("TLS verified as %s by %s", c.ServerName(c.Engine.Writer), c.Engine.TLS.CA)
}

func (e *examination) everybody(grant string) Finding {
	if slices.Contains(e.catalog.Everybody(), grant) {
		return OK("everybody has %q, which the catalog allows", grant)
	}
	return Problem(fmt.Sprintf("everybody has %q, so every grant is refused", grant), "take it away, or list it under everybody: of the catalog")
}
