package mysqlacct

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

const (
	maxName = 32 // MySQL's; MariaDB has 128
	hashLen = 8
)

// Name is the account name that a person would like: the local part of their
// e-mail, in the letters that every server and log agrees on. plain is false
// where that changed it or where the name is reserved: then only Hashed may be
// used, so that two people never come out as one.
func Name(email string) (name string, plain bool) {
	local, _, _ := cutLast(strings.ToLower(email), "@")
	name = strings.Map(replaceStrange, local)
	name = strings.TrimLeft(name, "0123456789._-")
	if name == "" {
		name = "user"
	}
	name = name[:min(len(name), maxName)]
	return name, name == local && !reserved(name)
}

// Hashed is the name with a short hash of the request's id, within 32.
func Hashed(name, request string) string {
	sum := sha256.Sum256([]byte(request))
	head := strings.TrimRight(name[:min(len(name), maxName-hashLen-1)], "._-")
	return head + "-" + hex.EncodeToString(sum[:])[:hashLen]
}

func replaceStrange(r rune) rune {
	switch {
	case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
		return r
	default:
		return '-'
	}
}

// reserved names mean something to a server, to RDS or to PowerPole.
func reserved(name string) bool {
	if slices.Contains([]string{
		"root", "admin", "administrator", "mysql", "mariadb", "event_scheduler", "public", "powerpole", "system", "user", "none",
	}, name) {
		return true
	}
	return slices.ContainsFunc([]string{"mysql.", "mariadb.", "rds", "aws_", "aws-", "powerpole"}, func(p string) bool {
		return strings.HasPrefix(name, p)
	})
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}
