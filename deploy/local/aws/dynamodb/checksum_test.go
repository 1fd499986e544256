package dynamodb_test

import (
	"bytes"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/logging"

	"github.com/powerpole/powerpole/deploy/local/aws/dynamodb"
	"github.com/powerpole/powerpole/deploy/local/aws/wire/wiretest"
)

func TestTheSDKFindsItsChecksumRight(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	cfg := wiretest.Config(dynamodb.New(dynamodb.Options{}))
	cfg.Logger = logging.NewStandardLogger(&said)
	if _, err := sdk.NewFromConfig(cfg).ListTables(t.Context(), &sdk.ListTablesInput{Limit: awssdk.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	if said.Len() > 0 {
		t.Error(said.String())
	}
}
