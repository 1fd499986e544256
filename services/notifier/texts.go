package notifier

import (
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/slackui"
)

// texts is everything that the notifier says, in one language. A text that takes
// values says which, in order; both languages take the same.
type texts struct {
	Language string
	// Where a request is.
	Placeholder, Waiting, Building, Ready, Warning, Failed string
	Ending, Ended, Denied, Cancelled, Lapsed               string

	WaitingIn                                string // channel
	ApprovedBy, LookingNow                   string // people
	Needed                                   string // how many
	ARule                                    string
	BuildingBastion, BastionReady            string
	MakingAccount                            string
	BuildingUntil                            string // a moment
	DeniedBy, DeniedByRule                   string // by whom, or which
	TakingDown                               string
	EndsAt, EndedAt, ExtensionTooLate        string // a moment
	StepSession                              string // a link
	OpenSession, StepDatabase                string
	User, Password, TokenInstead             string
	Privileges, NeedsTLS                     string
	Everybody                                string // what
	NoCredentials, NotYours                  string
	CancelLabel, DoneLabel, ExtendLabel      string
	CancelSure, DoneSure, Yes, No            string
	ShowCredentials, CredentialsTitle, Close string
	HomeTitle, HomeHint, HomeEmpty           string
	NotTaken                                 string // why

	// The receipt.
	Receipt                  string
	AccountGone              string // user, connections
	AccountParked            string // user
	AccountNone              string
	Kept                     string // kind, name, statement
	Prepared                 string // id, statement
	SecretGone, InstanceNone string
	InstanceGone             string // instance, sessions
	SchedulesGone            string // how many
	Causes                   map[event.Cause]string
	LineEnded                string // who, role, cluster
	LinePrepared             string // how many

	AlarmFrom string // service, moment
	Runbook   string
}

// textsFor gives the texts for a locale of Slack's or a language.
func textsFor(locale string) texts {
	if slackui.Language(locale) == "ja" {
		return japanese()
	}
	return english()
}
