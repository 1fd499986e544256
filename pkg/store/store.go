// Package store keeps what a service knows: one record per request in a
// DynamoDB table of its own, written whole by a conditional put on its version
// and read strongly consistent.
//
// A Machine runs the one order in which a handler may work: claim, act, record,
// publish, acknowledge. A handler gives it a pure function that decides; it
// cannot publish before the record says so, act before the claim is written, or
// overlook a claim that ran out.
package store

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// The attributes of every item. A record is (request, "record"), a row of a log
// (request, "row#…"), a pointer ("pointer#kind#value", "pointer").
const (
	hashKey  = "pk"
	rangeKey = "sk"
	// liveKey is on the items that are live, and only on those: the sparse
	// index over it finds candidates, never the truth.
	liveKey   = "live"
	liveValue = "live"
	// LiveIndex is the name of that index.
	LiveIndex = "live"
)

// Errors that a caller may tell apart.
var (
	// ErrConflict means that somebody else wrote first: read and decide again.
	ErrConflict = errors.New("record was changed by somebody else")
	// ErrTaken means that a pointer belongs to another request.
	ErrTaken = errors.New("pointer belongs to another request")
	// ErrUnresolved means that a step tried to pass by a claim that ran out.
	ErrUnresolved = errors.New("a claim ran out and this step does not resolve it")
)

// API is what the package needs of DynamoDB.
type API interface {
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	TransactWriteItems(context.Context, *dynamodb.TransactWriteItemsInput, ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error)
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
}

var _ API = (*dynamodb.Client)(nil)
