package slackui

// DirectHistory is the scope that reads direct messages. The bot token must not
// have it: the credentials of live leases are in direct messages.
const DirectHistory = "im:history"

// Scopes returns what the bot token must be allowed to do (Slack's scopes, in
// the app's manifest), and nothing else.
func Scopes() []string {
	return []string{
		"commands",                     // /powerpole
		"chat:write",                   // every message
		"im:write",                     // to open a direct message
		"channels:read", "groups:read", // which channel is which
		"channels:history", "groups:history", // to find an approvers' message whose answer was lost
		"users:read", "users:read.email", // who somebody is
		"usergroups:read", // who may approve
	}
}
