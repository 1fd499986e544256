package event

import (
	"errors"
	"net/netip"
	"time"
)

// Endpoint is where a database can be reached.
type Endpoint struct {
	// Kind is writer or reader.
	Kind string `json:"kind"`
	Host string `json:"host"`
	Port int    `json:"port"`
}

// Granted is emitted by the grantor when the account works: its privileges were
// read back and are what was approved. The password is in the secret named
// `powerpole/<request>`; no event carries it.
type Granted struct {
	Cluster   string     `json:"cluster"`
	User      string     `json:"user"`
	Host      netip.Addr `json:"host"`
	Endpoints []Endpoint `json:"endpoints"`
	Databases []string   `json:"databases"`
	// Privileges are as read back, one line each, as "SELECT ON shop.*".
	Privileges []string `json:"privileges"`
	// Everybody is what everybody has on that server.
	Everybody []string `json:"everybody,omitempty"`
	// Auth is password or iam; TLS says whether the server insists on it.
	Auth      string    `json:"auth"`
	TLS       bool      `json:"tls"`
	GrantedAt time.Time `json:"granted_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// EventType is the name on the wire.
func (Granted) EventType() string { return "Granted" }

// EventVersion is the version on the wire.
func (Granted) EventVersion() int { return 1 }

// Validate implements Data.
func (e Granted) Validate() error {
	errs := []error{
		need("cluster", e.Cluster), need("user", e.User), oneOf("auth", e.Auth, "password", "iam"),
		needTime("granted_at", e.GrantedAt), needTime("expires_at", e.ExpiresAt),
	}
	if !e.Host.IsValid() {
		errs = append(errs, errors.New("host is missing"))
	}
	if len(e.Endpoints) == 0 {
		errs = append(errs, errors.New("endpoints is missing"))
	}
	if len(e.Privileges) == 0 {
		errs = append(errs, errors.New("privileges is missing"))
	}
	return errors.Join(errs...)
}

// GrantFailed is emitted by the grantor when it gave up; nothing usable was
// left behind.
type GrantFailed struct {
	Code   string `json:"code"`
	Reason string `json:"reason"`
}

// EventType is the name on the wire.
func (GrantFailed) EventType() string { return "GrantFailed" }

// EventVersion is the version on the wire.
func (GrantFailed) EventVersion() int { return 1 }

// Validate implements Data.
func (e GrantFailed) Validate() error {
	return errors.Join(need("code", e.Code), need("reason", e.Reason))
}

// InstanceLook is what was seen of an account on one database instance.
type InstanceLook struct {
	Instance string `json:"instance"`
	// Account is gone or locked; Sessions is how many connections were left.
	Account  string `json:"account"`
	Killed   int    `json:"killed"`
	Sessions int    `json:"sessions"`
	// Rollbacks is how many transactions were seen still being undone, and were
	// waited for: of connections that were ended, or of none that is left.
	Rollbacks int       `json:"rollbacks,omitempty"`
	SeenAt    time.Time `json:"seen_at"`
}

// Kept is an object that names an account as DEFINER, so that the account had
// to be parked.
type Kept struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	// TakeOver is what its new owner does to take it over.
	TakeOver string `json:"take_over"`
}

// Prepared is a prepared XA transaction that outlives its session.
type Prepared struct {
	XID string `json:"xid"`
	End string `json:"end"`
}

// Revoked is emitted by the grantor in answer to Expired, once per request: the
// account is gone (or parked) on every endpoint and no connection is left, read
// back; or there was none, and how that was looked up.
type Revoked struct {
	Outcome Outcome `json:"outcome"`
	Cluster string  `json:"cluster,omitempty"`
	User    string  `json:"user,omitempty"`
	Host    string  `json:"host,omitempty"`
	// Killed is how many connections were ended, over all looks.
	Killed   int            `json:"killed"`
	Looks    []InstanceLook `json:"looks,omitempty"`
	Kept     []Kept         `json:"kept,omitempty"`
	Prepared []Prepared     `json:"prepared,omitempty"`
	// SecretDeleted says that the secret was seen to be gone.
	SecretDeleted bool      `json:"secret_deleted"`
	SeenAt        time.Time `json:"seen_at"`
	// How says by what looks this is known.
	How string `json:"how"`
}

// EventType is the name on the wire.
func (Revoked) EventType() string { return "Revoked" }

// EventVersion is the version on the wire.
func (Revoked) EventVersion() int { return 1 }

// Validate implements Data.
func (e Revoked) Validate() error {
	return errors.Join(oneOf("outcome", e.Outcome, Gone, Parked, None), needTime("seen_at", e.SeenAt), need("how", e.How))
}
