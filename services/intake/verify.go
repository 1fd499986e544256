package intake

import (
	"errors"
	"io"
	"net/http"

	"github.com/slack-go/slack"
)

// maxBody is the most that a request may weigh, in bytes. The largest that
// Slack sends is a view submission, some tens of KiB.
const maxBody = 256 << 10

// verify reads the raw body and checks Slack's v0 signature over it, at most
// five minutes old (docs.slack.dev, "Verifying requests from Slack"), before
// anything is parsed. It returns the status to refuse with, or 200.
func (s *Service) verify(r *http.Request) ([]byte, int) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, http.StatusRequestEntityTooLarge
	}
	if err != nil {
		return nil, http.StatusBadRequest
	}
	verifier, err := slack.NewSecretsVerifier(r.Header, s.SigningSecret.Reveal())
	if err != nil {
		return nil, http.StatusUnauthorized
	}
	if _, err := verifier.Write(body); err != nil {
		return nil, http.StatusUnauthorized
	}
	if err := verifier.Ensure(); err != nil {
		return nil, http.StatusUnauthorized
	}
	return body, http.StatusOK
}
