package wire

import "context"

// Outcome is what a service did with a request, for whoever counts calls: the
// operation it found in it and the code of the error it answered with.
type Outcome struct {
	// Operation is AWS's name of the call, empty where none was found.
	Operation string
	// Code is the error's code, empty for success.
	Code string
}

type outcomeKey struct{}

// WithOutcome returns a context in which the service that answers the request
// fills in o before it writes its answer.
func WithOutcome(ctx context.Context, o *Outcome) context.Context {
	return context.WithValue(ctx, outcomeKey{}, o)
}

func note(ctx context.Context, op string, err error) {
	o, ok := ctx.Value(outcomeKey{}).(*Outcome)
	if !ok {
		return
	}
	o.Operation = op
	if err != nil {
		o.Code = asError(err).Code
	}
}
