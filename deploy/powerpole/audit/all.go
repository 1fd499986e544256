package audit

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/powerpole/powerpole/deploy/powerpole/dlq"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/services/approval"
)

// Client is what VerifyAll needs of DynamoDB.
type Client interface {
	store.API
	dynamodb.ScanAPIClient
}

// Summary is what became of looking at every log.
type Summary struct {
	Requests int      `json:"requests"`
	Rows     int      `json:"rows"`
	Broken   []Broken `json:"broken"`
}

// Broken is a request whose log does not hold.
type Broken struct {
	Request string `json:"request"`
	Problem string `json:"problem"`
}

// VerifyAll checks the log of every request in approval's table. A log that is
// broken, or gone though its request was acted on, is in the summary; an error
// means that not all could be looked at.
func VerifyAll(ctx context.Context, db Client) (Summary, error) {
	table, _ := topology.Find("approval")
	ids, err := store.Requests(ctx, db, table.TableName())
	if err != nil {
		return Summary{}, err
	}
	s := Summary{Broken: []Broken{}}
	for _, id := range ids {
		if err := s.add(ctx, db, table.TableName(), id); err != nil {
			return s, err
		}
	}
	return s, nil
}

// add looks at one log.
func (s *Summary) add(ctx context.Context, db Client, table, id string) error {
	rows, err := Verify(ctx, db, id)
	switch {
	case errors.Is(err, ErrUnknown):
		opening, loading := isOpening(ctx, db, table, id)
		if opening || loading != nil {
			return loading
		}
	case err != nil && !errors.Is(err, store.ErrBroken):
		return err
	}
	s.Requests++
	s.Rows += len(rows)
	if err != nil {
		s.Broken = append(s.Broken, Broken{id, err.Error()})
	}
	return nil
}

// isOpening reports whether a request has no more than what is kept and taken
// before its first row is written.
func isOpening(ctx context.Context, db store.API, table, id string) (bool, error) {
	records, err := store.NewTable[approval.State](db, table)
	if err != nil {
		return false, err
	}
	r, err := records.Load(ctx, id)
	return r.State == approval.State{Requester: r.State.Requester, Slot: r.State.Slot, Heard: r.State.Heard}, err
}

// Err is nil where every log holds.
func (s Summary) Err() error {
	if len(s.Broken) == 0 {
		return nil
	}
	return fmt.Errorf("verifying %d logs: %d of them: %w", s.Requests, len(s.Broken), store.ErrBroken)
}

// Write prints a line for each log that is broken, and one for all.
func (s Summary) Write(w io.Writer) {
	for _, b := range s.Broken {
		fmt.Fprintf(w, "BROKEN  %s  %s\n", dlq.Printable(b.Request), dlq.Printable(b.Problem))
	}
	verdict := "every log holds"
	if n := len(s.Broken); n > 0 {
		verdict = fmt.Sprintf("%d BROKEN", n)
	}
	fmt.Fprintf(w, "%d requests, %d rows: %s\n", s.Requests, s.Rows, verdict)
}
