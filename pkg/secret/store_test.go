package secret_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"

	"github.com/powerpole/powerpole/pkg/secret"
)

// manager is a Secrets Manager: names, their versions by token, and the version that is current. err, if set, is its
// answer to everything.
type manager struct {
	err      error
	versions map[string]map[string]string
	current  map[string]string
	tags     map[string][]types.Tag
	forced   bool
}

func newManager() *manager {
	return &manager{versions: map[string]map[string]string{}, current: map[string]string{}, tags: map[string][]types.Tag{}}
}

func (m *manager) CreateSecret(_ context.Context, in *secretsmanager.CreateSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.CreateSecretOutput, error) {
	if m.err != nil {
		return nil, m.err
	}
	if _, exists := m.versions[*in.Name]; exists {
		return nil, &types.ResourceExistsException{Message: aws.String("it exists")}
	}
	m.versions[*in.Name] = map[string]string{}
	m.tags[*in.Name] = in.Tags
	return &secretsmanager.CreateSecretOutput{}, m.put(*in.Name, *in.ClientRequestToken, *in.SecretString)
}

func (m *manager) PutSecretValue(_ context.Context, in *secretsmanager.PutSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.PutSecretValueOutput, error) {
	return &secretsmanager.PutSecretValueOutput{}, m.put(*in.SecretId, *in.ClientRequestToken, *in.SecretString)
}

func (m *manager) put(name, token, value string) error {
	if len(token) < 32 || len(token) > 64 {
		return &smithy.GenericAPIError{Code: "ValidationException", Message: "token has the wrong length"}
	}
	m.versions[name][token] = value
	m.current[name] = token
	return nil
}

func (m *manager) GetSecretValue(_ context.Context, in *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	if m.err != nil {
		return nil, m.err
	}
	token, exists := m.current[*in.SecretId]
	if !exists {
		return nil, fmt.Errorf("operation error: %w", &types.ResourceNotFoundException{Message: aws.String("there is none")})
	}
	return &secretsmanager.GetSecretValueOutput{SecretString: aws.String(m.versions[*in.SecretId][token])}, nil
}

func (m *manager) DeleteSecret(_ context.Context, in *secretsmanager.DeleteSecretInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.DeleteSecretOutput, error) {
	if m.err != nil {
		return nil, m.err
	}
	if _, exists := m.versions[*in.SecretId]; !exists {
		return nil, &types.ResourceNotFoundException{Message: aws.String("there is none")}
	}
	delete(m.versions, *in.SecretId)
	delete(m.current, *in.SecretId)
	m.forced = aws.ToBool(in.ForceDeleteWithoutRecovery)
	return &secretsmanager.DeleteSecretOutput{}, nil
}

func writeFile(tb testing.TB, content string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		tb.Fatal(err)
	}
	return "file:" + path
}

func TestWhatIsStoredIsLoadedAndCanBeReplacedAndRemoved(t *testing.T) {
	t.Parallel()
	m := newManager()
	for _, value := range []string{canary, canary + "2", canary + "2"} {
		if err := secret.Store(t.Context(), m, "powerpole/pp-1", secret.New(value), map[string]string{"b": "2", "a": "1"}); err != nil {
			t.Fatal(err)
		}
		got, err := secret.Load(t.Context(), "secretsmanager:powerpole/pp-1", m)
		if err != nil || got.Reveal() != value {
			t.Fatalf("loaded %q, %v, want %q", got.Reveal(), err, value)
		}
	}
	if tags := m.tags["powerpole/pp-1"]; len(tags) != 2 || *tags[0].Key != "a" || *tags[1].Value != "2" {
		t.Errorf("tags are %v", tags)
	}
	if err := secret.Remove(t.Context(), m, "powerpole/pp-1"); err != nil || !m.forced {
		t.Errorf("removing: %v, at once: %v", err, m.forced)
	}
	if _, err := secret.Load(t.Context(), "secretsmanager:powerpole/pp-1", m); !errors.Is(err, secret.ErrNotFound) {
		t.Errorf("after removing: %v, want ErrNotFound", err)
	}
	if err := secret.Remove(t.Context(), m, "powerpole/pp-1"); err != nil {
		t.Errorf("removing again: %v", err)
	}
}

func TestEveryStoreHasATokenOfItsOwnThatIsNotTheValue(t *testing.T) {
	t.Parallel()
	m := newManager()
	for range 3 {
		if err := secret.Store(t.Context(), m, "x", secret.New(canary), nil); err != nil {
			t.Fatal(err)
		}
	}
	if len(m.versions["x"]) != 3 {
		t.Errorf("3 calls made %d versions", len(m.versions["x"]))
	}
}

func TestErrorsNeverRepeatTheValue(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"validation": &smithy.OperationError{ServiceID: "Secrets Manager", OperationName: "CreateSecret", Err: &smithy.GenericAPIError{
			Code: "ValidationException", Message: "Value '" + canary + "' at 'secretString' failed to satisfy constraint",
		}},
		"transport": errors.New("writing body " + canary),
	} {
		m := newManager()
		m.err = err
		got := secret.Store(t.Context(), m, "powerpole/pp-1", secret.New(canary), nil)
		if got == nil || strings.Contains(got.Error(), canary) || !strings.Contains(got.Error(), "powerpole/pp-1") {
			t.Errorf("%s: error is %v, want one with the name and without the value", name, got)
		}
		for inner := got; inner != nil; inner = errors.Unwrap(inner) {
			if strings.Contains(inner.Error(), canary) {
				t.Errorf("%s: an error inside repeats the value", name)
			}
		}
	}
}

func TestRefusalKeepsItsCode(t *testing.T) {
	t.Parallel()
	m := newManager()
	m.err = &smithy.GenericAPIError{Code: "DecryptionFailure", Message: canary}
	err := secret.Store(t.Context(), m, "x", secret.New("y"), nil)
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "DecryptionFailure" || strings.Contains(api.ErrorMessage(), canary) {
		t.Errorf("error is %v, want DecryptionFailure and no text of the server", err)
	}
}

func TestOtherFailuresOfRemovingAreFailures(t *testing.T) {
	t.Parallel()
	m := newManager()
	m.err = &smithy.GenericAPIError{Code: "AccessDeniedException"}
	if err := secret.Remove(t.Context(), m, "x"); !errors.Is(err, m.err) {
		t.Errorf("error is %v", err)
	}
	if _, err := secret.Load(t.Context(), "secretsmanager:x", m); !errors.Is(err, m.err) || errors.Is(err, secret.ErrNotFound) {
		t.Errorf("error is %v", err)
	}
}

func TestFileIsLoadedWithoutItsLineEnd(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		canary: canary, canary + "\n": canary, canary + "\r\n": canary,
		canary + "\n\n": canary + "\n", " " + canary + " \n": " " + canary + " ",
	} {
		got, err := secret.Load(t.Context(), writeFile(t, content), nil)
		if err != nil || got.Reveal() != want {
			t.Errorf("%q: loaded %q, %v", content, got.Reveal(), err)
		}
	}
}

func TestWhatIsNoSecretIsNotLoaded(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		ref  string
		want error
	}{
		"no scheme":         {canary, secret.ErrReference},
		"other scheme":      {"env:" + canary, secret.ErrReference},
		"nothing":           {"", secret.ErrReference},
		"scheme alone":      {"file:", secret.ErrReference},
		"scheme in case":    {"FILE:/" + canary, secret.ErrReference},
		"file is not there": {"file:" + filepath.Join(t.TempDir(), "x"), secret.ErrNotFound},
		"file is empty":     {writeFile(t, "\n"), secret.ErrEmpty},
		"name is not there": {"secretsmanager:x", secret.ErrNotFound},
	} {
		got, err := secret.Load(t.Context(), tt.ref, newManager())
		if !errors.Is(err, tt.want) || !got.IsZero() || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: got %v, want %v", name, err, tt.want)
		}
		if wantForm := errors.Is(tt.want, secret.ErrReference); wantForm != (secret.CheckReference(tt.ref) != nil) {
			t.Errorf("%s: the form was judged wrongly", name)
		}
	}
	if _, err := secret.Load(t.Context(), writeFile(t, strings.Repeat("x", 1<<17)), nil); err == nil {
		t.Error("a file of 128 KiB was loaded")
	}
	if _, err := secret.Load(t.Context(), "secretsmanager:x", nil); err == nil {
		t.Error("loaded from nowhere")
	}
}
