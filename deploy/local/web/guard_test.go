package web

import (
	"net/http"
	"strings"
	"testing"
)

func TestOnlyLoopbackNamesAreAnswered(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for host, want := range map[string]int{
		"127.0.0.1:8600": 200, "127.9.9.9": 200, "localhost:8600": 200, "[::1]:8600": 200,
		"evil.example": 421, "evil.example:8600": 421, "127.0.0.1.evil.example": 421, "localhost.evil.example": 421,
		"10.0.0.1": 421, "192.168.1.1:8600": 421, "": 421,
	} {
		r := b.send(http.MethodGet, "/", nil, func(r *http.Request) { r.Host = host })
		if r.status != want {
			t.Errorf("host %q: status %d, want %d", host, r.status, want)
		}
		if want != 200 && strings.Contains(r.body, b.token) {
			t.Errorf("host %q is given the token", host)
		}
	}
}

// posts are all paths that change something.
var posts = []string{
	"/person", "/slack/submit", "/slack/suggest", "/slack/say", "/slack/home", "/slack/close", "/slack/click", "/slack/act",
	"/instance/kill", "/session/i-1/start", "/session/i-1/connect", "/session/i-1/run", "/session/i-1/end",
}

func TestPostsOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, change := range map[string]func(*http.Request){
		"another site":                 func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"another port of this machine": func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") },
		"another origin, old browser": func(r *http.Request) {
			r.Header.Del("Sec-Fetch-Site")
			r.Header.Set("Origin", "http://evil.example")
		},
		"no token":     func(r *http.Request) { r.Header.Del(tokenHeader) },
		"old token":    func(r *http.Request) { r.Header.Set(tokenHeader, strings.Repeat("A", len(b.token))) },
		"empty token":  func(r *http.Request) { r.Header.Set(tokenHeader, "") },
		"rebound name": func(r *http.Request) { r.Host = "evil.example" },
	} {
		for _, path := range posts {
			if r := b.send(http.MethodPost, path, nil, change); r.status != http.StatusForbidden && r.status != http.StatusMisdirectedRequest {
				t.Errorf("%s, %s: status %d", name, path, r.status)
			}
		}
	}
}

func TestAForeignPostKillsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, _ := b.bastion("U0TARO")
	b.send(http.MethodPost, "/instance/kill", values("id", id), func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }).want(t, http.StatusForbidden)
	if _, _, running := b.aws.EC2.Running(id); !running {
		t.Fatal("the instance was terminated by a foreign page")
	}
	b.post("/instance/kill", "id", id).want(t, http.StatusNoContent)
	if _, _, running := b.aws.EC2.Running(id); running {
		t.Error("the page itself cannot terminate it")
	}
}

func TestGetChangesNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, _ := b.bastion("U0TARO")
	for _, path := range append(posts, "/session/"+id, "/session/"+id+"/start") {
		b.get(path + "?id=" + id)
	}
	if _, _, running := b.aws.EC2.Running(id); !running {
		t.Error("a GET terminated the instance")
	}
	if n := len(b.aws.SSM.Sessions()); n != 0 {
		t.Errorf("a GET started %d sessions", n)
	}
}

func TestEveryAnswerForbidsForeignAndInlineCode(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, _ := b.bastion("U0TARO")
	for _, path := range []string{"/", "/fragment/slack", "/static/app.js", "/session/" + id, "/not-there"} {
		got := b.get(path)
		policy := got.header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if got.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s may be sniffed", path)
		}
		for _, inline := range []string{"<script>", " onclick=", " style=", "javascript:"} {
			if strings.Contains(got.body, inline) {
				t.Errorf("%s has %q, which the policy forbids", path, inline)
			}
		}
	}
}

func TestNothingIsLoadedFromElsewhere(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, path := range []string{"/", "/static/app.js", "/static/common.js", "/static/session.js", "/static/style.css"} {
		for _, part := range strings.FieldsFunc(b.get(path).want(t, 200).body, func(r rune) bool { return strings.ContainsRune(" \n\"'()", r) }) {
			if strings.HasPrefix(part, "http://") || strings.HasPrefix(part, "https://") {
				t.Errorf("%s names %s", path, part)
			}
		}
	}
}
