package approval

import (
	"slices"
	"time"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/person"
	"github.com/powerpole/powerpole/pkg/policy"
	"github.com/powerpole/powerpole/pkg/store"
)

// Request is what a log's rows come to.
type Request struct {
	ID string
	Asked
	At time.Time // of the first row
	// Status is the last kind that decided something: Requested, Approved,
	// Denied, Cancelled, Lapsed or Ended; empty for one never heard of.
	Status Kind
	// Votes are the people who have approved, Looking those who are looking.
	Votes, Looking []event.Person
	// Decided is the row that gave the status.
	Decided Entry
	Terms   Terms
	// Total is the length of the lease with its extension.
	Total      event.Duration
	IsExtended bool
	// TooLate is the row that says that the extension came after the end.
	TooLate *Entry
	// Release is the row that ended the lease early.
	Release *Entry
	// Shown counts the rows that change what approvers see.
	Shown int

	causes  []string
	refused []Entry
}

// fold reads a request from its log. Rows after an end change nothing.
func fold(id string, rows []store.Row[Entry]) Request {
	q := Request{ID: id}
	for _, row := range rows {
		e := row.Entry
		q.causes = append(q.causes, e.Cause)
		if e.Kind == Refused {
			q.refused = append(q.refused, e)
			continue
		}
		if e.Asked != nil {
			q.Asked, q.At, q.Total = *e.Asked, row.At, e.Asked.Duration
		}
		q.Shown++
		q.take(e)
	}
	return q
}

func (q *Request) take(e Entry) {
	switch e.Kind {
	case Looked:
		q.Looking = append(q.Looking, e.By)
	case Vote:
		q.Votes = append(q.Votes, e.By)
	case Extended:
		q.Total, q.IsExtended = e.Total, true
	case ExtensionRefused:
		q.Total, q.TooLate = q.Duration, &e
	case Released:
		q.Release = &e
	case Requested, Denied, Cancelled, Lapsed, Ended:
		q.Status, q.Decided = e.Kind, e
	case Approved:
		q.Status, q.Decided, q.Terms = e.Kind, e, *e.Terms
		if e.By != (event.Person{}) {
			q.Votes = append(q.Votes, e.By)
		}
	}
}

// Over reports whether nothing can happen to the request any more.
func (q Request) Over() bool {
	return q.Status != "" && q.Status != Requested && q.Status != Approved
}

// Due is when the request lapses.
func (q Request) Due() time.Time { return q.At.Add(q.Pending.Std()) }

// LatestEnd is the latest end there can be.
func (q Request) LatestEnd(provisioning time.Duration) time.Time {
	if !q.Terms.EndBy.IsZero() {
		return q.Terms.EndBy
	}
	return q.Due().Add(provisioning + q.Ceiling.Std())
}

// knows reports whether the event has led to a row.
func (q Request) knows(eventID string) bool { return slices.Contains(q.causes, eventID) }

// refusedBefore reports whether this person was refused this, in these words.
func (q Request) refusedBefore(e Entry) bool {
	return slices.ContainsFunc(q.refused, func(r Entry) bool {
		return r.By.User == e.By.User && r.Action == e.Action && r.Text == e.Text
	})
}

// resource is what the policy is asked about, for that length of lease.
func (q Request) resource(total event.Duration) policy.Resource {
	return policy.Resource{
		Requester: identity(q.Requester), Cluster: q.Cluster, Role: q.Role, Databases: q.Databases, Tables: q.Tables,
		Privileges: q.Privileges, Duration: total.Std(),
	}
}

func identity(p event.Person) person.ID { return person.ID{User: p.User, Email: p.Email} }

func among(people []event.Person, p event.Person) bool {
	return slices.ContainsFunc(people, func(o event.Person) bool { return person.Same(identity(o), identity(p)) })
}
