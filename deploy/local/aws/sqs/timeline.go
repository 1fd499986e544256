package sqs

import (
	"container/heap"
	"time"
)

// timeline keeps messages by a moment, the earliest first. A message knows
// its place, so taking one out costs O(log n).
type timeline struct {
	items []*message
	when  func(*message) time.Time
	place func(*message) *int
}

func newTimeline(when func(*message) time.Time, place func(*message) *int) *timeline {
	return &timeline{when: when, place: place}
}

func (t *timeline) add(m *message) { heap.Push(t, m) }

// remove takes m out, if it is in.
func (t *timeline) remove(m *message) {
	if i := *t.place(m); i > 0 {
		heap.Remove(t, i-1)
	}
}

// first returns the earliest message, or nil.
func (t *timeline) first() *message {
	if len(t.items) == 0 {
		return nil
	}
	return t.items[0]
}

// Len implements heap.Interface.
func (t *timeline) Len() int { return len(t.items) }

// Less implements heap.Interface. Equal moments go by order of sending.
func (t *timeline) Less(i, j int) bool {
	a, b := t.items[i], t.items[j]
	if c := t.when(a).Compare(t.when(b)); c != 0 {
		return c < 0
	}
	return a.seq < b.seq
}

// Swap implements heap.Interface.
func (t *timeline) Swap(i, j int) {
	t.items[i], t.items[j] = t.items[j], t.items[i]
	*t.place(t.items[i]), *t.place(t.items[j]) = i+1, j+1
}

// Push implements heap.Interface. A place counts from 1, so that the zero
// value means outside.
func (t *timeline) Push(x any) {
	m := x.(*message)
	t.items = append(t.items, m)
	*t.place(m) = len(t.items)
}

// Pop implements heap.Interface.
func (t *timeline) Pop() any {
	last := len(t.items) - 1
	m := t.items[last]
	t.items[last] = nil
	t.items = t.items[:last]
	*t.place(m) = 0
	return m
}
