package dynamodb_test

import (
	"fmt"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/powerpole/powerpole/deploy/local/aws"
)

// BenchmarkSave is one compare-and-set of a record with a pointer beside it.
func BenchmarkSave(b *testing.B) {
	s, err := aws.New(b.Context(), aws.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	api := dynamodb.NewFromConfig(s.Config())
	if _, err := api.CreateTable(b.Context(), schema(*table)); err != nil {
		b.Fatal(err)
	}
	for n := 0; b.Loop(); n++ {
		item, err := attributevalue.MarshalMap(record{PK: fmt.Sprint(n % 10000), SK: "r", Live: "y", Version: n, Owed: []string{strings.Repeat("x", 2000)}})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := api.TransactWriteItems(b.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
			{Put: &types.Put{TableName: table, Item: item, ConditionExpression: awssdk.String("attribute_not_exists(pk) OR version < :v"), ExpressionAttributeValues: map[string]types.AttributeValue{":v": &types.AttributeValueMemberN{Value: fmt.Sprint(n)}}}},
			{Put: &types.Put{TableName: table, Item: key(fmt.Sprint("pointer#", n%10000), "p")}},
		}}); err != nil {
			b.Fatal(err)
		}
	}
}
