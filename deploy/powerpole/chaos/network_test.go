package main

import (
	"context"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func nowhere() *log.Logger { return log.New(io.Discard, "", 0) }

func TestALinkIsBrokenAndMendedWhenTheFaultsStop(t *testing.T) {
	t.Parallel()
	upstream := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	t.Cleanup(upstream.Close)
	n := newNetwork()
	t.Cleanup(n.close)
	at, err := n.link("somebody-aws", strings.TrimPrefix(upstream.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	get := func() error {
		c := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		res, err := c.Get("http://" + at)
		if err == nil {
			_, err = io.ReadAll(res.Body)
			_ = res.Body.Close()
		}
		return err
	}
	if err := get(); err != nil {
		t.Fatal("before:", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	mended := make(chan error, 1)
	go func() {
		mended <- n.spoil(ctx, n.links[0], toxic{Name: "fault", Type: "limit_data", Stream: "downstream", Attributes: map[string]int{"bytes": 3}}, time.Hour)
	}()
	for get() == nil { // until it is broken
	}
	stop()
	if err := <-mended; err != nil {
		t.Fatal(err)
	}
	if err := get(); err != nil {
		t.Error("after:", err)
	}
}

func TestEveryToxicIsOneThatTheProxyKnows(t *testing.T) {
	t.Parallel()
	n := newNetwork()
	t.Cleanup(n.close)
	if _, err := n.link("somebody-aws", "127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	r, types := rand.New(rand.NewPCG(1, 1)), map[string]bool{}
	for range 100 {
		c := anyToxic(r)
		types[c.Type] = true
		if err := n.spoil(t.Context(), n.links[0], c, time.Nanosecond); err != nil {
			t.Error(c, err)
		}
	}
	if len(types) != 4 {
		t.Errorf("only %v were tried", types)
	}
}
