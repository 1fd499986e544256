package grantor_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/secret"
)

// away is a Secrets Manager that answers nobody for a while: it fails, or hangs
// until the caller has had enough.
type away struct {
	secretsAPI
	is, hangs bool
}

func (a *away) absent(ctx context.Context) error {
	if a.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return errors.New("Secrets Manager is away")
}

func (a *away) GetSecretValue(ctx context.Context, in *secretsmanager.GetSecretValueInput, o ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	if a.is {
		return nil, a.absent(ctx)
	}
	return a.secretsAPI.GetSecretValue(ctx, in, o...)
}

func (a *away) DeleteSecret(ctx context.Context, in *secretsmanager.DeleteSecretInput, o ...func(*secretsmanager.Options)) (*secretsmanager.DeleteSecretOutput, error) {
	if a.is {
		return nil, a.absent(ctx)
	}
	return a.secretsAPI.DeleteSecret(ctx, in, o...)
}

// keepAdminIn moves the administrator's credentials from their file to Secrets
// Manager.
func (w *world) keepAdminIn(t *testing.T, s *away) {
	t.Helper()
	w.Service.Catalog = readCatalogWith(t, w.db, `admin_secret: "file:`, `admin_secret: "secretsmanager:`)
	cluster, _ := w.Service.Catalog.Cluster("shop")
	admin, err := credential.Credential{User: w.db.Target.User, Password: w.db.Target.Password}.Encode()
	must(t, err)
	name := strings.TrimPrefix(cluster.Engine.AdminSecret, "secretsmanager:")
	must(t, secret.Store(t.Context(), w.secrets, name, admin, nil))
	w.Service.Secrets = s
}

func TestAnAccountEndsInTimeWhileSecretsManagerIsAway(t *testing.T) {
	for name, hangs := range map[string]bool{"it fails": false, "it hangs": true} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, w *world) {
				s := &away{secretsAPI: w.secrets, hangs: hangs}
				w.keepAdminIn(t, s)
				l := w.request("taro@example.com")
				user := l.grant().User
				time.Sleep(time.Hour)
				s.is = true
				begin := time.Now()
				if err := l.expired(t.Context(), ""); err == nil || len(of[event.Revoked](l)) != 0 {
					t.Errorf("with its secret still there it said %s, %v", l.said(), err)
				}
				if n := w.db.Accounts(t, user); n != 0 || time.Since(begin) > 30*time.Second {
					t.Errorf("%d accounts are left after %v", n, time.Since(begin))
				}
				s.is = false
				time.Sleep(time.Minute)
				must(t, l.expired(t.Context(), ""))
				if got := only[event.Revoked](l); got.Outcome != event.Gone || !got.SecretDeleted {
					t.Errorf("answer %+v", got)
				}
			})
		})
	}
}

func TestNothingIsGrantedWithCredentialsThatCannotBeRead(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		s := &away{secretsAPI: w.secrets}
		w.keepAdminIn(t, s)
		w.request("taro@example.com").grant()
		time.Sleep(time.Hour) // nothing is open to the database any more
		s.is = true
		l := w.request("emma@example.com")
		must(t, l.instanceReady(t.Context()))
		if err := l.armed(t.Context()); err == nil || !strings.Contains(err.Error(), "away") {
			t.Errorf("granting went on to %v", err)
		}
		if n := w.db.Accounts(t, "emma"); n != 0 {
			t.Errorf("%d accounts were made", n)
		}
	})
}
