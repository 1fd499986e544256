package main

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
)

// calls is how long somebody has waited for AWS.
type calls struct{ nanoseconds atomic.Int64 }

type callsKey struct{}

// timing is a context whose calls to AWS are timed.
func timing(ctx context.Context) (context.Context, *calls) {
	c := new(calls)
	return context.WithValue(ctx, callsKey{}, c), c
}

func (c *calls) total() time.Duration { return time.Duration(c.nanoseconds.Load()) }

// timeCalls makes clients of the configuration time what is called with such a
// context, from the call of the SDK to its return.
func timeCalls(cfg *aws.Config) {
	cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("bench.time", func(
			ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler,
		) (middleware.InitializeOutput, middleware.Metadata, error) {
			begun := time.Now()
			out, metadata, err := next.HandleInitialize(ctx, in)
			if c, ok := ctx.Value(callsKey{}).(*calls); ok {
				c.nanoseconds.Add(int64(time.Since(begun)))
			}
			return out, metadata, err
		}), middleware.Before)
	})
}
