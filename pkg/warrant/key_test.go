package warrant_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/pkg/warrant"
)

func TestKeySurvivesBeingStored(t *testing.T) {
	t.Parallel()
	b := setup(t)
	private, err := b.warrantKey.Private()
	if err != nil {
		t.Fatal(err)
	}
	restored, err := warrant.ParseKey(private)
	if err != nil {
		t.Fatal(err)
	}
	token := mustWarrant(t, mustSigner(t, restored, audience), someWarrant(time.Now()))
	if _, err := b.verifier.Warrant(token, requestID); err != nil {
		t.Errorf("signed with the restored key: %v", err)
	}
}

func TestKeySetSurvivesBeingConfigured(t *testing.T) {
	t.Parallel()
	b := setup(t)
	both, err := b.slipKey.Public().Merge(b.warrantKey.Public())
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(both)
	if err != nil {
		t.Fatal(err)
	}
	restored, err := warrant.ParseKeySet(raw)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := warrant.NewVerifier(restored, audience)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verifier.Warrant(mustWarrant(t, b.warrants, someWarrant(time.Now())), requestID); err != nil {
		t.Error(err)
	}
	if _, err := verifier.Slip(mustSlip(t, b.slips, someSlip(time.Now())), requestID, time.Hour); err != nil {
		t.Error(err)
	}
}

func TestRotationAcceptsOldAndNewUntilTheOldIsTakenOut(t *testing.T) {
	t.Parallel()
	before, after := mustKey(t, warrant.KindWarrant, "2026-10"), mustKey(t, warrant.KindWarrant, "2026-11")
	old := mustWarrant(t, mustSigner(t, before, audience), someWarrant(time.Now()))
	renewed := mustWarrant(t, mustSigner(t, after, audience), someWarrant(time.Now()))
	both := mustVerifier(t, audience, before, after)
	for _, token := range []string{old, renewed} {
		if _, err := both.Warrant(token, requestID); err != nil {
			t.Error(err)
		}
	}
	if _, err := mustVerifier(t, audience, after).Warrant(old, requestID); !errors.Is(err, warrant.ErrNotGenuine) {
		t.Errorf("a retired key still counts: %v", err)
	}
}

func TestKeySetRefusesWhatIsNoPublicKeyOfOurs(t *testing.T) {
	t.Parallel()
	key, same := mustKey(t, warrant.KindSlip, "k"), mustKey(t, warrant.KindSlip, "k")
	private, err := key.Private()
	if err != nil {
		t.Fatal(err)
	}
	public, twin := string(marshal(t, key.Public())), string(marshal(t, same.Public()))
	for name, raw := range map[string]string{
		"nothing":       ``,
		"no keys":       `{"keys":[]}`,
		"a private key": `{"keys":[` + private.Reveal() + `]}`,
		"a secret key":  `{"keys":[{"kty":"oct","k":"AAAA","kid":"k","use":"powerpole-slip"}]}`,
		"no id":         strings.Replace(public, `"kid":"k"`, `"kid":""`, 1),
		"no use":        strings.Replace(public, `"use":"powerpole-slip"`, `"use":"sig"`, 1),
		"an id twice":   strings.TrimSuffix(public, "]}") + "," + strings.TrimPrefix(twin, `{"keys":[`),
	} {
		if _, err := warrant.ParseKeySet([]byte(raw)); err == nil {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), secretPart(t, private)) {
			t.Errorf("%s: the error holds the key", name)
		}
	}
}

func TestParseKeySaysNothingOfTheKey(t *testing.T) {
	t.Parallel()
	private, err := mustKey(t, warrant.KindSlip, "k").Private()
	if err != nil {
		t.Fatal(err)
	}
	canary := secretPart(t, private)
	for _, broken := range []string{
		private.Reveal()[1:],
		strings.Replace(private.Reveal(), "Ed25519", "P-256", 1),
		strings.Replace(private.Reveal(), "powerpole-slip", "sig", 1),
		strings.Replace(private.Reveal(), `"kid":"k"`, `"kid":""`, 1),
		strings.Replace(private.Reveal(), `"d":"`, `"d":"AA`, 1),
		`{"kty":"oct","k":"` + canary + `"}`,
		canary,
	} {
		if _, err := warrant.ParseKey(secret.New(broken)); err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("error is missing or holds the key: %v", err)
		}
	}
}

func TestKeyPrintsAsItsID(t *testing.T) {
	t.Parallel()
	key := mustKey(t, warrant.KindSlip, "k")
	private, err := key.Private()
	if err != nil {
		t.Fatal(err)
	}
	nested := struct{ hidden warrant.Key }{key}
	printed := fmt.Sprintf("%v %+v %#v %s %v %+v %#v", key, key, key, key, nested, nested, nested)
	if strings.Contains(printed, secretPart(t, private)) || strings.Count(printed, "[") > 0 {
		t.Errorf("a key was printed: %s", printed)
	}
	if got := fmt.Sprint(key); got != "powerpole-slip key k" {
		t.Errorf("key prints as %q", got)
	}
}

func TestZeroValuesSignAndVerifyNothing(t *testing.T) {
	t.Parallel()
	if _, err := warrant.NewSigner(warrant.Key{}, audience); err == nil {
		t.Error("signer without a key")
	}
	if _, err := warrant.NewSigner(mustKey(t, warrant.KindSlip, "k"), ""); err == nil {
		t.Error("signer without audience")
	}
	if _, err := warrant.NewVerifier(warrant.KeySet{}, audience); err == nil {
		t.Error("verifier without keys")
	}
	if _, err := warrant.NewVerifier(mustKey(t, warrant.KindSlip, "k").Public(), ""); err == nil {
		t.Error("verifier without audience")
	}
	if _, err := (warrant.Key{}).Private(); err == nil {
		t.Error("a key out of nothing")
	}
	if _, err := warrant.GenerateKey("sig", "k"); err == nil {
		t.Error("a key of no kind")
	}
}

func TestDigestDependsOnContentNotOnOrder(t *testing.T) {
	t.Parallel()
	type ask struct {
		Role      string   `json:"role"`
		Databases []string `json:"databases"`
		Number    int64    `json:"number"`
	}
	digest := func(v any) string {
		d, err := warrant.Digest(v)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	want := digest(ask{"READ", []string{"shop"}, 1<<62 + 1})
	if got := digest(map[string]any{"number": int64(1<<62 + 1), "databases": []string{"shop"}, "role": "READ"}); got != want {
		t.Error("the same content has two digests")
	}
	for _, other := range []ask{
		{"DML", []string{"shop"}, 1<<62 + 1},
		{"READ", []string{"shop", "billing"}, 1<<62 + 1},
		{"READ", []string{"shop"}, 1 << 62},
	} {
		if digest(other) == want {
			t.Errorf("%+v has the digest of something else", other)
		}
	}
	if _, err := warrant.Digest(func() {}); err == nil {
		t.Error("a digest of what has no JSON")
	}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// secretPart returns the private number of a JWK as it is written there.
func secretPart(t *testing.T, jwk secret.String) string {
	t.Helper()
	var fields struct{ D string }
	if err := json.Unmarshal([]byte(jwk.Reveal()), &fields); err != nil {
		t.Fatal(err)
	}
	return fields.D
}
