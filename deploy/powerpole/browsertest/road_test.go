//go:build browser

package browsertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	pagedomain "github.com/chromedp/cdproto/page"
	cdp "github.com/chromedp/chromedp"

	"github.com/powerpole/powerpole/deploy/powerpole/demo"
	"github.com/powerpole/powerpole/services/intake"
)

const (
	requester = "U0TARO"
	approver  = "U0HANAKO"
	channel   = "C0SHOPDB"
	cluster   = "shop-demo"
)

// lease is long enough for a person's clicks and short enough to be watched to
// its end.
const lease = 40 * time.Second

func TestAPersonClicksTheWholeRoad(t *testing.T) {
	d := start(t)
	page := browser(t)
	url := d.Endpoints().Page

	do(t, page, "asking",
		cdp.Navigate(url),
		become(requester), click(`[data-channel="`+channel+`"]`),
		click(`[data-action="slash"]`),
		cdp.WaitVisible(`form#modal`),
		check(field(intake.DatabasesBlock(cluster), intake.DatabasesAction)+`[value="shop"]`),
		choose(field(intake.RoleBlock(cluster), intake.RoleAction), "READ"),
		fill(field(intake.DurationBlock, intake.DurationAction), "soon"),
		fill(field(intake.ReasonBlock, intake.ReasonAction), "look at <b>order</b> 7"),
	)
	do(t, page, "a mistake is shown on its field",
		click(`button#modal-submit`),
		contains(`form#modal`, "30m、2h、1h30m のように書いてください"), // the requester has set Slack to Japanese
		fill(field(intake.DurationBlock, intake.DurationAction), lease.String()),
	)
	do(t, page, "sending", click(`button#modal-submit`), cdp.WaitNotPresent(`form#modal`))

	do(t, page, "approving",
		become(approver), click(`[data-channel="`+channel+`"]`),
		contains(`#messages`, "look at <b>order</b> 7"), // as text: nothing that people write is markup
		click(`#messages [data-button="powerpole.approve"]`),
		cdp.WaitVisible(`#events [data-type="Granted"]`),
	)
	shoot(t, page, "demo.png")

	do(t, page, "reading the direct message",
		become(requester), click(`[data-channel="dm"]`),
		cdp.WaitVisible(`#messages a.session-link`),
	)
	user, password := credentials(t, page)
	session := openSession(t, page)

	do(t, session, "logging in",
		cdp.WaitVisible(`#user`), fill(`#user`, user), fill(`#password`, password),
		click(`#connect`), state("connected"),
	)
	do(t, session, "reading", fill(`#sql`, "SELECT id, status FROM shop.orders LIMIT 3"), click(`#run`), contains(`#result`, "status"))
	shoot(t, session, "session.png")
	do(t, session, "the database refuses an INSERT",
		fill(`#sql`, "INSERT INTO shop.orders (id) VALUES (1)"), click(`#run`), contains(`#result`, "1142"),
	)
	do(t, session, "the session's log", contains(`#log`, "INSERT INTO"))
	if log := text(t, session, `#log`); strings.Contains(log, password) {
		t.Error("the session's log holds the password")
	}
	do(t, session, "the session ends with the lease", state("ended"))
	do(t, page, "the direct message after the end",
		cdp.WaitVisible(`#events [data-type="Reaped"]`), lacks(`#messages`, password),
	)
}

// start runs the demo, its instances as slow as `make demo` has them.
func start(t *testing.T) *demo.Demo {
	t.Helper()
	d, err := demo.New(t.Context(), demo.Options{Addresses: demo.FreeAddresses(), Boot: time.Second, Agent: 500 * time.Millisecond, Shutdown: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- d.Run(ctx, func() { close(ready) }) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	<-ready
	return d
}

// browser starts a Chromium of its own.
func browser(t *testing.T) context.Context {
	t.Helper()
	options := append(cdp.DefaultExecAllocatorOptions[:],
		cdp.ExecPath("/usr/bin/chromium"), cdp.NoSandbox, cdp.Flag("disable-gpu", true), cdp.WindowSize(1440, 900),
		cdp.Flag("disable-quic", true), cdp.Flag("disable-component-update", true), cdp.UserDataDir(t.TempDir()),
	)
	alloc, cancel := cdp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel := cdp.NewContext(alloc)
	t.Cleanup(cancel)
	// Whoever clicks here means it.
	sure := pagedomain.AddScriptToEvaluateOnNewDocumentParams{Source: `window.confirm = () => true`}
	if _, err := cdp.Call(ctx, pagedomain.AddScriptToEvaluateOnNewDocument, sure); err != nil {
		t.Fatalf("starting chromium: %v", err)
	}
	return ctx
}

// do runs actions, and says what they were for where one does not come to its
// end.
func do(t *testing.T, page context.Context, what string, actions ...step) {
	t.Helper()
	ctx, cancel := context.WithTimeout(page, 90*time.Second)
	defer cancel()
	for i, a := range actions {
		if _, err := cdp.Run(ctx, a); err != nil {
			late, cancel := context.WithTimeout(page, 10*time.Second) // a page that hangs says nothing
			defer cancel()
			body, _ := cdp.Run(late, cdp.Text("body"))
			shoot(t, late, "failed.png")
			t.Fatalf("%s, step %d: %v\nthe page says:\n%s", what, i+1, err, body)
		}
	}
}

// become switches to a person, and waits until the page is that person's.
func become(id string) step {
	return cdp.Steps(click(`[data-person="`+id+`"]`), becomes(fmt.Sprintf(`document.querySelector("[data-me]")?.dataset.me === %q`, id)))
}

func field(block, action string) string {
	return fmt.Sprintf(`form#modal [name="%s/%s"]`, block, action)
}

// fill types into a field, and leaves it.
func fill(selector, value string) step {
	return script(`e.value = %q; e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true}))`, selector, value)
}

// click clicks an element as soon as there is one. The page replaces its parts
// as things change, so looking and clicking are one.
func click(selector string) step {
	return becomes(fmt.Sprintf(`(() => { const e = document.querySelector(%q); e?.click(); return !!e })()`, selector))
}

func choose(selector, value string) step { return fill(selector, value) }

func check(selector string) step {
	return script(`if (!e.checked) e.click(); %q`, selector, "")
}

type step = cdp.Action[cdp.Void]

// evaluate runs JavaScript and throws its value away.
func evaluate(code string) step {
	return func(ctx context.Context, t *cdp.Target) (cdp.Void, error) {
		_, err := cdp.Evaluate[any](code)(ctx, t)
		return cdp.Void{}, err
	}
}

// script runs JavaScript with e as the element, once there is one.
func script(body, selector, value string) step {
	return cdp.Steps(
		cdp.WaitReady(selector),
		evaluate(fmt.Sprintf(`(() => { const e = document.querySelector(%q); `+body+` })()`, selector, value)),
	)
}

// becomes waits until an expression is true.
func becomes(expression string) step {
	return func(ctx context.Context, t *cdp.Target) (cdp.Void, error) {
		for {
			// By a timer: a tab behind another draws no frames.
			_, err := cdp.Poll[bool](expression, cdp.WithPollingTimeout(0), cdp.WithPollingInterval(50*time.Millisecond))(ctx, t)
			if err == nil || ctx.Err() != nil || errors.Is(err, context.Canceled) {
				return cdp.Void{}, err
			}
			// The page went to another while it was looked at: look at that.
		}
	}
}

func contains(selector, want string) step {
	return becomes(fmt.Sprintf(`(document.querySelector(%q)?.innerText ?? "").includes(%q)`, selector, want))
}

func lacks(selector, unwanted string) step {
	return becomes(fmt.Sprintf(`!(document.querySelector(%q)?.innerText ?? "").includes(%q)`, selector, unwanted))
}

func state(want string) step {
	return becomes(fmt.Sprintf(`document.querySelector("#session-state")?.dataset.state === %q`, want))
}

// read evaluates JavaScript that gives a T.
func read[T any](t *testing.T, page context.Context, code string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(page, 30*time.Second)
	defer cancel()
	v, err := cdp.Run(ctx, cdp.Evaluate[T](code))
	if err != nil {
		t.Fatalf("%s: %v", code, err)
	}
	return v
}

func text(t *testing.T, page context.Context, selector string) string {
	t.Helper()
	return read[string](t, page, fmt.Sprintf(`document.querySelector(%q).innerText`, selector))
}

var credential = regexp.MustCompile(`^[A-Za-z0-9_-]{24}$`)

// credentials reads the direct message's code spans: the password is the one of
// 24 characters, the user the one that stands in the mysql command.
func credentials(t *testing.T, page context.Context) (user, password string) {
	t.Helper()
	spans := read[[]string](t, page, `[...document.querySelectorAll("#messages code")].map(e => e.innerText)`)
	all := text(t, page, `#messages`)
	for _, s := range spans {
		if credential.MatchString(s) {
			password = s
		}
	}
	if m := regexp.MustCompile(`--user (\S+)`).FindStringSubmatch(all); m != nil {
		user = m[1]
	}
	if user == "" || password == "" {
		t.Fatalf("no credentials in %s", all)
	}
	return user, password
}

// openSession follows the link into the session in a tab of its own.
func openSession(t *testing.T, page context.Context) context.Context {
	t.Helper()
	href := read[string](t, page, `document.querySelector("#messages a.session-link").href`)
	session, cancel := cdp.NewContext(page)
	t.Cleanup(cancel)
	// The first run makes the tab, which ends with that run's context.
	if err := cdp.Do(session, cdp.Navigate(href)); err != nil {
		t.Fatalf("opening the session: %v", err)
	}
	return session
}

// shoot saves a picture where POWERPOLE_SHOTS names a folder.
func shoot(t *testing.T, page context.Context, name string) {
	t.Helper()
	folder := os.Getenv("POWERPOLE_SHOTS")
	if folder == "" {
		return
	}
	png, err := cdp.Run(page, cdp.CaptureScreenshot())
	if err != nil {
		t.Logf("taking %s: %v", name, err)
		return
	}
	if err := os.WriteFile(filepath.Join(folder, name), png, 0o600); err != nil {
		t.Error(err)
	}
}
