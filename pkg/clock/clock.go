// Package clock tells a service the time. Two services run on two machines, and
// their clocks differ; a simulation gives each a clock of its own, so that what
// they write down and compare is seen to hold nevertheless.
//
// It is for moments. How long something takes or waits here is measured with
// package time.
package clock

import "time"

// Skew is how far apart two clocks of an installation, or one of them and
// Slack's, may be without anything being refused. AWS and Slack refuse requests
// that are further off than this themselves.
const Skew = 5 * time.Minute

// Clock is a source of the time. The zero value is the system's.
type Clock struct{ ahead time.Duration }

// Ahead returns a clock that is that much ahead of the system's, or behind it
// where d is negative.
func Ahead(d time.Duration) Clock { return Clock{d} }

// Now returns the time, in UTC.
func (c Clock) Now() time.Time { return time.Now().UTC().Add(c.ahead) }

// Since returns how long ago t is.
func (c Clock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// Until returns how far ahead t is.
func (c Clock) Until(t time.Time) time.Duration { return t.Sub(c.Now()) }
