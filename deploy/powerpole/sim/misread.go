package sim

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// What a service may be started with instead of what it should read.
const (
	aPolicy  = "policy"
	aCatalog = "catalog"
)

var misreadings = []string{
	"no " + aCatalog, "an empty " + aCatalog, "a broken " + aCatalog,
	"no " + aPolicy, "an empty " + aPolicy, "a broken " + aPolicy,
}

// misreading is the path of such a file.
func (w *world) misreading(what string) string {
	return filepath.Join(filepath.Dir(w.catalog), strings.ReplaceAll(what, " ", "-"))
}

// furnishMisreadings writes those of them that are there.
func (w *world) furnishMisreadings() error {
	for what, text := range map[string][]byte{
		"an empty " + aCatalog: nil,
		"a broken " + aCatalog: bytes.Replace(catalogText, []byte("approvers: [S0DBA]"), []byte("aprovers: [S0DBA]"), 1),
		"an empty " + aPolicy:  nil,
		"a broken " + aPolicy:  []byte("permit (principal, action, resource"),
	} {
		if err := os.WriteFile(w.misreading(what), text, 0o600); err != nil {
			return fmt.Errorf("writing %s: %w", what, err)
		}
	}
	return nil
}

// misread is what is wrong with what a service reads that starts now, "" for
// nothing.
func (f *faults) misread(service string) string {
	for _, w := range f.plan {
		if w.Kind == Misread && w.Where == service && within(w, f.now()) {
			return w.What
		}
	}
	return ""
}

// misled checks S12: a service without a whole catalog and whole policies looks
// up what it starts with, and does nothing else.
func (c *checks) misled(made call) {
	if made.process.misreads == "" {
		return
	}
	switch made.op {
	case "secretsmanager GetSecretValue", "sqs GetQueueUrl", "sqs GetQueueAttributes":
	default:
		c.fail("S12", "%s has %s and calls %s", made.process.name, made.process.misreads, made.op)
	}
}

// started checks the rest of S12 when a life of a service is over that nobody
// ended: it says which file is wrong.
func (c *checks) started(p *process, err error) {
	if p.misreads == "" || p.alive.Err() != nil {
		return
	}
	if file := filepath.Base(c.world.misreading(p.misreads)); err == nil || !strings.Contains(err.Error(), file) {
		c.fail("S12", "%s has %s and ends with %v, which does not name %s", p.name, p.misreads, err, file)
	}
}
