package policy

import (
	"crypto/sha256"
	_ "embed" // for the policies and their schema
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
	"github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"

	"github.com/powerpole/powerpole/pkg/catalog"
)

//go:embed policy.cedar
var defaultPolicies []byte

//go:embed policy.cedarschema
var policySchema []byte

// Source is one file of Cedar policies.
type Source struct {
	Name string // in messages and as the prefix of the ids of policies without @id
	Text []byte
}

// Default returns the policies that every engine has.
func Default() Source { return Source{Name: "policy.cedar", Text: defaultPolicies} }

// Schema returns the Cedar schema that every policy is checked against.
func Schema() []byte { return append([]byte(nil), policySchema...) }

// Load returns an engine with the default policies and those in the files. See New.
func Load(c *catalog.Catalog, paths ...string) (*Engine, error) {
	var extra []Source
	var problems []error
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			problems = append(problems, fmt.Errorf("reading policies: %w", err))
		}
		extra = append(extra, Source{Name: filepath.Base(path), Text: text})
	}
	if err := errors.Join(problems...); err != nil {
		return &Engine{}, err
	}
	return New(c, extra...)
}

// New returns an engine with the default policies and the extra ones. If there is no catalog, or any source is empty,
// does not parse, does not fit the schema or uses an id twice, it returns all of these problems, and with them an engine
// that denies everything: who goes on regardless has opened nothing.
func New(c *catalog.Catalog, extra ...Source) (*Engine, error) {
	return newEngine(c, append([]Source{Default()}, extra...))
}

func newEngine(c *catalog.Catalog, sources []Source) (*Engine, error) {
	if c.Digest() == "" {
		return &Engine{}, errors.New("loading policies: there is no catalog to decide by")
	}
	if len(sources) == 0 {
		return &Engine{}, errors.New("loading policies: there are none")
	}
	validator, err := newValidator()
	if err != nil {
		return &Engine{}, err
	}
	set, sum := cedar.NewPolicySet(), sha256.New()
	var problems []error
	for _, source := range sources {
		problems = append(problems, source.addTo(set, validator))
		fmt.Fprintf(sum, "%d %s %d ", len(source.Name), source.Name, len(source.Text)) // a hash never fails to be written
		sum.Write(source.Text)
	}
	if err := errors.Join(problems...); err != nil {
		return &Engine{}, err
	}
	fmt.Fprint(sum, c.Digest())
	return &Engine{catalog: c, policies: set, hash: "sha256:" + hex.EncodeToString(sum.Sum(nil))}, nil
}

func newValidator() (*validate.Validator, error) {
	var s schema.Schema
	s.SetFilename("policy.cedarschema")
	if err := s.UnmarshalCedar(policySchema); err != nil {
		return nil, fmt.Errorf("loading policy schema: %w", err)
	}
	resolved, err := s.Resolve()
	if err != nil {
		return nil, fmt.Errorf("loading policy schema: %w", err)
	}
	return validate.New(resolved), nil
}

// addTo parses the source and adds its policies to the set.
func (s Source) addTo(set *cedar.PolicySet, validator *validate.Validator) error {
	policies, err := cedar.NewPolicyListFromBytes(s.Name, s.Text)
	if err != nil {
		return fmt.Errorf("parsing policies of %q: %w", s.Name, err)
	}
	if len(policies) == 0 {
		return fmt.Errorf("parsing policies of %q: there is no policy in it", s.Name)
	}
	var problems []error
	for i, policy := range policies {
		id := cedar.PolicyID(policy.Annotations()["id"])
		if id == "" {
			id = cedar.PolicyID(fmt.Sprintf("%s#%d", s.Name, i+1))
		}
		where := fmt.Sprintf("%s:%d: policy %q", s.Name, policy.Position().Line, id)
		if err := validator.Policy(string(id), (*ast.Policy)(policy.AST())); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", where, err))
		}
		if !set.Add(id, policy) {
			problems = append(problems, fmt.Errorf("%s: its id is taken", where))
		}
	}
	return errors.Join(problems...)
}
