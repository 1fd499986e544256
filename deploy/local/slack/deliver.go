package slack

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// patience is how long Slack waits for the app's answer.
const patience = 3 * time.Second

// Intake is where the app takes what people do. Without a URL, and with no
// Socket Mode connection, the person is told that the app did not answer.
type Intake struct {
	CommandURL       string
	InteractivityURL string
	OptionsURL       string
	EventsURL        string
	// Client makes the requests; nil is http.DefaultClient. An in-process one
	// needs no port.
	Client *http.Client
}

// SetIntake says where the app is. Ports are known late, so it can be called at
// any time.
func (s *Server) SetIntake(i Intake) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.intake = i
}

func (s *Server) to() Intake {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.intake
	if i.Client == nil {
		i.Client = http.DefaultClient
	}
	return i
}

// DeliveryError is what a person sees as "… did not respond": the app could not
// be reached, was too slow, or answered with another status than 2xx.
type DeliveryError struct {
	Status int // 0 if there was no answer
	Err    error
}

// Error says what went wrong, without the address or what was sent.
func (e *DeliveryError) Error() string {
	if e.Err != nil {
		return "delivering to the app: " + e.Err.Error()
	}
	return fmt.Sprintf("delivering to the app: status %d", e.Status)
}

// Unwrap gives the cause, such as context.DeadlineExceeded.
func (e *DeliveryError) Unwrap() error { return e.Err }

// errNoIntake is in a DeliveryError when nobody said where the app is.
var errNoIntake = errors.New("no URL is set and no socket is connected")

// Sign gives the headers of Slack's v0 signature for a body sent now.
func Sign(signingSecret string, body []byte) http.Header {
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(signingSecret))
	fmt.Fprintf(mac, "v0:%s:%s", stamp, body)
	h := http.Header{}
	h.Set("X-Slack-Request-Timestamp", stamp)
	h.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	return h
}

// command sends a slash command.
func (s *Server) command(ctx context.Context, form url.Values) ([]byte, error) {
	fields := object{}
	for name := range form {
		fields[name] = form.Get(name)
	}
	to := s.to()
	return s.send(ctx, "slash_commands", fields, to.Client, to.CommandURL, "application/x-www-form-urlencoded", []byte(form.Encode()))
}

// interaction sends a block_actions, view_submission, view_closed or
// block_suggestion payload.
func (s *Server) interaction(ctx context.Context, payload object) ([]byte, error) {
	raw, err := json.Marshal(payload)
	if err != nil {
		return nil, fmt.Errorf("encoding an interaction: %w", err)
	}
	to := s.to()
	address := to.InteractivityURL
	if payload["type"] == "block_suggestion" {
		address = to.OptionsURL
	}
	body := url.Values{"payload": {string(raw)}}.Encode()
	return s.send(ctx, "interactive", payload, to.Client, address, "application/x-www-form-urlencoded", []byte(body))
}

// event sends an Events API callback.
func (s *Server) event(ctx context.Context, callback object) ([]byte, error) {
	raw, err := json.Marshal(callback)
	if err != nil {
		return nil, fmt.Errorf("encoding an event: %w", err)
	}
	to := s.to()
	return s.send(ctx, "events_api", callback, to.Client, to.EventsURL, "application/json", raw)
}

// send delivers over Socket Mode if a socket is connected, else by a signed
// POST, and returns the app's answer.
func (s *Server) send(ctx context.Context, kind string, payload object, client *http.Client, address, contentType string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if socket := s.sockets.pick(); socket != nil {
		answer, err := socket.deliver(ctx, kind, payload)
		if err != nil {
			return nil, &DeliveryError{Err: err}
		}
		return answer, nil
	}
	if address == "" {
		return nil, &DeliveryError{Err: errNoIntake}
	}
	return post(ctx, client, address, contentType, body, Sign(s.opts.SigningSecret, body))
}

func post(ctx context.Context, client *http.Client, address, contentType string, body []byte, header http.Header) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, &DeliveryError{Err: err}
	}
	r.Header = header
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	answer, err := client.Do(r)
	if err != nil {
		return nil, &DeliveryError{Err: err}
	}
	defer answer.Body.Close()
	read, err := io.ReadAll(io.LimitReader(answer.Body, maxBody))
	switch {
	case err != nil:
		return nil, &DeliveryError{Err: err}
	case answer.StatusCode/100 != 2:
		return nil, &DeliveryError{Status: answer.StatusCode}
	}
	return read, nil
}
