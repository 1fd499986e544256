package sim

import "slices"

// Shrink leaves out elements of a plan that fails for as long as what is left
// still fails. It tries no other seed: the plan that comes out is a part of the
// one that went in, and neither its last deed nor its last fault can go alone.
func Shrink(p Plan, fails func(Plan) bool) Plan {
	for size := max(p.elements(), 1); size > 0; {
		smaller, ok := without(p, size, fails)
		if ok {
			p = smaller
			continue
		}
		size /= 2
	}
	return p
}

// without finds a run of that many elements that can be left out.
func without(p Plan, size int, fails func(Plan) bool) (Plan, bool) {
	n := p.elements()
	for from := 0; from < n; from += size {
		if smaller := p.leaving(from, min(from+size, n)); fails(smaller) {
			return smaller, true
		}
	}
	return p, false
}

// elements is of how many elements the plan is.
func (p Plan) elements() int { return len(p.Faults) + len(p.Deeds) + len(p.Drifts) }

// leaving is the plan without the elements from one place to another; faults
// come before deeds, and deeds before drifts.
func (p Plan) leaving(from, to int) Plan {
	deeds, drifts := len(p.Faults), len(p.Faults)+len(p.Deeds)
	return Plan{
		Seed: p.Seed, Order: p.Order, Faults: leaving(p.Faults, from, to),
		Deeds: leaving(p.Deeds, from-deeds, to-deeds), Drifts: leaving(p.Drifts, from-drifts, to-drifts),
	}
}

// leaving is all but those from one place to another.
func leaving[T any](all []T, from, to int) (out []T) {
	for i, one := range all {
		if i < from || i >= to {
			out = append(out, one)
		}
	}
	return out
}

// Lines is the plan as a person can read it, in the order of time.
func (p Plan) Lines() []string {
	var out []string
	for _, d := range p.Deeds {
		out = append(out, d.At.String()+"  "+d.String())
	}
	slices.SortStableFunc(out, compareTimes)
	for _, d := range p.Drifts {
		out = append(out, "always  ! "+d.String())
	}
	for _, f := range p.Faults {
		when := "whenever"
		if f.timed() {
			when = f.At.String()
		}
		out = append(out, when+"  ! "+f.String())
	}
	return out
}
