// Package audit reads approval's log for a person who must know who did what,
// and proves that nobody has changed it since.
package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/powerpole/powerpole/deploy/powerpole/dlq"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/services/approval"
)

// ErrUnknown means that approval never heard of the request.
var ErrUnknown = errors.New("no such request")

// Row is one row of a request's log, with its hash.
type Row struct {
	store.Row[approval.Entry]
	Hash string `json:"hash"`
}

// Verify reads a request's log and checks its chain. Its error is
// store.ErrBroken where a row was changed, lost or put in between, or ErrUnknown.
func Verify(ctx context.Context, db store.API, request string) ([]Row, error) {
	table, _ := topology.Find("approval")
	log, err := store.NewLog[approval.Entry](db, table.TableName(), event.Approval, mute{})
	if err != nil {
		return nil, err
	}
	found, err := log.Rows(ctx, request)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("reading the log of %q: %w", request, ErrUnknown)
	}
	rows := make([]Row, len(found))
	for i, r := range found {
		rows[i] = Row{r, r.Hash}
	}
	return rows, nil
}

// Write prints one line for each row. A person's text cannot reach the terminal
// raw.
func Write(w io.Writer, rows []Row) {
	for _, r := range rows {
		cells := []string{
			r.At.Format(time.RFC3339Nano), r.Request, fmt.Sprint(r.N), string(r.Entry.Kind), r.Entry.By.User, r.Entry.Text, r.Hash,
		}
		for i := range cells {
			if cells[i] = dlq.Printable(cells[i]); cells[i] == "" {
				cells[i] = "-"
			}
		}
		fmt.Fprintln(w, strings.Join(cells, "  "))
	}
}

// mute publishes nothing: whoever only reads never does.
type mute struct{}

func (mute) Publish(context.Context, ...event.Event) error {
	return errors.New("publishing: this is a reader")
}
