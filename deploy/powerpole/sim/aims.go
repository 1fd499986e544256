package sim

import (
	"math/rand/v2"
	"slices"
	"time"
)

// aim adds to some plans what makes one guard matter, which chance would hardly
// ever do. Each draws from a stream of its own, so that one more of them changes
// no history but those that it is in.
type aim struct {
	name string
	// odds is of how many plans one has it.
	odds uint64
	add  func(*rand.Rand, *Plan)
}

var aims = []aim{
	{"flood", 12, flood},
	{"overtaken", 12, overtaken},
	{"twins", 12, twins},
	{"deaf", 12, deaf},
}

// aimed is the plan with what its seed aims at.
func (p Plan) aimed() Plan {
	for _, a := range aims {
		if r := rand.New(rand.NewPCG(p.Seed, hash(0, 0, a.name))); r.Uint64()%a.odds == 0 {
			a.add(r, &p)
		}
	}
	p.sort()
	return p
}

// flood makes a service so slow that a message waits for a hand and is then
// worked on for longer than SQS hides it: heartbeats must.
func flood(r *rand.Rand, p *Plan) {
	last := p.Deeds[len(p.Deeds)-1].At
	p.Faults = append(p.Faults, Fault{
		Kind: Storm, Where: pick(r, []string{"approval", "provisioner", "notifier", "reaper"}),
		At: last + span(r, time.Minute, 20*time.Minute), For: span(r, 2*time.Minute, 4*time.Minute), By: span(r, 23*time.Second, 29*time.Second),
	})
}

// overtaken has the provisioner hear of a request's end before it hears of its
// approval, which is in time for a bastion or late: nothing may be built then,
// and the end is answered all the same.
func overtaken(r *rand.Rand, p *Plan) {
	ask := p.Deeds[slices.IndexFunc(p.Deeds, func(d Deed) bool { return d.Kind == Ask })]
	decided := ask.At
	for _, d := range p.Deeds {
		if d.Request == ask.Request && d.Kind == Approve && slices.Contains(approvers, d.Who) {
			decided = max(decided, d.At)
		}
	}
	p.Deeds = append(p.Deeds, Deed{At: decided + span(r, 20*time.Second, 2*time.Minute), Kind: Release, Who: ask.Who, Request: ask.Request, Times: 1})
	p.Faults = append(p.Faults, Fault{
		Kind: Delay, Where: "provisioner", What: "Approved", Nth: 0, By: pick(r, []time.Duration{span(r, 3*time.Minute, 9*time.Minute), span(r, 16*time.Minute, 90*time.Minute)}),
	})
}

// twins are two requests of one person at one time, approved at one time, and
// granted while the grantor is slow: both accounts would like the same name.
func twins(r *rand.Rand, p *Plan) {
	at, who := time.Minute+span(r, 0, 90*time.Minute), pick(r, []string{"U0TARO", "U0EMMA", "U0OLIVER"})
	decide := at + span(r, time.Minute, 5*time.Minute)
	requests := 0
	for _, d := range p.Deeds {
		requests = max(requests, d.Request+1)
	}
	for i := range 2 {
		n, late := requests+i, time.Duration(i)*span(r, 100*time.Millisecond, 3*time.Second)
		p.Deeds = append(p.Deeds,
			Deed{At: at + 20*time.Duration(i)*time.Second, Kind: Ask, Who: who, Request: n, Times: 1, Role: "READ", Length: "15m", Databases: []string{"shop"}},
			Deed{At: decide + late, Kind: Approve, Who: "U0KEN", Request: n, Times: 1},
			Deed{At: decide + span(r, 2*time.Minute, 10*time.Minute), Kind: Use, Who: who, Request: n, Times: 1},
		)
	}
	p.Faults = append(p.Faults, Fault{
		Kind: Slow, Where: "grantor", What: pick(r, []string{"dynamodb PutItem", "dynamodb TransactWriteItems"}), Nth: r.IntN(8), N: 1, By: span(r, 2*time.Second, 10*time.Second),
	})
}

// deaf has a service fail at the first thing that it must write down about a
// request, for longer than it tries again by itself: the message must come back.
func deaf(r *rand.Rand, p *Plan) {
	p.Faults = append(p.Faults, Fault{
		Kind: Throttled, Where: pick(r, []string{"approval", "notifier", "reaper"}),
		What: pick(r, []string{"dynamodb TransactWriteItems", "dynamodb PutItem", "dynamodb Query"}), Nth: r.IntN(6), N: 4 + r.IntN(4),
	})
}
