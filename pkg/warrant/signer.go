package warrant

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-jose/go-jose/v4"
)

// Signer signs papers of its key's kind for one installation.
type Signer struct {
	key      Key
	audience string
	jws      jose.Signer
}

// NewSigner returns a signer with the key for the installation whose id is audience.
func NewSigner(key Key, audience string) (*Signer, error) {
	if key.private == nil {
		return nil, errors.New("making signer: there is no key")
	}
	if audience == "" {
		return nil, errors.New("making signer: there is no audience")
	}
	options := (&jose.SignerOptions{}).WithType(jose.ContentType(key.kind))
	jws, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: key.jwk(key.private())}, options)
	if err != nil {
		return nil, fmt.Errorf("making signer with %v: %w", key, err)
	}
	return &Signer{key: key, audience: audience, jws: jws}, nil
}

// claims is the payload of a JWS. aud is the claim of RFC 7519; the rest is ours.
type claims[T any] struct {
	Audience string `json:"aud"`
	Body     T      `json:"body"`
}

// Slip signs a slip. It refuses one that names no request, person, action or date, and any if the key is no slip key.
func (s *Signer) Slip(slip Slip) (string, error) {
	return sign(s, KindSlip, slip, slip.check())
}

// Warrant signs a warrant of either purpose. It refuses one that contradicts itself: without approvers and rule, with
// the owner among the approvers, with an end before its start, …; and any if the key is no warrant key.
func (s *Signer) Warrant(w Warrant) (string, error) {
	return sign(s, KindWarrant, w, w.check())
}

func sign[T any](s *Signer, kind Kind, body T, problem error) (string, error) {
	if problem != nil {
		return "", fmt.Errorf("signing %s: %w", kind, problem)
	}
	if s.key.kind != kind {
		return "", fmt.Errorf("signing %s with %v: it may not sign that", kind, s.key)
	}
	payload, err := json.Marshal(claims[T]{Audience: s.audience, Body: body})
	if err != nil {
		return "", fmt.Errorf("signing %s: %w", kind, err)
	}
	signed, err := s.jws.Sign(payload)
	if err != nil {
		return "", fmt.Errorf("signing %s: %w", kind, err)
	}
	token, err := signed.CompactSerialize()
	if err == nil && len(token) > maxToken {
		err = fmt.Errorf("it has more than %d bytes", maxToken)
	}
	if err != nil {
		return "", fmt.Errorf("signing %s: %w", kind, err)
	}
	return token, nil
}
