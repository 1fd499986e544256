package catalog_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/powerpole/powerpole/pkg/catalog"
)

// minimal is the least that a catalog can say.
const minimal = `installation: test
email_domains: [example.com]
slack: {operators_channel: C0OPS, approvers_channel: C0APPROVE}
clusters:
  - id: shop
    region: eu-west-1
    account: "012345678901"
    engine: {writer: "db.example.com:3306", admin_secret: "secretsmanager:admin"}
    databases: [shop]
    roles: [READ]
    approvers: [S0DBA]
    bastion:
      launch_template: bastion
      capacity: [{instance_type: t4g.nano, subnet: subnet-1}]
`

func mustParse(tb testing.TB, content string) *catalog.Catalog {
	tb.Helper()
	c, _, err := catalog.Parse("powerpole.yaml", []byte(content))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func mustLoadExample(tb testing.TB) *catalog.Catalog {
	tb.Helper()
	c, _, err := catalog.Load("testdata/powerpole.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func mustCluster(tb testing.TB, c *catalog.Catalog, id string) catalog.Cluster {
	tb.Helper()
	cluster, ok := c.Cluster(id)
	if !ok {
		tb.Fatalf("there is no cluster %q", id)
	}
	return cluster
}

func mustRole(tb testing.TB, c *catalog.Catalog, name string) catalog.Role {
	tb.Helper()
	role, ok := c.Role(name)
	if !ok {
		tb.Fatalf("there is no role %q", name)
	}
	return role
}

func TestExampleSaysWhatIsWrittenInIt(t *testing.T) {
	t.Parallel()
	c := mustLoadExample(t)
	if got := c.Installation(); got != "example-prod" {
		t.Errorf("installation is %q", got)
	}
	if got := c.LongestCeiling(); got != 8*time.Hour {
		t.Errorf("longest ceiling is %v", got)
	}
	want := catalog.Limits{Pending: 8 * time.Hour, Provisioning: 10 * time.Minute, MinDuration: 5 * time.Minute, OpenPerPerson: 3}
	if diff := cmp.Diff(want, c.Limits()); diff != "" {
		t.Errorf("limits (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"USAGE ON *.*"}, c.Everybody()); diff != "" {
		t.Errorf("everybody (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"S0SECURITY"}, c.Administrators()); diff != "" {
		t.Errorf("administrators (-want +got):\n%s", diff)
	}
	shop := mustCluster(t, c, "shop-prod")
	if shop.Language != "ja" || !strings.Contains(shop.Warning, "本番環境") || shop.Channel != "C0SHOPOPS" {
		t.Errorf("shop-prod is %+v", shop)
	}
	if got := mustCluster(t, c, "reports-dev").Engine.Instances; len(got) != 2 {
		t.Errorf("instances of reports-dev are %q", got)
	}
}

func TestExampleHasTheWarningsItProvokes(t *testing.T) {
	t.Parallel()
	_, warnings, err := catalog.Load("testdata/powerpole.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(warnings) != 1 || !strings.HasPrefix(warnings[0].String(), "powerpole.yaml:39:5: roles.VIEWS.privileges holds CREATE VIEW") {
		t.Errorf("warnings are %q", warnings)
	}
}

func TestMinimalCatalogHasDefaults(t *testing.T) {
	t.Parallel()
	c := mustParse(t, minimal)
	shop := mustCluster(t, c, "shop")
	want := catalog.Cluster{
		ID: "shop", Name: "shop", Region: "eu-west-1", Account: "012345678901",
		Engine: catalog.Engine{
			Writer: "db.example.com:3306", Instances: []string{"db.example.com:3306"}, AdminSecret: "secretsmanager:admin",
			Auth: catalog.AuthPassword, ReaderForRead: true, TLS: catalog.TLS{CA: catalog.CARDS},
		},
		Databases: []string{"shop"}, Channel: "C0APPROVE", Language: "en", Roles: []string{"READ"}, Approvers: []string{"S0DBA"},
		Bastion: catalog.Bastion{
			LaunchTemplate: "bastion", Capacity: []catalog.Capacity{{InstanceType: "t4g.nano", Subnet: "subnet-1"}},
			SessionURL: "https://{region}.console.aws.amazon.com/systems-manager/session-manager/{instance}?region={region}",
		},
	}
	if diff := cmp.Diff(want, shop); diff != "" {
		t.Errorf("cluster (-want +got):\n%s", diff)
	}
	var names []string
	for _, role := range c.Roles() {
		names = append(names, role.Name)
	}
	if diff := cmp.Diff([]string{"READ", "DML", "DDL"}, names); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
}

func TestBuiltinRolesHoldTheirPrivilegesAndNoMore(t *testing.T) {
	t.Parallel()
	c := mustParse(t, minimal)
	for name, want := range map[string][]string{
		"READ": {"SELECT", "SHOW VIEW"},
		"DML":  {"SELECT", "SHOW VIEW", "INSERT", "UPDATE", "DELETE"},
		"DDL":  {"SELECT", "SHOW VIEW", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "INDEX", "REFERENCES"},
	} {
		role := mustRole(t, c, name)
		if diff := cmp.Diff(want, role.Privileges); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if role.ReadOnly() != (name == "READ") || role.DropsDatabases() != (name == "DDL") || len(role.Outlives()) > 0 {
			t.Errorf("%s describes itself wrongly", name)
		}
	}
}

func TestChangingOneTermOfABuiltinRoleLeavesTheOthers(t *testing.T) {
	t.Parallel()
	plain, changed := mustRole(t, mustParse(t, minimal), "DDL"), mustRole(t, mustParse(t, minimal+"roles: {DDL: {approvals: 2}}\n"), "DDL")
	plain.Approvals = 2
	if diff := cmp.Diff(plain, changed); diff != "" {
		t.Errorf("DDL (-want +got):\n%s", diff)
	}
}

func TestReadersAreForThoseWhoOnlyRead(t *testing.T) {
	t.Parallel()
	c := mustLoadExample(t)
	shop, reports := mustCluster(t, c, "shop-prod"), mustCluster(t, c, "reports-dev")
	read, dml := mustRole(t, c, "READ"), mustRole(t, c, "DML")
	onWriter := shop
	onWriter.Engine.ReaderForRead = false
	for name, tt := range map[string]struct{ got, want string }{
		"READ":                  {shop.Endpoint(read), shop.Engine.Reader},
		"DML":                   {shop.Endpoint(dml), shop.Engine.Writer},
		"READ without a reader": {reports.Endpoint(read), reports.Engine.Writer},
		"READ on the writer":    {onWriter.Endpoint(read), shop.Engine.Writer},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: endpoint is %q, want %q", name, tt.got, tt.want)
		}
	}
}

func TestServerIsVerifiedByItsHostUnlessTheCatalogNamesIt(t *testing.T) {
	t.Parallel()
	c := mustLoadExample(t)
	if got := mustCluster(t, c, "shop-prod").ServerName("db1.example.com:3306"); got != "db1.example.com" {
		t.Errorf("server name is %q", got)
	}
	if got := mustCluster(t, c, "reports-dev").ServerName("10.0.0.1:3306"); got != "reports.example.com" {
		t.Errorf("server name is %q", got)
	}
}

func TestSessionLinkEscapesWhatItPutsIn(t *testing.T) {
	t.Parallel()
	c := mustParse(t, minimal)
	shop := mustCluster(t, c, "shop")
	want := "https://eu-west-1.console.aws.amazon.com/systems-manager/session-manager/i-0%2F%3F%23x?region=eu-west-1"
	if got := shop.SessionLink("i-0/?#x"); got != want {
		t.Errorf("link is %q, want %q", got, want)
	}
}

func TestClustersAreFoundByApproverAndByText(t *testing.T) {
	t.Parallel()
	c := mustLoadExample(t)
	ids := func(clusters []catalog.Cluster) string {
		var found []string
		for _, cluster := range clusters {
			found = append(found, cluster.ID)
		}
		return strings.Join(found, " ")
	}
	for name, tt := range map[string]struct{ got, want string }{
		"all":                {ids(c.Clusters()), "shop-prod reports-dev"},
		"approver of both":   {ids(c.ClustersForApprover("U0HANAKO")), "shop-prod reports-dev"},
		"approver by group":  {ids(c.ClustersForApprover("U0TARO", "S0SHOPDBA")), "shop-prod"},
		"nobody's":           {ids(c.ClustersForApprover("U0TARO")), ""},
		"text in the name":   {ids(c.ClustersMatching(" (PRODUCTION")), "shop-prod"},
		"text in the id":     {ids(c.ClustersMatching("Reports")), "reports-dev"},
		"no text":            {ids(c.ClustersMatching("")), "shop-prod reports-dev"},
		"text that is in no": {ids(c.ClustersMatching("x")), ""},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", name, tt.got, tt.want)
		}
	}
}

func TestOnlyAddressesOfTheDomainsThemselvesAreAllowed(t *testing.T) {
	t.Parallel()
	c := mustParse(t, minimal)
	for address, want := range map[string]bool{
		"a@example.com": true, "A@EXAMPLE.COM": true,
		"a@sub.example.com": false, "a@example.com.evil.org": false, "a@evilexample.com": false,
		"a@example.com@evil.org": false, "example.com": false, "@example.com": false, "": false,
	} {
		if got := c.AllowsEmail(address); got != want {
			t.Errorf("AllowsEmail(%q) = %v", address, got)
		}
	}
}

func TestDigestIsOfTheMeaningNotOfTheLayout(t *testing.T) {
	t.Parallel()
	want := mustParse(t, minimal).Digest()
	if got := mustParse(t, "# a comment\n"+strings.Replace(minimal, "[READ]", "\n      - READ", 1)).Digest(); got != want {
		t.Error("comments and layout change the digest")
	}
	if got := mustParse(t, minimal+"limits: {pending: 8h}\n").Digest(); got != want {
		t.Error("writing a default changes the digest")
	}
	for _, change := range [][2]string{{"S0DBA", "S0DBB"}, {"[READ]", "[READ, DML]"}, {"[shop]", "[shop, billing]"}, {"account: \"0", "account: \"1"}} {
		if mustParse(t, strings.Replace(minimal, change[0], change[1], 1)).Digest() == want {
			t.Errorf("%q for %q does not change the digest", change[1], change[0])
		}
	}
}

func TestWhatIsHandedOutIsACopy(t *testing.T) {
	t.Parallel()
	c := mustLoadExample(t)
	before := c.Digest()
	shop, read := mustCluster(t, c, "shop-prod"), mustRole(t, c, "READ")
	read.Privileges[0] = "DROP"
	for _, list := range [][]string{shop.Databases, shop.Roles, shop.Approvers, shop.BreakGlass, shop.Engine.Instances, c.EmailDomains(), c.Administrators(), c.Everybody()} {
		list[0] = "x"
	}
	shop.Bastion.Capacity[0].Subnet = "x"
	want := mustLoadExample(t)
	if diff := cmp.Diff(want.Clusters(), c.Clusters()); diff != "" {
		t.Errorf("clusters changed:\n%s", diff)
	}
	if diff := cmp.Diff(want.Roles(), c.Roles()); diff != "" {
		t.Errorf("roles changed:\n%s", diff)
	}
	if c.Digest() != before || !c.AllowsEmail("a@example.com") || c.Everybody()[0] == "x" || c.Administrators()[0] == "x" {
		t.Error("the catalog changed")
	}
}

func TestNoCatalogKnowsNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*catalog.Catalog{"nil": nil, "zero": {}} {
		_, cluster := c.Cluster("")
		_, role := c.Role("READ")
		if cluster || role || c.AllowsEmail("a@example.com") || c.Digest() != "" || len(c.Clusters()) > 0 || len(c.Roles()) > 0 {
			t.Errorf("%s catalog knows something", name)
		}
		if len(c.Check(catalog.Ask{Role: "READ"})) == 0 {
			t.Errorf("%s catalog allows something", name)
		}
	}
}

func TestLoadSaysThatThereIsNoFile(t *testing.T) {
	t.Parallel()
	c, _, err := catalog.Load("testdata/missing.yaml")
	if c != nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, %v", c, err)
	}
}
