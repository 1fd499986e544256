package dynamodb

import "context"

type getInput struct {
	TableName            string
	Key                  item
	ProjectionExpression string
	expressions
	AttributesToGet []string
}

type getOutput struct {
	Item item `json:",omitempty"`
}

func (s *Server) getItem(_ context.Context, in *getInput) (*getOutput, error) {
	return locked(s, in.TableName, func(t *table) (*getOutput, error) { return t.read(in) })
}

func (t *table) read(in *getInput) (*getOutput, error) {
	if len(in.AttributesToGet) > 0 {
		return nil, invalid("the embedded DynamoDB has no AttributesToGet, use ProjectionExpression")
	}
	if err := in.check(in.ProjectionExpression); err != nil {
		return nil, err
	}
	at, err := t.bareKey(in.Key)
	if err != nil {
		return nil, err
	}
	r := t.get(at)
	if r == nil {
		return &getOutput{}, nil
	}
	shown, err := in.project(in.ProjectionExpression, r.item)
	return &getOutput{shown}, err
}

type batchGetInput struct {
	RequestItems map[string]struct {
		Keys                 []item
		ProjectionExpression string
		expressions
	}
}

type batchGetOutput struct {
	Responses       map[string][]item
	UnprocessedKeys map[string]any
}

func (s *Server) batchGetItem(_ context.Context, in *batchGetInput) (*batchGetOutput, error) {
	out := &batchGetOutput{Responses: map[string][]item{}, UnprocessedKeys: map[string]any{}}
	total := 0
	for _, name := range sortedKeys(in.RequestItems) {
		request := in.RequestItems[name]
		total += len(request.Keys)
		items, err := locked(s, name, func(t *table) ([]item, error) {
			items := []item{}
			for _, k := range request.Keys {
				got, err := t.read(&getInput{Key: k, ProjectionExpression: request.ProjectionExpression, expressions: request.expressions})
				if err != nil {
					return nil, err
				}
				if got.Item != nil {
					items = append(items, got.Item)
				}
			}
			return items, nil
		})
		if err != nil {
			return nil, err
		}
		out.Responses[name] = items
	}
	if total == 0 || total > 100 {
		return nil, invalid("Too many items requested for the BatchGetItem call, or none: %d", total)
	}
	return out, nil
}
