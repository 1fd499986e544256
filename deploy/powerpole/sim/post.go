package sim

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	localaws "github.com/powerpole/powerpole/deploy/local/aws"
)

// post is the way from the bus and the scheduler to the queues: what the two
// hand over is taken at once and delivered when the gate says so, as often and
// as late as the plan says.
type post struct {
	gate   *gate
	faults *faults
	out    sync.WaitGroup
	late   atomic.Int32 // how many are still on their way, though not at once
	open   context.Context
	close  context.CancelFunc
}

func newPost(g *gate, f *faults) *post {
	p := &post{gate: g, faults: f}
	p.open, p.close = context.WithCancel(context.Background())
	return p
}

// carry implements the stack's Carry.
func (p *post) carry(parcel localaws.Parcel, deliver func() error) error {
	queue := parcel.QueueARN[strings.LastIndexByte(parcel.QueueARN, ':')+1:]
	kind := between([]byte(parcel.Body), `"detail-type":"`, `"`)
	about := between([]byte(parcel.Body), `"request_id":"`, `"`) + between([]byte(parcel.Body), `"instance-id":"`, `"`)
	key := "post " + queue + " " + kind + " " + about
	tie := func() string { return parcel.Body }
	p.out.Go(func() {
		if p.gate.pass(p.open, stop{key: key, tie: tie, dead: p.open, effect: true}) != nil {
			return
		}
		for i, wait := range p.faults.delivery(queue, kind) {
			if wait == 0 {
				_ = deliver() // the queues of a history are always there
				continue
			}
			p.late.Add(1)
			p.out.Go(func() {
				defer p.late.Add(-1)
				s := stop{key: fmt.Sprintf("%s again %d", key, i), tie: tie, dead: p.open, effect: true, earliest: time.Now().Add(wait)}
				if p.gate.pass(p.open, s) == nil {
					_ = deliver()
				}
			})
		}
	})
	return nil
}
