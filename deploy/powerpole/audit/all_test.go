package audit_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/powerpole/powerpole/deploy/powerpole/audit"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/services/approval"
)

const other = "pp-01k0000000000000000000000c"

// second adds a request with a log of one row, one that has only taken its
// place, one that was only heard of, and somebody's list of requests.
func second(t *testing.T, db *dynamodb.Client) {
	t.Helper()
	log, err := store.NewLog[approval.Entry](db, table, event.Approval, deaf{})
	must(t, err)
	must(t, log.Append(t.Context(), other, nil, event.Header{}, approval.Entry{Kind: approval.Requested}))
	record(t, db, "pp-01k0000000000000000000000d", approval.State{Requester: "U1", Slot: 1})
	record(t, db, "pp-01k0000000000000000000000e", approval.State{Heard: &approval.Heard{Data: event.RequestCreated{Digest: "d"}}})
	record(t, db, other, approval.State{Armed: true})
	record(t, db, "past#U1", approval.Past{Requests: []string{other}})
}

func record[T store.State](t *testing.T, db *dynamodb.Client, id string, st T) {
	t.Helper()
	records, err := store.NewTable[T](db, table)
	must(t, err)
	machine, err := store.NewMachine(event.Approval, records, deaf{})
	must(t, err)
	must(t, machine.Run(t.Context(), id, event.Header{}, func(r store.Record[T]) store.Step[T] {
		if r.Version > 0 {
			return store.Done[T]()
		}
		return store.Move(store.Transition[T]{To: func(to *T) { *to = st }})
	}))
}

func verifyAll(t *testing.T, db *dynamodb.Client) (audit.Summary, string) {
	t.Helper()
	s, err := audit.VerifyAll(t.Context(), db)
	must(t, err)
	var out bytes.Buffer
	s.Write(&out)
	return s, out.String()
}

func TestEveryLogOfTheTableIsVerified(t *testing.T) {
	t.Parallel()
	db := logged(t)
	second(t, db)
	s, out := verifyAll(t, db)
	must(t, s.Err())
	if out != "2 requests, 4 rows: every log holds\n" {
		t.Errorf("printed was %q", out)
	}
}

// watched notes of whom it reads.
type watched struct {
	*dynamodb.Client
	read map[string]bool
}

func (w watched) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	w.read[in.Key["pk"].(*types.AttributeValueMemberS).Value] = true
	return w.Client.GetItem(ctx, in, o...)
}

func TestWhatIsOfAPersonIsNotReadAsALog(t *testing.T) {
	t.Parallel()
	db := logged(t)
	second(t, db)
	w := watched{db, map[string]bool{}}
	_, err := audit.VerifyAll(t.Context(), w)
	must(t, err)
	if w.read["past#U1"] || !w.read[request] || !w.read[other] {
		t.Errorf("it read %v", w.read)
	}
}

func TestOneBrokenLogAmongAllIsNamedAndTheOthersAreVerified(t *testing.T) {
	t.Parallel()
	db := logged(t)
	second(t, db)
	edit(t, db, 1)
	s, out := verifyAll(t, db)
	if !errors.Is(s.Err(), store.ErrBroken) || len(s.Broken) != 1 || s.Broken[0].Request != request {
		t.Errorf("the summary is %+v, %v", s, s.Err())
	}
	if !strings.HasPrefix(out, "BROKEN  "+request) || !strings.HasSuffix(out, "\n2 requests, 1 rows: 1 BROKEN\n") {
		t.Errorf("printed was %q", out)
	}
}

func TestALogThatIsGoneIsFoundByItsMarkOrItsRecord(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string][]string{"rows": {"row#000000"}, "rows and mark": {"row#000000", "published"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := logged(t)
			second(t, db)
			for _, sort := range gone {
				k := key(0)
				k["pk"], k["sk"] = str(other), str(sort)
				_, err := db.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: awssdk.String(table), Key: k})
				must(t, err)
			}
			if s, _ := verifyAll(t, db); len(s.Broken) != 1 || s.Broken[0].Request != other || s.Err() == nil {
				t.Errorf("the summary is %+v", s)
			}
		})
	}
}

func TestATableThatCannotBeReadIsAnErrorAndNoSummary(t *testing.T) {
	t.Parallel()
	db := logged(t)
	_, err := db.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: awssdk.String(table)})
	must(t, err)
	if s, err := audit.VerifyAll(t.Context(), db); err == nil {
		t.Errorf("it gave %+v", s)
	}
}
