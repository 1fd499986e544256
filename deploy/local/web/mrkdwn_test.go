package web

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

func plainMarkup() markup {
	return markup{
		zone:    time.FixedZone("JST", 9*3600),
		person:  func(id string) string { return map[string]string{"U1": "Taro <b>"}[id] },
		channel: func(id string) string { return map[string]string{"C1": "ops"}[id] },
	}
}

func TestMrkdwnBecomesHTML(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain":                            "plain",
		"*bold* and _soft_ and ~gone~":     "<b>bold</b> and <i>soft</i> and <s>gone</s>",
		"2*3*4 and snake_case_name":        "2*3*4 and snake_case_name",
		"`SELECT *`":                       "<code>SELECT *</code>",
		"```\nGRANT *x*\n```":              "<pre>GRANT *x*</pre>",
		"a\nb":                             "a<br>b",
		"a &lt;b&gt; &amp;amp; c":          "a &lt;b&gt; &amp;amp; c",
		"<@U1>":                            `<span class="mention">@Taro &lt;b&gt;</span>`,
		"<#C1>":                            `<span class="mention">#ops</span>`,
		"<!here>":                          `<span class="mention">@here</span>`,
		"<!subteam^S1|@dba>":               `<span class="mention">@dba</span>`,
		"<https://a.example/?x=1&amp;y|t>": `<a href="https://a.example/?x=1&amp;y" target="_blank" rel="noopener">t</a>`,
		"<!date^1767225600^{date_num} {time}|2026-01-01 00:00 UTC>": `<time datetime="2026-01-01T00:00:00Z" title="2026-01-01 00:00 UTC">2026-01-01 09:00</time>`,
	} {
		if got := string(plainMarkup().html(in)); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

func TestQuotedLinesAreOneQuote(t *testing.T) {
	t.Parallel()
	got := string(plainMarkup().html("&gt; one\n&gt; two\nafter"))
	if want := "<blockquote>one<br>two</blockquote>after"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestASessionIsLinkedWithinThisPage(t *testing.T) {
	t.Parallel()
	got := string(plainMarkup().html("<http://127.0.0.1:8600/session/i-1|open>"))
	if want := `<a class="session-link" href="/session/i-1" target="_blank" rel="noopener">open</a>`; got != want {
		t.Errorf("got %s", got)
	}
	if got := string(plainMarkup().html("<https://evil.example/session/i-1|open>")); strings.Contains(got, "session-link") {
		t.Errorf("a foreign link is taken for a session: %s", got)
	}
}

// allowed are the only tags that markup may write.
var allowed = regexp.MustCompile(`^</?(b|i|s|code|pre|br|blockquote|span|a|time)( (class|href|target|rel|datetime|title)="[^"<>]*")*>$`)

func checkTags(t *testing.T, in, out string) {
	t.Helper()
	rest := out
	for {
		at := strings.IndexByte(rest, '<')
		if at < 0 {
			break
		}
		end := strings.IndexByte(rest[at:], '>')
		if end < 0 || !allowed.MatchString(rest[at:at+end+1]) {
			t.Fatalf("%q became %q: a tag that is none of ours", in, out)
		}
		rest = rest[at+end+1:]
	}
	for _, m := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(out, -1) {
		if !strings.HasPrefix(m[1], "http://") && !strings.HasPrefix(m[1], "https://") && !strings.HasPrefix(m[1], "/session/") {
			t.Fatalf("%q links to %q", in, m[1])
		}
	}
}

var hostile = []string{
	"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;", "&amp;lt;script&amp;gt;",
	`<javascript:alert(1)|click>`, `<JaVaScRiPt:alert(1)>`, `<data:text/html,x|y>`, `< javascript:alert(1)|x>`, `<javascript://a.example/%0aalert(1)|x>`, `<ftp://a.example|x>`,
	`<https://a.example/" onmouseover="alert(1)|x>`, `<https://a.example/'&gt;&lt;img src=x onerror=alert(1)&gt;|x>`,
	`<https://a.example|&lt;img src=x onerror=alert(1)&gt;>`, "<@U1|<img src=x>>", "<#C1\" onclick=\"x>", "<!date^1^{time}\"onx=\"|\"onx=\">",
	"<!date^1>", "<!date^>", "<!date^x^y|&lt;b&gt;>", "<!>", "<@>", "<>", "<", "`<`>`", "*<b>*", "*`</b><script>`*",
	"```<script>", "``` ``` <img src=x> ```", "&gt; <svg onload=x>", "<http://127.0.0.1/session/\"onx=\"|x>",
	"<http://127.0.0.1/session/..//evil.example|x>", "\x00<b\x00>", "_<_>_", "~&lt;~&gt;~",
}

func TestHostileTextBecomesNoTag(t *testing.T) {
	t.Parallel()
	for _, in := range hostile {
		checkTags(t, in, string(plainMarkup().html(in)))
		checkTags(t, in, string(plainMarkup().text(kitText{Type: "plain_text", Text: in})))
	}
}

func FuzzMarkupWritesOnlyItsOwnTags(f *testing.F) {
	for _, in := range hostile {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) { checkTags(t, in, string(plainMarkup().html(in))) })
}
