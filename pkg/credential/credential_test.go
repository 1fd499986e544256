package credential_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/secret"
)

const password = "correct-horse-battery"

func TestACredentialIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	value, err := credential.Credential{User: "taro", Password: secret.New(password)}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if got := value.Reveal(); got != `{"username":"taro","password":"`+password+`"}` {
		t.Errorf("stored as %s", got)
	}
	c, err := credential.Decode(value)
	if err != nil || c.User != "taro" || c.Password.Reveal() != password {
		t.Errorf("user %q, %v", c.User, err)
	}
}

func TestNoErrorBearsAnyOfASecret(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"", "null", "[]", password, `{"username":"taro"}`, `{"password":"` + password + `"}`,
		`{"username":1,"password":"` + password + `"}`, `{"username":"taro","password":["` + password + `"]}`,
		`{"username":"taro","password":"` + password, `{"username":"","password":"` + password + `"}`,
	} {
		c, err := credential.Decode(secret.New(value))
		if err == nil || c.User != "" {
			t.Errorf("%q was taken", value)
			continue
		}
		if strings.Contains(fmt.Sprintf("%+v %#v", err, err), password) {
			t.Errorf("the error bears the password: %v", err)
		}
	}
}

func TestNoFormattingShowsThePassword(t *testing.T) {
	t.Parallel()
	c := credential.Credential{User: "taro", Password: secret.New(password)}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb, c, &c)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "credential", c)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "credential", &c)
	if b, err := json.Marshal(c); err == nil {
		out.Write(b)
	}
	if strings.Contains(out.String(), password) || strings.Contains(out.String(), fmt.Sprintf("%x", password)) {
		t.Errorf("shown: %s", out.String())
	}
}

func TestASecretIsNamedByItsRequestUnderThePrefix(t *testing.T) {
	t.Parallel()
	if got := credential.Name("pp-1"); got != "powerpole/pp-1" {
		t.Error(got)
	}
}
