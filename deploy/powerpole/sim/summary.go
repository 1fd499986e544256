package sim

import "time"

// Summary is one history in a line, as a worker writes it.
type Summary struct {
	Seed       uint64        `json:"seed"`
	Steps      uint64        `json:"steps"`
	Lasted     time.Duration `json:"lasted"`
	Took       time.Duration `json:"took"`
	Trace      string        `json:"trace"` // a hash
	Violations []string      `json:"violations,omitempty"`
	// Short is the shortest plan that still fails, where it was asked for.
	Short []string `json:"short,omitempty"`
}
