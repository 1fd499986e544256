package secret_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"text/template"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/powerpole/powerpole/pkg/secret"
)

const canary = "c4n4ry-hunter2"

// holders are the ways in which a secret lies in what somebody prints.
func holders() map[string]any {
	s := secret.New(canary)
	return map[string]any{
		"itself":           s,
		"pointer":          &s,
		"exported field":   struct{ Password secret.String }{s},
		"unexported field": struct{ password secret.String }{s},
		"deep and unexported": struct {
			inner []struct{ password secret.String }
		}{[]struct{ password secret.String }{{s}}},
		"slice":     []secret.String{s},
		"map":       map[string]secret.String{"password": s},
		"interface": []any{s},
		"error":     fmt.Errorf("logging in with %v", s),
	}
}

func TestNoVerbOfFmtShowsTheValue(t *testing.T) {
	t.Parallel()
	hexed := fmt.Sprintf("%x", canary)
	for name, holder := range holders() {
		for _, verb := range "vTtbcdoOqxXUeEfFgGsp" {
			for _, flags := range []string{"", "+", "#", "0", "-", " ", "30", ".3", "+#"} {
				printed := fmt.Sprintf("%"+flags+string(verb), holder)
				if strings.Contains(printed, canary) || strings.Contains(strings.ToLower(printed), hexed) {
					t.Errorf("%%%s%c of %s shows the value: %s", flags, verb, name, printed)
				}
			}
		}
		if printed := fmt.Sprint(holder) + fmt.Sprintln(holder); strings.Contains(printed, canary) {
			t.Errorf("Sprint of %s shows the value", name)
		}
	}
}

func TestNoEncodingShowsTheValue(t *testing.T) {
	t.Parallel()
	encoders := map[string]func(any) ([]byte, error){
		"json": json.Marshal,
		"yaml": yaml.Marshal,
		"xml":  xml.Marshal,
		"gob": func(v any) ([]byte, error) {
			var b bytes.Buffer
			err := gob.NewEncoder(&b).Encode(v)
			return b.Bytes(), err
		},
		"template": func(v any) ([]byte, error) {
			var b bytes.Buffer
			err := template.Must(template.New("").Parse("{{.}} {{printf \"%s\" .}}")).Execute(&b, v)
			return b.Bytes(), err
		},
	}
	for name, holder := range holders() {
		for encoding, encode := range encoders {
			out, err := encode(holder)
			if strings.Contains(string(out), canary) || err != nil && strings.Contains(err.Error(), canary) {
				t.Errorf("%s of %s shows the value: %s %v", encoding, name, out, err)
			}
		}
	}
	if out, err := json.Marshal(secret.New(canary)); err != nil || string(out) != `"[redacted]"` {
		t.Errorf("JSON is %s, %v", out, err)
	}
}

func TestNoLogHandlerShowsTheValue(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	loggers := []*slog.Logger{slog.New(slog.NewJSONHandler(&out, nil)), slog.New(slog.NewTextHandler(&out, nil))}
	for _, logger := range loggers {
		for name, holder := range holders() {
			logger.Info("logging", "holder", holder, slog.Group(name, "again", holder))
		}
	}
	if strings.Contains(out.String(), canary) {
		t.Errorf("a log line shows the value:\n%s", out.String())
	}
	if !strings.Contains(out.String(), "[redacted]") {
		t.Error("no log line says that something was left out")
	}
}

func TestDiffDoesNotShowTheValue(t *testing.T) {
	t.Parallel()
	a, b := secret.New(canary), secret.New(canary+"2")
	if diff := cmp.Diff(a, b); diff == "" || strings.Contains(diff, canary) {
		t.Errorf("diff is %q", diff)
	}
	if !cmp.Equal(a, secret.New(canary)) {
		t.Error("equal secrets differ")
	}
}

func TestRevealAloneShowsTheValue(t *testing.T) {
	t.Parallel()
	if got := secret.New(canary).Reveal(); got != canary {
		t.Errorf("revealed %q", got)
	}
	var zero secret.String
	if zero.Reveal() != "" || !zero.IsZero() || !secret.New("").IsZero() || secret.New(canary).IsZero() {
		t.Error("empty and not empty are mixed up")
	}
	if !zero.Equal(secret.New("")) || zero.Equal(secret.New(canary)) || !secret.New(canary).Equal(secret.New(canary)) {
		t.Error("equal and not equal are mixed up")
	}
}
