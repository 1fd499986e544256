package dynamodb_test

import (
	"errors"
	"net/http/httptest"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/truora/minidyn/server"
)

// What minidyn's own tables do, and why they are not used. When an upgrade
// fails this test, the package comment wants another look.
func TestMinidynsOwnTablesStillDoWhatWeCannotUse(t *testing.T) {
	t.Parallel()
	h := httptest.NewServer(server.NewServer())
	t.Cleanup(h.Close)
	cfg := awssdk.Config{Region: "us-east-1", BaseEndpoint: &h.URL, HTTPClient: h.Client(), Credentials: awssdk.AnonymousCredentials{}}
	x := &fixture{t, dynamodb.NewFromConfig(cfg)}
	_, err := x.api.CreateTable(t.Context(), schema(*table))
	x.must(err)
	for _, pk := range []string{"a", "b"} {
		x.must(x.put(record{PK: pk, SK: "r", Live: "y"}))
	}

	_, err = x.api.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{TableName: table, Key: key("b", "r"), UpdateExpression: awssdk.String("REMOVE version")})
	x.must(err)
	out, err := x.api.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: table, Key: key("b", "r")})
	x.must(err)
	if _, there := out.Item["version"]; !there {
		t.Error("REMOVE now removes")
	}
	var failed *types.ConditionalCheckFailedException
	err = x.put(record{PK: "b", SK: "r"}, expression.AttributeNotExists(expression.Name("pk")))
	if !errors.As(err, &failed) || failed.Item != nil {
		t.Errorf("a failed put now shows the item: %v", err)
	}
	x.must(x.put(record{PK: "a", SK: "r"}))
	_, err = x.api.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: table, Key: key("a", "r")})
	x.must(err)
	if got := x.live(); len(got) != 0 {
		t.Errorf("a sparse index now survives an item that left it: %v", got)
	}
}
