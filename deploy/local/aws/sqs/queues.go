package sqs

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// afterDeletion is how long AWS keeps a deleted queue's name, and how long
// between two purges of a queue.
const afterDeletion = 60 * time.Second

type empty struct{}

type createQueueInput struct {
	QueueName  string
	Attributes map[string]string
	Tags       map[string]string `json:"tags"`
}

type queueURLOutput struct{ QueueUrl string } //nolint:revive // AWS's name

func (s *Server) createQueue(_ context.Context, in *createQueueInput) (*queueURLOutput, error) {
	if !validName(in.QueueName) {
		return nil, invalid("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	if q, ok := s.queues[in.QueueName]; ok {
		return s.sameQueue(q, in.Attributes)
	}
	if at, ok := s.deleted[in.QueueName]; ok && now.Sub(at) < afterDeletion {
		return nil, fail("QueueDeletedRecently", legacy+"QueueDeletedRecently",
			"You must wait 60 seconds after deleting a queue before you can create another with the same name.")
	}
	set, err := settings{text: defaults()}.with(in.Attributes, s.exists)
	if err != nil {
		return nil, err
	}
	q := newQueue(in.QueueName, s.arn(in.QueueName), s.url(in.QueueName), set, now)
	maps.Copy(q.tags, in.Tags)
	s.queues[in.QueueName] = q
	return &queueURLOutput{q.url}, nil
}

// sameQueue answers the creation of a queue that is there: fine, unless it
// asks for something else.
func (s *Server) sameQueue(q *queue, want map[string]string) (*queueURLOutput, error) {
	if _, err := q.with(want, s.exists); err != nil {
		return nil, err
	}
	for name, value := range want {
		if q.text[name] != value {
			return nil, fail("QueueNameExists", "QueueAlreadyExists",
				"A queue already exists with the same name and a different value for attribute %s", name)
		}
	}
	return &queueURLOutput{q.url}, nil
}

type queueInput struct{ QueueUrl string } //nolint:revive // AWS's name

func (s *Server) deleteQueue(_ context.Context, in *queueInput) (*empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	delete(s.queues, q.name)
	s.deleted[q.name] = time.Now()
	q.signal()
	return &empty{}, nil
}

func (s *Server) purgeQueue(_ context.Context, in *queueInput) (*empty, error) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if now.Sub(q.purged) < afterDeletion {
		return nil, fail("PurgeQueueInProgress", legacy+"PurgeQueueInProgress",
			"Only one PurgeQueue operation on %s is allowed every 60 seconds.", q.name)
	}
	q.purged = now
	for _, m := range q.byID {
		q.drop(m)
	}
	return &empty{}, nil
}

func (s *Server) getQueueURL(_ context.Context, in *struct{ QueueName string }) (*queueURLOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, ok := s.queues[in.QueueName]
	if !ok {
		return nil, noSuchQueue()
	}
	return &queueURLOutput{q.url}, nil
}

type listQueuesInput struct {
	QueueNamePrefix string
	MaxResults      int
	NextToken       string
}

type listQueuesOutput struct {
	QueueUrls []string `json:",omitempty"`
	NextToken string   `json:",omitempty"`
}

func (s *Server) listQueues(_ context.Context, in *listQueuesInput) (*listQueuesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := slices.DeleteFunc(s.names(), func(name string) bool {
		return !strings.HasPrefix(name, in.QueueNamePrefix) || name <= in.NextToken
	})
	out := &listQueuesOutput{}
	limit := min(1000, len(names))
	if in.MaxResults > 0 && in.MaxResults < limit {
		limit = in.MaxResults
	}
	if limit < len(names) {
		out.NextToken = names[limit-1]
	}
	for _, name := range names[:limit] {
		out.QueueUrls = append(out.QueueUrls, s.queues[name].url)
	}
	return out, nil
}

type queueAttributesInput struct {
	QueueUrl       string //nolint:revive // AWS's name
	AttributeNames []string
}

type queueAttributesOutput struct {
	Attributes map[string]string `json:",omitempty"`
}

func (s *Server) getQueueAttributes(_ context.Context, in *queueAttributesInput) (*queueAttributesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	all := q.attributes(time.Now())
	out := &queueAttributesOutput{Attributes: map[string]string{}}
	for _, name := range in.AttributeNames {
		if name == "All" {
			return &queueAttributesOutput{all}, nil
		}
		if value, ok := all[name]; ok {
			out.Attributes[name] = value
		} else if !known(name) {
			return nil, unknownAttribute(name)
		}
	}
	return out, nil
}

// attributes are the queue's settings and counts as AWS spells them.
func (q *queue) attributes(now time.Time) map[string]string {
	q.settle(now)
	all := maps.Clone(q.text)
	maps.Copy(all, map[string]string{
		"QueueArn":                              q.arn,
		"ApproximateNumberOfMessages":           strconv.Itoa(q.ready.Len()),
		"ApproximateNumberOfMessagesNotVisible": strconv.Itoa(q.flying),
		"ApproximateNumberOfMessagesDelayed":    strconv.Itoa(q.delayed()),
		"CreatedTimestamp":                      strconv.FormatInt(q.created.Unix(), 10),
		"LastModifiedTimestamp":                 strconv.FormatInt(q.modified.Unix(), 10),
	})
	return all
}

type setQueueAttributesInput struct {
	QueueUrl   string //nolint:revive // AWS's name
	Attributes map[string]string
}

func (s *Server) setQueueAttributes(_ context.Context, in *setQueueAttributesInput) (*empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	set, err := q.with(in.Attributes, s.exists)
	if err != nil {
		return nil, err
	}
	q.settings, q.modified = set, time.Now()
	return &empty{}, nil
}

type tagsInput struct {
	QueueUrl string //nolint:revive // AWS's name
	Tags     map[string]string
	TagKeys  []string
}

func (s *Server) tagQueue(_ context.Context, in *tagsInput) (*empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	maps.Copy(q.tags, in.Tags)
	return &empty{}, nil
}

func (s *Server) untagQueue(_ context.Context, in *tagsInput) (*empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	for _, key := range in.TagKeys {
		delete(q.tags, key)
	}
	return &empty{}, nil
}

type tagsOutput struct {
	Tags map[string]string `json:",omitempty"`
}

func (s *Server) listQueueTags(_ context.Context, in *queueInput) (*tagsOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q, err := s.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return &tagsOutput{maps.Clone(q.tags)}, nil
}

func (s *Server) names() []string { return slices.Sorted(maps.Keys(s.queues)) }

func (s *Server) arn(name string) string {
	return "arn:aws:sqs:" + s.opts.Region + ":" + s.opts.Account + ":" + name
}

func (s *Server) url(name string) string {
	return "https://sqs." + s.opts.Region + ".amazonaws.com/" + s.opts.Account + "/" + name
}

func (s *Server) exists(arn string) bool {
	q, ok := s.queues[nameOf(arn)]
	return ok && q.arn == arn
}

// find returns the queue of an URL. Like AWS's, only its path counts.
func (s *Server) find(url string) (*queue, error) {
	if url == "" {
		return nil, missing("QueueUrl")
	}
	q, ok := s.queues[url[strings.LastIndexByte(url, '/')+1:]]
	if !ok {
		return nil, noSuchQueue()
	}
	return q, nil
}

// nameOf returns the queue name in an ARN.
func nameOf(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }

// validName reports whether s may name a queue or a batch entry: 1 to 80
// letters, digits, hyphens and underscores.
func validName(s string) bool {
	return s != "" && len(s) <= 80 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
	})
}
