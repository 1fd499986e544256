package slackui_test

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/powerpole/powerpole/pkg/slackui"
)

func TestWhatPeopleWriteIsNeverLiveAndNeverTooLong(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text") + rapid.SampledFrom([]string{"", "<!channel>", "<@U1>", "&amp;", "<https://x|y>", "\xff", "\u202e", "\x00\x1b[31m"}).Draw(t, "evil")
		limit := rapid.IntRange(1, 60).Draw(t, "limit")
		got := slackui.Text(s, limit)
		if strings.ContainsAny(got, "<>") || strings.Contains(strings.NewReplacer("&amp;", "", "&lt;", "", "&gt;", "").Replace(got), "&") {
			t.Fatalf("%q is live in %q", s, got)
		}
		if n := utf8.RuneCountInString(got); n > limit || !utf8.ValidString(got) {
			t.Fatalf("%q became %q: %d characters of at most %d", s, got, n, limit)
		}
		if strings.ContainsFunc(got, func(r rune) bool {
			return unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Cf, r)
		}) {
			t.Fatalf("%q has what cannot be seen", got)
		}
	})
}

func TestWhatFitsIsNotCut(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"日本語テキスト": "日本語テキスト", "日本語テキスト!": "日本語テキス…", "a&b": "a&amp;b", "a&b&c": "a&amp;…", "  x  ": "x",
	} {
		if got := slackui.Text(in, 7); got != want {
			t.Errorf("Text(%q, 7) = %q, want %q", in, got, want)
		}
	}
}

func TestAQuotationMarksEveryLine(t *testing.T) {
	t.Parallel()
	if got := slackui.Quote("one\u2028two\nthree", 100); got != "> one\n> two\n> three" {
		t.Errorf("got %q", got)
	}
}

func TestNothingBreaksOutOfCode(t *testing.T) {
	t.Parallel()
	if got := slackui.Code("a`b\nc"); got != "`a'b c`" {
		t.Errorf("got %q", got)
	}
	if got := slackui.CodeBlock("a```b", 100); strings.Count(got, "```") != 2 {
		t.Errorf("got %q", got)
	}
	if got := slackui.Exact("p&<>w"); got != "`p&amp;&lt;&gt;w`" {
		t.Errorf("got %q", got)
	}
}

func TestOnlyIdsAndAddressesBecomeLinks(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		slackui.Mention("U0TARO"):                               "<@U0TARO>",
		slackui.Mention("!channel"):                             "!channel",
		slackui.Mention("U1> <!here"):                           "U1&gt; &lt;!here",
		slackui.Channel("C0SHOP"):                               "<#C0SHOP>",
		slackui.Channel("U0TARO"):                               "U0TARO",
		slackui.Link("https://x.example/?a=1&b=2", "open"):      "<https://x.example/?a=1&amp;b=2|open>",
		slackui.Link("http://127.0.0.1:8080/s", "open"):         "<http://127.0.0.1:8080/s|open>",
		slackui.Link("http://x.example/", "open"):               "open",
		slackui.Link("http://127.0.0.1.x.example/", "open"):     "open",
		slackui.Link("javascript:alert(1)", "open"):             "open",
		slackui.Link("https://x.example/|<!channel>", "<open>"): "&lt;open&gt;",
	}
	for got, want := range tests {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestAMomentIsEachReadersOwn(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 24, 3, 4, 5, 0, time.FixedZone("", 9*3600))
	if got, want := slackui.Date(at), "<!date^1795457045^{date_short_pretty} {time}|2026-11-23 18:04 UTC>"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestLengthsAreWrittenAsPeopleDo(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		90 * time.Minute: "1 h 30 min", 8 * time.Hour: "8 h", 45 * time.Second: "45 s", 0: "0 s", 61*time.Second + 400*time.Millisecond: "1 min 1 s",
	} {
		if got := slackui.Length(d); got != want {
			t.Errorf("%v is %q, want %q", d, got, want)
		}
	}
}

func TestJapaneseIsForJapaneseLocales(t *testing.T) {
	t.Parallel()
	for locale, want := range map[string]string{"ja-JP": "ja", "ja": "ja", "JA_jp": "ja", "en-GB": "en", "": "en", "jav": "en"} {
		if got := slackui.Language(locale); got != want {
			t.Errorf("%q gives %q", locale, got)
		}
	}
}
