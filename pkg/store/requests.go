package store

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/powerpole/powerpole/pkg/event"
)

// Requests lists every request of which a table has anything: a record, a row of
// a log, or the mark of one. It reads the whole table, and is for people who
// audit it; a service looks for what is live.
func Requests(ctx context.Context, db dynamodb.ScanAPIClient, table string) ([]string, error) {
	keys := expression.NamesList(expression.Name(hashKey), expression.Name(rangeKey))
	e, err := expression.NewBuilder().WithProjection(keys).Build()
	if err != nil {
		return nil, fmt.Errorf("building a scan: %w", err)
	}
	pages := dynamodb.NewScanPaginator(db, &dynamodb.ScanInput{
		TableName: &table, ConsistentRead: aws.Bool(true),
		ProjectionExpression: e.Projection(), ExpressionAttributeNames: e.Names(),
	})
	ids := map[string]bool{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("listing the requests in %q: %w", table, err)
		}
		for _, it := range page.Items {
			if id := text(it[hashKey]); ofRequest(text(it[rangeKey])) && event.CheckRequestID(id) == nil {
				ids[id] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(ids)), nil
}

// ofRequest tells items that a request may have from pointers and cursors. A
// person has records too; those are told by their id.
func ofRequest(sort string) bool {
	return sort == recordSort || sort == markSort || strings.HasPrefix(sort, rowSort)
}
