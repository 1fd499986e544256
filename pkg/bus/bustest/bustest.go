// Package bustest holds what must be true of pkg/bus on every SQS and
// EventBridge: the embedded ones, AWS itself, or any other. Run goes through it
// all with nothing but the SDK in between.
package bustest

import (
	"testing"
	"testing/synctest"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Endpoint is an SQS and EventBridge to run against.
type Endpoint struct {
	// Config returns the SDK's configuration for one case. It is called within
	// the case's bubble where Virtual is set.
	Config func(t *testing.T) aws.Config
	// Virtual says that the endpoint runs in this process and without sockets:
	// each case then runs in a testing/synctest bubble, in virtual time.
	// Elsewhere the cases wait for real.
	Virtual bool
}

// Run runs every case against the endpoint, each with a bus and queues of its
// own, which it removes afterwards.
func Run(t *testing.T, e Endpoint) {
	for name, play := range map[string]func(*testing.T, *Rig){
		"what is published reaches the queue's handler whole":     publishReachesHandler,
		"entries that fail are sent again, and only those":        failedEntriesAreResent,
		"a message whose receiver dies comes again":               lostMessageComesAgain,
		"a heartbeat keeps the message of a slow handler":         heartbeatKeepsMessage,
		"later brings the same message back, not before its time": laterIsTheSameMessage,
		"terminal lands in the dead-letter queue with its reason": terminalIsParked,
		"a message is parked after exactly the receive limit":     limitIsExact,
		"poison never stops the others":                           poisonStopsNobody,
		"a handler's error keeps the message":                     errorKeepsMessage,
		"what is deleted was handled, whatever the batch":         deletedWasHandled,
		"what concerns nobody is acknowledged and counted once":   strangersAreAcknowledged,
		"what an archive replays is dropped":                      replaysAreDropped,
		"a newer version waits and is not lost":                   newerVersionWaits,
		"shutdown gives back at once what no handler has begun":   shutdownGivesBack,
		"lambda parks and brings back as the poller does":         lambdaDoesTheSame,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !e.Virtual {
				play(t, NewRig(t, e.Config(t)))
				return
			}
			synctest.Test(t, func(t *testing.T) { play(t, NewRig(t, e.Config(t))) })
		})
	}
}
