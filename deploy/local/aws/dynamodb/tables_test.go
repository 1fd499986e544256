package dynamodb_test

import (
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestATableIsDescribedListedAndDeleted(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	if _, err := x.api.CreateTable(t.Context(), schema(*table)); code(err) != "ResourceInUseException" {
		t.Errorf("a second time: %v", err)
	}
	in := &dynamodb.DescribeTableInput{TableName: table}
	if err := dynamodb.NewTableExistsWaiter(x.api).Wait(t.Context(), in, time.Minute); err != nil {
		t.Fatal(err)
	}
	x.must(x.put(record{PK: "a", SK: "r", Live: "y"}))
	d, err := x.api.DescribeTable(t.Context(), in)
	x.must(err)
	if d.Table.TableStatus != types.TableStatusActive || *d.Table.ItemCount != 1 || *d.Table.GlobalSecondaryIndexes[0].ItemCount != 1 ||
		*d.Table.TableArn != "arn:aws:dynamodb:us-east-1:000000000000:table/records" || d.Table.CreationDateTime.IsZero() {
		t.Errorf("got %+v", d.Table)
	}
	ttl, err := x.api.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: table})
	if err != nil || ttl.TimeToLiveDescription.TimeToLiveStatus != types.TimeToLiveStatusDisabled {
		t.Errorf("got %+v, %v", ttl, err)
	}
	backups, err := x.api.DescribeContinuousBackups(t.Context(), &dynamodb.DescribeContinuousBackupsInput{TableName: table})
	if err != nil || backups.ContinuousBackupsDescription.ContinuousBackupsStatus != types.ContinuousBackupsStatusDisabled {
		t.Errorf("got %+v, %v", backups, err)
	}
	_, err = x.api.DeleteTable(t.Context(), &dynamodb.DeleteTableInput{TableName: table})
	x.must(err)
	list, err := x.api.ListTables(t.Context(), nil)
	if _, gone := x.api.DescribeTable(t.Context(), in); err != nil || len(list.TableNames) != 0 || code(gone) != "ResourceNotFoundException" {
		t.Errorf("got %+v, %v, %v", list, err, gone)
	}
}

func TestTablesThatAreNotToBeHadAreRefused(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	for name, change := range map[string]func(*dynamodb.CreateTableInput){
		"a short name": func(in *dynamodb.CreateTableInput) { in.TableName = awssdk.String("ab") },
		"a stream": func(in *dynamodb.CreateTableInput) {
			in.StreamSpecification = &types.StreamSpecification{StreamEnabled: awssdk.Bool(true)}
		},
		"an undefined key":   func(in *dynamodb.CreateTableInput) { in.AttributeDefinitions = in.AttributeDefinitions[:2] },
		"a spare definition": func(in *dynamodb.CreateTableInput) { in.GlobalSecondaryIndexes = nil },
	} {
		in := schema("other")
		change(in)
		if _, err := x.api.CreateTable(t.Context(), in); code(err) != "ValidationException" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
