package sim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// refusal is how a server says that it will not now, or how a broken connection
// looks.
func refusal(r *http.Request, c call, f fate) (*http.Response, error) {
	system, _, _ := strings.Cut(c.op, " ")
	switch {
	case f.broken:
		return nil, fmt.Errorf("calling %s: %w", c.op, errCut)
	case system == "slack":
		return answered(r, http.StatusTooManyRequests, map[string]string{"Retry-After": "3"}, ""), nil
	case system == "ec2":
		return answered(r, http.StatusServiceUnavailable, map[string]string{"Content-Type": "text/xml"},
			`<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message></Error></Errors><RequestID>sim</RequestID></Response>`), nil
	default:
		return answered(r, http.StatusTooManyRequests,
			map[string]string{"Content-Type": "application/x-amz-json-1.0", "X-Amzn-Errortype": "ThrottlingException"},
			`{"__type":"ThrottlingException","message":"Rate exceeded"}`), nil
	}
}

// unacked says yes to a batch of SQS and does nothing.
func unacked(r *http.Request, body []byte) (*http.Response, error) {
	var in struct{ Entries []struct{ ID string } }
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("reading a batch: %w", err)
	}
	out, err := json.Marshal(map[string]any{"Successful": in.Entries, "Failed": []any{}})
	if err != nil {
		return nil, err
	}
	return answered(r, http.StatusOK, nil, string(out)), nil
}

// partly gives the first half of a PutEvents to the bus, and says that the rest
// failed.
func partly(r *http.Request, body []byte, next http.RoundTripper) (*http.Response, error) {
	var in struct{ Entries []json.RawMessage }
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, fmt.Errorf("reading a batch: %w", err)
	}
	half := len(in.Entries) / 2
	out := struct {
		FailedEntryCount int
		Entries          []json.RawMessage
	}{FailedEntryCount: len(in.Entries) - half}
	if half > 0 {
		first, err := json.Marshal(map[string]any{"Entries": in.Entries[:half]})
		if err != nil {
			return nil, err
		}
		resp, err := next.RoundTrip(rebuilt(r, first))
		if err != nil || resp.StatusCode != http.StatusOK {
			return resp, err
		}
		defer resp.Body.Close()
		if err := json.NewDecoder(resp.Body).Decode(&struct{ Entries *[]json.RawMessage }{&out.Entries}); err != nil {
			return nil, fmt.Errorf("reading an answer: %w", err)
		}
	}
	for range out.FailedEntryCount {
		out.Entries = append(out.Entries, json.RawMessage(`{"ErrorCode":"ThrottlingException","ErrorMessage":"Rate exceeded"}`))
	}
	text, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	return answered(r, http.StatusOK, nil, string(text)), nil
}
