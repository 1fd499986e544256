package approval

import (
	"fmt"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
)

// State is what approval keeps beside a request's log: what it did outside for
// it. What was decided is in the log alone.
type State struct {
	// Requester is a Slack user id; Slot, from 1, is which of the requests that
	// one person may have open this is, 0 for none.
	Requester string `json:"requester,omitempty"`
	Slot      int    `json:"slot,omitempty"`
	// Heard is the request while it has no row yet.
	Heard *Heard `json:"heard,omitempty"`
	// Message is the approvers' message, Shown what Request.Shown was when it
	// was last edited. Unpostable is Slack's code where it took none.
	Message    event.Message `json:"message,omitzero"`
	Shown      int           `json:"shown,omitempty"`
	Unpostable string        `json:"unpostable,omitempty"`
	// Armed and Disarmed are about the schedule of the pending limit.
	Armed    bool `json:"armed,omitempty"`
	Disarmed bool `json:"disarmed,omitempty"`
	// Over says that the request has ended and nothing is left to do.
	Over bool `json:"over,omitempty"`
}

// Live implements store.State.
func (st State) Live() bool { return !st.Over }

// Pointers implements store.State. A slot is held by one request at a time:
// that is what limits how many one person has open.
func (st State) Pointers() []store.Pointer {
	if st.Slot == 0 {
		return nil
	}
	return []store.Pointer{slot(st.Requester, st.Slot)}
}

func slot(user string, n int) store.Pointer {
	return store.Pointer{Kind: "open", Value: fmt.Sprintf("%s#%d", user, n)}
}
