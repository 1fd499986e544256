package event

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

var requestID = regexp.MustCompile(`^pp-[0-7][0-9a-hjkmnp-tv-z]{25}$`)

// NewRequestID makes a request's id: a lower-case ULID with the prefix `pp-`.
func NewRequestID() string {
	return "pp-" + strings.ToLower(ulid.MustNew(ulid.Now(), rand.Reader).String())
}

// CheckRequestID returns an error where the id has not the form that
// NewRequestID gives.
func CheckRequestID(id string) error {
	if !requestID.MatchString(id) {
		return fmt.Errorf("request id %.64q is not pp- and a lower-case ULID", id)
	}
	return nil
}

// Duration is a length of time that JSON writes as Go does: "1h30m0s".
type Duration time.Duration

// MarshalJSON implements json.Marshaler.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON implements json.Unmarshaler.
func (d *Duration) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	v, err := time.ParseDuration(s)
	*d = Duration(v)
	return err
}

// Std returns the duration as the standard library's.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// Person is somebody in Slack. Identity is Enterprise (or Team) and User; the
// rest helps to speak to them.
type Person struct {
	Enterprise string `json:"enterprise,omitempty"`
	Team       string `json:"team"`
	User       string `json:"user"`
	Email      string `json:"email,omitempty"`
	Name       string `json:"name,omitempty"`
	// Locale is Slack's, as en-US or ja-JP; TimeZone is an IANA name.
	Locale   string `json:"locale,omitempty"`
	TimeZone string `json:"time_zone,omitempty"`
}

// Validate reports a person without identity.
func (p Person) Validate() error {
	return errors.Join(need("team", p.Team), need("user", p.User))
}

// Ask is what a person asks for. Events carry it whole, so that nobody must
// look anything up.
type Ask struct {
	Requester Person   `json:"requester"`
	Cluster   string   `json:"cluster"`
	Databases []string `json:"databases"`
	// Tables narrows the databases to these, as "shop.*", "shop.orders" or, of columns
	// to SELECT, "shop.orders(id, item)"; empty means all.
	Tables   []string `json:"tables,omitempty"`
	Role     string   `json:"role"`
	Duration Duration `json:"duration"`
	Reason   string   `json:"reason"`
	Ticket   string   `json:"ticket,omitempty"`
}

// Validate reports everything an ask lacks.
func (a Ask) Validate() error {
	errs := []error{
		named("requester", a.Requester.Validate()), need("cluster", a.Cluster),
		need("role", a.Role), need("reason", a.Reason),
	}
	if len(a.Databases) == 0 {
		errs = append(errs, errors.New("databases is missing"))
	}
	if a.Duration <= 0 {
		errs = append(errs, errors.New("duration is not positive"))
	}
	return errors.Join(errs...)
}

// Message names a message in Slack.
type Message struct {
	Channel string `json:"channel"`
	TS      string `json:"ts"`
}

func need(field, value string) error {
	if value == "" {
		return fmt.Errorf("%s is missing", field)
	}
	return nil
}

func needTime(field string, t time.Time) error {
	if t.IsZero() {
		return fmt.Errorf("%s is missing", field)
	}
	return nil
}

func named(field string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", field, err)
}

func oneOf[T ~string](field string, value T, allowed ...T) error {
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	return fmt.Errorf("%s is %.64q", field, value)
}
