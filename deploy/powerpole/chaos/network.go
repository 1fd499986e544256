package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// network is a proxy between each service and each thing that it talks to.
type network struct {
	server *toxiproxy.ApiServer
	links  []*toxiproxy.Proxy
}

func newNetwork() *network {
	return &network{server: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(prometheus.NewRegistry()), zerolog.Nop())}
}

// link puts a proxy before an address and returns its own.
func (n *network) link(name, to string) (string, error) {
	p := toxiproxy.NewProxy(n.server, name, "127.0.0.1:0", to)
	if err := p.Start(); err != nil {
		return "", fmt.Errorf("putting a proxy before %s: %w", name, err)
	}
	n.links = append(n.links, p)
	return p.Listen, nil
}

func (n *network) close() {
	for _, p := range n.links {
		p.Stop()
	}
}

// toxic is a fault as toxiproxy takes it.
type toxic struct {
	Name       string         `json:"name"`
	Type       string         `json:"type"`
	Stream     string         `json:"stream"`
	Attributes map[string]int `json:"attributes"`
}

// anyToxic is what happens to one direction of a link: connections reset, data
// that goes nowhere, slowness, an end in the middle of a request or an answer.
func anyToxic(r *rand.Rand) toxic {
	t := toxic{Name: "fault", Stream: []string{"upstream", "downstream"}[r.IntN(2)]}
	switch r.IntN(5) {
	case 0, 1:
		t.Type, t.Attributes = "reset_peer", map[string]int{"timeout": r.IntN(20)}
	case 2:
		t.Type, t.Attributes = "timeout", map[string]int{"timeout": 0}
	case 3:
		t.Type, t.Attributes = "latency", map[string]int{"latency": 200 + r.IntN(1300), "jitter": 200}
	default:
		t.Type, t.Attributes = "limit_data", map[string]int{"bytes": 50 + r.IntN(4000)}
	}
	return t
}

// spoil breaks one link for a while.
func (n *network) spoil(ctx context.Context, link *toxiproxy.Proxy, t toxic, lasts time.Duration) error {
	b, err := json.Marshal(t)
	if err != nil {
		return err
	}
	if _, err := link.Toxics.AddToxicJson(bytes.NewReader(b)); err != nil {
		return fmt.Errorf("breaking %s: %w", link.Name, err)
	}
	pause(ctx, lasts)
	// It is mended even where the context has ended: that is when faults stop.
	if err := link.Toxics.RemoveToxic(context.WithoutCancel(ctx), t.Name); err != nil {
		return fmt.Errorf("mending %s: %w", link.Name, err)
	}
	return nil
}

// pause waits, and reports whether it waited to the end.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// between is a random duration.
func between(r *rand.Rand, from, to time.Duration) time.Duration {
	return from + time.Duration(r.Int64N(int64(to-from)))
}
