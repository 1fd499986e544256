package sim

import (
	"bytes"
	"encoding/json"
	"strings"
	"sync"
)

// canary is a secret that must be nowhere but where it belongs.
type canary struct{ what, value string }

// canaries are the passwords that were ever put into a secret or into SQL.
type canaries struct {
	mu  sync.Mutex
	all []canary
}

// overhear remembers the secrets in a call.
func (k *canaries) overhear(c call) {
	if !strings.HasPrefix(c.op, "secretsmanager ") || !bytes.Contains(c.body, []byte(`"SecretString"`)) {
		return
	}
	var in struct{ SecretString string }
	var credential struct{ Password string }
	if json.Unmarshal(c.body, &in) != nil || json.Unmarshal([]byte(in.SecretString), &credential) != nil || credential.Password == "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.all = append(k.all, canary{"password of " + c.about, credential.Password})
}

// canaries are all secrets of the world.
func (w *world) canaries() []canary {
	tokens := w.slack.Tokens()
	_, admin := w.database.Admin()
	w.overheard.mu.Lock()
	defer w.overheard.mu.Unlock()
	return append([]canary{
		{"bot token", tokens.Bot}, {"signing secret", tokens.SigningSecret}, {"administrator's password", admin},
	}, w.overheard.all...)
}
