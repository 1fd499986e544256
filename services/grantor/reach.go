package grantor

import (
	"context"
	"sync"
	"time"

	"github.com/powerpole/powerpole/pkg/catalog"
	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

// purpose parts the sessions to one endpoint, so that a grant, which waits for
// other services too, never holds up an end. There are two to an instance; on
// Aurora's writer, which has two endpoints, a third while something ends there.
type purpose string

const (
	forGrants purpose = "grants"
	forEnds   purpose = "ends"
)

// The next lease is likely to come soon after one, and a proof has two looks of
// one connection, lookApart apart.
const (
	keptForGrants = 30 * time.Second
	keptForEnds   = 2 * mysqlacct.LookApart
	oldestGrants  = 2 * time.Minute
	oldestEnds    = 10 * time.Second
)

type place struct {
	cluster, endpoint string
	purpose           purpose
}

// reach is what the grantor has to its servers: sessions, what is gathered for
// them, and the credentials that each cluster's administrator last logged in with.
type reach struct {
	mu       sync.Mutex
	sessions map[place]*session
	ends     map[string]*rounds[*ending]
	looks    map[place]*rounds[*mysqlacct.Proof]
	inside   map[string]map[string]bool // requests in hand, by cluster
	admins   map[string]credential.Credential
	closed   bool
}

func newReach() *reach {
	return &reach{
		sessions: map[place]*session{}, ends: map[string]*rounds[*ending]{},
		looks: map[place]*rounds[*mysqlacct.Proof]{}, inside: map[string]map[string]bool{},
		admins: map[string]credential.Credential{},
	}
}

// session is the one to that endpoint.
func (s *Service) session(cluster catalog.Cluster, endpoint string, why purpose) *session {
	at := place{cluster.ID, endpoint, why}
	s.reach.mu.Lock()
	defer s.reach.mu.Unlock()
	if found, ok := s.reach.sessions[at]; ok {
		return found
	}
	made := &session{idle: keptForGrants, age: oldestGrants, turn: make(chan struct{}, 1)}
	if why == forEnds {
		made.idle, made.age = keptForEnds, oldestEnds
	}
	made.closed.Store(s.reach.closed)
	made.connect = func(ctx context.Context) (*mysqlacct.Server, error) { return s.connectTo(ctx, at) }
	s.reach.sessions[at] = made
	return made
}

// endsOn gathers the accounts of a cluster that are to be ended.
func (s *Service) endsOn(cluster catalog.Cluster) *rounds[*ending] {
	s.reach.mu.Lock()
	defer s.reach.mu.Unlock()
	if s.reach.ends[cluster.ID] == nil {
		s.reach.ends[cluster.ID] = newRounds(func(ctx context.Context, round []*asked[*ending]) { s.endAll(ctx, cluster, round) })
	}
	return s.reach.ends[cluster.ID]
}

// looksAt gathers the ends that are to be proven on an instance.
func (s *Service) looksAt(cluster catalog.Cluster, i instance) *rounds[*mysqlacct.Proof] {
	at := place{cluster.ID, i.endpoint, forEnds}
	s.reach.mu.Lock()
	defer s.reach.mu.Unlock()
	if s.reach.looks[at] == nil {
		s.reach.looks[at] = newRounds(func(ctx context.Context, round []*asked[*mysqlacct.Proof]) { s.lookAt(ctx, cluster, i, round) })
	}
	return s.reach.looks[at]
}

// mostInside is how many requests of one cluster may be in hand at once. The other
// handlers are for the rest: one that does not answer never delays those that do.
const mostInside = 200

// admit takes a request in hand, until leave. It returns false where its cluster
// has as many as it may have.
func (r *reach) admit(cluster, request string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	in := r.inside[cluster]
	switch {
	case in == nil:
		in = map[string]bool{}
		r.inside[cluster] = in
	case len(in) >= mostInside && !in[request]:
		return false
	}
	in[request] = true
	return true
}

// leave says that a handler of the request has returned.
func (r *reach) leave(request string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, in := range r.inside {
		delete(in, request)
	}
}

// remember keeps credentials that were good for a login: in memory only.
func (r *reach) remember(cluster string, admin credential.Credential) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.admins[cluster] = admin
}

func (r *reach) remembered(cluster string) (admin credential.Credential, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	admin, ok = r.admins[cluster]
	return admin, ok
}

// Close closes the connections that nobody uses, and keeps none from now on.
func (s *Service) Close() {
	for _, open := range s.reach.close() {
		open.close()
	}
}

func (r *reach) close() (all []*session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for _, open := range r.sessions {
		all = append(all, open)
	}
	return all
}
