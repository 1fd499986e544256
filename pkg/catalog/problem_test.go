package catalog_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/powerpole/powerpole/pkg/catalog"
)

// with returns the minimal catalog with one text replaced; the test dies if it is not in there.
func with(tb testing.TB, old, replacement string) string {
	tb.Helper()
	if !strings.Contains(minimal, old) {
		tb.Fatalf("the minimal catalog does not hold %q", old)
	}
	return strings.Replace(minimal, old, replacement, 1)
}

func problemsOf(tb testing.TB, content string) []string {
	tb.Helper()
	c, _, err := catalog.Parse("powerpole.yaml", []byte(content))
	if err == nil {
		return nil
	}
	if c != nil {
		tb.Error("a catalog came with its problems")
	}
	var problems catalog.Problems
	if !errors.As(err, &problems) {
		tb.Fatalf("the error is %T, not catalog.Problems", err)
	}
	lines := make([]string, len(problems))
	for i, problem := range problems {
		lines[i] = problem.String()
	}
	return lines
}

func TestEveryProblemIsListedAtOnceInTheOrderOfTheFile(t *testing.T) {
	t.Parallel()
	content := `installation: Test_1
email_domain: [example.com]
slack: {operators_channel: "#ops"}
limits:
  pending: forever
  open_per_person: 0
roles:
  READ:
    privileges: [SELECT, GRANT OPTION, DELETE]
  BIG: {max_duration: 48h}
clusters:
  - id: shop
    engine:
      writer: db.example.com
      admin_secret: hunter2
      tls: {off: true}
    databases: [shop, mysql, shop]
    roles: [READ, ROOT]
    approvers: []
    bastion: {launch_template: bastion, capacity: [{instance_type: t4g.nano}]}
`
	want := []string{
		`powerpole.yaml:1:1: email_domains is missing`,
		`powerpole.yaml:1:1: installation is "Test_1", not lower-case letters, digits and hyphens, at most 63`,
		`powerpole.yaml:2:1: email_domain is not a key that a catalog has here`,
		`powerpole.yaml:3:9: slack.operators_channel is "#ops", not the id of a Slack channel (C…, G…), not its name`,
		`powerpole.yaml:5:3: limits.pending is "forever", not a duration, as 30m or 8h`,
		`powerpole.yaml:6:3: limits.open_per_person is 0: nobody could ask for anything`,
		`powerpole.yaml:9:5: roles.READ.privileges lets a role with the name READ do more than read; give it another name`,
		`powerpole.yaml:9:26: roles.READ.privileges[1] is "GRANT OPTION", not one of: ` + strings.Join(catalog.Privileges(), ", "),
		`powerpole.yaml:10:3: roles.BIG.privileges is missing: the role gives nothing`,
		`powerpole.yaml:10:9: roles.BIG.max_duration is 48h0m0s, not between 5m0s and 24h0m0s`,
		`powerpole.yaml:12:5: clusters[0].account is missing`,
		`powerpole.yaml:12:5: clusters[0].channel is missing, and so is slack.approvers_channel: nobody would be asked`,
		`powerpole.yaml:12:5: clusters[0].region is missing`,
		`powerpole.yaml:14:7: clusters[0].engine.writer is "db.example.com", not host:port`,
		`powerpole.yaml:15:7: clusters[0].engine.admin_secret is not a secret reference, file:/path or secretsmanager:NAME-or-ARN`,
		`powerpole.yaml:16:13: clusters[0].engine.tls.off is true, and db.example.com is not on the loopback interface`,
		`powerpole.yaml:17:23: clusters[0].databases[1] is "mysql", which belongs to the server and is never given out`,
		`powerpole.yaml:17:30: clusters[0].databases[2] repeats "shop"`,
		`powerpole.yaml:18:19: clusters[0].roles[1] is "ROOT", which is no role of this catalog`,
		`powerpole.yaml:19:5: clusters[0].approvers is empty`,
		`powerpole.yaml:20:53: clusters[0].bastion.capacity[0].subnet is missing`,
	}
	if diff := cmp.Diff(want, problemsOf(t, content)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestUnreadableCatalogSaysWhere(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ content, want string }{
		"empty":          {"", "powerpole.yaml: is empty: nobody may do anything"},
		"only comments":  {"# nothing\n", "powerpole.yaml: is empty: nobody may do anything"},
		"two documents":  {minimal + "---\n" + minimal, "powerpole.yaml: holds more than one YAML document"},
		"huge":           {strings.Repeat("#", 2<<20), "powerpole.yaml: has more than 1048576 bytes"},
		"a text":         {"hello", "powerpole.yaml:1:1: is not a mapping of keys to values"},
		"a list":         {"- a\n", "powerpole.yaml:1:1: is not a mapping of keys to values"},
		"broken quoting": {"installation: \"test\n", "powerpole.yaml:1:15: could not find end character of double-quoted text"},
	} {
		got := problemsOf(t, tt.content)
		if len(got) == 0 || got[0] != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

func TestEachContradictionIsRefused(t *testing.T) {
	t.Parallel()
	second := minimal[strings.Index(minimal, "  - id: shop"):]
	tests := map[string]struct{ content, want string }{
		"key twice":       {minimal + "installation: again\n", `15:1: installation is written twice`},
		"anchor":          {with(t, "[READ]", "&r [READ]"), `10:5: clusters[0].roles uses an anchor, an alias or a tag, which a catalog has not`},
		"no value":        {with(t, "[READ]", ""), `10:5: clusters[0].roles has no value`},
		"text for a list": {with(t, "[READ]", "READ"), `10:5: clusters[0].roles is not a list`},
		"list for a text": {with(t, "region: eu-west-1", "region: [eu-west-1]"), `6:5: clusters[0].region is not a single value`},
		"text for a bool": {with(t, "writer:", "reader_for_read: maybe, writer:"), `8:14: clusters[0].engine.reader_for_read is neither true nor false`},
		"text for a number": {
			minimal + "limits: {open_per_person: many}\n",
			`15:10: limits.open_per_person is not a whole number`,
		},
		"number for a duration": {minimal + "limits: {pending: 8}\n", `15:10: limits.pending is "8", not a duration, as 30m or 8h`},
		"negative duration":     {minimal + "limits: {pending: -8h}\n", `15:10: limits.pending is -8h0m0s, not between 1m0s and 168h0m0s`},
		"provisioning too long": {minimal + "limits: {provisioning: 2h}\n", `15:10: limits.provisioning is 2h0m0s, not between 1m0s and 1h0m0s`},
		"minimum above ceiling": {
			minimal + "limits: {min_duration: 5h}\nroles: {READ: {default_duration: 6h}}\n",
			`16:1: roles.DDL.max_duration is 4h0m0s, not between 5h0m0s and 24h0m0s`,
		},
		"default over ceiling": {
			minimal + "roles: {READ: {max_duration: 30m}}\n",
			`15:9: roles.READ.default_duration is 1h0m0s, not between 5m0s and 30m0s`,
		},
		"drain too long":        {minimal + "roles: {READ: {drain: 61s}}\n", `15:16: roles.READ.drain is 1m1s, not between 0s and 1m0s`},
		"no column":             {minimal + "roles: {R: {privileges: [SELECT], tables: [\"s.t()\"]}}\n", `15:44: roles.R.tables[0] is "s.t()", not database.*, database.table or database.table(column, column)`},
		"column with a quote":   {minimal + "roles: {R: {privileges: [SELECT], tables: [\"s.t(a`b)\"]}}\n", "15:44: roles.R.tables[0] is \"s.t(a`b)\", not database.*, database.table or database.table(column, column)"},
		"column twice":          {minimal + "roles: {R: {privileges: [SELECT], tables: [\"s.t(id, ID)\"]}}\n", `15:44: roles.R.tables[0] is wrong: "s.t(id, ID)" lists "ID" twice`},
		"columns to change":     {minimal + "roles: {R: {privileges: [SELECT, UPDATE], tables: [\"s.t(id)\"]}}\n", `15:52: roles.R.tables[0] lists columns, which only a role with the one privilege SELECT may: SHOW VIEW and the rest are not of columns`},
		"table in its database": {minimal + "roles: {R: {privileges: [SELECT], tables: [s.*, s.t]}}\n", `15:49: roles.R.tables[1] is "s.t", of which "s.*" speaks already`},
		"table of the server's": {minimal + "roles: {R: {privileges: [SELECT], tables: [mysql.user]}}\n", `15:44: roles.R.tables[0] is "mysql", which belongs to the server and is never given out`},
		"tables elsewhere":      {with(t, "[READ]", "[R]") + "roles: {R: {privileges: [SELECT], tables: [elsewhere.t]}}\n", `10:13: clusters[0].roles[0] is "R", none of whose tables is in a database of this cluster`},
		"no approvals":          {minimal + "roles: {READ: {approvals: 0}}\n", `15:16: roles.READ.approvals is 0, not between 1 and 10; see auto_approve of a cluster`},
		"role in lower case":    {minimal + "roles: {read: {}}\n", `15:9: roles.read has a name that is "read", not upper-case letters, digits and _, at most 32, as READ`},
		"server-wide":           {minimal + "roles: {R: {privileges: [SUPER]}}\n", `15:26: roles.R.privileges[0] is "SUPER", not one of: ` + strings.Join(catalog.Privileges(), ", ")},
		"privilege in case":     {minimal + "roles: {R: {privileges: [select]}}\n", `15:26: roles.R.privileges[0] is "select", not one of: ` + strings.Join(catalog.Privileges(), ", ")},
		"VIEW in a known role":  {minimal + "roles: {DDL: {privileges: [CREATE VIEW]}}\n", `15:15: roles.DDL.privileges holds CREATE VIEW, which only a role of your own may hold: what is created with it outlives the lease`},
		"same id":               {minimal + strings.Replace(second, "db.example", "db2.example", 1), `15:5: clusters[1].id is "shop", as is that of clusters[0]`},
		"same server":           {minimal + strings.Replace(second, "id: shop", "id: shop2", 1), `18:14: clusters[1].engine.writer is the writer of "shop" too: one server under two names has no ledger of its accounts`},
		"too few approvers": {
			with(t, "[S0DBA]", "[U1]") + "roles: {READ: {approvals: 2}}\n",
			`11:5: clusters[0].approvers names 1 people, and READ asks for 2`,
		},
		"break-glass of what is not offered":  {with(t, "[READ]", "[READ]\n    break_glass: [DML]"), `11:19: clusters[0].break_glass[0] is "DML", which is not among the roles of this cluster`},
		"auto-approval of what is not there":  {with(t, "[READ]", "[READ]\n    auto_approve: [X]"), `11:20: clusters[0].auto_approve[0] is "X", which is not among the roles of this cluster`},
		"auto-approval against two approvers": {with(t, "[READ]", "[READ]\n    auto_approve: [READ]") + "roles: {READ: {approvals: 2}}\n", `11:20: clusters[0].auto_approve[0] is "READ", for which roles.READ.approvals asks for 2 people`},
		"reader that is not there":            {with(t, "writer:", "reader_for_read: true, writer:"), `8:14: clusters[0].engine.reader_for_read is true, and there is no reader`},
		"reader that is the writer":           {with(t, "writer:", `reader: "db.example.com:3306", writer:`), `8:14: clusters[0].engine.reader is the writer`},
		"no TLS and a CA":                     {with(t, `writer: "db.example.com:3306"`, `tls: {off: true, ca: rds}, writer: "127.0.0.1:3306"`), `8:20: clusters[0].engine.tls.off is true, and yet it is said how to verify the server`},
		"no TLS and IAM":                      {with(t, `writer: "db.example.com:3306"`, `auth: iam, tls: {off: true}, writer: "localhost:3306"`), `8:31: clusters[0].engine.tls.off is true, and auth is iam: the token would travel in the open`},
		"no TLS to a reader elsewhere":        {with(t, `writer: "db.example.com:3306"`, `tls: {off: true}, reader: "db:1", writer: "[::1]:3306"`), `8:20: clusters[0].engine.tls.off is true, and db:1 is not on the loopback interface`},
		"port out of range":                   {with(t, ":3306", ":99999"), `8:14: clusters[0].engine.writer is "db.example.com:99999", whose port is not between 1 and 65535`},
		"link without instance":               {with(t, "launch_template:", "session_url: https://example.com/\n      launch_template:"), `13:7: clusters[0].bastion.session_url is "https://example.com/", not a link with {instance}, and no placeholder but that and {region}`},
		"link with something else":            {with(t, "launch_template:", `session_url: "https://example.com/{instance}/{user}"`+"\n      launch_template:"), `13:7: clusters[0].bastion.session_url is "https://example.com/{instance}/{user}", not a link with {instance}, and no placeholder but that and {region}`},
		"link without TLS":                    {with(t, "launch_template:", "session_url: http://example.com/{instance}\n      launch_template:"), `13:7: clusters[0].bastion.session_url is "http://example.com/{instance}", which is not https`},
		"link of javascript":                  {with(t, "launch_template:", "session_url: javascript:x({instance})\n      launch_template:"), `13:7: clusters[0].bastion.session_url is "javascript:x({instance})", not a link with {instance}, and no placeholder but that and {region}`},
		"database with a wildcard":            {with(t, "[shop]", `["sh%p"]`), `9:17: clusters[0].databases[0] is "sh%p", not letters, digits and _, at most 64`},
		"database of the server":              {with(t, "[shop]", "[Performance_Schema]"), `9:17: clusters[0].databases[0] is "Performance_Schema", which belongs to the server and is never given out`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := problemsOf(t, tt.content)
			want := "powerpole.yaml:" + tt.want
			for _, line := range got {
				if line == want {
					return
				}
			}
			t.Errorf("got:\n%s\nwant among them:\n%s", strings.Join(got, "\n"), want)
		})
	}
}

func TestWhatIsUnusualIsAllowedWithAWarning(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ content, want string }{
		"short leases":        {minimal + "limits: {min_duration: 10s}\n", `15:10: limits.min_duration is under 5m0s: only for trying PowerPole out`},
		"routine":             {minimal + "roles: {R: {privileges: [CREATE ROUTINE, EVENT]}}\n", `15:13: roles.R.privileges holds CREATE ROUTINE, EVENT: what people create`},
		"execute":             {minimal + "roles: {R: {privileges: [EXECUTE]}}\n", `15:13: roles.R.privileges holds EXECUTE: a routine runs`},
		"lock":                {minimal + "roles: {R: {privileges: [LOCK TABLES]}}\n", `15:13: roles.R.privileges holds LOCK TABLES: one lease`},
		"drop":                {minimal + "roles: {R: {privileges: [DROP]}}\n", `15:13: roles.R.privileges holds DROP, which includes DROP DATABASE`},
		"approver may not":    {with(t, "[S0DBA]", "[U1]"), `11:5: clusters[0].approvers names as many people as READ asks for`},
		"unattended changing": {with(t, "[READ]", "[DML]\n    auto_approve: [DML]"), `11:20: clusters[0].auto_approve[0] is "DML": people change data`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, warnings, err := catalog.Parse("powerpole.yaml", []byte(tt.content))
			if err != nil {
				t.Fatal(err)
			}
			if len(warnings) != 1 || !strings.HasPrefix(warnings[0].String(), "powerpole.yaml:"+tt.want) {
				t.Errorf("warnings are %q, want one that begins with %q", warnings, tt.want)
			}
		})
	}
}

func TestByteOrderMarkIsNoProblem(t *testing.T) {
	t.Parallel()
	if got := problemsOf(t, "\ufeff"+minimal); got != nil {
		t.Errorf("problems are %q", got)
	}
}

func TestDatabaseOnThisMachineNeedsNoTLS(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"localhost", "127.0.0.1", "127.1.2.3", "[::1]"} {
		content := with(t, `writer: "db.example.com:3306"`, `tls: {off: true}, writer: "`+host+`:3306"`)
		if got := problemsOf(t, content); got != nil {
			t.Errorf("%s: %q", host, got)
		}
	}
}

func TestSecretInThePlaceOfItsReferenceIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, canary := range []string{"hunter2canary", "filehunter2canary", "secretsmanager:hunter2 canary"} {
		got := strings.Join(problemsOf(t, with(t, "secretsmanager:admin", canary)), "\n")
		if got == "" || strings.Contains(got, "hunter2") {
			t.Errorf("%q: problems are %q", canary, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{minimal, "", "a: [b", "clusters: [{}]", "roles: {READ: }", "? a\n: b", "<<: {a: b}", "a: *b", "!!x a: b", "\ufeff" + minimal} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		c, _, err := catalog.Parse("powerpole.yaml", content)
		if (c == nil) == (err == nil) {
			t.Fatalf("got %v, %v: want a catalog or its problems", c, err)
		}
		if c != nil && (c.Installation() == "" || len(c.Clusters()) == 0 || len(c.EmailDomains()) == 0) {
			t.Fatal("a catalog without its required keys was accepted")
		}
	})
}
