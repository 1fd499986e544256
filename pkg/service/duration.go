package service

import "time"

// Duration is a length of time in a setting, written as Go does: "1m30s".
type Duration time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	*d = Duration(v)
	return err
}

// Std returns it as the standard library's.
func (d Duration) Std() time.Duration { return time.Duration(d) }
