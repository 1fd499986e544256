// Package person says who is who: when two identities are the same person, and what an e-mail address is once nobody's
// spelling of it counts. Approval's most important rule, that nobody approves their own request, stands on it.
package person

import "strings"

// ID is how a person is known to us: the Slack user id and the e-mail address of the Slack profile.
type ID struct {
	User  string `json:"user"`
	Email string `json:"email"`
}

// Complete reports whether both halves are there. A decision about somebody who is only half known is a guess, so
// whoever decides refuses an incomplete ID.
func (id ID) Complete() bool {
	_, _, ok := splitEmail(id.Email)
	return ok && id.User != ""
}

// Same reports whether a and b are the same person: the user id or the e-mail is the same. One account in two
// workspaces, a guest account beside the real one and a +tag address are all the same person. What is empty equals
// nothing.
func Same(a, b ID) bool {
	if a.User != "" && strings.EqualFold(a.User, b.User) {
		return true
	}
	email := NormalEmail(a.Email)
	return email != "" && email == NormalEmail(b.Email)
}

// NormalEmail returns the address in the form in which addresses are compared: without surrounding space, in lower
// case and without a +tag. Case is folded through upper case first, so that letters with two lower-case forms (ſ, ı)
// come out as one: to take two people for one costs a refused approval, the opposite costs the four-eyes rule.
func NormalEmail(address string) string {
	local, domain, _ := splitEmail(address)
	if domain == "" {
		return local
	}
	return local + "@" + domain
}

// Domain returns the domain of the address in lower case, or "" if it is no address.
func Domain(address string) string {
	_, domain, ok := splitEmail(address)
	if !ok {
		return ""
	}
	return domain
}

func splitEmail(address string) (local, domain string, ok bool) {
	address = strings.ToLower(strings.ToUpper(strings.TrimSpace(address)))
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return address, "", false
	}
	local, domain = address[:at], strings.TrimSuffix(address[at+1:], ".")
	local, _, _ = strings.Cut(local, "+")
	return local, domain, local != "" && domain != ""
}
