package web

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"net/http"
	"time"
)

const (
	// atMostEvery is how often a browser is told of changes.
	atMostEvery = 250 * time.Millisecond
	// lookEvery is how often what tells nobody of its changes is looked at.
	lookEvery = time.Second
)

// live is one stream of server-sent events (WHATWG HTML §9.2): "slack",
// "events" and "state" say which part to fetch again.
func (s *Server) live(w http.ResponseWriter, r *http.Request) {
	slackChanged, stopSlack := s.opts.Slack.Subscribe()
	defer stopSlack()
	fed, stopFeed := s.opts.Feed.subscribe()
	defer stopFeed()
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	var last uint64
	names := []string{"slack", "events"}
	for {
		if now := s.fingerprint(r); now != last {
			last = now
			names = append(names, "state")
		}
		for _, name := range names {
			if _, err := fmt.Fprintf(w, "event: %s\ndata: changed\n\n", name); err != nil {
				return
			}
		}
		if out.Flush() != nil || !pause(r, atMostEvery) {
			return
		}
		names = names[:0]
		select {
		case <-r.Context().Done():
			return
		case <-slackChanged:
			names = append(names, "slack")
		case <-fed:
			names = append(names, "events")
		case <-look.C:
		}
	}
}

func pause(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-r.Context().Done():
		return false
	case <-timer.C:
		return true
	}
}

// fingerprint is a number for the state that is shown.
func (s *Server) fingerprint(r *http.Request) uint64 {
	var b bytes.Buffer
	if err := s.templates.ExecuteTemplate(&b, "state", s.state(r.Context())); err != nil {
		return 0
	}
	h := fnv.New64a()
	_, _ = h.Write(b.Bytes())
	return h.Sum64()
}
