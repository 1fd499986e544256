package secretsmanager

import (
	"bytes"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

// maxValue is the largest value in bytes.
const maxValue = 64 << 10

// value is the part that calls which set a value have in common. Its member
// names are AWS's.
type value struct {
	ClientRequestToken string
	SecretString       *string
	SecretBinary       []byte
}

func (v value) empty() bool { return v.SecretString == nil && v.SecretBinary == nil }

// check refuses what AWS refuses, and gives the value an id if it has none.
func (v *value) check() error {
	if v.SecretString != nil && v.SecretBinary != nil {
		return wire.Errorf("InvalidParameterException", "You can't specify both a binary secret value and a string secret value in the same secret.")
	}
	if len(v.SecretBinary) > maxValue || v.SecretString != nil && len(*v.SecretString) > maxValue {
		return wire.Errorf("InvalidParameterException", "The secret value exceeds %d bytes.", maxValue)
	}
	if v.ClientRequestToken == "" {
		v.ClientRequestToken = uuid.NewString()
	}
	if n := len(v.ClientRequestToken); n < 32 || n > 64 {
		return wire.Errorf("InvalidParameterException", "ClientRequestToken must have 32 to 64 characters.")
	}
	return nil
}

func (x *version) equal(v value) bool {
	if x.text == nil || v.SecretString == nil {
		return x.text == nil && v.SecretString == nil && bytes.Equal(x.bytes, v.SecretBinary)
	}
	return *x.text == *v.SecretString
}

// add keeps a value under its token. The same token with the same value
// changes nothing; with another value it is ResourceExistsException.
func (x *secret) add(v value, stages []string) error {
	if old, ok := x.versions[v.ClientRequestToken]; ok {
		if old.equal(v) {
			return nil
		}
		return wire.Errorf("ResourceExistsException", "You can't use ClientRequestToken %s because that value is already in use for a version of secret %s.", v.ClientRequestToken, x.ARN)
	}
	now := time.Now().UTC()
	x.versions[v.ClientRequestToken] = &version{text: v.SecretString, bytes: v.SecretBinary, created: now}
	x.ChangedAt = now
	for _, stage := range stages {
		x.move(stage, v.ClientRequestToken)
	}
	return nil
}

// move gives a stage to one version alone. The version that was current
// becomes the previous one.
func (x *secret) move(stage, to string) {
	for id, v := range x.versions {
		at := slices.Index(v.stages, stage)
		if at < 0 || id == to {
			continue
		}
		v.stages = slices.Delete(v.stages, at, at+1)
		if stage == current {
			x.move(previous, id)
		}
	}
	if v := x.versions[to]; !slices.Contains(v.stages, stage) {
		v.stages = append(v.stages, stage)
	}
}

type putInput struct {
	SecretID      string `json:"SecretId"`
	VersionStages []string
	value
}

type putOutput struct {
	ref
	VersionID     string `json:"VersionId"`
	VersionStages []string
}

func (s *Server) putSecretValue(in *putInput) (*putOutput, error) {
	x, err := s.live(in.SecretID)
	if err != nil {
		return nil, err
	}
	if in.empty() {
		return nil, wire.Errorf("InvalidRequestException", "You must provide either SecretString or SecretBinary.")
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	if len(in.VersionStages) == 0 {
		in.VersionStages = []string{current}
	}
	if err := x.add(in.value, in.VersionStages); err != nil {
		return nil, err
	}
	return &putOutput{x.ref(), in.ClientRequestToken, slices.Clone(x.versions[in.ClientRequestToken].stages)}, nil
}

type getInput struct {
	SecretID     string `json:"SecretId"`
	VersionID    string `json:"VersionId"`
	VersionStage string
}

type getOutput struct {
	ref
	CreatedDate   wire.Epoch
	SecretString  *string `json:",omitempty"`
	SecretBinary  []byte  `json:",omitempty"`
	VersionID     string  `json:"VersionId"`
	VersionStages []string
}

func (s *Server) getSecretValue(in *getInput) (*getOutput, error) {
	x, err := s.live(in.SecretID)
	if err != nil {
		return nil, err
	}
	if in.VersionID == "" && in.VersionStage == "" {
		in.VersionStage = current
	}
	for id, v := range x.versions {
		if (in.VersionID == "" || in.VersionID == id) && (in.VersionStage == "" || slices.Contains(v.stages, in.VersionStage)) {
			return &getOutput{x.ref(), wire.Epoch(v.created), v.text, v.bytes, id, slices.Clone(v.stages)}, nil
		}
	}
	return nil, wire.Errorf("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for VersionId %q and staging label %q.", in.VersionID, in.VersionStage)
}
