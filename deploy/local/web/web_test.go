package web

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	driver "github.com/go-sql-driver/mysql"

	"github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/deploy/local/mysql"
	"github.com/powerpole/powerpole/deploy/local/slack"
)

// bench is the page over everything that it shows, and a browser's cookie.
type bench struct {
	t     *testing.T
	aws   *aws.Stack
	slack *slack.Server
	db    *mysql.Server
	page  *Server
	app   *app
	log   *lockedBuffer
	as    string // who the browser is
	token string
}

type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func setup(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, log: &lockedBuffer{}, as: "U0TARO"}
	feed := NewFeed(50)
	b.aws = must[*aws.Stack](t)(aws.New(context.Background(), aws.Options{OnEvent: feed.Add}))
	t.Cleanup(b.aws.Close)
	b.slack = slack.New(slack.Options{})
	t.Cleanup(b.slack.Close)
	b.app = newApp(t, b.slack)
	b.db = must[*mysql.Server](t)(mysql.New(mysql.Options{}))
	t.Cleanup(func() { b.db.Close() })
	b.page = must[*Server](t)(New(Options{
		AWS: b.aws, Slack: b.slack, Feed: feed, Log: slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Database: Database{
			Dial: b.db.Dial, TLS: b.db.ClientTLS(),
			Accounts: func(context.Context) (out []Account, err error) {
				for _, a := range b.db.Accounts() {
					out = append(out, Account{User: a.User, Host: a.Host, Locked: a.Locked})
				}
				return out, nil
			},
		},
	}))
	t.Cleanup(b.page.Close)
	b.token = regexp.MustCompile(`name="token" content="([^"]+)"`).FindStringSubmatch(b.get("/").body)[1]
	return b
}

type reply struct {
	status int
	body   string
	header http.Header
}

// send asks as a browser on this machine does; change may make it another.
func (b *bench) send(method, path string, form url.Values, change func(*http.Request)) reply {
	b.t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1:8600"+path, strings.NewReader(form.Encode()))
	r.AddCookie(&http.Cookie{Name: personCookie, Value: b.as})
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "http://127.0.0.1:8600")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set(tokenHeader, b.token)
	}
	if change != nil {
		change(r)
	}
	w := httptest.NewRecorder()
	b.page.ServeHTTP(w, r)
	return reply{w.Code, w.Body.String(), w.Header()}
}

func (b *bench) get(path string) reply { b.t.Helper(); return b.send(http.MethodGet, path, nil, nil) }

func (b *bench) post(path string, pairs ...string) reply {
	b.t.Helper()
	return b.send(http.MethodPost, path, values(pairs...), nil)
}

func values(pairs ...string) url.Values {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form
}

func (r reply) want(t *testing.T, status int, parts ...string) reply {
	t.Helper()
	if r.status != status {
		t.Fatalf("status %d, want %d: %s", r.status, status, r.body)
	}
	for _, part := range parts {
		if !strings.Contains(r.body, part) {
			t.Errorf("%q is not in: %s", part, r.body)
		}
	}
	return r
}

// bastion starts an instance for a person.
func (b *bench) bastion(owner string) (id string, at netip.Addr) {
	b.t.Helper()
	one := awssdk.Int32(1)
	out := must[*ec2.RunInstancesOutput](b.t)(ec2.NewFromConfig(b.aws.Config()).RunInstances(b.t.Context(), &ec2.RunInstancesInput{
		ImageId: awssdk.String("ami-0123456789abcdef0"), InstanceType: types.InstanceTypeT4gNano, MinCount: one, MaxCount: one,
		SubnetId: awssdk.String("subnet-0aaaaaaaaaaaaaaaa"),
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: awssdk.String(ownerTag), Value: &owner}},
		}},
	}))
	i, ok := b.aws.EC2.Instance(*out.Instances[0].InstanceId)
	if !ok {
		b.t.Fatal("the instance is not there")
	}
	return i.ID, i.PrivateIP
}

// root runs statements as the administrator.
func (b *bench) root(statements ...string) {
	b.t.Helper()
	cfg := driver.NewConfig()
	cfg.User, cfg.Passwd = b.db.Admin()
	cfg.Net, cfg.Addr, cfg.TLS = "tcp", "database:3306", b.db.ClientTLS()
	cfg.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return b.db.Dial(ctx, netip.MustParseAddr("127.0.0.1"))
	}
	db := sql.OpenDB(must[sqldriver.Connector](b.t)(driver.NewConnector(cfg)))
	defer db.Close()
	for _, s := range statements {
		if _, err := db.ExecContext(b.t.Context(), s); err != nil {
			b.t.Fatalf("%s: %v", s, err)
		}
	}
}

// app is what the workspace sends to: it remembers what came and answers with
// what it is told, a view of which goes to views.open.
type app struct {
	t   *testing.T
	url string
	ws  *slack.Server

	mu     sync.Mutex
	view   string // opened for the next trigger
	answer string // body of the next answer
	got    []map[string]any
}

func newApp(t *testing.T, ws *slack.Server) *app {
	a := &app{t: t, ws: ws}
	s := httptest.NewServer(a)
	t.Cleanup(s.Close)
	a.url = s.URL
	ws.SetIntake(slack.Intake{CommandURL: s.URL, InteractivityURL: s.URL, OptionsURL: s.URL, EventsURL: s.URL})
	return a
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	got := payload(r)
	trigger, _ := got["trigger_id"].(string)
	a.mu.Lock()
	a.got = append(a.got, got)
	view, answer := a.view, a.answer
	a.view, a.answer = "", ""
	a.mu.Unlock()
	if view != "" {
		a.call("views.open", url.Values{"trigger_id": {trigger}, "view": {view}})
	}
	_, _ = io.WriteString(w, answer)
}

// payload is what came: a command's fields, an interaction or an event.
func payload(r *http.Request) map[string]any {
	got := map[string]any{}
	if r.Header.Get("Content-Type") == "application/json" {
		_ = json.NewDecoder(r.Body).Decode(&got)
		return got
	}
	if raw := r.PostFormValue("payload"); raw != "" {
		_ = json.Unmarshal([]byte(raw), &got)
		return got
	}
	for name := range r.PostForm {
		got[name] = r.PostForm.Get(name)
	}
	return got
}

// next says what the app does with what comes next.
func (a *app) next(view, answer string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.view, a.answer = view, answer
}

func (a *app) last() map[string]any {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.got) == 0 {
		return nil
	}
	return a.got[len(a.got)-1]
}

// call calls the Web API as the app.
func (a *app) call(method string, form url.Values) string {
	r, err := http.NewRequest(http.MethodPost, a.ws.APIURL()+method, strings.NewReader(form.Encode()))
	if err != nil {
		a.t.Error(err)
		return ""
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+a.ws.Tokens().Bot)
	res, err := a.ws.Client().Do(r)
	if err != nil {
		a.t.Error(err)
		return ""
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	if !strings.Contains(string(body), `"ok":true`) {
		a.t.Errorf("%s: %s", method, body)
	}
	return string(body)
}
