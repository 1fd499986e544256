package warrant_test

import (
	"testing"
	"time"

	"github.com/powerpole/powerpole/pkg/warrant"
)

const (
	audience  = "powerpole-test"
	requestID = "pp-01jabcdefghjkmnpqrstvwxyz0"
)

// bundle is an installation: both signers, and a verifier that knows their keys.
type bundle struct {
	slips, warrants *warrant.Signer
	slipKey         warrant.Key
	warrantKey      warrant.Key
	verifier        *warrant.Verifier
}

func setup(tb testing.TB) bundle {
	tb.Helper()
	b := bundle{
		slipKey:    mustKey(tb, warrant.KindSlip, "intake-1"),
		warrantKey: mustKey(tb, warrant.KindWarrant, "approval-1"),
	}
	b.slips, b.warrants = mustSigner(tb, b.slipKey, audience), mustSigner(tb, b.warrantKey, audience)
	b.verifier = mustVerifier(tb, audience, b.slipKey, b.warrantKey)
	return b
}

func mustKey(tb testing.TB, kind warrant.Kind, kid string) warrant.Key {
	tb.Helper()
	key, err := warrant.GenerateKey(kind, kid)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func mustSigner(tb testing.TB, key warrant.Key, audience string) *warrant.Signer {
	tb.Helper()
	signer, err := warrant.NewSigner(key, audience)
	if err != nil {
		tb.Fatal(err)
	}
	return signer
}

func mustVerifier(tb testing.TB, audience string, keys ...warrant.Key) *warrant.Verifier {
	tb.Helper()
	var set warrant.KeySet
	for _, key := range keys {
		merged, err := set.Merge(key.Public())
		if err != nil {
			tb.Fatal(err)
		}
		set = merged
	}
	verifier, err := warrant.NewVerifier(set, audience)
	if err != nil {
		tb.Fatal(err)
	}
	return verifier
}

func someSlip(now time.Time) warrant.Slip {
	return warrant.Slip{
		Enterprise: "E1", Team: "T1", User: "U1", Action: "approve", RequestID: requestID,
		Digest: "abc", ActionTS: "1700000000.000100", IssuedAt: now.UTC(),
	}
}

func someWarrant(now time.Time) warrant.Warrant {
	now = now.UTC()
	return warrant.Warrant{
		RequestID: requestID, Purpose: warrant.PurposeGrant,
		Owner:   warrant.Person{Team: "T1", User: "U1", Email: "taro@example.com"},
		Cluster: "shop-prod", Databases: []string{"shop"}, Role: "READ", Privileges: []string{"SELECT", "SHOW VIEW"},
		Duration:   time.Hour,
		Approvers:  []warrant.Person{{Team: "T1", User: "U2", Email: "hanako@example.com"}},
		PolicyHash: "sha256:1", StartBy: now.Add(15 * time.Minute), EndBy: now.Add(15*time.Minute + 8*time.Hour),
		Digest: "abc", IssuedAt: now,
	}
}

func mustSlip(tb testing.TB, s *warrant.Signer, slip warrant.Slip) string {
	tb.Helper()
	token, err := s.Slip(slip)
	if err != nil {
		tb.Fatal(err)
	}
	return token
}

func mustWarrant(tb testing.TB, s *warrant.Signer, w warrant.Warrant) string {
	tb.Helper()
	token, err := s.Warrant(w)
	if err != nil {
		tb.Fatal(err)
	}
	return token
}
