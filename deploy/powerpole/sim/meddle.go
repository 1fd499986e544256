package sim

import (
	"context"
	"slices"
	"strings"

	"github.com/powerpole/powerpole/deploy/local/mysql"
)

// meddle changes what the account has that was just granted something, as
// somebody who administers the server may, or the server by itself (roles that
// everybody has, partial revokes).
func (w *world) meddle(ctx context.Context, c call, kind FaultKind) {
	before, account, _ := strings.Cut(string(c.body), " TO ")
	_, object, _ := strings.Cut(before, " ON ")
	switch kind {
	case Widened:
		w.note("widen", w.asAdmin(ctx, "GRANT EXECUTE ON "+object+" TO "+account))
	case Narrowed:
		w.note("narrow", w.asAdmin(ctx, "REVOKE SELECT ON "+object+" FROM "+account))
	}
}

// opened checks what an account has when it is opened: exactly what was approved.
// What others do to it afterwards is nothing that a grant can know.
func (t *things) opened(a mysql.Account, request string) {
	id := a.User + "@" + a.Host
	was := t.open[id]
	t.open[id] = !a.Locked
	if was || a.Locked {
		return
	}
	_, by := gather(t.world.seen.all())
	f := by[request]
	if f == nil || f.approved == nil {
		return // S1 has said so
	}
	var want []string
	for _, d := range f.approved.Databases {
		for _, p := range f.approved.Privileges {
			want = append(want, p+" ON "+d+".*")
		}
	}
	slices.Sort(want)
	if has := t.world.database.Privileges(a.User, a.Host); !slices.Equal(has, want) {
		t.world.checks.fail("S1", "%s of %s was opened with %v, approved is %v", id, request, has, want)
	}
}
