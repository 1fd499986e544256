package secret

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"
)

// Putter is what Store needs of Secrets Manager. *secretsmanager.Client is one.
type Putter interface {
	CreateSecret(context.Context, *secretsmanager.CreateSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.CreateSecretOutput, error)
	PutSecretValue(context.Context, *secretsmanager.PutSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.PutSecretValueOutput, error)
}

// Deleter is what Remove needs of Secrets Manager. *secretsmanager.Client is one.
type Deleter interface {
	DeleteSecret(context.Context, *secretsmanager.DeleteSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DeleteSecretOutput, error)
}

var (
	_ Putter  = (*secretsmanager.Client)(nil)
	_ Deleter = (*secretsmanager.Client)(nil)
)

// IsNotFound reports whether err is Secrets Manager saying that there is no such secret.
func IsNotFound(err error) bool {
	var missing *types.ResourceNotFoundException
	return errors.As(err, &missing)
}

// Store writes value under name: it creates the secret, or puts a new current version where it exists. Both calls carry
// one client request token, so that a call which the SDK repeats after a lost answer makes one version. The token is
// random and not made from the value, because it is written to CloudTrail. tags (key, value) are given to a secret that
// is created.
func Store(ctx context.Context, sm Putter, name string, value String, tags map[string]string) error {
	token := rand.Text() + rand.Text()[:6] // 32 characters is the least that Secrets Manager takes
	_, err := sm.CreateSecret(ctx, &secretsmanager.CreateSecretInput{
		Name:               aws.String(name),
		SecretString:       aws.String(value.Reveal()),
		ClientRequestToken: aws.String(token),
		Tags:               awsTags(tags),
	})
	var exists *types.ResourceExistsException
	if errors.As(err, &exists) {
		_, err = sm.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{
			SecretId:           aws.String(name),
			SecretString:       aws.String(value.Reveal()),
			ClientRequestToken: aws.String(token),
		})
	}
	if err != nil {
		return fmt.Errorf("storing secret %q: %w", name, withoutValue(err, value))
	}
	return nil
}

// Remove deletes the secret at once and for good; that there is none is success.
func Remove(ctx context.Context, sm Deleter, name string) error {
	_, err := sm.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{
		SecretId:                   aws.String(name),
		ForceDeleteWithoutRecovery: aws.Bool(true),
	})
	if err != nil && !IsNotFound(err) {
		return fmt.Errorf("removing secret %q: %w", name, err)
	}
	return nil
}

// withoutValue returns err without the text in which a server may repeat what it was sent: AWS's validation errors
// quote the parameter that they refuse. The code stays, and with it the class of the error.
func withoutValue(err error, value String) error {
	var api smithy.APIError
	if errors.As(err, &api) {
		return &smithy.GenericAPIError{Code: api.ErrorCode(), Message: "(text withheld)", Fault: api.ErrorFault()}
	}
	if !value.IsZero() && strings.Contains(err.Error(), value.Reveal()) {
		return errors.New("failed in words that repeat the secret")
	}
	return err
}

func awsTags(tags map[string]string) []types.Tag {
	out := make([]types.Tag, 0, len(tags))
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, types.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	return out
}
