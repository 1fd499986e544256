// Package bus is how a service talks: it publishes events to EventBridge and
// handles those that lie in its own queue.
//
// A handler never touches a queue. It returns an error, and the error is the
// outcome:
//
//	nil                acknowledged: the message is deleted
//	Later(d, err)      the same message comes back after d
//	Terminal(err)      parked in the service's dead-letter queue, with its reason
//	any other, panic   comes back with exponential backoff and jitter
//
// A message that was received MaxReceive times and still has no good outcome is
// parked too. So nothing is lost: a message is deleted only after its handler
// said nil, after it lies in the dead-letter queue, or because it concerns
// nobody here. The outcome is decided in one function, judge; Poller and Lambda
// only carry it out, so a handler behaves alike in a container and in Lambda.
//
// Delivery is at least once and in any order. Handlers must bear it; the bus
// keeps no table of what it has seen.
package bus
