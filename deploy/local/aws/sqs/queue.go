package sqs

import (
	"cmp"
	"container/list"
	"slices"
	"time"
)

// maxInFlight is how many messages of a standard queue may be in flight.
const maxInFlight = 120_000

// queue is one standard queue. Server.mu guards it.
type queue struct {
	name, arn, url string
	settings
	tags              map[string]string
	created, modified time.Time
	purged            time.Time

	byID    map[string]*message
	ready   *list.List // of *message: visible, in the order they became so
	due     *timeline  // delayed or in flight, by when they become visible
	age     *timeline  // all, by when they were sent
	flying  int        // how many of due are in flight
	lastSeq uint64
	wake    chan struct{} // closed when something became visible or the queue went away
}

func newQueue(name, arn, url string, set settings, now time.Time) *queue {
	return &queue{
		name: name, arn: arn, url: url, settings: set, created: now, modified: now,
		tags: map[string]string{}, byID: map[string]*message{}, ready: list.New(),
		due: newTimeline(func(m *message) time.Time { return m.due }, func(m *message) *int { return &m.duePlace }),
		age: newTimeline(func(m *message) time.Time { return m.sent }, func(m *message) *int { return &m.sentPlace }),
	}
}

// send takes a new message in.
func (q *queue) send(m *message, now time.Time, delay time.Duration) {
	m.sent = now
	q.put(m)
	if delay > 0 {
		q.sleep(m, now.Add(delay))
		return
	}
	q.show(m)
}

// put takes m in without making it visible, with the age that it has.
func (q *queue) put(m *message) {
	q.lastSeq++
	m.seq = q.lastSeq
	q.byID[m.id] = m
	q.age.add(m)
}

// show makes m visible.
func (q *queue) show(m *message) {
	q.hide(m)
	m.ready = q.ready.PushBack(m)
	q.signal()
}

// hide takes m out of the ready list and the due timeline.
func (q *queue) hide(m *message) {
	if m.ready != nil {
		q.ready.Remove(m.ready)
		m.ready = nil
	}
	q.due.remove(m)
	if m.inFlight {
		m.inFlight = false
		q.flying--
	}
}

// drop forgets m.
func (q *queue) drop(m *message) {
	q.hide(m)
	q.age.remove(m)
	delete(q.byID, m.id)
}

// settle makes visible what is due and drops what is older than the
// retention. Everything that reads the queue calls it first.
func (q *queue) settle(now time.Time) {
	for m := q.age.first(); m != nil && !now.Before(m.sent.Add(q.retention)); m = q.age.first() {
		q.drop(m)
	}
	for m := q.due.first(); m != nil && !m.due.After(now); m = q.due.first() {
		q.show(m)
	}
}

// take receives up to limit messages. What was received too often already is
// handed to bury instead, if that takes it.
func (q *queue) take(now time.Time, limit int, visibility time.Duration, bury func(*message) bool) []*message {
	q.settle(now)
	var out []*message
	for e := q.ready.Front(); e != nil && len(out) < limit; {
		m := e.Value.(*message)
		e = e.Next()
		if q.maxReceives == 0 || m.receives < q.maxReceives || !bury(m) {
			out = append(out, m)
		}
	}
	for _, m := range out { // only now: with visibility 0 they are in the list again
		q.receive(m, now, visibility)
	}
	return out
}

func (q *queue) receive(m *message, now time.Time, visibility time.Duration) {
	m.receives++
	m.taken = now
	if m.first.IsZero() {
		m.first = now
	}
	q.conceal(m, now, visibility)
}

// conceal puts m in flight for that long. For no time at all it is visible
// again at once, though received.
func (q *queue) conceal(m *message, now time.Time, visibility time.Duration) {
	if visibility <= 0 {
		q.show(m)
		return
	}
	q.hide(m)
	m.inFlight = true
	q.flying++
	q.sleep(m, now.Add(visibility))
}

// sleep keeps m from being visible until then.
func (q *queue) sleep(m *message, until time.Time) {
	m.due = until
	q.due.add(m)
	if q.due.first() == m {
		q.signal() // who waits must learn of the nearer moment
	}
}

// signal wakes whoever waits for this queue.
func (q *queue) signal() {
	if q.wake != nil {
		close(q.wake)
		q.wake = nil
	}
}

// nextChange returns a channel that is closed at the next change, and the moment at
// which something becomes visible by itself, zero for never.
func (q *queue) nextChange() (<-chan struct{}, time.Time) {
	if q.wake == nil {
		q.wake = make(chan struct{})
	}
	if m := q.due.first(); m != nil {
		return q.wake, m.due
	}
	return q.wake, time.Time{}
}

func (q *queue) delayed() int { return q.due.Len() - q.flying }

func (q *queue) state(now time.Time) QueueState {
	q.settle(now)
	st := QueueState{
		Name: q.name, ARN: q.arn, Visible: q.ready.Len(), InFlight: q.flying, Delayed: q.delayed(),
		DeadLetter: nameOf(q.deadLetter), MaxReceives: q.maxReceives,
	}
	if m := q.age.first(); m != nil {
		st.Oldest = m.sent
	}
	return st
}

func (q *queue) peek(now time.Time, limit int) []string {
	q.settle(now)
	all := slices.Clone(q.age.items)
	slices.SortFunc(all, func(a, b *message) int { return cmp.Or(a.sent.Compare(b.sent), cmp.Compare(a.seq, b.seq)) })
	bodies := make([]string, 0, min(limit, len(all)))
	for _, m := range all[:min(limit, len(all))] {
		bodies = append(bodies, m.body)
	}
	return bodies
}
