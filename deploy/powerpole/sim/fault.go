package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// FaultKind says what goes wrong.
type FaultKind string

// What goes wrong.
const (
	// Of one message on its way from the bus or the scheduler to a queue.
	Duplicate FaultKind = "is delivered more than once"
	Delay     FaultKind = "is late"
	Never     FaultKind = "never fires"
	// Of one call that leaves a service.
	Lost        FaultKind = "loses the answer of"
	Throttled   FaultKind = "is throttled at"
	Slow        FaultKind = "waits long for"
	Partial     FaultKind = "gets half of it taken at"
	CrashBefore FaultKind = "crashes before"
	CrashAfter  FaultKind = "crashes after"
	Unacked     FaultKind = "is told yes and nothing happens at"
	Again       FaultKind = "is given the same messages again after"
	Widened     FaultKind = "has somebody give the account more after"
	Narrowed    FaultKind = "has somebody take from the account after"
	// Of a time.
	Down      FaultKind = "is down"
	Misread   FaultKind = "is started again and again with"
	Refusing  FaultKind = "refuses"
	Failover  FaultKind = "fails over"
	Exhausted FaultKind = "has no capacity"
	NoAgent   FaultKind = "brings no agent online"
	Killed    FaultKind = "kills an instance"
	Replay    FaultKind = "replays the archive"
	Redrive   FaultKind = "redrives the dead letters"
	Everybody FaultKind = "gives everybody SELECT on billing"
	Mandatory FaultKind = "gives everybody a role"
	Storm     FaultKind = "is slow and gets all its messages once more"
)

// Fault is one thing that goes wrong.
type Fault struct {
	Kind FaultKind
	// At and For are when, since the history began, where it is of a time.
	At, For time.Duration
	// Where is the service, or the other system.
	Where string
	// What is the operation of a call, or the type of a message; Nth which of
	// them, from 0.
	What string
	Nth  int
	// N is how many copies or tries, and By how late or how wrong.
	N  int
	By time.Duration
}

// String tells the fault as a person would.
func (f Fault) String() string {
	switch f.Kind {
	case Duplicate:
		return fmt.Sprintf("%s number %d to %s is delivered %d times", f.What, f.Nth+1, f.Where, f.N)
	case Delay:
		return fmt.Sprintf("%s number %d to %s is %s late", f.What, f.Nth+1, f.Where, f.By)
	case Never:
		return fmt.Sprintf("%s number %d of %s never fires", f.What, f.Nth+1, f.Where)
	case Lost, Throttled, Slow, Partial, CrashBefore, CrashAfter, Unacked, Again, Widened, Narrowed:
		s := fmt.Sprintf("%s %s %s number %d", f.Where, f.Kind, f.What, f.Nth+1)
		if f.N > 1 {
			s += fmt.Sprintf(" and the next %d", f.N-1)
		}
		if f.By > 0 {
			s += fmt.Sprintf(" (%s)", f.By)
		}
		return s
	default:
		s := fmt.Sprintf("%s %s", f.Where, f.Kind)
		if f.What != "" {
			s += " " + f.What
		}
		if f.For > 0 {
			s += fmt.Sprintf(" for %s", f.For)
		}
		return s
	}
}

// timed says whether it happens at a time of its own.
func (f Fault) timed() bool { return f.At > 0 }

// messages are the types of messages by the service that they go to.
var messages = map[string]string{
	"approval":    "RequestCreated ActionSubmitted Reaped PendingDue SweepDue",
	"provisioner": "Approved Expired Revoked SweepDue EC2",
	"grantor":     "InstanceReady Armed Expired SweepDue",
	"notifier":    "RequestCreated Voted Approved Denied Cancelled InstanceReady Granted Armed Expiring Expired Reaped",
	"reaper":      "Approved Extended Released ProvisionFailed Granted InstanceTerminated Revoked StartDue WarningDue EndDue SweepDue",
}

// effects are the calls of each service that matter most.
var effects = map[string]string{
	"intake":      "events PutEvents,slack views.open,slack users.info",
	"approval":    "events PutEvents,dynamodb TransactWriteItems,dynamodb PutItem,slack chat.postMessage,slack chat.update,slack usergroups.users.list,scheduler POST,scheduler DELETE,sqs DeleteMessageBatch",
	"provisioner": "events PutEvents,dynamodb TransactWriteItems,dynamodb PutItem,ec2 RunInstances,ec2 TerminateInstances,ec2 DescribeInstances,sqs DeleteMessageBatch,sqs ChangeMessageVisibilityBatch",
	"grantor":     "events PutEvents,dynamodb TransactWriteItems,dynamodb PutItem,mysql dial,mysql CREATE,mysql GRANT,mysql ALTER,mysql DROP,mysql KILL,mysql SELECT,secretsmanager CreateSecret,secretsmanager PutSecretValue,secretsmanager DeleteSecret,sqs DeleteMessageBatch",
	"notifier":    "dynamodb PutItem,dynamodb TransactWriteItems,slack chat.postMessage,slack chat.update,slack conversations.open,secretsmanager GetSecretValue,sqs DeleteMessageBatch",
	"reaper":      "events PutEvents,dynamodb PutItem,scheduler POST,scheduler DELETE,scheduler GET,sqs DeleteMessageBatch,sqs ReceiveMessage",
}

var services = []string{"intake", "approval", "provisioner", "grantor", "notifier", "reaper"}

// newFault makes one of a random kind, somewhere in the time of the deeds.
func newFault(r *rand.Rand, deeds []Deed) Fault {
	switch n := r.IntN(24); {
	case n < 4:
		return messageFault(r)
	case n < 12:
		return callFault(r)
	case n < 16:
		return rareFault(r)
	default:
		return timedFault(r, deeds)
	}
}

// rareFault is of a call that few services make, and that a guard is for.
func rareFault(r *rand.Rand) Fault {
	nth := func(of ...int) int { return pick(r, of) }
	switch r.IntN(4) {
	case 0:
		return Fault{Kind: Again, Where: pick(r, services[1:]), What: "sqs ReceiveMessage", Nth: nth(0, 1, 2, 3, 5, 8), N: 1 + r.IntN(20)}
	case 1:
		return Fault{Kind: pick(r, []FaultKind{Widened, Narrowed}), Where: "grantor", What: "mysql GRANT", Nth: nth(0, 0, 1, 2), N: 1}
	default:
		// Intake has no record: what it says is nowhere else.
		return Fault{Kind: Partial, Where: pick(r, append([]string{"intake", "intake"}, services...)), What: "events PutEvents", Nth: nth(0, 0, 1, 1, 2, 3, 5, 8), N: 1}
	}
}

func messageFault(r *rand.Rand) Fault {
	f := Fault{Kind: Duplicate, Where: pick(r, services[1:]), Nth: r.IntN(3), N: 2 + r.IntN(4)}
	f.What = pick(r, strings.Fields(messages[f.Where]))
	due := strings.HasSuffix(f.What, "Due")
	switch n := r.IntN(4); {
	case n == 0 && due:
		f.Kind, f.N = Never, 0
	case n <= 1:
		f.Kind, f.N = Delay, 0
		f.By = pick(r, []time.Duration{span(r, time.Second, time.Minute), span(r, time.Minute, 20*time.Minute), span(r, 20*time.Minute, 4*time.Hour)})
	}
	return f
}

func callFault(r *rand.Rand) Fault {
	f := Fault{Where: pick(r, services), Nth: pick(r, []int{0, 0, 1, 1, 2, 3, 5, 8, 13}), N: 1}
	f.What = pick(r, strings.Split(effects[f.Where], ","))
	f.Kind = pick(r, []FaultKind{Lost, Lost, Throttled, Slow, CrashBefore, CrashBefore, CrashAfter, CrashAfter, CrashAfter})
	switch {
	case f.What == "sqs DeleteMessageBatch" && r.IntN(3) == 0:
		f.Kind = Unacked
	case f.Kind == Throttled:
		f.N = pick(r, []int{1, 2, 5, 30})
	case f.Kind == Slow:
		f.By = span(r, time.Second, 50*time.Second)
	case f.Kind == CrashBefore || f.Kind == CrashAfter:
		f.By = pick(r, []time.Duration{time.Second, 5 * time.Second, span(r, 10*time.Second, 20*time.Minute)})
	}
	return f
}

// timedFault happens in the time of the requests: from the first deed until an
// hour after the last.
func timedFault(r *rand.Rand, deeds []Deed) Fault {
	last := deeds[len(deeds)-1].At
	f := Fault{At: span(r, 30*time.Second, last+time.Hour)}
	length := func() time.Duration {
		return pick(r, []time.Duration{span(r, 5*time.Second, time.Minute), span(r, time.Minute, 30*time.Minute)})
	}
	f.Kind = pick(r, []FaultKind{Down, Down, Misread, Refusing, Refusing, Refusing, Failover, Exhausted, NoAgent, Killed, Replay, Redrive, Everybody, Mandatory, Storm, Storm})
	switch f.Kind {
	case Down:
		f.Where, f.For = pick(r, services), length()
	case Misread:
		f.Where, f.What, f.For = pick(r, services), pick(r, misreadings), length()
		if f.Where != "approval" {
			f.What = strings.Replace(f.What, "policy", "catalog", 1) // nobody else has any
		}
	case Refusing:
		f.Where, f.For = pick(r, []string{"mysql", "slack", "dynamodb", "events", "ec2", "scheduler", "sqs", "secretsmanager", "ssm"}), length()
	case Failover:
		f.Where, f.For = "mysql", span(r, time.Second, time.Minute)
	case Exhausted, NoAgent:
		f.Where, f.For = "ec2", length()
	case Killed:
		f.Where = "somebody"
	case Replay, Redrive:
		f.Where = "an operator"
	case Everybody, Mandatory:
		// Before an account is made: nobody looks when it is there.
		asked := slices.DeleteFunc(slices.Clone(deeds), func(d Deed) bool { return d.Kind != Ask })
		f.At = pick(r, asked).At + span(r, 0, 5*time.Minute)
		f.Where, f.For = "somebody", span(r, 20*time.Minute, time.Hour)
	case Storm:
		f.Where, f.For, f.By = pick(r, services[1:]), span(r, 2*time.Minute, 4*time.Minute), span(r, 10*time.Second, 25*time.Second)
	}
	return f
}
