package warrant_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/powerpole/powerpole/pkg/warrant"
)

func TestAnyBitFlippedIsNotGenuine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	token := mustWarrant(t, b.warrants, someWarrant(time.Now()))
	for i := range len(token) {
		for bit := range 8 {
			changed := []byte(token)
			changed[i] ^= 1 << bit
			if _, err := b.verifier.Warrant(string(changed), requestID); !errors.Is(err, warrant.ErrNotGenuine) {
				t.Fatalf("bit %d of byte %d flipped: %v, want ErrNotGenuine", bit, i, err)
			}
		}
	}
}

func TestPaperForAnotherRequestIsNotGenuine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	slip, w := mustSlip(t, b.slips, someSlip(time.Now())), mustWarrant(t, b.warrants, someWarrant(time.Now()))
	for _, other := range []string{"pp-another", "", strings.ToUpper(requestID)} {
		if _, err := b.verifier.Slip(slip, other, time.Hour); !errors.Is(err, warrant.ErrNotGenuine) {
			t.Errorf("slip replayed for %q: %v", other, err)
		}
		if _, err := b.verifier.Warrant(w, other); !errors.Is(err, warrant.ErrNotGenuine) {
			t.Errorf("warrant replayed for %q: %v", other, err)
		}
	}
}

func TestPaperForAnotherInstallationIsNotGenuine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	foreign := mustVerifier(t, "another", b.slipKey, b.warrantKey)
	if _, err := foreign.Warrant(mustWarrant(t, b.warrants, someWarrant(time.Now())), requestID); !errors.Is(err, warrant.ErrNotGenuine) {
		t.Error(err)
	}
	if _, err := foreign.Slip(mustSlip(t, b.slips, someSlip(time.Now())), requestID, time.Hour); !errors.Is(err, warrant.ErrNotGenuine) {
		t.Error(err)
	}
}

func TestForeignKeyIsNotGenuineEvenUnderAKnownID(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, kid := range []string{"foreign", b.warrantKey.ID(), b.slipKey.ID()} {
		thief := mustSigner(t, mustKey(t, warrant.KindWarrant, kid), audience)
		token := mustWarrant(t, thief, someWarrant(time.Now()))
		if _, err := b.verifier.Warrant(token, requestID); !errors.Is(err, warrant.ErrNotGenuine) {
			t.Errorf("key of a stranger under the id %q: %v", kid, err)
		}
	}
}

func TestSlipKeySignsNoWarrant(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if _, err := b.slips.Warrant(someWarrant(time.Now())); err == nil {
		t.Error("the signer signed with a key of another kind")
	}
	if _, err := b.warrants.Slip(someSlip(time.Now())); err == nil {
		t.Error("the signer signed with a key of another kind")
	}
	// Who has stolen intake's key does not use our signer.
	header := map[string]any{"alg": "EdDSA", "kid": b.slipKey.ID(), "typ": warrant.KindWarrant}
	token := forge(t, header, someWarrant(time.Now()), ed25519Of(t, b.slipKey))
	if _, err := b.verifier.Warrant(token, requestID); !errors.Is(err, warrant.ErrNotGenuine) {
		t.Errorf("a warrant signed by intake: %v", err)
	}
}

func TestOnlyTheSignersOwnHeaderIsGenuine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	sign, w := ed25519Of(t, b.warrantKey), someWarrant(time.Now())
	good := func() map[string]any {
		return map[string]any{"alg": "EdDSA", "kid": b.warrantKey.ID(), "typ": warrant.KindWarrant}
	}
	if _, err := b.verifier.Warrant(forge(t, good(), w, sign), requestID); err != nil {
		t.Fatalf("the forger's own token is not well made: %v", err)
	}
	tests := map[string]func(map[string]any){
		"alg none":        func(h map[string]any) { h["alg"] = "none" },
		"alg missing":     func(h map[string]any) { delete(h, "alg") },
		"alg HS256":       func(h map[string]any) { h["alg"] = "HS256" },
		"alg in case":     func(h map[string]any) { h["alg"] = "eddsa" },
		"alg Ed25519":     func(h map[string]any) { h["alg"] = "Ed25519" },
		"typ missing":     func(h map[string]any) { delete(h, "typ") },
		"typ of a slip":   func(h map[string]any) { h["typ"] = warrant.KindSlip },
		"typ JWT":         func(h map[string]any) { h["typ"] = "JWT" },
		"typ a list":      func(h map[string]any) { h["typ"] = []string{string(warrant.KindWarrant)} },
		"kid missing":     func(h map[string]any) { delete(h, "kid") },
		"kid unknown":     func(h map[string]any) { h["kid"] = "x" },
		"crit":            func(h map[string]any) { h["crit"] = []string{"b64"}; h["b64"] = false },
		"jku":             func(h map[string]any) { h["jku"] = "https://example.org/jwks" },
		"nonce":           func(h map[string]any) { h["nonce"] = "1" },
		"something new":   func(h map[string]any) { h["x"] = 1 },
		"a key of itself": func(h map[string]any) { h["jwk"] = publicJWK(t, b.warrantKey) },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := good()
			spoil(header)
			if _, err := b.verifier.Warrant(forge(t, header, w, sign), requestID); !errors.Is(err, warrant.ErrNotGenuine) {
				t.Errorf("got %v, want ErrNotGenuine", err)
			}
		})
	}
}

func TestPublicKeyAsHMACSecretIsNotGenuine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	public, ok := publicJWK(t, b.warrantKey).Key.(ed25519.PublicKey)
	if !ok {
		t.Fatal("no public key")
	}
	mac := func(message []byte) []byte {
		h := hmac.New(sha256.New, public)
		h.Write(message)
		return h.Sum(nil)
	}
	header := map[string]any{"alg": "HS256", "kid": b.warrantKey.ID(), "typ": warrant.KindWarrant}
	if _, err := b.verifier.Warrant(forge(t, header, someWarrant(time.Now()), mac), requestID); !errors.Is(err, warrant.ErrNotGenuine) {
		t.Error(err)
	}
}

func TestSignedContradictionIsNotGenuine(t *testing.T) {
	t.Parallel()
	b, w := setup(t), someWarrant(time.Now())
	w.Approvers = []warrant.Person{w.Owner}
	header := map[string]any{"alg": "EdDSA", "kid": b.warrantKey.ID(), "typ": warrant.KindWarrant}
	token := forge(t, header, w, ed25519Of(t, b.warrantKey))
	got, err := b.verifier.Warrant(token, requestID)
	if !errors.Is(err, warrant.ErrNotGenuine) || got.RequestID != "" {
		t.Errorf("a self-approved warrant: %+v, %v", got, err)
	}
}

func TestPaperThatIsTooBigIsNeitherSignedNorGenuine(t *testing.T) {
	t.Parallel()
	b, w := setup(t), someWarrant(time.Now())
	w.Databases = []string{strings.Repeat("x", 32<<10)}
	if _, err := b.warrants.Warrant(w); err == nil {
		t.Error("it was signed")
	}
	header := map[string]any{"alg": "EdDSA", "kid": b.warrantKey.ID(), "typ": warrant.KindWarrant}
	if _, err := b.verifier.Warrant(forge(t, header, w, ed25519Of(t, b.warrantKey)), requestID); !errors.Is(err, warrant.ErrNotGenuine) {
		t.Error(err)
	}
}

func TestOtherShapesOfJWSAreNotGenuine(t *testing.T) {
	t.Parallel()
	b := setup(t)
	token := mustWarrant(t, b.warrants, someWarrant(time.Now()))
	parts := strings.Split(token, ".")
	for name, shape := range map[string]string{
		"empty":        "",
		"no signature": parts[0] + "." + parts[1] + ".",
		"detached":     parts[0] + ".." + parts[2],
		"four parts":   token + ".",
		"line end":     token + "\n",
		"padded":       token + "==",
		"JSON":         `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"huge":         strings.Repeat("A", 1<<20),
	} {
		if _, err := b.verifier.Warrant(shape, requestID); !errors.Is(err, warrant.ErrNotGenuine) {
			t.Errorf("%s: %v, want ErrNotGenuine", name, err)
		}
	}
}

func FuzzVerify(f *testing.F) {
	b := setup(f)
	token := mustWarrant(f, b.warrants, someWarrant(time.Now()))
	slip := mustSlip(f, b.slips, someSlip(time.Now()))
	for _, seed := range []string{token, slip, "", "..", "e30.e30.e30", token[:len(token)-1]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		if _, err := b.verifier.Warrant(in, requestID); in != token && !errors.Is(err, warrant.ErrNotGenuine) {
			t.Errorf("warrant %q: %v", in, err)
		}
		if _, err := b.verifier.Slip(in, requestID, time.Hour); in != slip && !errors.Is(err, warrant.ErrNotGenuine) {
			t.Errorf("slip %q: %v", in, err)
		}
	})
}

// forge writes a JWS by hand, as somebody does who wants one that our signer does not make.
func forge(t *testing.T, header map[string]any, body any, sign func([]byte) []byte) string {
	t.Helper()
	encode := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	message := encode(header) + "." + encode(map[string]any{"aud": audience, "body": body})
	return message + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(message)))
}

func ed25519Of(t *testing.T, key warrant.Key) func([]byte) []byte {
	t.Helper()
	private, err := key.Private()
	if err != nil {
		t.Fatal(err)
	}
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON([]byte(private.Reveal())); err != nil {
		t.Fatal(err)
	}
	raw, ok := jwk.Key.(ed25519.PrivateKey)
	if !ok {
		t.Fatal("no private key")
	}
	return func(message []byte) []byte { return ed25519.Sign(raw, message) }
}

func publicJWK(t *testing.T, key warrant.Key) jose.JSONWebKey {
	t.Helper()
	raw, err := json.Marshal(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(raw, &set); err != nil {
		t.Fatal(err)
	}
	return set.Keys[0]
}
