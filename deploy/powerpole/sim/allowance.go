package sim

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// The bounds of S3, from the end of a lease.
const (
	accountBound  = 90 * time.Second
	instanceBound = 10 * time.Minute
	sweepEvery    = 5 * time.Minute
	// sweeping says that sweeps find what a lost message left behind. Without
	// them the bound counts from when the message comes.
	sweeping = true
)

// class says how a fault moves the bounds of S3.
type class int

const (
	harmless class = iota // it may not move them
	swept                 // two sweeps more, from when the service is back
	refusing              // counted from when the other system answers again
)

func (f Fault) class() class {
	switch f.Kind {
	case Delay, Never, Down, Misread, CrashBefore, CrashAfter:
		return swept
	case Refusing, Failover:
		if f.Where == "slack" {
			return harmless
		}
		return refusing
	case Storm:
		return refusing
	case Throttled, Slow:
		if strings.HasPrefix(f.What, "slack ") {
			return harmless
		}
		return refusing
	default:
		return harmless
	}
}

// needed are the services and other systems that have a part in the end of a
// thing: what goes wrong elsewhere is no reason for it to be there longer.
func (w *world) needed(n *thing) []string {
	needed := []string{"reaper", "dynamodb", "events", "sqs"}
	switch n.kind {
	case anAccount, aConnection:
		needed = append(needed, "grantor", "mysql")
		if w.process("grantor").life > 1 {
			needed = append(needed, "secretsmanager") // the administrator is known to no new process
		}
		return needed
	case aSecret:
		return append(needed, "grantor", "mysql", "secretsmanager")
	case anInstance:
		return append(needed, "provisioner", "ec2")
	case aSession:
		return append(needed, "provisioner", "ec2", "ssm")
	default: // the last schedules wait for everything else
		return append(needed, "scheduler", "approval", "grantor", "mysql", "secretsmanager", "provisioner", "ec2", "ssm")
	}
}

// deadline is when a thing must be gone at the latest that should be by t and
// has the bound: later where faults were in the way.
func (w *world) deadline(n *thing, t time.Time, bound time.Duration) time.Time {
	needed := w.needed(n)
	fired := slices.DeleteFunc(slices.Clone(w.faults.fired), func(f firing) bool { return !slices.Contains(needed, f.Where) })
	slices.SortFunc(fired, func(a, b firing) int { return cmp.Compare(a.from, b.from) })
	from, swepts := t, false
	for _, f := range fired {
		began, over := w.began.Add(f.from), w.began.Add(f.to)
		kind := f.class()
		if kind == harmless || began.After(from.Add(bound+2*sweepEvery)) {
			continue
		}
		late := sweeping && (f.Kind == Delay || f.Kind == Never)
		if !late && over.Before(t.Add(-2*time.Minute)) {
			continue
		}
		swepts = true
		if !late && over.After(from) {
			from = over
		}
	}
	if swepts {
		bound += 2*sweepEvery + time.Minute
	}
	return from.Add(bound + w.plan.apart())
}
