package mysqlacct

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// LookApart is how far apart the two looks are that must find no connection.
const LookApart = time.Second

// Proof is the end of one account as one instance shows it, look by look.
type Proof struct {
	Account Account
	// Parked says that the account may be there, if it is locked.
	Parked bool
	// Ended is what Revoke did before: where it was on this server, what its
	// connections had open is waited for.
	Ended Ending
	// While is asked before its connections are killed: see Removal.
	While func() error
	// Err says why this account's look proves nothing.
	Err error

	look   Look
	killed map[string]bool
	// over is the connection that the looks go over.
	over *Server
	// undecided are those connections that were arriving at the first look over
	// it, when the account had been seen gone or locked, and still are.
	undecided map[string]bool
	// quietAt is the time of a look that found none.
	quietAt time.Time
	proven  bool
}

// Seen is what was seen; ok is false as long as it proves nothing.
func (p *Proof) Seen() (l Look, ok bool) { return p.look, p.proven && p.Err == nil }

// Missing says what an unfinished proof waits for.
func (p *Proof) Missing() error {
	return fmt.Errorf("waiting for %s: %d connections and rollbacks of %s were left at the last look, and %d that had begun to log in before it ended",
		p.look.Instance, p.look.Sessions, p.Account.User, len(p.undecided))
}

// Look looks once at the ends of accounts on this instance: that each is gone, or
// locked where it is parked; then it kills their connections. Two looks of this
// connection, LookApart apart, that find none, none that had begun to log in
// before, and nothing of theirs that is still being rolled back, prove the end.
// The error is everybody's.
func (s *Server) Look(ctx context.Context, all ...*Proof) error {
	if err := s.mayLook(ctx); err != nil {
		return err
	}
	if err := s.seeGone(ctx, all); err != nil {
		return err
	}
	begun := time.Now()
	found, err := s.connections(ctx)
	if err != nil {
		return err
	}
	looked := time.Now()
	for _, p := range all {
		if err := s.killSeen(ctx, p, found); err != nil {
			return err
		}
	}
	open, err := s.transactions(ctx)
	if err != nil {
		return err
	}
	for _, p := range all {
		rollbacks := open.of(p.endedOn(s), found.connected)
		p.look.Rollbacks = max(p.look.Rollbacks, rollbacks)
		p.look.Sessions = len(found.of[p.Account.User]) + rollbacks
		p.judge(s, found, begun, looked)
	}
	return nil
}

// endedOn are the numbers of the account's connections that were ended on the
// server, by Revoke or by looks.
func (p *Proof) endedOn(s *Server) map[string]bool {
	all := map[string]bool{}
	maps.Copy(all, p.killed)
	if p.Ended.server == s.identity {
		maps.Copy(all, p.Ended.ids)
	}
	return all
}

// judge is what a look, over which time passed, comes to.
func (p *Proof) judge(on *Server, found seen, begun, looked time.Time) {
	p.look.Instance, p.look.Killed = on.name, len(p.killed)
	if p.Err != nil {
		p.over = nil
		return
	}
	p.settle(on, found)
	switch {
	case p.look.Sessions > 0:
		p.quietAt = time.Time{}
	case p.quietAt.IsZero():
		p.quietAt = looked
	case begun.Sub(p.quietAt) >= LookApart && len(p.undecided) == 0:
		p.proven, p.look.SeenAt = true, looked.UTC()
	}
}

// settle begins with the connections that are arriving, and takes off those that
// have arrived or gone. Who begins to log in later finds no account, or a locked
// one.
func (p *Proof) settle(on *Server, found seen) {
	if p.over != on {
		p.over, p.undecided, p.quietAt = on, maps.Clone(found.arriving), time.Time{}
		return
	}
	maps.DeleteFunc(p.undecided, func(id string, _ bool) bool { return !found.arriving[id] })
}

// seeGone looks at the accounts themselves.
func (s *Server) seeGone(ctx context.Context, all []*Proof) error {
	var names []string
	for _, p := range all {
		if p.Err = p.Account.check(); p.Err == nil {
			names = append(names, p.Account.User)
		}
	}
	hosts, err := s.hosts(ctx, names...)
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.Err != nil {
			continue
		}
		there := slices.Contains(hosts[p.Account.User], p.Account.Host.String())
		if p.look.Gone = !there; there {
			p.Err = s.seeLocked(ctx, p.Account, p.Parked)
		}
	}
	return nil
}

func (s *Server) seeLocked(ctx context.Context, a Account, parked bool) error {
	if !parked {
		return fmt.Errorf("looking for %s on %s: it is still there", a, s.name)
	}
	row, err := s.one(ctx, "reading back the lock", s.dialect.locked, a.User, a.Host.String())
	if err == nil && row[0] != "Y" {
		err = fmt.Errorf("looking for %s on %s: it is not locked", a, s.name)
	}
	return err
}

func (s *Server) killSeen(ctx context.Context, p *Proof, found seen) error {
	if p.Err == nil && p.While != nil {
		p.Err = p.While()
	}
	if p.killed == nil {
		p.killed = map[string]bool{}
	}
	for _, id := range found.of[p.Account.User] {
		if p.Err != nil {
			return nil
		}
		err := s.kill(ctx, id)
		if _, said := errors.AsType[*ServerError](err); err != nil && !said {
			return err
		}
		p.Err, p.killed[id] = err, true
	}
	return nil
}
