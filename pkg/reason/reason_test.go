package reason

import (
	"fmt"
	"strings"
	"testing"
)

func TestEveryReasonIsRecognisedWithItsValuesAndSaidInJapanese(t *testing.T) {
	t.Parallel()
	for _, r := range said {
		var args []any
		var want []any
		for i, v := range verb.FindAllString(r.English, -1) {
			switch v[len(v)-1] {
			case 'd':
				args, want = append(args, i+41), append(want, fmt.Sprint(i+41))
			case 'v':
				args, want = append(args, NoDatabase.Say()), append(want, NoDatabase.Japanese)
			default:
				value := fmt.Sprintf("value.%d", i)
				args, want = append(args, value), append(want, fmt.Sprintf(v, value))
			}
		}
		japanese := r.Japanese
		if len(want) > 0 {
			japanese = fmt.Sprintf(japanese, want...)
		}
		if got := In("ja", r.Say(args...)); got != japanese || strings.Contains(got, "%!") || got == r.Say(args...) {
			t.Errorf("%q becomes %q, want %q", r.Say(args...), got, japanese)
		}
		if got := In("en", r.Say(args...)); got != r.Say(args...) {
			t.Errorf("in English it is %q", got)
		}
	}
}

func TestSeveralReasonsAreSaidOneByOne(t *testing.T) {
	t.Parallel()
	why := Join([]string{NoRole.Say("shop", "DML"), "our own policy", NotHeld.Say("READ", "DROP")})
	want := `カタログではもう許可されていません: shop では役割 "DML" を利用できません; our own policy; READ に "DROP" は含まれていません。`
	if got := In("ja", AccountNotAllowed.Say(why)); got != want {
		t.Errorf("got %q", got)
	}
}

func TestWhatSomebodyElseSaidStaysAsItIs(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"not today", "a; b", "", "released by the requester today", NoDatabase.English + "?"} {
		if got := In("ja", text); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}
