package web

import (
	"net/http"
	"strings"
	"testing"
)

func TestAPasswordInTheFieldOfTheUserIsNotLogged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.lease("U0TARO", "taro")
	b.post("/session/" + id + "/start")
	b.post("/session/"+id+"/connect", "user", password, "password", "taro").want(t, http.StatusConflict)
	if strings.Contains(b.logged(), password) {
		t.Errorf("who mixes the fields up has the password in the log:\n%s", b.logged())
	}
	if !strings.Contains(b.logged(), "1045") {
		t.Errorf("the refused login is not logged:\n%s", b.logged())
	}
}

// A connection can end between a statement's arrival and its line in the log.
func TestThePasswordStaysHiddenWhenTheConnectionHasGone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ss := b.page.current(b.connected())
	ss.disconnect()
	if err := b.page.note(t.Context(), ss, "taro> SELECT '"+password+"'"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.logged(), "taro> SELECT") || strings.Contains(b.logged(), password) {
		t.Errorf("the log:\n%s", b.logged())
	}
}
