package dynamodb_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestASparseIndexHoldsWhatHasItsKeyAndForgetsWhatLostIt(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	for _, pk := range []string{"c", "a", "b"} {
		x.must(x.put(record{PK: pk, SK: "r", Live: "y"}))
	}
	x.must(x.put(record{PK: "dead", SK: "r"}))
	if got := x.live(); !slices.Equal(got, []string{"a/r", "b/r", "c/r"}) {
		t.Errorf("got %v", got)
	}
	x.must(x.put(record{PK: "a", SK: "r"})) // no longer live
	x.must(x.put(record{PK: "a", SK: "r", Version: 2}))
	_, err := x.api.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: table, Key: key("a", "r")})
	x.must(err)
	x.must(x.put(record{PK: "dead", SK: "r", Live: "y"}))
	if got := x.live(); !slices.Equal(got, []string{"b/r", "c/r", "dead/r"}) {
		t.Errorf("got %v", got)
	}
}

func TestAnIndexShowsOnlyItsProjection(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	x.must(x.put(record{PK: "a", SK: "r", Live: "y", Version: 3}))
	out, err := x.api.Scan(t.Context(), &dynamodb.ScanInput{TableName: table, IndexName: awssdk.String("live")})
	if err != nil || len(out.Items) != 1 || len(out.Items[0]) != 3 {
		t.Errorf("got %v, %v", out, err)
	}
}

func TestAQueryReadsARangeInOrderBackwardsAndFiltered(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	for n := range 9 {
		x.must(x.put(record{PK: "a", SK: fmt.Sprintf("log#%d", 8-n), Version: n}))
	}
	x.must(x.put(record{PK: "a.log", SK: "#1"})) // not to be confused
	x.must(x.put(record{PK: "a", SK: "record"}))
	a, sk := expression.Key("pk").Equal(expression.Value("a")), expression.Key("sk")
	for name, c := range map[string]struct{ got, want []string }{
		"all":      {x.query(&dynamodb.QueryInput{ConsistentRead: awssdk.Bool(true)}, a)[:2], []string{"a/log#0", "a/log#1"}},
		"prefix":   {x.query(&dynamodb.QueryInput{}, a.And(sk.BeginsWith("rec"))), []string{"a/record"}},
		"between":  {x.query(&dynamodb.QueryInput{}, a.And(sk.Between(expression.Value("log#3"), expression.Value("log#5")))), []string{"a/log#3", "a/log#4", "a/log#5"}},
		"less":     {x.query(&dynamodb.QueryInput{}, a.And(sk.LessThan(expression.Value("log#2")))), []string{"a/log#0", "a/log#1"}},
		"equal":    {x.query(&dynamodb.QueryInput{}, a.And(sk.Equal(expression.Value("log#7")))), []string{"a/log#7"}},
		"backward": {x.query(&dynamodb.QueryInput{ScanIndexForward: awssdk.Bool(false)}, a.And(sk.GreaterThan(expression.Value("log#6")))), []string{"a/record", "a/log#8", "a/log#7"}},
		"pages":    {x.query(&dynamodb.QueryInput{Limit: awssdk.Int32(2)}, a.And(sk.LessThanEqual(expression.Value("log#4")))), []string{"a/log#0", "a/log#1", "a/log#2", "a/log#3", "a/log#4"}},
		"filter":   {x.query(&dynamodb.QueryInput{Limit: awssdk.Int32(3)}, a, expression.Name("version").GreaterThan(expression.Value(6))), []string{"a/log#0", "a/log#1"}},
		"nothing":  {x.query(&dynamodb.QueryInput{}, expression.Key("pk").Equal(expression.Value("b"))), []string{}},
	} {
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: got %v, want %v", name, c.got, c.want)
		}
	}
}

func TestAPageGoesOnAfterAnItemThatWasDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	for n := range 4 {
		x.must(x.put(record{PK: fmt.Sprint(n), SK: "r", Live: "y"}))
	}
	in := &dynamodb.QueryInput{
		TableName: table, IndexName: awssdk.String("live"), Limit: awssdk.Int32(2), KeyConditionExpression: awssdk.String("live = :y"),
		ExpressionAttributeValues: map[string]types.AttributeValue{":y": &types.AttributeValueMemberS{Value: "y"}},
	}
	first, err := x.api.Query(t.Context(), in)
	x.must(err)
	_, err = x.api.DeleteItem(t.Context(), &dynamodb.DeleteItemInput{TableName: table, Key: key("1", "r")})
	x.must(err)
	in.ExclusiveStartKey = first.LastEvaluatedKey
	second, err := x.api.Query(t.Context(), in)
	if err != nil || second.Count != 2 || deref(second.Items[0]["pk"]) != "2" {
		t.Errorf("got %v, %v", second, err)
	}
}

func TestAPageEndsAtAMebibyte(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	for n := range 5 {
		x.must(x.put(record{PK: "a", SK: fmt.Sprint(n), Owed: []string{strings.Repeat("x", 350<<10)}}))
	}
	out, err := x.api.Scan(t.Context(), &dynamodb.ScanInput{TableName: table})
	if err != nil || out.Count != 3 || out.LastEvaluatedKey == nil {
		t.Errorf("got %d, %v", out.Count, err)
	}
	if err := x.put(record{PK: "a", SK: "large", Owed: []string{strings.Repeat("x", 401<<10)}}); code(err) != "ValidationException" {
		t.Errorf("an item over 400 KiB: %v", err)
	}
}

func TestNumbersSortAsNumbers(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	in := schema("numbers")
	in.GlobalSecondaryIndexes, in.AttributeDefinitions = nil, in.AttributeDefinitions[:2]
	in.AttributeDefinitions[1].AttributeType = types.ScalarAttributeTypeN
	_, err := x.api.CreateTable(t.Context(), in)
	x.must(err)
	for _, n := range []string{"10", "9", "-1", "1e3"} {
		item := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: "a"}, "sk": &types.AttributeValueMemberN{Value: n}}
		_, err := x.api.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: in.TableName, Item: item})
		x.must(err)
	}
	out, err := x.api.Scan(t.Context(), &dynamodb.ScanInput{TableName: in.TableName})
	x.must(err)
	var got []string
	for _, i := range out.Items {
		got = append(got, i["sk"].(*types.AttributeValueMemberN).Value)
	}
	if strings.Join(got, " ") != "-1 9 10 1e3" {
		t.Errorf("got %v", got)
	}
}

func TestAProjectionShowsWhatItNames(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	x.must(x.put(record{PK: "a", SK: "r", Version: 3}))
	out, err := x.api.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: table, Key: key("a", "r"), ProjectionExpression: awssdk.String("#v, nested.blob"),
		ExpressionAttributeNames: map[string]string{"#v": "version"},
	})
	if err != nil || len(out.Item) != 2 || deref(out.Item["version"]) != 3.0 {
		t.Errorf("got %v, %v", out, err)
	}
}

func TestQueriesThatAWSRefuses(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	y := map[string]types.AttributeValue{":y": &types.AttributeValueMemberS{Value: "y"}}
	for name, in := range map[string]*dynamodb.QueryInput{
		"no hash key":             {KeyConditionExpression: awssdk.String("sk = :y")},
		"an unknown index":        {KeyConditionExpression: awssdk.String("live = :y"), IndexName: awssdk.String("none")},
		"a consistent index read": {KeyConditionExpression: awssdk.String("live = :y"), IndexName: awssdk.String("live"), ConsistentRead: awssdk.Bool(true)},
		"a limit of nothing":      {KeyConditionExpression: awssdk.String("pk = :y"), Limit: awssdk.Int32(0)},
	} {
		in.TableName, in.ExpressionAttributeValues = table, y
		if _, err := x.api.Query(t.Context(), in); code(err) != "ValidationException" {
			t.Errorf("%s: %v", name, err)
		}
	}
}
