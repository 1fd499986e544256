package sim

import (
	"time"

	"github.com/powerpole/powerpole/pkg/event"
)

// facts are what the bus said about one request.
type facts struct {
	id        string
	created   *event.RequestCreated
	approved  *event.Approved
	granted   *event.Granted
	expired   *event.Expired
	reaped    *event.Reaped
	revoked   *event.Revoked
	stopped   *event.InstanceTerminated
	extended  *event.Extended
	tooLate   *event.ExtensionRefused
	armed     []event.Armed
	ends      map[string]bool // types of those that passed
	createdAt time.Time
	heardAt   time.Time // when approval took it down, from which people have their time to decide
	endedAt   time.Time
	toldAt    time.Time   // when Expired first passed
	stop      event.Armed // the end that was armed last
	stopAt    time.Time   // when that was said
}

// nobodys says that it never was a request: nobody asked for it or approved it. What
// others said of it may have been ended, and have its receipt.
func (f *facts) nobodys() bool {
	reaped := len(f.ends) == 1 && f.ends["Reaped"]
	return f.created == nil && f.approved == nil && (len(f.ends) == 0 || reaped)
}

// gather sorts what has passed by request, in the order of their first events.
func gather(all []passed) (out []*facts, by map[string]*facts) {
	by = map[string]*facts{}
	for _, e := range all {
		id := e.Detail.RequestID
		if id == "" || e.replay {
			continue
		}
		f := by[id]
		if f == nil {
			f = &facts{id: id, ends: map[string]bool{}}
			by[id] = f
			out = append(out, f)
		}
		f.take(e)
	}
	return out, by
}

func (f *facts) take(e passed) {
	switch e.Type {
	case "RequestCreated":
		first(&f.created, e)
		f.createdAt = earliest(f.createdAt, e.at)
	case "Approved":
		first(&f.approved, e)
	case "Granted":
		first(&f.granted, e)
	case "Expired":
		first(&f.expired, e)
		f.toldAt = earliest(f.toldAt, e.at)
	case "Reaped":
		first(&f.reaped, e)
	case "Revoked":
		first(&f.revoked, e)
	case "InstanceTerminated":
		first(&f.stopped, e)
	case "Extended":
		first(&f.extended, e)
	case "ExtensionRefused":
		first(&f.tooLate, e)
	case "Armed":
		if a, err := as[event.Armed](e.Event); err == nil {
			f.armed = append(f.armed, a)
			if a.Stop == "end" && a.Generation > f.stop.Generation {
				f.stop, f.stopAt = a, e.at
			}
		}
	}
	for _, end := range ends {
		if e.Type == end {
			f.ends[end] = true
			f.endedAt = earliest(f.endedAt, e.at)
		}
	}
}

func first[T event.Data](to **T, e passed) {
	if *to != nil {
		return
	}
	if data, err := as[T](e.Event); err == nil {
		*to = &data
	}
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// end is T: when everything of the request must begin to go. It is the exact end
// that was armed last, the start's limit where none was, never later than end_by
// or than what the reaper said.
func (f *facts) end() time.Time {
	const (
		slack   = 2 * time.Minute // of a moment that crosses services
		pending = 2 * time.Hour   // the catalog's
	)
	if f.approved == nil {
		return earliest(latest(f.createdAt, f.heardAt).Add(pending+slack), f.endedAt)
	}
	t := f.approved.StartBy.Add(slack)
	if f.granted != nil {
		t = f.granted.ExpiresAt
	}
	if !f.stopAt.IsZero() {
		t = f.stop.At
	}
	t = earliest(t, f.approved.EndBy)
	if f.expired != nil {
		t = earliest(t, f.expired.EndedAt)
	}
	return t
}
