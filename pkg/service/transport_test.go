package service_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/powerpole/powerpole/pkg/service"
)

// sent is what reached the client.
type sent struct {
	text  string
	alone bool
}

func (s *sent) Do(r *http.Request) (*http.Response, error) {
	_, s.alone = r.Body.(io.WriterTo)
	b, err := io.ReadAll(r.Body)
	s.text = string(b)
	return &http.Response{StatusCode: http.StatusOK}, err
}

func TestABodyIsReadAndCannotWriteItself(t *testing.T) {
	t.Parallel()
	body := io.NopCloser(strings.NewReader("hello"))
	if _, ok := body.(io.WriterTo); !ok {
		t.Fatal("this body could not write itself anyway")
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://aws.example", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Body = body
	var s sent
	if _, err := service.PlainBodies(&s).Do(r); err != nil || s.alone || s.text != "hello" {
		t.Errorf("sent %+v, %v", s, err)
	}
}
