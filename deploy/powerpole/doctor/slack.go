package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/slackui"
)

// slack asks Slack whose the bot token is and what it may do.
func (e *examination) slack(ctx context.Context) []Finding {
	if e.SlackToken == "" {
		return []Finding{Note("not looked at: set POWERPOLE_SLACK_BOT_TOKEN or give --slack-token, a reference")}
	}
	token, err := secret.Load(ctx, e.SlackToken, secretsmanager.NewFromConfig(e.AWS))
	if err != nil {
		return []Finding{Problem(reason(err), "put the bot token where POWERPOLE_SLACK_BOT_TOKEN says: file:/path or secretsmanager:NAME")}
	}
	client, err := slackui.NewClient(e.SlackURL, token, e.HTTP)
	if err != nil {
		return []Finding{Problem(err.Error(), "set POWERPOLE_SLACK_API_URL")}
	}
	who, err := client.AuthTestContext(ctx)
	if err != nil {
		return []Finding{Problem(refusedBySlack(err), "install the app in the workspace again and store the bot token that it is given")}
	}
	if who.BotID == "" {
		return []Finding{Problem("the token is a person's", "store the app's bot token (xoxb-…)")}
	}
	return append([]Finding{OK("%s as %s", who.Team, who.User)}, scopes(who.Header.Get("X-OAuth-Scopes"))...)
}

// refusedBySlack is Slack's code, or why there is none. No token is in either.
func refusedBySlack(err error) string {
	if code := slackui.ErrorCode(err); code != "" {
		return "auth.test is refused: " + code
	}
	return "auth.test is not answered: " + reason(err)
}

// scopes compares what the token may do with what it must and must not.
func scopes(header string) (found []Finding) {
	if header == "" {
		return []Finding{Problem("Slack does not say what the token may do (X-OAuth-Scopes)", "check by hand that it has not "+slackui.DirectHistory)}
	}
	has := strings.FieldsFunc(header, func(r rune) bool { return r == ',' || r == ' ' })
	if slices.Contains(has, slackui.DirectHistory) {
		found = append(found, Problem("the token has "+slackui.DirectHistory+": it reads every live password",
			"take the scope out of the app's manifest, revoke the token, and install the app again"))
	}
	for _, s := range slackui.Scopes() {
		if !slices.Contains(has, s) {
			found = append(found, Problem("the token lacks "+s, "add the scope to the app's manifest and install the app again"))
		}
	}
	more := slices.DeleteFunc(has, func(s string) bool { return s == slackui.DirectHistory || slices.Contains(slackui.Scopes(), s) })
	if len(more) > 0 {
		found = append(found, Note("the token may more than PowerPole needs: %s", fmt.Sprint(more)))
	}
	return found
}
