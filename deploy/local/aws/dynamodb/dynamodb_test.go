package dynamodb_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"go.uber.org/goleak"

	"github.com/powerpole/powerpole/deploy/local/aws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// record is an item as a service keeps it.
type record struct {
	PK      string   `dynamodbav:"pk"`
	SK      string   `dynamodbav:"sk"`
	Live    string   `dynamodbav:"live,omitempty"`
	Version int      `dynamodbav:"version"`
	Owed    []string `dynamodbav:"owed"`
	Nested  struct {
		Empty map[string]string `dynamodbav:"empty"`
		Blob  []byte            `dynamodbav:"blob"`
	} `dynamodbav:"nested"`
}

var table = awssdk.String("records")

func schema(name string) *dynamodb.CreateTableInput {
	key := func(hash, rng string) []types.KeySchemaElement {
		return []types.KeySchemaElement{
			{AttributeName: &hash, KeyType: types.KeyTypeHash}, {AttributeName: &rng, KeyType: types.KeyTypeRange},
		}
	}
	text := func(name string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: &name, AttributeType: types.ScalarAttributeTypeS}
	}
	return &dynamodb.CreateTableInput{
		TableName: &name, BillingMode: types.BillingModePayPerRequest, KeySchema: key("pk", "sk"),
		AttributeDefinitions: []types.AttributeDefinition{text("pk"), text("sk"), text("live")},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{
			IndexName: awssdk.String("live"), KeySchema: key("live", "pk"),
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}},
	}
}

// fixture is a stack with one table.
type fixture struct {
	t   *testing.T
	api *dynamodb.Client
}

func fresh(t *testing.T) *fixture {
	t.Helper()
	s, err := aws.New(t.Context(), aws.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	x := &fixture{t, dynamodb.NewFromConfig(s.Config())}
	if _, err := x.api.CreateTable(t.Context(), schema(*table)); err != nil {
		t.Fatal(err)
	}
	return x
}

func marshal(t *testing.T, v any) map[string]types.AttributeValue {
	t.Helper()
	m, err := attributevalue.MarshalMap(v)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func key(pk, sk string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: sk}}
}

// put writes a record, under a condition if it has one.
func (x *fixture) put(r record, cond ...expression.ConditionBuilder) error {
	in := &dynamodb.PutItemInput{TableName: table, Item: marshal(x.t, r)}
	for _, c := range cond {
		e, err := expression.NewBuilder().WithCondition(c).Build()
		if err != nil {
			x.t.Fatal(err)
		}
		in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues = e.Condition(), e.Names(), e.Values()
	}
	in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	_, err := x.api.PutItem(x.t.Context(), in)
	return err
}

func (x *fixture) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *fixture) get(pk, sk string) (record, bool) {
	x.t.Helper()
	out, err := x.api.GetItem(x.t.Context(), &dynamodb.GetItemInput{TableName: table, Key: key(pk, sk), ConsistentRead: awssdk.Bool(true)})
	x.must(err)
	var r record
	x.must(attributevalue.UnmarshalMap(out.Item, &r))
	return r, out.Item != nil
}

func (x *fixture) query(in *dynamodb.QueryInput, k expression.KeyConditionBuilder, filter ...expression.ConditionBuilder) []string {
	x.t.Helper()
	b := expression.NewBuilder().WithKeyCondition(k)
	for _, f := range filter {
		b = b.WithFilter(f)
	}
	e, err := b.Build()
	x.must(err)
	in.TableName, in.KeyConditionExpression, in.FilterExpression = table, e.KeyCondition(), e.Filter()
	in.ExpressionAttributeNames, in.ExpressionAttributeValues = e.Names(), e.Values()
	pages := dynamodb.NewQueryPaginator(x.api, in)
	got := []string{}
	for pages.HasMorePages() {
		p, err := pages.NextPage(x.t.Context())
		x.must(err)
		for _, i := range p.Items {
			var r record
			x.must(attributevalue.UnmarshalMap(i, &r))
			got = append(got, r.PK+"/"+r.SK)
		}
	}
	return got
}

func (x *fixture) live() []string {
	x.t.Helper()
	return x.query(&dynamodb.QueryInput{IndexName: awssdk.String("live")}, expression.Key("live").Equal(expression.Value("y")))
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func TestAnItemReadsAsItWasWritten(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	in := record{PK: "pp-1", SK: "r", Version: 1, Owed: []string{}}
	in.Nested.Empty, in.Nested.Blob = map[string]string{}, []byte{0, 255}
	x.must(x.put(in))
	got, ok := x.get("pp-1", "r")
	if !ok || got.Owed == nil || len(got.Owed) != 0 || got.Nested.Empty == nil || string(got.Nested.Blob) != "\x00\xff" || got.Version != 1 {
		t.Errorf("got %+v", got)
	}
	if _, ok := x.get("pp-2", "r"); ok {
		t.Error("there is an item that nobody wrote")
	}
}

func TestEveryTypeOfValueSurvives(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	item := key("a", "b")
	for name, v := range map[string]types.AttributeValue{
		"bool": &types.AttributeValueMemberBOOL{Value: false}, "null": &types.AttributeValueMemberNULL{Value: true},
		"number": &types.AttributeValueMemberN{Value: "-1.50"}, "empty": &types.AttributeValueMemberS{Value: ""},
		"list": &types.AttributeValueMemberL{Value: []types.AttributeValue{&types.AttributeValueMemberM{Value: map[string]types.AttributeValue{}}}},
		"ss":   &types.AttributeValueMemberSS{Value: []string{"a", "b"}}, "ns": &types.AttributeValueMemberNS{Value: []string{"1"}},
		"bs": &types.AttributeValueMemberBS{Value: [][]byte{{1}}}, "<&>": &types.AttributeValueMemberS{Value: "<\u2028>"},
	} {
		item[name] = v
	}
	if _, err := x.api.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: table, Item: item}); err != nil {
		t.Fatal(err)
	}
	out, err := x.api.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: table, Key: key("a", "b")})
	if err != nil || len(out.Item) != len(item) {
		t.Fatalf("got %v, %v", out, err)
	}
	for name, want := range item {
		if g, w := fmt.Sprintf("%#v", deref(out.Item[name])), fmt.Sprintf("%#v", deref(want)); g != w {
			t.Errorf("%s is %s, want %s", name, g, w)
		}
	}
}

// deref makes a value printable without its address.
func deref(v types.AttributeValue) any {
	var out any
	if err := attributevalue.Unmarshal(v, &out); err != nil {
		return err
	}
	return out
}

func TestAConditionalPutLosesToWhoWasFirstAndShowsTheWinner(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	absent := expression.AttributeNotExists(expression.Name("pk"))
	x.must(x.put(record{PK: "a", SK: "r", Version: 1}, absent))
	err := x.put(record{PK: "a", SK: "r", Version: 9}, absent)
	var failed *types.ConditionalCheckFailedException
	if !errors.As(err, &failed) || failed.Item["version"].(*types.AttributeValueMemberN).Value != "1" {
		t.Errorf("got %v", err)
	}
	if r, _ := x.get("a", "r"); r.Version != 1 {
		t.Errorf("got %+v", r)
	}
}

func TestCompareAndSetOnAVersionIsAtomic(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	x.must(x.put(record{PK: "a", SK: "r", Version: 0}))
	const writers, each = 16, 20
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for done := 0; done < each; {
				r, _ := x.get("a", "r")
				read := r.Version
				r.Version++
				err := x.put(r, expression.Name("version").Equal(expression.Value(read)))
				if err == nil {
					done++
				} else if code(err) != "ConditionalCheckFailedException" {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if r, _ := x.get("a", "r"); r.Version != writers*each {
		t.Errorf("version is %d after %d writes", r.Version, writers*each)
	}
}

func TestBatchesReadAndWriteManyItems(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	var writes []types.WriteRequest
	var keys []map[string]types.AttributeValue
	for n := range 25 {
		pk := fmt.Sprint(n)
		writes = append(writes, types.WriteRequest{PutRequest: &types.PutRequest{Item: key(pk, "r")}})
		keys = append(keys, key(pk, "r"))
	}
	_, err := x.api.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{*table: writes}})
	x.must(err)
	_, err = x.api.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{
		*table: {{DeleteRequest: &types.DeleteRequest{Key: keys[0]}}},
	}})
	x.must(err)
	out, err := x.api.BatchGetItem(t.Context(), &dynamodb.BatchGetItemInput{RequestItems: map[string]types.KeysAndAttributes{*table: {Keys: keys}}})
	if err != nil || len(out.Responses[*table]) != 24 || len(out.UnprocessedKeys) != 0 {
		t.Errorf("got %d, %v", len(out.Responses[*table]), err)
	}
	twice := []types.WriteRequest{writes[1], writes[1]}
	_, err = x.api.BatchWriteItem(t.Context(), &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{*table: twice}})
	if code(err) != "ValidationException" {
		t.Errorf("an item twice: %v", err)
	}
}

func TestADeleteIsConditionalAndShowsWhatWent(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	x.must(x.put(record{PK: "a", SK: "r", Version: 3}))
	in := &dynamodb.DeleteItemInput{
		TableName: table, Key: key("a", "r"), ConditionExpression: awssdk.String("version = :v"), ReturnValues: types.ReturnValueAllOld,
		ExpressionAttributeValues: map[string]types.AttributeValue{":v": &types.AttributeValueMemberN{Value: "4"}},
	}
	if _, err := x.api.DeleteItem(t.Context(), in); code(err) != "ConditionalCheckFailedException" {
		t.Errorf("got %v", err)
	}
	in.ExpressionAttributeValues[":v"] = &types.AttributeValueMemberN{Value: "3"}
	out, err := x.api.DeleteItem(t.Context(), in)
	if _, there := x.get("a", "r"); err != nil || there || deref(out.Attributes["version"]) != 3.0 {
		t.Errorf("got %v, %v", out, err)
	}
}

func TestAnUpdateSetsAndNeverPretendsToRemove(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	x.must(x.put(record{PK: "a", SK: "r", Live: "y", Version: 3}))
	update := func(text string, values map[string]types.AttributeValue) (*dynamodb.UpdateItemOutput, error) {
		return x.api.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
			TableName: table, Key: key("a", "r"), UpdateExpression: &text, ExpressionAttributeValues: values, ReturnValues: types.ReturnValueAllNew,
		})
	}
	one := map[string]types.AttributeValue{":one": &types.AttributeValueMemberN{Value: "1"}}
	out, err := update("SET version = version + :one", one)
	if err != nil || deref(out.Attributes["version"]) != 4.0 {
		t.Errorf("got %v, %v", out, err)
	}
	if _, err := update("REMOVE live", nil); code(err) != "ValidationException" {
		t.Errorf("REMOVE: %v", err)
	}
	if r, _ := x.get("a", "r"); r.Version != 4 || r.Live != "y" {
		t.Errorf("got %+v", r)
	}
	if _, err := update("SET pk = :one", one); code(err) != "ValidationException" {
		t.Errorf("the key: %v", err)
	}
}

func TestWritesThatAWSRefuses(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	s := func(v string) types.AttributeValue { return &types.AttributeValueMemberS{Value: v} }
	for name, in := range map[string]*dynamodb.PutItemInput{
		"no range key":          {Item: map[string]types.AttributeValue{"pk": s("a")}},
		"an empty key":          {Item: key("", "r")},
		"a key of another type": {Item: map[string]types.AttributeValue{"pk": s("a"), "sk": &types.AttributeValueMemberN{Value: "1"}}},
		"an empty index key":    {Item: map[string]types.AttributeValue{"pk": s("a"), "sk": s("r"), "live": s("")}},
		"a number that is none": {Item: map[string]types.AttributeValue{"pk": s("a"), "sk": s("r"), "n": &types.AttributeValueMemberN{Value: "x"}}},
		"an empty set":          {Item: map[string]types.AttributeValue{"pk": s("a"), "sk": s("r"), "n": &types.AttributeValueMemberSS{Value: []string{}}}},
		"an unused name":        {Item: key("a", "r"), ConditionExpression: awssdk.String("attribute_not_exists(pk)"), ExpressionAttributeNames: map[string]string{"#x": "y"}},
		"an unknown value":      {Item: key("a", "r"), ConditionExpression: awssdk.String("pk = :x")},
		"a broken condition":    {Item: key("a", "r"), ConditionExpression: awssdk.String("pk = ")},
		"a legacy condition":    {Item: key("a", "r"), Expected: map[string]types.ExpectedAttributeValue{"pk": {Exists: awssdk.Bool(false)}}},
	} {
		in.TableName = table
		if _, err := x.api.PutItem(t.Context(), in); code(err) != "ValidationException" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := x.api.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: awssdk.String("none"), Item: key("a", "r")}); code(err) != "ResourceNotFoundException" {
		t.Errorf("no table: %v", err)
	}
}
