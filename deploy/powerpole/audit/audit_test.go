package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/powerpole/powerpole/deploy/local/aws"
	"github.com/powerpole/powerpole/deploy/powerpole/audit"
	"github.com/powerpole/powerpole/pkg/event"
	"github.com/powerpole/powerpole/pkg/store"
	"github.com/powerpole/powerpole/services/approval"
)

const (
	table   = "powerpole-approval"
	request = "pp-01k0000000000000000000000a"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// deaf takes every event.
type deaf struct{}

func (deaf) Publish(context.Context, ...event.Event) error { return nil }

// logged is a table with a log of three rows.
func logged(t *testing.T) *dynamodb.Client {
	t.Helper()
	stack, err := aws.New(t.Context(), aws.Options{})
	must(t, err)
	t.Cleanup(stack.Close)
	db := dynamodb.NewFromConfig(stack.Config())
	_, err = db.CreateTable(t.Context(), store.Schema(table))
	must(t, err)
	log, err := store.NewLog[approval.Entry](db, table, event.Approval, deaf{})
	must(t, err)
	for _, k := range []approval.Kind{approval.Requested, approval.Looked, approval.Denied} {
		rows, err := log.Load(t.Context(), request)
		must(t, err)
		must(t, log.Append(t.Context(), request, rows, event.Header{}, approval.Entry{Kind: k, Text: "why \x1b[2J"}))
	}
	return db
}

func key(n int) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": str(request), "sk": str(fmt.Sprintf("row#%06d", n))}
}

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// edit changes what a row says.
func edit(t *testing.T, db *dynamodb.Client, n int) {
	t.Helper()
	out, err := db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: awssdk.String(table), Key: key(n)})
	must(t, err)
	body := out.Item["body"].(*types.AttributeValueMemberS)
	body.Value = strings.Replace(body.Value, "why", "who", 1)
	_, err = db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: awssdk.String(table), Item: out.Item})
	must(t, err)
}

func TestALogThatNobodyTouchedIsReadWhole(t *testing.T) {
	t.Parallel()
	rows, err := audit.Verify(t.Context(), logged(t), request)
	must(t, err)
	if len(rows) != 3 || rows[2].Entry.Kind != approval.Denied || rows[2].Prev != rows[1].Hash {
		t.Errorf("the rows are %+v", rows)
	}
	var out bytes.Buffer
	audit.Write(&out, rows)
	if strings.Contains(out.String(), "\x1b") || strings.Count(out.String(), "\n") != 3 {
		t.Errorf("printed was %q", out.String())
	}
}

func TestAnEditedRowIsFoundWhereverItIs(t *testing.T) {
	t.Parallel()
	for n := range 3 {
		db := logged(t)
		edit(t, db, n)
		if rows, err := audit.Verify(t.Context(), db, request); !errors.Is(err, store.ErrBroken) || rows != nil {
			t.Errorf("row %d was edited: %v, %+v", n, err, rows)
		}
	}
}

func TestALostRowIsFoundWhereverItWas(t *testing.T) {
	t.Parallel()
	for n := range 3 {
		db := logged(t)
		_, err := db.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: awssdk.String(table), Key: key(n)})
		must(t, err)
		if _, err := audit.Verify(t.Context(), db, request); !errors.Is(err, store.ErrBroken) {
			t.Errorf("row %d was deleted: %v", n, err)
		}
	}
}

func TestARequestThatApprovalNeverHeardOfIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := audit.Verify(t.Context(), logged(t), "pp-01k0000000000000000000000b"); !errors.Is(err, audit.ErrUnknown) {
		t.Errorf("it gave %v", err)
	}
}
