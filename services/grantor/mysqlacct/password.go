package mysqlacct

import (
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // mysql_native_password is made of SHA-1
	"encoding/hex"
	"strings"

	"github.com/powerpole/powerpole/pkg/secret"
)

// The letters of a password. None looks like another, so that it can be read out
// and typed.
const (
	upperLetters = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	lowerLetters = "abcdefghijkmnpqrstuvwxyz"
	digits       = "23456789"
	marks        = "-_"

	passwordLen = 24
)

// NewPassword makes a password of 24 characters (about 140 bits) that MySQL's
// validate_password takes: it has upper, lower, digit and one of - and _, and
// begins with a letter.
func NewPassword() secret.String {
	const all = upperLetters + lowerLetters + digits + marks
	for {
		var b [passwordLen]byte
		for i := range b {
			b[i] = all[below(len(all))]
		}
		if text := string(b[:]); wellMixed(text) {
			return secret.New(text)
		}
	}
}

func wellMixed(text string) bool {
	return strings.ContainsAny(text, upperLetters) && strings.ContainsAny(text, lowerLetters) &&
		strings.ContainsAny(text, digits) && strings.ContainsAny(text, marks) &&
		strings.ContainsAny(text[:1], upperLetters+lowerLetters)
}

// below gives a random number in [0, n), each as likely as the other; n is at
// most 256.
func below(n int) int {
	var b [1]byte
	for {
		_, _ = rand.Read(b[:]) // never fails (crypto/rand)
		if int(b[0]) < 256-256%n {
			return int(b[0]) % n
		}
	}
}

// nativeHash is what MariaDB is given in place of a password, which it would
// write to its logs (mysql_native_password: SHA-1 of SHA-1).
func nativeHash(password secret.String) string {
	first := sha1.Sum([]byte(password.Reveal())) //nolint:gosec // see the import
	second := sha1.Sum(first[:])                 //nolint:gosec // see the import
	return "*" + strings.ToUpper(hex.EncodeToString(second[:]))
}
