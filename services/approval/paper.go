package approval

import (
	"fmt"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/warrant"
)

// approval completes the row of an approval, and makes the event with its
// warrant. votes are those who approved; where there are none the rule did.
func (s *Service) approval(q Request, entry Entry, votes []event.Person) (Entry, store.Emit, error) {
	role, _ := s.Catalog.Role(q.Role)
	start := s.Clock.Now().Truncate(time.Millisecond).Add(s.Catalog.Limits().Provisioning)
	// The ceiling that approvers saw, or a lower one that the catalog has since.
	terms := Terms{StartBy: start, EndBy: start.Add(min(q.Ceiling.Std(), role.MaxDuration))}
	entry.Terms = &terms
	q.Terms, q.Votes = terms, votes
	signed, err := s.sign(q, warrant.PurposeGrant, q.Duration)
	if err != nil {
		return entry, store.Emit{}, err
	}
	return entry, store.Emit{Data: event.Approved{
		Ask: q.Ask, Privileges: q.Privileges, Approvers: votes, Rule: q.Rule, PolicyHash: s.Policy.Hash(),
		StartBy: terms.StartBy, EndBy: terms.EndBy, Warrant: signed,
	}}, nil
}

// extension makes the event that permits a longer total.
func (s *Service) extension(q Request, by event.Person, total event.Duration) (store.Emit, error) {
	signed, err := s.sign(q, warrant.PurposeExtend, total)
	if err != nil {
		return store.Emit{}, err
	}
	return store.Emit{Data: event.Extended{By: by, Total: total, Warrant: signed}}, nil
}

func (s *Service) sign(q Request, purpose warrant.Purpose, total event.Duration) (string, error) {
	w := warrant.Warrant{
		RequestID: q.ID, Purpose: purpose, Owner: named(q.Requester), Cluster: q.Cluster,
		Databases: q.Databases, Tables: q.Tables, Role: q.Role, Privileges: q.Privileges, Duration: total.Std(),
		Rule: q.Rule, PolicyHash: s.Policy.Hash(), StartBy: q.Terms.StartBy, EndBy: q.Terms.EndBy,
		Digest: q.Digest, IssuedAt: s.Clock.Now().Truncate(time.Millisecond),
	}
	for _, v := range q.Votes {
		w.Approvers = append(w.Approvers, named(v))
	}
	signed, err := s.Signer.Warrant(w)
	if err != nil {
		return "", fmt.Errorf("signing a warrant to %s for %s: %w", purpose, q.ID, err)
	}
	return signed, nil
}

func named(p event.Person) warrant.Person {
	return warrant.Person{Enterprise: p.Enterprise, Team: p.Team, User: p.User, Email: p.Email}
}
