// Package secretsmanager is Secrets Manager in memory: secrets with versions
// and stages, deletion with and without a recovery window. Values leave it
// only through GetSecretValue.
package secretsmanager

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// Options say where the secrets lie.
type Options struct {
	// Account and Region are part of every ARN; 000000000000 and us-east-1
	// where empty.
	Account, Region string
}

// Server is one region's Secrets Manager. It is safe for concurrent use.
type Server struct {
	opts Options
	json *wire.JSON

	mu      sync.Mutex
	secrets map[string]*secret
}

// secret is one secret with its versions by their id.
type secret struct {
	Info
	versions map[string]*version
}

// version is one value. It holds at most one of text and bytes.
type version struct {
	text    *string
	bytes   []byte
	stages  []string
	created time.Time
}

// The stages that Secrets Manager itself moves.
const (
	current  = "AWSCURRENT"
	previous = "AWSPREVIOUS"
)

// Info is what may be known of a secret by who may not know its value.
type Info struct {
	Name, ARN, Description, KMSKeyID string
	Tags                             map[string]string
	CreatedAt, ChangedAt             time.Time
	// DeletedAt is when DeleteSecret marked it, zero where it did not;
	// GoneAt is when the recovery window ends.
	DeletedAt, GoneAt time.Time
}

// New returns a Secrets Manager without secrets.
func New(o Options) *Server {
	if o.Account == "" {
		o.Account = "000000000000"
	}
	if o.Region == "" {
		o.Region = "us-east-1"
	}
	s := &Server{opts: o, json: wire.NewJSON("Secrets Manager", "1.1").Strict(), secrets: map[string]*secret{}}
	handle(s, "CreateSecret", s.createSecret)
	handle(s, "PutSecretValue", s.putSecretValue)
	handle(s, "GetSecretValue", s.getSecretValue)
	handle(s, "DescribeSecret", s.describeSecret)
	handle(s, "DeleteSecret", s.deleteSecret)
	handle(s, "RestoreSecret", s.restoreSecret)
	handle(s, "ListSecrets", s.listSecrets)
	handle(s, "TagResource", s.tagResource)
	handle(s, "UntagResource", s.untagResource)
	return s
}

// handle adds an operation that runs under the lock, after secrets whose
// recovery window has ended are gone.
func handle[In, Out any](s *Server, op string, f func(*In) (*Out, error)) {
	wire.Handle(s.json, op, func(_ context.Context, in *In) (*Out, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.purge()
		return f(in)
	})
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.json.ServeHTTP(w, r) }

// Secrets returns all secrets by name, those marked for deletion included.
func (s *Server) Secrets() []Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.purge()
	var out []Info
	for _, name := range slices.Sorted(maps.Keys(s.secrets)) {
		i := s.secrets[name].Info
		i.Tags = maps.Clone(i.Tags)
		out = append(out, i)
	}
	return out
}

func (s *Server) purge() {
	now := time.Now()
	maps.DeleteFunc(s.secrets, func(_ string, x *secret) bool {
		return !x.GoneAt.IsZero() && !now.Before(x.GoneAt)
	})
}

// find returns a secret by its name, its ARN or its ARN without the last six
// characters.
func (s *Server) find(id string) (*secret, error) {
	if x, ok := s.secrets[id]; ok {
		return x, nil
	}
	for _, x := range s.secrets {
		if id == x.ARN || id == s.arn(x.Name) {
			return x, nil
		}
	}
	return nil, wire.Errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

// live is find without the secrets that are marked for deletion.
func (s *Server) live(id string) (*secret, error) {
	x, err := s.find(id)
	if err == nil && !x.DeletedAt.IsZero() {
		return nil, wire.Errorf("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.")
	}
	return x, err
}

func (s *Server) arn(name string) string {
	return strings.Join([]string{"arn:aws:secretsmanager", s.opts.Region, s.opts.Account, "secret", name}, ":")
}

func suffix() string {
	var b [3]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
