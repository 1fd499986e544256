package secret

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// Schemes of a reference, each with its colon.
const (
	schemeFile           = "file:"
	schemeSecretsManager = "secretsmanager:"
)

// maxSize is the most a secret may weigh, in bytes: what Secrets Manager holds (64 KiB).
const maxSize = 64 << 10

var (
	// ErrReference means that the text is not a reference to a secret. The text itself is never in the error: who
	// writes a password where its reference belongs should not read it in a log.
	ErrReference = errors.New(`not a secret reference: want "file:/path" or "secretsmanager:NAME-or-ARN"`)
	// ErrNotFound means that the reference is right and there is nothing (any more) at its end.
	ErrNotFound = errors.New("secret not found")
	// ErrEmpty means that there is something at the end of the reference, with no text in it.
	ErrEmpty = errors.New("secret is empty")
)

// Client is what Load needs of Secrets Manager. *secretsmanager.Client is one.
type Client interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

var _ Client = (*secretsmanager.Client)(nil)

// CheckReference returns ErrReference unless ref has the form of a reference. It looks nothing up.
func CheckReference(ref string) error {
	_, _, err := splitReference(ref)
	return err
}

// Load fetches the secret behind ref: "file:/path" (one line end at its end is cut) or "secretsmanager:NAME-or-ARN". sm
// may be nil where only files are used. It returns ErrReference, ErrNotFound, ErrEmpty or the cause, wrapped.
func Load(ctx context.Context, ref string, sm Client) (String, error) {
	scheme, rest, err := splitReference(ref)
	if err != nil {
		return String{}, err
	}
	load := loadFile
	if scheme == schemeSecretsManager {
		load = func(name string) (string, error) { return loadManaged(ctx, name, sm) }
	}
	value, err := load(rest)
	if err == nil && value == "" {
		err = ErrEmpty
	}
	if err != nil {
		return String{}, fmt.Errorf("loading secret %q: %w", ref, err)
	}
	return New(value), nil
}

func splitReference(ref string) (scheme, rest string, err error) {
	for _, scheme := range []string{schemeFile, schemeSecretsManager} {
		if rest, ok := strings.CutPrefix(ref, scheme); ok && rest != "" {
			return scheme, rest, nil
		}
	}
	return "", "", ErrReference
}

func loadFile(path string) (string, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return "", ErrNotFound
	}
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }() // read only: there is nothing that closing could lose
	content, err := io.ReadAll(io.LimitReader(file, maxSize+1))
	if err != nil {
		return "", err
	}
	if len(content) > maxSize {
		return "", fmt.Errorf("more than %d bytes", maxSize)
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r"), nil
}

func loadManaged(ctx context.Context, name string, sm Client) (string, error) {
	if sm == nil {
		return "", errors.New("no Secrets Manager client is configured")
	}
	out, err := sm.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String(name)})
	if IsNotFound(err) {
		return "", ErrNotFound
	}
	if err != nil {
		return "", err
	}
	if out.SecretString == nil {
		return string(out.SecretBinary), nil
	}
	return *out.SecretString, nil
}
