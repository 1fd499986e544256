package sim

import (
	"encoding/json"
	"net/netip"
	"sort"
	"strings"
	"time"

	"github.com/powerpole/powerpole/pkg/credential"
)

// thing is something of PowerPole's in the world outside.
type thing struct {
	kind, id, request string
	// appeared and gone are when; gone is zero while it is there.
	appeared, gone time.Time
}

// The kinds of things.
const (
	anAccount    = "account"
	anInstance   = "instance"
	aSchedule    = "schedule"
	aSecret      = "secret"
	aConnection  = "connection"
	aSession     = "session"
	attributeKey = "powerpole"
)

// things keeps all that ever was there, and when.
type things struct {
	world *world
	all   []*thing
	now   map[string]*thing // what is there, by kind and id
	// open says which accounts were open when they were last looked at.
	open map[string]bool
	// addresses are those that instances had, by id.
	addresses map[string]netip.Addr
}

func (t *things) key(kind, id string) string { return kind + " " + id }

// look compares what is there with what was: it is called in a quiet bubble.
func (t *things) look(after stop) {
	switch {
	case strings.Contains(after.key, " mysql ") || strings.Contains(after.key, "person "):
		t.accounts()
		t.sessions()
	case strings.Contains(after.key, " ec2 ") || strings.Contains(after.key, " EC2 "):
		t.instances()
		t.sessions()
	case strings.Contains(after.key, " ssm "):
		t.sessions()
	case strings.Contains(after.key, " scheduler ") || strings.Contains(after.key, "Due "):
		t.schedules()
	case strings.Contains(after.key, " secretsmanager "):
		t.secrets()
	}
}

// lookAll looks at everything.
func (t *things) lookAll() {
	t.accounts()
	t.instances()
	t.sessions()
	t.schedules()
	t.secrets()
}

// found takes a full list of one kind: request by id.
func (t *things) found(kind string, there map[string]string) {
	at := time.Now()
	for _, id := range sorted(there) {
		if t.now[t.key(kind, id)] == nil {
			n := &thing{kind: kind, id: id, request: there[id], appeared: at}
			t.all = append(t.all, n)
			t.now[t.key(kind, id)] = n
			t.world.checks.appeared(n)
		}
	}
	for key, n := range t.now {
		if _, ok := there[n.id]; n.kind == kind && !ok {
			n.gone = at
			delete(t.now, key)
		}
	}
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// accounts are those with our attribute that can be logged in with, and the
// connections of them.
func (t *things) accounts() {
	there, users, unlocked := map[string]string{}, map[string]string{}, []string(nil)
	for _, a := range t.world.database.Accounts() {
		if request := owner(a.Attribute); request != "" {
			there[a.User+"@"+a.Host] = request
			users[a.User] = request
			if !a.Locked {
				unlocked = append(unlocked, request)
			}
			t.opened(a, request)
		}
	}
	t.found(anAccount, there)
	t.world.checks.lockedFirst(unlocked)
	open := map[string]string{}
	for _, c := range t.world.database.Connections() {
		request := users[c.User]
		if request == "" {
			request = t.past(c.User)
		}
		if request != "" {
			open[c.User+" from "+c.Host] = request
		}
	}
	t.found(aConnection, open)
}

// past is the request of an account that is no more.
func (t *things) past(user string) string {
	for _, n := range t.all {
		if n.kind == anAccount && strings.HasPrefix(n.id, user+"@") {
			return n.request
		}
	}
	return ""
}

// owner reads the request out of an account's attribute.
func owner(attribute string) string {
	var read struct {
		Metadata map[string]string `json:"metadata"`
	}
	if json.Unmarshal([]byte(attribute), &read) != nil {
		return ""
	}
	return read.Metadata[attributeKey]
}

func (t *things) instances() {
	there := map[string]string{}
	for _, i := range t.world.stack.EC2.Known() {
		if request := i.Tags["powerpole:request"]; request != "" && i.State != "terminated" {
			there[i.ID] = request
			t.addresses[i.ID] = i.PrivateIP
		}
	}
	t.found(anInstance, there)
}

// sessions are those that last on instances of ours.
func (t *things) sessions() {
	requests, there := map[string]string{}, map[string]string{}
	for _, i := range t.world.stack.EC2.Known() {
		requests[i.ID] = i.Tags["powerpole:request"]
	}
	for _, s := range t.world.stack.SSM.Sessions() {
		if s.EndedAt.IsZero() {
			there[s.ID] = requests[s.Target]
		}
	}
	t.found(aSession, there)
}

const idLength = len("pp-") + 26

func (t *things) schedules() {
	there := map[string]string{}
	for _, s := range t.world.stack.Scheduler.Schedules() {
		if strings.HasPrefix(s.Name, "pp-") && len(s.Name) > idLength {
			there[s.Name] = s.Name[:idLength]
		}
	}
	t.found(aSchedule, there)
}

func (t *things) secrets() {
	there := map[string]string{}
	for _, s := range t.world.stack.SecretsManager.Secrets() {
		if request, ok := strings.CutPrefix(s.Name, credential.Prefix); ok && s.DeletedAt.IsZero() {
			there[s.Name] = strings.TrimPrefix(request, "/")
		}
	}
	t.found(aSecret, there)
}
