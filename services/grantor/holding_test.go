package grantor_test

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
)

// secretsAPI is all of Secrets Manager that the grantor uses.
type secretsAPI interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
	CreateSecret(context.Context, *secretsmanager.CreateSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.CreateSecretOutput, error)
	PutSecretValue(context.Context, *secretsmanager.PutSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.PutSecretValueOutput, error)
	DeleteSecret(context.Context, *secretsmanager.DeleteSecretInput, ...func(*secretsmanager.Options)) (*secretsmanager.DeleteSecretOutput, error)
}

// holding makes storing a secret wait: in the middle of a grant.
type holding struct {
	secretsAPI
	until chan struct{}
}

func (h holding) CreateSecret(ctx context.Context, in *secretsmanager.CreateSecretInput, o ...func(*secretsmanager.Options)) (*secretsmanager.CreateSecretOutput, error) {
	select {
	case <-h.until:
		return h.secretsAPI.CreateSecret(ctx, in, o...)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
