package notifier

import (
	"strings"
	"testing"

	"github.com/powerpole/powerpole/pkg/event"
)

// What takes an object over is copied from the message, quotes and all, and a
// long list pushes no proof out of it.
func TestAReceiptGivesTakeOverStatementsAsTheyAreAndAllProof(t *testing.T) {
	t.Parallel()
	statement := "SHOW CREATE VIEW `shop`.`v`; " + strings.Repeat("x", 600)
	var kept []event.Kept
	for range 10 {
		kept = append(kept, event.Kept{Kind: "view", Name: "shop.v", TakeOver: statement})
	}
	text := receipt(State{Receipt: &event.Reaped{
		Account: event.Revoked{Outcome: event.Parked, User: "taro", Kept: kept, SecretDeleted: true}, Schedules: 3,
	}}, english())
	for _, want := range []string{"```\n" + statement + "\n```", "the password is gone", "schedules that are gone: 3"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %s", want, text)
		}
	}
}
