package secretsmanager

import (
	"regexp"
	"slices"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

var secretName = regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`)

// The recovery window in days.
const (
	minWindow     = 7
	defaultWindow = 30
	maxWindow     = 30
)

// ref names a secret in an answer.
type ref struct {
	ARN  string
	Name string
}

func (x *secret) ref() ref { return ref{x.ARN, x.Name} }

type idInput struct {
	SecretID string `json:"SecretId"`
}

type createInput struct {
	Name, Description string
	KMSKeyID          string `json:"KmsKeyId"`
	Tags              []tag
	value
}

type createOutput struct {
	ref
	VersionID string `json:"VersionId,omitempty"`
}

func (s *Server) createSecret(in *createInput) (*createOutput, error) {
	if !secretName.MatchString(in.Name) {
		return nil, wire.Errorf("ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!")
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	tags := map[string]string{}
	if err := addTags(tags, in.Tags); err != nil {
		return nil, err
	}
	if x, ok := s.secrets[in.Name]; ok {
		return x.createAgain(in)
	}
	now := time.Now().UTC()
	x := &secret{versions: map[string]*version{}, Info: Info{
		Name: in.Name, ARN: s.arn(in.Name) + "-" + suffix(), Description: in.Description,
		KMSKeyID: in.KMSKeyID, Tags: tags, CreatedAt: now, ChangedAt: now,
	}}
	s.secrets[in.Name] = x
	if in.empty() {
		return &createOutput{ref: x.ref()}, nil
	}
	return &createOutput{x.ref(), in.ClientRequestToken}, x.add(in.value, []string{current})
}

// createAgain answers a CreateSecret for a name that is taken: it succeeds
// only as the repetition of the call that made the secret.
func (x *secret) createAgain(in *createInput) (*createOutput, error) {
	if !x.DeletedAt.IsZero() {
		return nil, wire.Errorf("InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion.")
	}
	if v, ok := x.versions[in.ClientRequestToken]; ok && v.equal(in.value) {
		return &createOutput{x.ref(), in.ClientRequestToken}, nil
	}
	return nil, wire.Errorf("ResourceExistsException", "The operation failed because the secret %s already exists.", x.Name)
}

type describeOutput struct {
	entry
	Versions map[string][]string `json:"VersionIdsToStages"`
}

// entry is a secret as DescribeSecret and ListSecrets show it.
type entry struct {
	ref
	Description     string `json:",omitempty"`
	KMSKeyID        string `json:"KmsKeyId,omitempty"`
	CreatedDate     wire.Epoch
	LastChangedDate wire.Epoch
	DeletedDate     *wire.Epoch `json:",omitempty"`
	Tags            []tag
}

func (x *secret) entry() entry {
	e := entry{
		ref: x.ref(), Description: x.Description, KMSKeyID: x.KMSKeyID,
		CreatedDate: wire.Epoch(x.CreatedAt), LastChangedDate: wire.Epoch(x.ChangedAt), Tags: tagList(x.Tags),
	}
	if !x.DeletedAt.IsZero() {
		at := wire.Epoch(x.DeletedAt)
		e.DeletedDate = &at
	}
	return e
}

// stages is a copy, as answers are written after the lock is gone.
func (x *secret) stages() map[string][]string {
	out := map[string][]string{}
	for id, v := range x.versions {
		out[id] = slices.Clone(v.stages)
	}
	return out
}

func (s *Server) describeSecret(in *idInput) (*describeOutput, error) {
	x, err := s.find(in.SecretID)
	if err != nil {
		return nil, err
	}
	return &describeOutput{x.entry(), x.stages()}, nil
}

type deleteInput struct {
	SecretID                   string `json:"SecretId"`
	ForceDeleteWithoutRecovery bool
	RecoveryWindowInDays       *int
}

type deleteOutput struct {
	ref
	DeletionDate wire.Epoch
}

func (s *Server) deleteSecret(in *deleteInput) (*deleteOutput, error) {
	if in.RecoveryWindowInDays != nil && in.ForceDeleteWithoutRecovery {
		return nil, wire.Errorf("InvalidParameterException", "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")
	}
	days := defaultWindow
	if in.RecoveryWindowInDays != nil {
		days = *in.RecoveryWindowInDays
	}
	if days < minWindow || days > maxWindow {
		return nil, wire.Errorf("InvalidParameterException", "The RecoveryWindowInDays value must be between %d and %d days (inclusive).", minWindow, maxWindow)
	}
	if in.ForceDeleteWithoutRecovery {
		return s.forceDelete(in.SecretID), nil
	}
	x, err := s.live(in.SecretID)
	if err != nil {
		return nil, err
	}
	x.DeletedAt = time.Now().UTC()
	x.GoneAt = x.DeletedAt.AddDate(0, 0, days)
	return &deleteOutput{x.ref(), wire.Epoch(x.GoneAt)}, nil
}

// forceDelete deletes at once; as AWS does, it succeeds for what is not there.
func (s *Server) forceDelete(id string) *deleteOutput {
	now := wire.Epoch(time.Now())
	x, err := s.find(id)
	if err != nil {
		return &deleteOutput{ref{s.arn(id), id}, now}
	}
	delete(s.secrets, x.Name)
	return &deleteOutput{x.ref(), now}
}

func (s *Server) restoreSecret(in *idInput) (*ref, error) {
	x, err := s.find(in.SecretID)
	if err != nil {
		return nil, err
	}
	x.DeletedAt, x.GoneAt = time.Time{}, time.Time{}
	out := x.ref()
	return &out, nil
}
