package notifier_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
)

// asBlock is how a text looks inside a message's JSON.
func asBlock(tb testing.TB, text string) string {
	tb.Helper()
	raw, err := json.Marshal(slackui.Exact(text))
	ok(tb, err)
	return strings.Trim(string(raw), `"`)
}

func TestOneDirectMessageGoesTheWholeRoad(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := t.Context()
	ok(t, b.OnRequestCreated(ctx, b.created(t)))
	must(t, b.shown(t), "Waiting for approval", "C0SHOPDB", "powerpole.cancel")

	ok(t, b.OnVoted(ctx, of(b, event.Approval, event.Voted{By: hanako(), Action: event.Look, Taken: true, Needed: 1})))
	must(t, b.shown(t), "Looking at it", "U0HANAKO")

	ok(t, b.OnApproved(ctx, b.approved()))
	must(t, b.shown(t), "is being built", "Building the bastion")

	ok(t, b.OnInstanceReady(ctx, b.ready()))
	must(t, b.shown(t), "Making the database account")

	granted := b.granted(t)
	ok(t, b.OnGranted(ctx, granted))
	must(t, b.shown(t), "You can connect", "https://console.example/i-0abc", "aws ssm start-session --target i-0abc --region ap-northeast-1",
		"mysql --host shop.example.com --port 3306 --user emma.clark -p shop", asBlock(t, canary), "SELECT ON shop.*", "powerpole.extend", "powerpole.release")

	end := granted.Data.ExpiresAt
	ok(t, b.OnArmed(ctx, of(b, event.Reaper, event.Armed{Stop: "end", At: end, Generation: 2})))
	ok(t, b.OnExpiring(ctx, of(b, event.Reaper, event.Expiring{ExpiresAt: end})))
	must(t, b.shown(t), "Your access ends soon", asBlock(t, canary))

	ok(t, b.OnExpired(ctx, b.expired(event.ByTime)))
	must(t, b.shown(t), "Your access is ending")
	mustNot(t, b.shown(t), "Canary", "powerpole.release")

	ok(t, b.OnReaped(ctx, b.reaped()))
	must(t, b.shown(t), "Your access has ended", "connections that were cut: 3", "i-0abc", "the password is gone")
	mustNot(t, b.shown(t), "Canary")

	lines := b.slack.Messages("U0HANAKO", "C0SHOPDB")
	if len(lines) != 1 {
		t.Fatalf("the channel was told of the end %d times", len(lines))
	}
	must(t, lines[0].Text, "U0EMMA", "終了しました")
}
