package dynamodb_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/truora/minidyn/server"
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

func transactPut(t *testing.T, r record, cond expression.ConditionBuilder) types.TransactWriteItem {
	t.Helper()
	e, err := expression.NewBuilder().WithCondition(cond).Build()
	if err != nil {
		t.Fatal(err)
	}
	return types.TransactWriteItem{Put: &types.Put{
		TableName: table, Item: marshal(t, r), ConditionExpression: e.Condition(),
		ExpressionAttributeNames: e.Names(), ExpressionAttributeValues: e.Values(),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}}
}

func (x *fixture) transact(items ...types.TransactWriteItem) error {
	_, err := x.api.TransactWriteItems(x.t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: items})
	return err
}

func TestATransactionIsMadeWholeOrNotAtAllAndSaysWhy(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	absent := expression.AttributeNotExists(expression.Name("pk"))
	x.must(x.put(record{PK: "taken", SK: "p", Version: 7}))
	err := x.transact(
		transactPut(t, record{PK: "a", SK: "r"}, absent),
		transactPut(t, record{PK: "taken", SK: "p"}, absent),
		transactPut(t, record{PK: "b", SK: "r"}, absent),
	)
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		t.Fatalf("got %v", err)
	}
	var codes []string
	for _, r := range cancelled.CancellationReasons {
		codes = append(codes, *r.Code)
	}
	if strings.Join(codes, " ") != "None ConditionalCheckFailed None" || cancelled.CancellationReasons[1].Item["version"].(*types.AttributeValueMemberN).Value != "7" {
		t.Errorf("got %v", cancelled.CancellationReasons)
	}
	if _, ok := x.get("a", "r"); ok {
		t.Error("a cancelled transaction left something")
	}
	x.must(x.transact(
		transactPut(t, record{PK: "a", SK: "r", Version: 1}, absent),
		types.TransactWriteItem{Delete: &types.Delete{TableName: table, Key: key("taken", "p")}},
		types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
			TableName: table, Key: key("none", "r"), ConditionExpression: awssdk.String("attribute_not_exists(pk)"),
		}},
	))
	_, there := x.get("a", "r")
	if _, deleted := x.get("taken", "p"); !there || deleted {
		t.Errorf("put %v, still there %v", there, deleted)
	}
}

func TestConcurrentTransactionsNeverTearTwoItemsApart(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	x.must(x.put(record{PK: "a", SK: "r"}))
	x.must(x.put(record{PK: "b", SK: "r"}))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 25 {
				r, _ := x.get("a", "r")
				is := expression.Name("version").Equal(expression.Value(r.Version))
				next := r.Version + 1
				err := x.transact(transactPut(t, record{PK: "a", SK: "r", Version: next}, is), transactPut(t, record{PK: "b", SK: "r", Version: next}, is))
				if err != nil && code(err) != "TransactionCanceledException" {
					t.Error(err)
				}
				both, err := x.api.TransactGetItems(t.Context(), &dynamodb.TransactGetItemsInput{TransactItems: []types.TransactGetItem{
					{Get: &types.Get{TableName: table, Key: key("a", "r")}}, {Get: &types.Get{TableName: table, Key: key("b", "r")}},
				}})
				if err != nil || deref(both.Responses[0].Item["version"]) != deref(both.Responses[1].Item["version"]) {
					t.Errorf("got %v, %v", both, err)
				}
			}
		})
	}
	wg.Wait()
}

func TestATransactionWithATokenIsMadeOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		x := fresh(t)
		in := &dynamodb.TransactWriteItemsInput{
			ClientRequestToken: awssdk.String("token"),
			TransactItems:      []types.TransactWriteItem{transactPut(t, record{PK: "a", SK: "r"}, expression.AttributeNotExists(expression.Name("pk")))},
		}
		for range 2 {
			_, err := x.api.TransactWriteItems(t.Context(), in)
			x.must(err)
		}
		in.TransactItems[0].Put.Item = marshal(t, record{PK: "b", SK: "r"})
		_, err := x.api.TransactWriteItems(t.Context(), in)
		if other := new(types.IdempotentParameterMismatchException); !errors.As(err, &other) {
			t.Errorf("another request: %v", err)
		}
		time.Sleep(10 * time.Minute)
		in.TransactItems[0].Put.Item = marshal(t, record{PK: "a", SK: "r"})
		if _, err := x.api.TransactWriteItems(t.Context(), in); code(err) != "TransactionCanceledException" {
			t.Errorf("after ten minutes: %v", err)
		}
	})
}

func TestTransactionsThatAWSRefuses(t *testing.T) {
	t.Parallel()
	x := fresh(t)
	one := types.TransactWriteItem{Put: &types.Put{TableName: table, Item: key("a", "r")}}
	two := types.TransactWriteItem{Delete: &types.Delete{TableName: table, Key: key("a", "r")}}
	none := types.TransactWriteItem{Put: &types.Put{TableName: awssdk.String("none"), Item: key("a", "r")}}
	for name, c := range map[string]struct {
		items []types.TransactWriteItem
		code  string
	}{
		"two actions on one item": {[]types.TransactWriteItem{one, two}, "ValidationException"},
		"an unknown table":        {[]types.TransactWriteItem{one, none}, "ResourceNotFoundException"},
		"an action of two kinds":  {[]types.TransactWriteItem{{Put: one.Put, Delete: two.Delete}}, "ValidationException"},
		"nothing":                 {[]types.TransactWriteItem{}, "ValidationException"},
	} {
		if err := x.transact(c.items...); code(err) != c.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, ok := x.get("a", "r"); ok {
		t.Error("a refused transaction left something")
	}
}

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
