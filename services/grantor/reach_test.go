package grantor_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/services/grantor"
)

// turnstile counts the connections that are open through it.
type turnstile struct {
	dial            dial
	open, most, all atomic.Int32
	mu              sync.Mutex
	made            []net.Conn
}

func (c *turnstile) Dial(ctx context.Context, address string) (net.Conn, error) {
	conn, err := c.dial(ctx, address)
	if err != nil {
		return nil, err
	}
	c.all.Add(1)
	c.mu.Lock()
	c.made = append(c.made, conn)
	c.mu.Unlock()
	for n := c.open.Add(1); ; {
		most := c.most.Load()
		if n <= most || c.most.CompareAndSwap(most, n) {
			break
		}
	}
	return &counted{Conn: conn, c: c}, nil
}

// cut ends all connections at their other end. It returns how many were open.
func (c *turnstile) cut() int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, conn := range c.made {
		_ = conn.Close()
	}
	return c.open.Load()
}

type counted struct {
	net.Conn
	c    *turnstile
	once sync.Once
}

func (c *counted) Close() error {
	c.once.Do(func() { c.c.open.Add(-1) })
	return c.Conn.Close()
}

func (w *world) granted(n int) (leases []*lease) {
	for range n {
		l := w.request(w.person("many"))
		l.grant()
		leases = append(leases, l)
	}
	return leases
}

func endTogether(t *testing.T, leases []*lease) {
	t.Helper()
	var all sync.WaitGroup
	for _, l := range leases {
		all.Go(func() {
			if err := l.expired(t.Context(), ""); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// TestLeasesThatEndTogetherShareTheLooksAndTwoConnections has them all wait one
// second in all, where each of them waits one.
func TestLeasesThatEndTogetherShareTheLooksAndTwoConnections(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		count := &turnstile{dial: w.db.Target.Dial}
		w = w.over(t, count.Dial)
		leases := w.granted(60)
		begun := time.Now()
		endTogether(t, leases)
		if took := time.Since(begun); took > 3*time.Second {
			t.Errorf("60 ends took %s", took)
		}
		for _, l := range leases {
			l.nothingLeft(t, 0)
			if looks := only[event.Revoked](l).Looks; len(looks) != 1 || looks[0].Account != "gone" {
				t.Errorf("looks %+v", looks)
			}
		}
		if most, all := count.most.Load(), count.all.Load(); most > 2 || all > 6 {
			t.Errorf("%d connections at once and %d in all, for 60 grants and ends", most, all)
		}
		time.Sleep(time.Minute)
		if open := count.open.Load(); open != 0 {
			t.Errorf("%d connections are open a minute after", open)
		}
	})
}

// TestAKeptConnectionThatIsGoneIsMadeAgain cuts all connections while nobody uses
// them: whoever comes next notices nothing.
func TestAKeptConnectionThatIsGoneIsMadeAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		count := &turnstile{dial: w.db.Target.Dial}
		w = w.over(t, count.Dial)
		leases := w.granted(1)
		for range 3 {
			if n := count.cut(); n == 0 {
				t.Error("no connection was kept")
			}
			leases = append(leases, w.granted(1)...)
		}
		endTogether(t, leases)
		count.cut()
		endTogether(t, w.granted(1))
	})
}

// TestAClusterThatDoesNotAnswerDelaysNoOther has more leases of a cluster end than
// there are workers, and then one of another.
func TestAClusterThatDoesNotAnswerDelaysNoOther(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		var hangs atomic.Bool
		w.options.Dial = func(ctx context.Context, address string) (net.Conn, error) {
			if hangs.Load() && address == "deaf:3306" {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return w.db.Target.Dial(ctx, address)
		}
		w = w.withDeafCluster(t)
		var deaf []*lease
		for range grantor.Spec().Workers + 10 {
			l := w.request(w.person("deaf"))
			l.warrant.Cluster = "deaf"
			l.grant()
			deaf = append(deaf, l)
		}
		other := w.granted(1)[0]
		hangs.Store(true)
		queue := make(chan *lease)
		var workers sync.WaitGroup
		for range grantor.Spec().Workers {
			workers.Go(func() {
				for l := range queue {
					if err := l.expired(t.Context(), ""); (err == nil) != (l == other) {
						t.Errorf("on %s: %v", l.warrant.Cluster, err)
					}
				}
			})
		}
		begun := time.Now()
		for _, l := range append(deaf, other) {
			queue <- l
		}
		close(queue)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if r := only[event.Revoked](other); r.SeenAt.Sub(begun) > 2*time.Second {
			t.Errorf("the other cluster's lease ended %s after the first", r.SeenAt.Sub(begun))
		}
		workers.Wait()
	})
}

// withDeafCluster is the same world with a second cluster.
func (w *world) withDeafCluster(t *testing.T) *world {
	t.Helper()
	dir := writeAdmin(t, w.db)
	text := fmt.Sprintf(catalogText, w.db.Target.Address, dir, dir, w.db.ServerName)
	_, one, _ := strings.Cut(text, "clusters:\n")
	text += strings.Replace(strings.Replace(one, "id: shop", "id: deaf", 1), w.db.Target.Address, "deaf:3306", 1)
	c, _, err := catalog.Parse("test", []byte(text))
	must(t, err)
	w.options.Catalog = c
	return w.over(t, w.options.Dial)
}
