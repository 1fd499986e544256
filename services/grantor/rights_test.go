package grantor_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/services/grantor"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

// weaken makes the administrator of the catalog one that may only look and make
// users.
func (w *world) weaken(t *testing.T) {
	t.Helper()
	accttest.Exec(t, w.db.Root(t), "CREATE USER 'weak'@'127.0.0.1' IDENTIFIED BY 'We-4k'",
		"GRANT CREATE USER, PROCESS ON *.* TO 'weak'@'127.0.0.1'", "GRANT SELECT ON mysql.* TO 'weak'@'127.0.0.1'")
	w.db.Target.User, w.db.Target.Password = "weak", secret.New("We-4k")
	w.Service.Catalog = readCatalog(t, w.db)
}

// started is what a service logs at its start.
func (w *world) started(t *testing.T) string {
	t.Helper()
	var lines bytes.Buffer
	w.Log = slog.New(slog.NewJSONHandler(&lines, nil))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.Serve(ctx) }()
	synctest.Wait()
	stop()
	must(t, <-ended)
	return lines.String()
}

func TestWhatTheAdministratorLacksIsSaidAtTheStart(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		if said := w.started(t); !strings.Contains(said, "the administrator has its rights") {
			t.Errorf("with all rights it said %s", said)
		}
		w.weaken(t)
		said := w.started(t)
		for _, want := range []string{`"cluster":"shop"`, "deploy/sql", "INSERT ON billing.* WITH GRANT OPTION"} {
			if !strings.Contains(said, want) {
				t.Errorf("%q is not in %s", want, said)
			}
		}
		if strings.Contains(said, "PROCESS") || strings.Contains(said, "We-4k") {
			t.Errorf("it said too much: %s", said)
		}
	})
}

func TestASurveySaysWhatIsMissingAndReachesEveryInstance(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		a := grantor.Administrator{Secrets: w.secrets, Dial: w.db.Target.Dial}
		cluster, _ := w.Service.Catalog.Cluster("shop")
		found, err := a.Survey(t.Context(), w.Service.Catalog, cluster)
		if err != nil || len(found.Missing) != 0 || !strings.HasPrefix(found.Version, "embedded MySQL 8") {
			t.Errorf("found %+v, %v", found, err)
		}
		if len(found.Instances) != 1 || found.Instances[0].Err != nil || found.Instances[0].Name == "" {
			t.Errorf("instances %+v", found.Instances)
		}
		w.weaken(t)
		cluster, _ = w.Service.Catalog.Cluster("shop")
		if found, err = a.Survey(t.Context(), w.Service.Catalog, cluster); err != nil || len(found.Missing) == 0 {
			t.Errorf("found %+v, %v", found, err)
		}
	})
}

func TestASurveyNamesTheInstanceThatDoesNotAnswer(t *testing.T) {
	inBubble(t, func(t *testing.T, w *world) {
		c := readCatalogWith(t, w.db, "admin_secret:", `instances: ["`+w.db.Target.Address+`", "embedded:3307"]`+"\n      admin_secret:")
		cluster, _ := c.Cluster("shop")
		dead := faulty{dial: w.db.Target.Dial, dead: true}
		a := grantor.Administrator{Secrets: w.secrets, Dial: only3306(w.db.Target.Dial, dead.Dial)}
		found, err := a.Survey(t.Context(), c, cluster)
		if err != nil || len(found.Instances) != 2 || found.Instances[0].Err != nil || found.Instances[1].Err == nil {
			t.Errorf("found %+v, %v", found, err)
		}
	})
}
