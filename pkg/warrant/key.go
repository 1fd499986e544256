package warrant

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/go-jose/go-jose/v4"

	"github.com/powerpole/powerpole/pkg/secret"
)

// Key is a private signing key: Ed25519, with an id and the one kind of paper it may sign. It prints as its id.
type Key struct {
	id      string
	kind    Kind
	private func() ed25519.PrivateKey // a closure, so that nothing that prints a Key sees into it; nil: there is none
}

// GenerateKey makes a new key that signs papers of one kind. The id (kid) must be new among the keys of its kind:
// "intake-2026-11", say.
func GenerateKey(kind Kind, kid string) (Key, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Key{}, fmt.Errorf("generating key %q: %w", kid, err)
	}
	return newKey(kind, kid, private)
}

// ParseKey reads a private key as Private writes it. Its errors hold nothing of the key.
func ParseKey(jwk secret.String) (Key, error) {
	var parsed jose.JSONWebKey
	if err := parsed.UnmarshalJSON([]byte(jwk.Reveal())); err != nil {
		return Key{}, errors.New("parsing signing key: not a JSON Web Key")
	}
	private, ok := parsed.Key.(ed25519.PrivateKey)
	if !ok {
		return Key{}, errors.New("parsing signing key: not a private Ed25519 key")
	}
	return newKey(Kind(parsed.Use), parsed.KeyID, private)
}

func newKey(kind Kind, kid string, private ed25519.PrivateKey) (Key, error) {
	if kid == "" {
		return Key{}, errors.New("signing key has no id (kid)")
	}
	if kind != KindSlip && kind != KindWarrant {
		return Key{}, fmt.Errorf("signing key %q: use is neither %q nor %q", kid, KindSlip, KindWarrant)
	}
	return Key{id: kid, kind: kind, private: func() ed25519.PrivateKey { return private }}, nil
}

// ID returns the key's id (kid).
func (k Key) ID() string { return k.id }

// Kind returns what the key may sign.
func (k Key) Kind() Kind { return k.kind }

// Private returns the key as a private JSON Web Key (RFC 8037), for the secret store.
func (k Key) Private() (secret.String, error) {
	if k.private == nil {
		return secret.String{}, errors.New("there is no key")
	}
	jwk, err := json.Marshal(k.jwk(k.private()))
	if err != nil {
		return secret.String{}, fmt.Errorf("writing key %q as JWK failed", k.id)
	}
	return secret.New(string(jwk)), nil
}

// Public returns the set that holds this key's public half.
func (k Key) Public() KeySet {
	if k.private == nil {
		return KeySet{}
	}
	public := k.private().Public()
	return KeySet{keys: []jose.JSONWebKey{k.jwk(public)}}
}

// String returns the key's id and nothing of the key.
func (k Key) String() string { return string(k.kind) + " key " + k.id }

// GoString returns the key's id and nothing of the key.
func (k Key) GoString() string { return k.String() }

// LogValue returns the key's id and nothing of the key.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

func (k Key) jwk(half any) jose.JSONWebKey {
	return jose.JSONWebKey{Key: half, KeyID: k.id, Algorithm: string(jose.EdDSA), Use: string(k.kind)}
}

// KeySet is a set of public keys, of either kind. It is configuration, not a secret; rotating a key means to give every
// verifier a set with both, then to change the signer, then to take the old one out.
type KeySet struct {
	keys []jose.JSONWebKey
}

// ParseKeySet reads a JSON Web Key Set (RFC 7517) as MarshalJSON writes it. It refuses private keys, other curves, keys
// without an id, ids that are used twice for one kind, and an empty set.
func ParseKeySet(jwks []byte) (KeySet, error) {
	var parsed jose.JSONWebKeySet
	if err := json.Unmarshal(jwks, &parsed); err != nil {
		return KeySet{}, fmt.Errorf("parsing key set: %w", err)
	}
	var set KeySet
	for _, jwk := range parsed.Keys {
		if err := set.add(jwk); err != nil {
			return KeySet{}, fmt.Errorf("parsing key set: key %q: %w", jwk.KeyID, err)
		}
	}
	if len(set.keys) == 0 {
		return KeySet{}, errors.New("parsing key set: there is no key in it")
	}
	return set, nil
}

// Merge returns a set of all keys of both, or an error where one id means two keys.
func (s KeySet) Merge(other KeySet) (KeySet, error) {
	merged := KeySet{keys: append([]jose.JSONWebKey(nil), s.keys...)}
	for _, jwk := range other.keys {
		if err := merged.add(jwk); err != nil {
			return KeySet{}, fmt.Errorf("merging key %q: %w", jwk.KeyID, err)
		}
	}
	return merged, nil
}

// MarshalJSON writes the set as a JSON Web Key Set.
func (s KeySet) MarshalJSON() ([]byte, error) {
	return json.Marshal(jose.JSONWebKeySet{Keys: s.keys})
}

func (s *KeySet) add(jwk jose.JSONWebKey) error {
	public, ok := jwk.Key.(ed25519.PublicKey)
	switch {
	case !ok || len(public) != ed25519.PublicKeySize:
		return errors.New("not a public Ed25519 key")
	case jwk.KeyID == "":
		return errors.New("it has no id (kid)")
	case Kind(jwk.Use) != KindSlip && Kind(jwk.Use) != KindWarrant:
		return fmt.Errorf("its use is neither %q nor %q", KindSlip, KindWarrant)
	}
	if known, found := s.find(Kind(jwk.Use), jwk.KeyID); found && !known.Equal(public) {
		return errors.New("two keys have this id")
	} else if !found {
		s.keys = append(s.keys, jwk)
	}
	return nil
}

func (s KeySet) find(kind Kind, kid string) (ed25519.PublicKey, bool) {
	for _, jwk := range s.keys {
		if Kind(jwk.Use) == kind && jwk.KeyID == kid {
			public, ok := jwk.Key.(ed25519.PublicKey)
			return public, ok
		}
	}
	return nil, false
}
