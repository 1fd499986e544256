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
	{"heir", 6, heir},
	{"latecomer", 12, latecomer},
	{"unheeded", 12, unheeded},
	{"deaf", 12, deaf},
	{"bereft", 12, bereft},
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

// ordinary are an Ask, its approval and its use.
func ordinary(request int, who, role, length string, asked, approved time.Duration) []Deed {
	return []Deed{
		{At: asked, Kind: Ask, Who: who, Request: request, Times: 1, Role: role, Length: length, Databases: []string{"shop"}},
		{At: approved, Kind: Approve, Who: "U0KEN", Request: request, Times: 1},
		{At: approved + 2*time.Minute, Kind: Use, Who: who, Request: request, Times: 1},
	}
}

// next is the number of one request more.
func (p *Plan) next() int {
	n := 0
	for _, d := range p.Deeds {
		n = max(n, d.Request+1)
	}
	return n
}

// twins are two requests of one person that are approved at one time and granted
// while the grantor is slow: both accounts would like the same name.
func twins(r *rand.Rand, p *Plan) {
	who, asked := pick(r, []string{"U0TARO", "U0OLIVER"}), time.Minute+span(r, 0, time.Minute)
	approved := asked + span(r, time.Minute, 3*time.Minute)
	p.Deeds = append(p.Deeds, ordinary(p.next(), who, "READ", "15m", asked, approved)...)
	p.Deeds = append(p.Deeds, ordinary(p.next(), who, "READ", "15m", asked+20*time.Second, approved+span(r, 0, 3*time.Second))...)
	p.Faults = append(p.Faults, Fault{Kind: Slow, Where: "grantor", What: "dynamodb PutItem", Nth: 1 + r.IntN(6), N: 1, By: span(r, 2*time.Second, 10*time.Second)})
}

// heir is given the address of a bastion that is gone while the account there is
// not, since the grantor was down when it should have ended it. The bastion that
// has to give way to another one must not stay for as long as the lease lasts.
func heir(r *rand.Rand, p *Plan) {
	if !quirks(p.Seed).ReuseAddresses {
		return
	}
	asked := time.Minute + span(r, 0, time.Minute)
	approved := asked + 10*time.Second
	over := approved + span(r, 2*time.Minute, 3*time.Minute)
	p.Deeds = append(p.Deeds, Deed{At: over, Kind: Release, Who: "U0TARO", Request: p.next(), Times: 1})
	p.Deeds = append(p.Deeds, ordinary(p.Deeds[len(p.Deeds)-1].Request, "U0TARO", "READ", "15m", asked, approved)...)
	p.Deeds = append(p.Deeds, ordinary(p.next(), "U0OLIVER", "READ", "60m", over+time.Minute, over+span(r, 6*time.Minute, 8*time.Minute))...)
	p.Faults = append(p.Faults, Fault{Kind: Down, Where: "grantor", At: over - time.Second, For: span(r, 10*time.Minute, 13*time.Minute)})
}

// latecomer is granted at the last moment at which it may be, for as long as its
// role allows: what was approved is over before that.
func latecomer(r *rand.Rand, p *Plan) {
	asked := time.Minute + span(r, 0, time.Minute)
	p.Deeds = append(p.Deeds, ordinary(p.next(), "U0EMMA", "DML", "60m", asked, asked+10*time.Second)...)
	p.Faults = append(p.Faults, Fault{Kind: Delay, Where: "grantor", What: "InstanceReady", Nth: 0, By: 9*time.Minute + span(r, 40*time.Second, 2*time.Minute)})
}

// unheeded is an end of an instance that EC2 says yes to, and nothing comes of it.
func unheeded(r *rand.Rand, p *Plan) {
	p.Faults = append(p.Faults, Fault{Kind: Unacked, Where: "provisioner", What: "ec2 TerminateInstances", Nth: r.IntN(2), N: 1})
}

// deaf has a service fail at the first thing that it must write down about a
// request, for longer than it tries again by itself: the message must come back.
func deaf(r *rand.Rand, p *Plan) {
	p.Faults = append(p.Faults, Fault{
		Kind: Throttled, Where: pick(r, []string{"approval", "notifier", "reaper"}),
		What: pick(r, []string{"dynamodb TransactWriteItems", "dynamodb PutItem", "dynamodb Query"}), Nth: r.IntN(6), N: 4 + r.IntN(4),
	})
}

// bereft is a lease whose end comes while Secrets Manager does not answer, which
// is nothing to its account.
func bereft(r *rand.Rand, p *Plan) {
	asked := time.Minute + span(r, 0, time.Minute)
	approved := asked + 10*time.Second
	p.Deeds = append(p.Deeds, ordinary(p.next(), "U0HANAKO", "READ", "15m", asked, approved)...)
	p.Faults = append(p.Faults, Fault{Kind: Refusing, Where: "secretsmanager", At: approved + span(r, 5*time.Minute, 10*time.Minute), For: span(r, 15*time.Minute, 50*time.Minute)})
}
