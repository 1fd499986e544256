// Package credential is what the grantor puts into Secrets Manager for a lease
// and the notifier reads from there: the one place where its name and form are
// written down.
package credential

import (
	"encoding/json"
	"errors"

	"github.com/powerpole/powerpole/pkg/secret"
)

// Prefix is what the name of every lease's secret begins with; IAM policies
// name it.
const Prefix = "powerpole/"

// Name is the name of a request's secret. It tells nobody whose it is.
func Name(requestID string) string { return Prefix + requestID }

// Credential is what a person needs to log in.
type Credential struct {
	User     string
	Password secret.String
}

type wire struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// Encode gives the secret's value: JSON with the names that AWS uses for
// database secrets.
func (c Credential) Encode() (secret.String, error) {
	b, err := json.Marshal(wire{c.User, c.Password.Reveal()})
	if err != nil {
		return secret.String{}, errors.New("encoding a credential: not representable as JSON")
	}
	return secret.New(string(b)), nil
}

// Decode reads a secret's value. Its error never bears any of it.
func Decode(value secret.String) (Credential, error) {
	var w wire
	if err := json.Unmarshal([]byte(value.Reveal()), &w); err != nil || w.Username == "" || w.Password == "" {
		return Credential{}, errors.New("decoding a credential: it is not a username and a password")
	}
	return Credential{User: w.Username, Password: secret.New(w.Password)}, nil
}
