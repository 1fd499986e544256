package doctor_test

import (
	"strings"
	"testing"

	"github.com/powerpole/powerpole/pkg/credential"
	"github.com/powerpole/powerpole/pkg/secret"
	"github.com/powerpole/powerpole/services/grantor/mysqlacct/accttest"
)

// On the embedded server, and on every real one that is there.
func TestWhatTheAdministratorLacksIsNamed(t *testing.T) {
	t.Parallel()
	servers, stop, err := accttest.RealServers()
	must(t, err)
	t.Cleanup(stop)
	for _, db := range append(servers, embedded(t)) {
		t.Run(db.Name, func(t *testing.T) {
			t.Parallel()
			i := install(t, db)
			if report, _, err := i.examine(t); err != nil {
				t.Fatalf("the administrator of deploy/sql: %v\n%s", err, report)
			}
			accttest.Exec(t, db.Root(t), "CREATE USER 'weak'@'127.0.0.1' IDENTIFIED BY 'We-4k.Secret'",
				"GRANT CREATE USER ON *.* TO 'weak'@'127.0.0.1'",
				"GRANT SELECT, SHOW VIEW, INSERT, UPDATE, DELETE ON shop.* TO 'weak'@'127.0.0.1' WITH GRANT OPTION")
			i.administrator(t, credential.Credential{User: "weak", Password: secret.New("We-4k.Secret")})
			report, _, err := i.examine(t)
			if err == nil {
				t.Fatal(report)
			}
			for _, want := range []string{"lacks PROCESS ON *.*", "lacks SELECT ON mysql.*", "lacks UPDATE ON billing.* WITH GRANT OPTION"} {
				if !strings.Contains(report, want) {
					t.Errorf("%q is not in\n%s", want, report)
				}
			}
			if strings.Contains(report, "ON shop.*") || strings.Contains(report, "lacks CREATE USER") {
				t.Errorf("it lists what the administrator has:\n%s", report)
			}
		})
	}
}
