package sim

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Plan is everything that people do and that goes wrong in one history. The
// seed makes it, and chooses the order of everything else. A plan with elements
// left out is a plan.
type Plan struct {
	Seed   uint64
	Deeds  []Deed
	Faults []Fault
	Drifts []Drift
	// Order, where it is not 0, is another order in which the same things come
	// to pass, with every message late and repeated.
	Order uint64
}

// DeedKind says what a person does.
type DeedKind string

// What people do.
const (
	Ask     DeedKind = "asks"
	Approve DeedKind = "approves"
	Deny    DeedKind = "denies"
	Cancel  DeedKind = "cancels"
	Extend  DeedKind = "extends"
	Release DeedKind = "releases"
	Use     DeedKind = "uses the database"
	Leave   DeedKind = "leaves the company"
	Home    DeedKind = "opens Home"
	Show    DeedKind = "asks for the credentials"
	// Forge is what somebody does who can reach the bus: say something in a
	// service's name.
	Forge DeedKind = "forges an event"
)

// Deed is one thing that a person does.
type Deed struct {
	// At is since the history began.
	At   time.Duration
	Kind DeedKind
	Who  string
	// Request is which one, by the order in which they are asked for.
	Request int
	// Role, Length and Databases are of an Ask; Role is the type of the event of
	// a Forge, Length how much more an Extend asks for.
	Role string
	// Says is what a Forge does that says more than one event of such a type.
	Says      forgery
	Length    string
	Databases []string
	// Times is how often the person clicks at once.
	Times int
	// Takes is how long the person has the form of an Extend open.
	Takes time.Duration
}

// String tells the deed as a person would.
func (d Deed) String() string {
	s := fmt.Sprintf("%s %s", d.Who, d.Kind)
	switch d.Kind {
	case Ask:
		s = fmt.Sprintf("%s asks for %s on %s for %s (request %d)", d.Who, d.Role, strings.Join(d.Databases, ", "), d.Length, d.Request)
	case Forge:
		s = fmt.Sprintf("%s forges %s (request %d)", d.Who, d.Role, d.Request)
	case Extend:
		s += fmt.Sprintf(" by %s (request %d)", d.Length, d.Request)
	case Home, Leave:
	default:
		s += fmt.Sprintf(" (request %d)", d.Request)
	}
	if d.Times > 1 {
		s += fmt.Sprintf(", %d clicks at once", d.Times)
	}
	if d.Takes > 0 {
		s += fmt.Sprintf(", sends the form after %s", d.Takes)
	}
	return s
}

// The people of the company, see the workspace's defaults.
var (
	requesters = []string{"U0TARO", "U0EMMA", "U0HANAKO", "U0OLIVER"}
	approvers  = []string{"U0HANAKO", "U0KEN"}
	bystanders = []string{"U0EMMA", "U0TARO", "U0OLIVER"}
)

// NewPlan makes the seed's plan: some requests within two hours and what people
// do with them, and some faults while they live.
func NewPlan(seed uint64) Plan {
	r := rand.New(rand.NewPCG(seed, 0x706c_616e))
	p := Plan{Seed: seed, Drifts: drifts(seed)}
	for i := range 1 + r.IntN(5) {
		p.Deeds = append(p.Deeds, road(r, i)...)
	}
	p.sort()
	for range r.IntN(10) {
		p.Faults = append(p.Faults, newFault(r, p.Deeds))
	}
	return p.aimed()
}

func (p Plan) sort() {
	slices.SortStableFunc(p.Deeds, func(a, b Deed) int { return cmp.Compare(a.At, b.At) })
}

// road is what people do about one request.
func road(r *rand.Rand, request int) []Deed {
	at := time.Minute + span(r, 0, 90*time.Minute)
	who := pick(r, requesters)
	ask := Deed{
		At: at, Kind: Ask, Who: who, Request: request, Times: 1,
		Role:      pick(r, []string{"READ", "READ", "READ", "DML", "DDL"}),
		Length:    pick(r, []string{"15m", "30m", "60m"}),
		Databases: pick(r, [][]string{{"shop"}, {"billing"}, {"shop", "billing"}}),
	}
	deeds := []Deed{ask}
	add := func(after time.Duration, kind DeedKind, who string) {
		d := Deed{At: at + after, Kind: kind, Who: who, Request: request, Times: clicks(r)}
		if kind == Extend {
			d.Length = pick(r, []string{"15m", "30m", "1h"})
		}
		deeds = append(deeds, d)
	}
	decide := span(r, 5*time.Second, 10*time.Minute)
	switch n := r.IntN(20); {
	case n == 0: // nobody looks at it
	case n == 1:
		add(decide, Deny, pick(r, approvers))
	case n == 2:
		add(decide, Cancel, who)
	default:
		for _, a := range approvers {
			add(decide+span(r, 0, time.Minute), Approve, a)
		}
	}
	extras(r, add, who, decide)
	if r.IntN(3) == 0 {
		deeds = append(deeds, lastMoment(r, ask, decide))
	}
	if r.IntN(6) == 0 {
		deeds = append(deeds, Deed{
			At: at + span(r, 5*time.Second, 20*time.Minute), Kind: Forge, Who: "an outsider", Request: request, Times: 1,
			Role: pick(r, []string{"Approved", "InstanceReady", "ActionSubmitted"}),
		})
	}
	return deeds
}

// lastMoment is an extension of somebody who opens the form while the lease runs
// and sends it about when it ends.
func lastMoment(r *rand.Rand, ask Deed, decide time.Duration) Deed {
	lasts, _ := time.ParseDuration(ask.Length) // one of ours
	return Deed{
		At: ask.At + decide + lasts, Kind: Extend, Who: ask.Who, Request: ask.Request, Times: 1,
		Length: "15m", Takes: span(r, 15*time.Second, 70*time.Second),
	}
}

// extras are things that happen about some requests.
func extras(r *rand.Rand, add func(time.Duration, DeedKind, string), who string, decide time.Duration) {
	after := func(least, most time.Duration) time.Duration { return decide + span(r, least, most) }
	for _, e := range []struct {
		odds  int
		kind  DeedKind
		who   string
		after time.Duration
	}{
		{3, Approve, who, span(r, 0, 10*time.Minute)},
		{4, Approve, pick(r, bystanders), span(r, 0, 10*time.Minute)},
		{5, Cancel, who, span(r, 0, 20*time.Minute)},
		{4, Deny, pick(r, approvers), span(r, 0, 15*time.Minute)},
		{2, Extend, who, after(2*time.Minute, 40*time.Minute)},
		{5, Extend, pick(r, bystanders), after(2*time.Minute, 40*time.Minute)},
		{3, Release, who, after(time.Minute, 30*time.Minute)},
		{6, Release, pick(r, approvers), after(0, 30*time.Minute)},
		{1, Use, who, after(2*time.Minute, 10*time.Minute)},
		{5, Show, pick(r, append([]string{who}, bystanders...)), after(0, 20*time.Minute)},
		{6, Home, who, after(0, 30*time.Minute)},
		{20, Leave, pick(r, append([]string{who}, approvers...)), span(r, 0, 30*time.Minute)},
	} {
		if r.IntN(e.odds) == 0 {
			add(e.after, e.kind, e.who)
		}
	}
}

func clicks(r *rand.Rand) int {
	if r.IntN(4) == 0 {
		return 2 + r.IntN(4)
	}
	return 1
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// span is a moment of whole milliseconds in [least, most).
func span(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64((most-least)/time.Millisecond)))*time.Millisecond
}
