package web

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/ec2"
	"github.com/powerpole/powerpole/deploy/local/aws/scheduler"
	"github.com/powerpole/powerpole/deploy/local/aws/sqs"
)

// queueRow is a queue with what lies in its dead-letter queue.
type queueRow struct {
	sqs.QueueState
	Dead int
}

// instanceRow is an instance with the sessions on it.
type instanceRow struct {
	ID, State, Address, Owner, Reason string
	Alive, Connected                  bool
	Sessions                          int
}

// state is what the embedded AWS and the database hold.
type state struct {
	Queues      []queueRow
	Schedules   []scheduler.State
	Instances   []instanceRow
	Accounts    []Account
	Connections []Connection
	Secrets     []string
	// Problem is why the database could not be asked.
	Problem string
}

// patience is how long the page waits for the database.
const patience = 2 * time.Second

func (s *Server) state(ctx context.Context) state {
	st := state{
		Queues: s.queues(), Schedules: s.opts.AWS.Scheduler.Schedules(), Instances: s.instances(),
	}
	for _, secret := range s.opts.AWS.SecretsManager.Secrets() {
		if secret.DeletedAt.IsZero() {
			st.Secrets = append(st.Secrets, secret.Name)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	s.askDatabase(ctx, &st)
	return st
}

func (s *Server) askDatabase(ctx context.Context, st *state) {
	var err error
	if ask := s.opts.Database.Accounts; ask != nil {
		if st.Accounts, err = ask(ctx); err != nil {
			st.Problem = "The database does not answer."
			s.opts.Log.Debug("asking for accounts", "error", err)
			return
		}
	}
	if ask := s.opts.Database.Connections; ask != nil {
		if st.Connections, err = ask(ctx); err != nil {
			st.Problem = "The database does not answer."
			s.opts.Log.Debug("asking for connections", "error", err)
		}
	}
}

// queues are all but those that are another's dead-letter queue.
func (s *Server) queues() []queueRow {
	all := s.opts.AWS.SQS.Queues()
	dead := map[string]int{}
	for _, q := range all {
		dead[q.Name] = q.Visible + q.InFlight + q.Delayed
	}
	isDead := map[string]bool{}
	for _, q := range all {
		isDead[q.DeadLetter] = true
	}
	var out []queueRow
	for _, q := range all {
		if !isDead[q.Name] {
			out = append(out, queueRow{q, dead[q.DeadLetter]})
		}
	}
	return out
}

// instances are all that EC2 shows, the newest first.
func (s *Server) instances() []instanceRow {
	open := map[string]int{}
	for _, ss := range s.opts.AWS.SSM.Sessions() {
		if ss.EndedAt.IsZero() {
			open[ss.Target]++
		}
	}
	var out []instanceRow
	for _, i := range s.opts.AWS.EC2.Instances() {
		reason, _, _ := strings.Cut(i.Reason.Message, ":")
		out = append(out, instanceRow{
			ID: i.ID, State: string(i.State), Address: i.PrivateIP.String(), Owner: i.Tags[ownerTag], Reason: cmp.Or(i.Reason.Code, reason),
			Alive: i.State == ec2.Pending || i.State == ec2.Running, Connected: s.opts.AWS.SSM.Connected(i.ID), Sessions: open[i.ID],
		})
	}
	slices.Reverse(out)
	return out
}
