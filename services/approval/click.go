package approval

import (
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/policy"
	"github.com/powerpole/powerpole/pkg/store"
)

// click is what somebody wants, with all that is known of them at that moment.
type click struct {
	event.ActionSubmitted
	id        string // of the event
	principal policy.Principal
	// requester is who asked, as of now too.
	requester policy.Principal
	// unsure is set where Slack did not say all that was asked.
	unsure error
}

// entry begins the row of a click that was taken.
func (c click) entry(kind Kind, by policy.Decision, hash string) Entry {
	return Entry{
		Kind: kind, By: c.By, Cause: c.id, Action: c.Action, Message: c.Message, ActionTS: c.ActionTS,
		Rules: by.Policies, PolicyHash: hash, Text: c.Comment,
	}
}

// voted is what everybody is told of a click that was taken.
func (c click) voted(needed int) store.Emit {
	return store.Emit{Discriminator: c.id, Data: event.Voted{
		By: c.By, Action: c.Action, Taken: true, Needed: max(needed, 0), Message: c.Message,
	}}
}

// verdict is what becomes of a click: a row with its events, or words of
// refusal. The zero verdict is for what was taken already.
type verdict struct {
	entry  Entry
	emit   []store.Emit
	refuse string
}

func refuse(why string) verdict { return verdict{refuse: why} }

func take(entry Entry, emit ...store.Emit) verdict { return verdict{entry: entry, emit: emit} }
