package eventbridge

import (
	"context"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// archive keeps the originals of a bus's events. Server.mu guards it.
type archive struct {
	name, arn, busARN, text, description string
	pattern                              *pattern // nil: every event
	retention                            int      // days, 0 for ever
	created                              time.Time
	kept                                 []kept // in order of arrival
	bytes                                int64
}

type kept struct {
	arrived time.Time
	event   Event
}

// archive keeps e in every archive of its bus that wants it.
func (s *Server) archive(e *Event) {
	now := time.Now()
	for _, a := range s.archives {
		if a.busARN != s.arn("event-bus/"+e.Bus) || a.pattern != nil && !a.pattern.match(e.fields) {
			continue
		}
		original := *e
		original.fields = nil
		a.kept = append(a.kept, kept{now, original})
		a.bytes += int64(len(e.JSON))
		a.expire(now)
	}
}

// expire drops what is older than the retention.
func (a *archive) expire(now time.Time) {
	if a.retention == 0 {
		return
	}
	oldest := now.AddDate(0, 0, -a.retention)
	for len(a.kept) > 0 && a.kept[0].arrived.Before(oldest) {
		a.bytes -= int64(len(a.kept[0].event.JSON))
		a.kept = a.kept[1:]
	}
}

type archiveInput struct {
	ArchiveName, EventSourceArn, Description, EventPattern string
	RetentionDays                                          int
}

type archiveOutput struct {
	ArchiveArn, State string
	CreationTime      wire.Epoch
}

func (s *Server) createArchive(_ context.Context, in *archiveInput) (*archiveOutput, error) {
	p, err := in.check()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.archives[in.ArchiveName]; ok {
		return nil, exists("Archive", in.ArchiveName)
	}
	b, err := s.bus(in.EventSourceArn)
	if err != nil || in.EventSourceArn == "" {
		return nil, notFound("Event bus", in.EventSourceArn)
	}
	a := &archive{
		name: in.ArchiveName, arn: s.arn("archive/" + in.ArchiveName), busARN: b.arn, text: in.EventPattern,
		description: in.Description, pattern: p, retention: in.RetentionDays, created: time.Now(),
	}
	s.archives[a.name] = a
	return a.output(), nil
}

func (in *archiveInput) check() (*pattern, error) {
	if !validName(in.ArchiveName, 48) {
		return nil, invalid("Archive name %q is invalid.", in.ArchiveName)
	}
	if in.RetentionDays < 0 {
		return nil, invalid("RetentionDays must not be negative.")
	}
	if in.EventPattern == "" {
		return nil, nil
	}
	return compile(in.EventPattern)
}

func (a *archive) output() *archiveOutput {
	return &archiveOutput{ArchiveArn: a.arn, State: "ENABLED", CreationTime: wire.Epoch(a.created)}
}

func (s *Server) updateArchive(_ context.Context, in *archiveInput) (*archiveOutput, error) {
	p, err := in.check()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.archives[in.ArchiveName]
	if !ok {
		return nil, notFound("Archive", in.ArchiveName)
	}
	a.pattern, a.text, a.retention, a.description = p, in.EventPattern, in.RetentionDays, in.Description
	a.expire(time.Now())
	return a.output(), nil
}

func (s *Server) deleteArchive(_ context.Context, in *archiveInput) (*empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.archives[in.ArchiveName]; !ok {
		return nil, notFound("Archive", in.ArchiveName)
	}
	delete(s.archives, in.ArchiveName)
	return &empty{}, nil
}

type archiveDescription struct {
	ArchiveName, EventSourceArn, State string
	ArchiveArn                         string `json:",omitempty"`
	Description                        string `json:",omitempty"`
	EventPattern                       string `json:",omitempty"`
	RetentionDays                      int
	EventCount, SizeBytes              int64
	CreationTime                       wire.Epoch
}

func (a *archive) describe(now time.Time) *archiveDescription {
	a.expire(now)
	return &archiveDescription{
		ArchiveName: a.name, ArchiveArn: a.arn, EventSourceArn: a.busARN, State: "ENABLED",
		Description: a.description, EventPattern: a.text, RetentionDays: a.retention,
		EventCount: int64(len(a.kept)), SizeBytes: a.bytes, CreationTime: wire.Epoch(a.created),
	}
}

func (s *Server) describeArchive(_ context.Context, in *archiveInput) (*archiveDescription, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.archives[in.ArchiveName]
	if !ok {
		return nil, notFound("Archive", in.ArchiveName)
	}
	return a.describe(time.Now()), nil
}

type listArchivesInput struct {
	EventSourceArn, State string
	pageInput
}

type listArchivesOutput struct {
	Archives  []*archiveDescription
	NextToken string `json:",omitempty"`
}

func (s *Server) listArchives(_ context.Context, in *listArchivesInput) (*listArchivesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of := map[string]*archive{}
	for name, a := range s.archives {
		if (in.EventSourceArn == "" || in.EventSourceArn == a.busARN) && (in.State == "" || in.State == "ENABLED") {
			of[name] = a
		}
	}
	names, next := page(of, in.pageInput)
	out := &listArchivesOutput{Archives: []*archiveDescription{}, NextToken: next}
	for _, name := range names {
		out.Archives = append(out.Archives, of[name].describe(time.Now()))
	}
	return out, nil
}
