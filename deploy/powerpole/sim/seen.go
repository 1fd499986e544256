package sim

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/eventbridge"
	"github.com/powerpole/powerpole/pkg/event"
)

// seen is every event that passed the bus, as an auditor would have it.
type seen struct {
	mu     sync.Mutex
	events []passed
	ids    map[string]string // request id by reason
	forged map[string]bool   // ids of events that nobody of ours said
}

// passed is one event and when it passed.
type passed struct {
	event.Event
	at     time.Time
	replay bool // of an archive, or forged: nobody of ours said it now
	json   string
}

// title is the type, and of an alarm which.
func (e passed) title() string {
	if a, err := as[event.Alarmed](e.Event); err == nil && e.Type == a.EventType() {
		return e.Type + " " + a.Alarm
	}
	return e.Type
}

// saw is the stack's OnEvent.
func (s *seen) saw(e eventbridge.Event) {
	parsed, err := event.Parse([]byte(e.JSON))
	if err != nil {
		return // not an event of ours
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	foreign := e.Replay != "" || s.forged[parsed.Detail.ID]
	s.events = append(s.events, passed{parsed.Event, time.Now(), foreign, e.JSON})
	if foreign {
		return
	}
	if created, err := as[event.RequestCreated](parsed.Event); err == nil && parsed.Type == created.EventType() {
		s.ids[created.Reason] = parsed.Detail.RequestID
	}
}

// forge says that an event of that id will be nobody's of ours.
func (s *seen) forge(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forged[id] = true
}

// request is the id of the request with that reason, "" before it is known.
func (s *seen) request(reason string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ids[reason]
}

// all is a copy of what has passed so far.
func (s *seen) all() []passed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]passed(nil), s.events...)
}

func as[T event.Data](e event.Event) (T, error) {
	var data T
	err := json.Unmarshal(e.Detail.Data, &data)
	return data, err
}

// last is the newest event of that type about the request.
func last[T event.Data](s *seen, id string) (data T, ok bool) {
	all := s.all()
	for i := len(all) - 1; i >= 0; i-- {
		e := all[i]
		if e.Type == data.EventType() && e.Detail.RequestID == id && !e.replay {
			data, err := as[T](e.Event)
			return data, err == nil
		}
	}
	return data, false
}
