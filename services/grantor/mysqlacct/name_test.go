package mysqlacct_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/powerpole/powerpole/services/grantor/mysqlacct"
)

func TestANameIsTheLocalPartInSafeLetters(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		email, name string
		plain       bool
	}{
		"as it is":               {"taro.yamada@example.com", "taro.yamada", true},
		"upper case":             {"Taro.Yamada@Example.com", "taro.yamada", true},
		"digits and marks":       {"t_y-2@example.com", "t_y-2", true},
		"a tag":                  {"taro+db@example.com", "taro-db", false},
		"a quote":                {"o'brien@example.com", "o-brien", false},
		"a backslash":            {`a\b@example.com`, "a-b", false},
		"a typographic quote":    {"o\u2019brien@example.com", "o-brien", false},
		"letters of elsewhere":   {"太郎@example.com", "user", false},
		"a digit first":          {"7taro@example.com", "taro", false},
		"a dot first":            {".taro@example.com", "taro", false},
		"a hyphen first":         {"-taro@example.com", "taro", false},
		"nothing left":           {"123@example.com", "user", false},
		"nothing at all":         {"", "user", false},
		"two at signs":           {"a@b@example.com", "a-b", false},
		"exactly 32":             {strings.Repeat("a", 32) + "@example.com", strings.Repeat("a", 32), true},
		"more than 32":           {strings.Repeat("a", 33) + "@example.com", strings.Repeat("a", 32), false},
		"root":                   {"root@example.com", "root", false},
		"admin":                  {"admin@example.com", "admin", false},
		"an account of MySQL":    {"mysql.sys@example.com", "mysql.sys", false},
		"an account of MariaDB":  {"mariadb.sys@example.com", "mariadb.sys", false},
		"an account of RDS":      {"rdsadmin@example.com", "rdsadmin", false},
		"a proxy of RDS":         {"rdsproxyadmin@example.com", "rdsproxyadmin", false},
		"an account of AWS":      {"aws_load@example.com", "aws_load", false},
		"public":                 {"public@example.com", "public", false},
		"the event scheduler":    {"event_scheduler@example.com", "event_scheduler", false},
		"PowerPole's own":        {"powerpole@example.com", "powerpole", false},
		"a name that is no more": {"rooted@example.com", "rooted", true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, plain := mysqlacct.Name(test.email); got != test.name || plain != test.plain {
				t.Errorf("%q gives %q, plain %v; want %q, %v", test.email, got, plain, test.name, test.plain)
			}
		})
	}
}

func TestAHashedNameIsOfItsRequestAndWithin32(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 40)
	a, b := mysqlacct.Hashed("taro", "pp-a"), mysqlacct.Hashed("taro", "pp-b")
	if a == b || a != mysqlacct.Hashed("taro", "pp-a") || !strings.HasPrefix(a, "taro-") {
		t.Errorf("two requests give %q and %q", a, b)
	}
	for _, name := range []string{"taro", long, "t.", "a---------------------------------"} {
		must(t, mysqlacct.CheckName(mysqlacct.Hashed(name, "pp-a")))
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// FuzzNameAlwaysObeysItsRule is threat 6: whatever the e-mail, what reaches SQL
// matches one regular expression.
func FuzzNameAlwaysObeysItsRule(f *testing.F) {
	for _, email := range []string{"taro@example.com", "", "@", "'; DROP USER x;--@e", "\x00@e", "\xff\xfe@e", "ſ@e", "İ@e", "a\u2019b@e", strings.Repeat("é", 99)} {
		f.Add(email, "pp-01jabcdefghjkmnpqrstvwxyz0")
	}
	rule := regexp.MustCompile(`^[a-z][a-z0-9._-]{0,31}$`)
	f.Fuzz(func(t *testing.T, email, request string) {
		name, _ := mysqlacct.Name(email)
		hashed := mysqlacct.Hashed(name, request)
		if !rule.MatchString(name) || !rule.MatchString(hashed) {
			t.Errorf("%q gives %q and %q", email, name, hashed)
		}
	})
}

func TestAPasswordHasEveryClassAndNoLookAlike(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[A-HJ-NP-Za-km-np-z][A-HJ-NP-Za-km-np-z2-9_-]{23}$`)
	seen := map[string]bool{}
	for range 2000 {
		p := mysqlacct.NewPassword().Reveal()
		if !form.MatchString(p) || seen[p] {
			t.Fatalf("password %q is malformed or was made before", p)
		}
		for _, class := range []string{"ABCDEFGHJKLMNPQRSTUVWXYZ", "abcdefghijkmnpqrstuvwxyz", "23456789", "-_"} {
			if !strings.ContainsAny(p, class) {
				t.Fatalf("password %q has none of %s", p, class)
			}
		}
		seen[p] = true
	}
}
