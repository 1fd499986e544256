package notifier

import "github.com/powerpole/powerpole/pkg/event"

func english() texts {
	return texts{
		Language:    "en",
		Placeholder: "Your database access request has arrived …",
		Waiting:     "Waiting for approval", Building: "Approved: your way in is being built", Ready: "You can connect",
		Warning: "Your access ends soon", Failed: "This did not work out", Ending: "Your access is ending", Ended: "Your access has ended",
		Denied: "Your request was denied", Cancelled: "Your request was taken back", Lapsed: "Your request lapsed: nobody decided in time",

		WaitingIn: "The approvers have been asked in %s.", ApprovedBy: "Approved by %s", LookingNow: "Looking at it: %s",
		Needed: "Approvals still needed: %d", ARule: "a rule of the catalog",
		BuildingBastion: "Building the bastion …", BastionReady: "The bastion is ready", MakingAccount: "Making the database account …",
		BuildingUntil: "Ready at the latest at %s, or you are told why not.",
		DeniedBy:      "Denied by %s:", DeniedByRule: "Denied by the rule %s:",
		TakingDown:       "Everything that was begun is being taken down. The receipt follows here.",
		ExtensionTooLate: "Your extension came too late: your access had ended at %s.",
		EndsAt:           "Ends at %s", EndedAt: "Ended at %s",
		StepSession: "*1. Start a session on the bastion:* %s, or", OpenSession: "open it in the browser",
		StepDatabase: "*2. Connect there:*", User: "*User*", Password: "*Password*", TokenInstead: "an IAM authentication token",
		Privileges: "*Your privileges*", NeedsTLS: "The database insists on TLS.", Everybody: "Everybody on this server also has: %s.",
		NoCredentials: "There are no credentials: this access has ended or has not begun.", NotYours: "These are not your credentials.",
		CancelLabel: "Cancel", DoneLabel: "I'm done", ExtendLabel: "Extend …",
		CancelSure: "Take this request back?", DoneSure: "End your access now? Open connections are cut.", Yes: "Yes", No: "No",
		ShowCredentials: "Show credentials", CredentialsTitle: "Credentials", Close: "Close",
		HomeTitle: "Database access", HomeHint: "Ask for access with `/powerpole`.", HomeEmpty: "You have made no request yet.",
		NotTaken: "Not done: %s.",

		Receipt: "Receipt", AccountGone: "account %s is gone; connections that were cut: %d",
		AccountParked: "account %s was locked for ever and kept, because objects of the database run in its name",
		AccountNone:   "there was no account", Kept: "%s %s keeps it; its new owner takes it over with %s",
		Prepared:   "the prepared transaction %s is still there; an administrator ends it with %s",
		SecretGone: "the password is gone", InstanceNone: "there was no bastion",
		InstanceGone: "bastion %s is gone; sessions that were ended: %d", SchedulesGone: "schedules that are gone: %d",
		Causes: map[event.Cause]string{
			event.ByTime: "its time was over", event.ByRelease: "ended early", event.ByFailure: "it could not be built",
			event.ByLoss: "the bastion went away by itself", event.ByHardStop: "the last stop ended it",
		},
		LineEnded: "The access of %s as *%s* to *%s* is over.", LinePrepared: "prepared transactions that are still there: %d",
		AlarmFrom: "from %s · %s", Runbook: "what to do",
	}
}
