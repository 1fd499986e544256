package catalog

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"

	"github.com/powerpole/powerpole/pkg/grant"
)

// form is what the text of a key must look like.
type form struct {
	pattern string // a regular expression, also in the JSON Schema
	words   string // the same in words, for whoever has to mend the file
	further func(text string) error
}

// formOf returns the form with the name that a form tag holds.
func formOf(name string) form {
	switch name {
	case "name":
		return form{pattern: `^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`, words: "lower-case letters, digits and hyphens, at most 63"}
	case "role":
		return form{pattern: `^[A-Z][A-Z0-9_]{0,31}$`, words: "upper-case letters, digits and _, at most 32, as READ"}
	case "domain":
		return form{pattern: `^[a-z0-9-]+(\.[a-z0-9-]+)+$`, words: "a domain in lower case, as example.com"}
	case "member":
		return form{pattern: `^[SUW][A-Z0-9]{1,30}$`, words: "the id of a Slack user group (S…) or user (U…, W…)"}
	case "channel":
		return form{pattern: `^[CG][A-Z0-9]{1,30}$`, words: "the id of a Slack channel (C…, G…), not its name"}
	case "region":
		return form{pattern: `^[a-z]{2}(-[a-z]+)+-[0-9]$`, words: "an AWS region, as ap-northeast-1"}
	case "account":
		return form{pattern: `^[0-9]{12}$`, words: "an AWS account id of 12 digits, in quotes"}
	case "database":
		return form{pattern: `^[A-Za-z0-9_]{1,64}$`, words: "letters, digits and _, at most 64", further: notSystemDatabase}
	case "table":
		return form{pattern: grant.Pattern, words: grant.Words, further: ourTable}
	default:
		return technicalForm(name)
	}
}

func technicalForm(name string) form {
	switch name {
	case "endpoint":
		return form{pattern: `^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):[0-9]{1,5}$`, words: "host:port", further: portInRange}
	case "host":
		return form{pattern: `^[A-Za-z0-9.-]{1,253}$`, words: "a host name"}
	case "secret":
		return form{pattern: `^(file:/|secretsmanager:)[^\s]+$`, words: "a secret reference, file:/path or secretsmanager:NAME-or-ARN"}
	case "ca":
		return form{pattern: `^(rds|system|file:/[^\s]+)$`, words: "rds, system or file:/path"}
	case "launch template":
		return form{pattern: `^[A-Za-z0-9().\-/_]{3,128}$`, words: "an id (lt-…) or a name of 3 to 128 characters"}
	case "session url":
		return form{pattern: `^https?://[^\s{}]*(\{region\}[^\s{}]*)*\{instance\}[^\s{}]*([^\s{}]*\{(region|instance)\}[^\s{}]*)*$`, words: "a link with {instance}, and no placeholder but that and {region}", further: secureLink}
	case "instance type":
		return form{pattern: `^[a-z0-9-]+\.[a-z0-9-]+$`, words: "an EC2 instance type, as t4g.nano"}
	case "subnet":
		return form{pattern: `^subnet-[0-9a-z]+$`, words: "a subnet id, as subnet-0123456789abcdef0"}
	default:
		return form{pattern: `\S`, words: "some text"}
	}
}

// check says what is wrong with the text. It never repeats the text of a secret reference, which may be the secret
// itself in the wrong place.
func (f form) check(name, text string) error {
	if !regexp.MustCompile(f.pattern).MatchString(text) {
		if name == "secret" {
			return fmt.Errorf("is not %s", f.words)
		}
		return fmt.Errorf("is %.64q, not %s", text, f.words)
	}
	if f.further == nil {
		return nil
	}
	return f.further(text)
}

func notSystemDatabase(name string) error {
	switch strings.ToLower(name) {
	case "mysql", "sys", "information_schema", "performance_schema":
		return fmt.Errorf("is %q, which belongs to the server and is never given out", name)
	}
	return nil
}

// ourTable refuses a column that is listed twice, and the server's own databases.
func ourTable(text string) error {
	scope, err := grant.Parse(text)
	if err != nil {
		return fmt.Errorf("is wrong: %w", err)
	}
	return notSystemDatabase(scope.Database)
}

func portInRange(endpoint string) error {
	_, port, err := net.SplitHostPort(endpoint)
	if err != nil {
		return fmt.Errorf("is %q, not host:port", endpoint)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return fmt.Errorf("is %q, whose port is not between 1 and 65535", endpoint)
	}
	return nil
}

// secureLink refuses a link over plain HTTP, except to this machine: the demo's session page is one.
func secureLink(link string) error {
	plain, isPlain := strings.CutPrefix(link, "http://")
	if isPlain && !isLoopback(strings.SplitN(plain, "/", 2)[0]) {
		return fmt.Errorf("is %q, which is not https", link)
	}
	return nil
}

// isLoopback reports whether the host, with or without a port, is this machine by its name or address.
func isLoopback(endpoint string) bool {
	host, _, err := net.SplitHostPort(endpoint)
	if err != nil {
		host = endpoint
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
