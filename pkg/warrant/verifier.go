package warrant

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/powerpole/powerpole/pkg/clock"
)

// maxToken is the most a paper may weigh, in bytes. An event has 64 KiB, and a real warrant a few hundred bytes.
const maxToken = 32 << 10

var (
	// ErrNotGenuine means that the paper is not what it says: unreadable, signed by nobody we know or not for this
	// kind of paper, for another installation, another request or another purpose, from the future, or in
	// contradiction with itself. It is parked with an alarm and moves nothing.
	ErrNotGenuine = errors.New("not genuine")
	// ErrLate means that the paper is genuine and nothing may begin on it any more. The paper is returned with it.
	ErrLate = errors.New("genuine but late")
)

// Verifier verifies papers for one installation.
type Verifier struct {
	keys     KeySet
	audience string
	clock    clock.Clock
}

// Option changes a Verifier.
type Option func(*Verifier)

// WithClock makes it compare moments with that clock instead of the system's.
func WithClock(c clock.Clock) Option { return func(v *Verifier) { v.clock = c } }

// NewVerifier returns a verifier with the public keys for the installation whose id is audience.
func NewVerifier(keys KeySet, audience string, options ...Option) (*Verifier, error) {
	if len(keys.keys) == 0 {
		return nil, errors.New("making verifier: there are no keys")
	}
	if audience == "" {
		return nil, errors.New("making verifier: there is no audience")
	}
	v := &Verifier{keys: keys, audience: audience}
	for _, o := range options {
		o(v)
	}
	return v, nil
}

// Slip verifies a slip for the request. It returns ErrNotGenuine with an empty slip, or ErrLate with the slip if that
// is older than maxAge (the catalog's pending limit). The caller compares person, action and digest with what it has.
func (v *Verifier) Slip(token, requestID string, maxAge time.Duration) (Slip, error) {
	slip, err := open[Slip](v, KindSlip, token)
	if err == nil {
		err = errors.Join(slip.check(), checkRequest(slip.RequestID, requestID), v.checkIssued(slip.IssuedAt))
	}
	if err != nil {
		return Slip{}, notGenuine(KindSlip, err)
	}
	if age := v.clock.Since(slip.IssuedAt); age > maxAge {
		return slip, fmt.Errorf("verifying %s of %s: %w: it is %v old", KindSlip, requestID, ErrLate, age.Round(time.Second))
	}
	return slip, nil
}

// Warrant verifies the warrant of an Approved for the request. It returns ErrNotGenuine with an empty warrant, or
// ErrLate with the warrant once StartBy has passed by more than Tolerance.
func (v *Verifier) Warrant(token, requestID string) (Warrant, error) {
	return v.warrant(token, requestID, PurposeGrant)
}

// Extension verifies the warrant of an Extended for the request. It returns ErrNotGenuine with an empty warrant, or
// ErrLate with the warrant once EndBy has passed by more than Tolerance.
func (v *Verifier) Extension(token, requestID string) (Warrant, error) {
	return v.warrant(token, requestID, PurposeExtend)
}

func (v *Verifier) warrant(token, requestID string, purpose Purpose) (Warrant, error) {
	w, err := open[Warrant](v, KindWarrant, token)
	if err == nil {
		err = errors.Join(w.check(), checkRequest(w.RequestID, requestID), v.checkIssued(w.IssuedAt),
			need(w.Purpose == purpose, "it has another purpose"))
	}
	if err != nil {
		return Warrant{}, notGenuine(KindWarrant, err)
	}
	if latest := w.latest(); v.clock.Since(latest) > Tolerance {
		return w, fmt.Errorf("verifying %s of %s: %w: nothing may begin after %s",
			KindWarrant, requestID, ErrLate, latest.UTC().Format(time.RFC3339))
	}
	return w, nil
}

// open checks signature, header and audience, and returns what is inside.
func open[T any](v *Verifier, kind Kind, token string) (T, error) {
	var none T
	jws, err := parse(token)
	if err != nil {
		return none, err
	}
	header := jws.Signatures[0].Protected
	if err := checkHeader(header, kind); err != nil {
		return none, err
	}
	key, ok := v.keys.find(kind, header.KeyID)
	if !ok {
		return none, errors.New("its key is not one of ours")
	}
	payload, err := jws.Verify(key)
	if err != nil {
		return none, errors.New("its signature is wrong")
	}
	var inside claims[T]
	if err := json.Unmarshal(payload, &inside); err != nil {
		return none, errors.New("its content is unreadable")
	}
	if inside.Audience != v.audience {
		return none, errors.New("it is for another installation")
	}
	return inside.Body, nil
}

func parse(token string) (*jose.JSONWebSignature, error) {
	if len(token) > maxToken {
		return nil, errors.New("it is too big")
	}
	if !canonical(token) {
		return nil, errors.New("it is no JWS in compact form")
	}
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil || len(jws.Signatures) != 1 {
		return nil, errors.New("it is no JWS signed with EdDSA")
	}
	return jws, nil
}

// canonical reports whether the token is three parts of base64url in their only spelling. Go's decoder takes line ends
// and any value in the unused bits of the last character; then one signature has many spellings.
func canonical(token string) bool {
	parts := strings.Split(token, ".")
	for _, part := range parts {
		raw, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil || base64.RawURLEncoding.EncodeToString(raw) != part {
			return false
		}
	}
	return len(parts) == 3
}

// checkHeader lets through what our signer writes: alg (checked in parsing), kid and typ, and nothing else. Above all
// no key of its own (jwk, x5c) and no address to fetch one from (jku, x5u).
func checkHeader(h jose.Header, kind Kind) error {
	if h.ExtraHeaders[jose.HeaderType] != string(kind) {
		return fmt.Errorf("its typ is not %s", kind)
	}
	if len(h.ExtraHeaders) != 1 || h.JSONWebKey != nil || h.Nonce != "" {
		return errors.New("its header says more than alg, kid and typ")
	}
	return nil
}

func (v *Verifier) checkIssued(at time.Time) error {
	return need(v.clock.Until(at) <= clock.Skew, "it comes from the future")
}

func notGenuine(kind Kind, err error) error {
	return fmt.Errorf("verifying %s: %w: %w", kind, ErrNotGenuine, err)
}
