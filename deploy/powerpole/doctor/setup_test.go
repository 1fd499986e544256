package doctor_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	localaws "github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/deploy/local/slack"
	"github.com/powerpole/powerpole/deploy/powerpole/doctor"
	"github.com/powerpole/powerpole/pkg/bootstrap"
	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/warrant"
	"github.com/powerpole/powerpole/services/grantor"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

const catalogText = `
installation: test
email_domains: [example.com]
slack: {operators_channel: C0OPS, approvers_channel: C0APP}
everybody: [USAGE ON *.*]
clusters:
  - id: shop
    region: ap-northeast-1
    account: "123456789012"
    engine:
      writer: "%s"
      admin_secret: "file:%s/admin.json"
      tls: {ca: "file:%s/ca.pem", server_name: "%s"}
    databases: [shop, billing]
    roles: [READ, DML]
    approvers: [U0APPROVER, U1APPROVER]
    bastion:
      launch_template: bastion
      capacity: [{instance_type: t4g.nano, subnet: subnet-1}]
`

// installation is a sound one, on an embedded AWS and Slack and a database.
type installation struct {
	aws     aws.Config
	options doctor.Options
	dir     string
	secrets []string
}

func install(t *testing.T, db *accttest.Server, scopes ...string) *installation {
	t.Helper()
	stack, err := localaws.New(t.Context(), localaws.Options{})
	must(t, err)
	t.Cleanup(stack.Close)
	must(t, bootstrap.New(stack.Config(), bootstrap.Options{}).Run(t.Context()))
	workspace := slack.New(slack.Options{Scopes: scopes})
	i := &installation{aws: stack.Config(), dir: t.TempDir()}
	bot := workspace.Tokens().Bot
	i.secrets = []string{bot, db.Target.Password.Reveal()}
	i.options = doctor.Options{
		Settings: doctor.Settings{
			Catalog: i.path("powerpole.yaml"), Keys: i.path("keys.json"), SlackURL: workspace.APIURL(), SlackToken: "file:" + i.path("token"),
			Config: grantor.Config{CAFile: i.path("none.pem")},
		},
		AWS: i.aws, HTTP: &http.Client{Transport: workspace.Client().Transport}, Dial: db.Target.Dial,
	}
	i.write(t, "token", bot)
	i.write(t, "ca.pem", string(db.CA))
	i.administrator(t, credential.Credential{User: db.Target.User, Password: db.Target.Password})
	i.write(t, "powerpole.yaml", fmt.Sprintf(catalogText, db.Target.Address, i.dir, i.dir, db.ServerName))
	i.writeKeys(t)
	return i
}

func (i *installation) path(name string) string { return filepath.Join(i.dir, name) }

func (i *installation) write(t *testing.T, name, text string) {
	t.Helper()
	must(t, os.WriteFile(i.path(name), []byte(text), 0o600))
}

// edit replaces a text in the catalog that must be there.
func (i *installation) edit(t *testing.T, old, other string) {
	t.Helper()
	b, err := os.ReadFile(i.path("powerpole.yaml"))
	must(t, err)
	if !strings.Contains(string(b), old) {
		t.Fatalf("%q is not in the catalog", old)
	}
	i.write(t, "powerpole.yaml", strings.Replace(string(b), old, other, 1))
}

func (i *installation) administrator(t *testing.T, c credential.Credential) {
	t.Helper()
	text, err := c.Encode()
	must(t, err)
	i.write(t, "admin.json", text.Reveal())
	i.secrets = append(i.secrets, c.Password.Reveal())
}

func (i *installation) writeKeys(t *testing.T) {
	t.Helper()
	var public warrant.KeySet
	for _, kind := range []warrant.Kind{warrant.KindSlip, warrant.KindWarrant} {
		key, err := warrant.GenerateKey(kind, string(kind))
		must(t, err)
		public, err = public.Merge(key.Public())
		must(t, err)
	}
	b, err := json.Marshal(public)
	must(t, err)
	i.write(t, "keys.json", string(b))
}

// examine returns the report's lines and what Run said. No report has a secret
// in it.
func (i *installation) examine(t *testing.T) (report, progress string, err error) {
	t.Helper()
	var out, said lockedBuffer
	i.options.Report = doctor.NewReport(&out, &said)
	err = doctor.Run(t.Context(), i.options)
	all := out.String() + said.String() + fmt.Sprint(err)
	for _, s := range i.secrets {
		if strings.Contains(all, s) {
			t.Errorf("there is a secret in %s", all)
		}
	}
	return out.String(), said.String(), err
}

// problems are the lines of the report that are problems.
func problems(report string) (found []string) {
	for line := range strings.Lines(report) {
		if strings.HasPrefix(line, "problem") {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// onlyProblem checks that there is one problem, with all those texts.
func (i *installation) onlyProblem(t *testing.T, texts ...string) {
	t.Helper()
	report, _, err := i.examine(t)
	found := problems(report)
	if len(found) != 1 || err == nil {
		t.Fatalf("problems %q, %v; want one:\n%s", found, err, report)
	}
	for _, text := range texts {
		if !strings.Contains(found[0], text) {
			t.Errorf("%q is not in %s", text, found[0])
		}
	}
	if _, todo, ok := strings.Cut(found[0], "→ "); !ok || todo == "" {
		t.Errorf("it does not say what to do: %s", found[0])
	}
}

func embedded(t *testing.T) *accttest.Server {
	t.Helper()
	db, stop, err := accttest.Embedded()
	must(t, err)
	t.Cleanup(stop)
	return db
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
