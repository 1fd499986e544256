package slackui

import (
	"errors"
	"net/http"
	"strings"

	"github.com/slack-go/slack"

	"github.com/powerpole/powerpole/pkg/secret"
)

// Settings are what a service that speaks to Slack reads from its environment.
// They hold no secret and are safe to log.
type Settings struct {
	// APIURL is where Slack's Web API is.
	APIURL string `env:"POWERPOLE_SLACK_API_URL" envDefault:"https://slack.com/api/"`
	// Token is the reference of the bot token (package secret).
	Token string `env:"POWERPOLE_SLACK_BOT_TOKEN,required"`
}

// NewClient returns a client of the Web API at apiURL that speaks with the bot
// token. It does not wait for rate limits: see Outcome.
func NewClient(apiURL string, token secret.String, client *http.Client) (*slack.Client, error) {
	if apiURL == "" || token.IsZero() || client == nil {
		return nil, errors.New("making a Slack client: the API's URL, the token or the HTTP client is missing")
	}
	if !strings.HasSuffix(apiURL, "/") {
		apiURL += "/"
	}
	return slack.New(token.Reveal(), slack.OptionAPIURL(apiURL), slack.OptionHTTPClient(client)), nil
}
