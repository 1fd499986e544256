package dlq

import (
	"context"
	"errors"

	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/pkg/topology"
	"github.com/powerpole/powerpole/services/approval"
)

// ApprovalLog knows from approval's log how a request stands. That log and not
// the reaper's table, because it has every request: the reaper never hears of one
// that was denied, cancelled or lapsed. And its last row is written only on the
// receipt, so that a teardown which died on its way is not refused. A service
// would never read another's table; this is the operator's command.
type ApprovalLog struct{ log *store.Log[approval.Entry] }

// NewApprovalLog reads approval's table through that client.
func NewApprovalLog(db store.API) (*ApprovalLog, error) {
	table, _ := topology.Find("approval")
	log, err := store.NewLog[approval.Entry](db, table.TableName(), event.Approval, mute{})
	return &ApprovalLog{log}, err
}

// Ended implements Requests. A log whose chain is broken is an error.
func (a *ApprovalLog) Ended(ctx context.Context, id string) (string, error) {
	rows, err := a.log.Rows(ctx, id)
	if err != nil {
		return "", err
	}
	for _, row := range rows {
		switch k := row.Entry.Kind; k {
		case approval.Denied, approval.Cancelled, approval.Lapsed, approval.Ended:
			return string(k), nil
		}
	}
	return "", nil
}

// mute publishes nothing: whoever only reads never does.
type mute struct{}

func (mute) Publish(context.Context, ...event.Event) error {
	return errors.New("publishing: this is a reader")
}
