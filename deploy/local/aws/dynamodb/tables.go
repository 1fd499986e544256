package dynamodb

import (
	"context"
	"strings"
	"time"

	"github.com/powerpole/powerpole/deploy/local/aws/wire"
)

type tableTag struct{ Key, Value string }

type keyElement struct{ AttributeName, KeyType string }

type attributeDefinition struct{ AttributeName, AttributeType string }

type projection struct {
	ProjectionType   string
	NonKeyAttributes []string `json:",omitempty"`
}

type indexInput struct {
	IndexName  string
	KeySchema  []keyElement
	Projection projection
}

type createTableInput struct {
	TableName                 string
	AttributeDefinitions      []attributeDefinition
	KeySchema                 []keyElement
	GlobalSecondaryIndexes    []indexInput
	LocalSecondaryIndexes     []indexInput
	BillingMode               string
	DeletionProtectionEnabled bool
	StreamSpecification       *struct{ StreamEnabled bool }
	Tags                      []tableTag
}

type tableOutput struct {
	TableDescription *tableDescription `json:",omitempty"`
	Table            *tableDescription `json:",omitempty"`
}

type indexDescription struct {
	indexInput
	IndexArn, IndexStatus     string
	ItemCount, IndexSizeBytes int
}

type tableDescription struct {
	TableName, TableArn, TableStatus string
	AttributeDefinitions             []attributeDefinition
	KeySchema                        []keyElement
	GlobalSecondaryIndexes           []indexDescription `json:",omitempty"`
	BillingModeSummary               struct{ BillingMode string }
	CreationDateTime                 wire.Epoch
	DeletionProtectionEnabled        bool
	ItemCount, TableSizeBytes        int
}

func (s *Server) createTable(_ context.Context, in *createTableInput) (*tableOutput, error) {
	t, err := in.table()
	if err != nil {
		return nil, err
	}
	t.arn = "arn:aws:dynamodb:" + s.opts.Region + ":" + s.opts.Account + ":table/" + t.name
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.tables[t.name]; ok {
		return nil, wire.Errorf("ResourceInUseException", "Table already exists: %s", t.name)
	}
	s.tables[t.name] = t
	return &tableOutput{TableDescription: t.describe()}, nil
}

func (in *createTableInput) table() (*table, error) {
	switch {
	case len(in.TableName) < 3 || len(in.TableName) > 255 || strings.ContainsFunc(in.TableName, notInName):
		return nil, invalid("TableName must be at least 3 characters long and at most 255 characters long, of [a-zA-Z0-9_.-]: %q", in.TableName)
	case len(in.LocalSecondaryIndexes) > 0:
		return nil, invalid("the embedded DynamoDB has no local secondary indexes")
	case in.StreamSpecification != nil && in.StreamSpecification.StreamEnabled:
		return nil, invalid("the embedded DynamoDB has no streams")
	}
	t := &table{
		name: in.TableName, created: time.Now(), kinds: map[string]string{}, input: in,
		protected: in.DeletionProtectionEnabled, tags: in.Tags,
	}
	for _, d := range in.AttributeDefinitions {
		t.kinds[d.AttributeName] = d.AttributeType
	}
	var err error
	if t.primary, err = t.newIndex(indexInput{KeySchema: in.KeySchema, Projection: projection{ProjectionType: "ALL"}}); err != nil {
		return nil, err
	}
	used := map[string]bool{t.primary.hash: true, t.primary.rng: true}
	for _, g := range in.GlobalSecondaryIndexes {
		x, err := t.newIndex(g)
		if err != nil {
			return nil, err
		}
		used[x.hash], used[x.rng] = true, true
		t.secondary = append(t.secondary, x)
	}
	for name := range t.kinds {
		if !used[name] {
			return nil, invalid("One or more parameter values were invalid: Some AttributeDefinitions are not used: %s", name)
		}
	}
	return t, nil
}

func notInName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_.-", r)
}

func (t *table) newIndex(in indexInput) (*index, error) {
	x := &index{name: in.IndexName, projection: in.Projection.ProjectionType, include: in.Projection.NonKeyAttributes}
	for _, k := range in.KeySchema {
		switch {
		case k.KeyType == "HASH" && x.hash == "":
			x.hash = k.AttributeName
		case k.KeyType == "RANGE" && x.rng == "":
			x.rng = k.AttributeName
		default:
			return nil, invalid("Invalid KeySchema: one HASH and at most one RANGE key are needed")
		}
	}
	if x.hash == "" {
		return nil, invalid("Invalid KeySchema: one HASH and at most one RANGE key are needed")
	}
	for _, name := range x.names() {
		if kind := t.kinds[name]; kind != "S" && kind != "N" && kind != "B" {
			return nil, invalid("One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions as S, N or B: %s", name)
		}
	}
	if p := x.projection; p != "ALL" && p != "KEYS_ONLY" && p != "INCLUDE" {
		return nil, invalid("One or more parameter values were invalid: Unknown ProjectionType: %q", p)
	}
	return x, nil
}

func (t *table) describe() *tableDescription {
	d := &tableDescription{
		TableName: t.name, TableArn: t.arn, TableStatus: "ACTIVE", AttributeDefinitions: t.input.AttributeDefinitions,
		KeySchema: t.input.KeySchema, CreationDateTime: wire.Epoch(t.created), DeletionProtectionEnabled: t.protected,
		ItemCount: len(t.primary.entries), TableSizeBytes: t.primary.size(),
	}
	d.BillingModeSummary.BillingMode = t.input.BillingMode
	for n, x := range t.secondary {
		d.GlobalSecondaryIndexes = append(d.GlobalSecondaryIndexes, indexDescription{
			indexInput: t.input.GlobalSecondaryIndexes[n], IndexArn: t.arn + "/index/" + x.name, IndexStatus: "ACTIVE",
			ItemCount: len(x.entries), IndexSizeBytes: x.size(),
		})
	}
	return d
}

func (x *index) size() int {
	n := 0
	for _, e := range x.entries {
		n += e.row.size
	}
	return n
}

func (s *Server) describeTable(_ context.Context, in *tableInput) (*tableOutput, error) {
	return locked(s, in.TableName, func(t *table) (*tableOutput, error) {
		return &tableOutput{Table: t.describe()}, nil
	})
}

func (s *Server) deleteTable(_ context.Context, in *tableInput) (*tableOutput, error) {
	return locked(s, in.TableName, func(t *table) (*tableOutput, error) {
		if t.protected {
			return nil, invalid("Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.")
		}
		delete(s.tables, t.name)
		d := t.describe()
		d.TableStatus = "DELETING"
		return &tableOutput{TableDescription: d}, nil
	})
}

type listTablesInput struct {
	ExclusiveStartTableName string
	Limit                   int
}

type listTablesOutput struct {
	TableNames             []string
	LastEvaluatedTableName string `json:",omitempty"`
}

func (s *Server) listTables(_ context.Context, in *listTablesInput) (*listTablesOutput, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := 100
	if in.Limit > 0 && in.Limit < limit {
		limit = in.Limit
	}
	out := &listTablesOutput{TableNames: []string{}}
	for _, name := range sortedKeys(s.tables) {
		if name <= in.ExclusiveStartTableName {
			continue
		}
		if len(out.TableNames) == limit {
			out.LastEvaluatedTableName = out.TableNames[limit-1]
			break
		}
		out.TableNames = append(out.TableNames, name)
	}
	return out, nil
}

type resourceInput struct{ ResourceArn string }

type tableTags struct{ Tags []tableTag }

func (s *Server) listTagsOfResource(_ context.Context, in *resourceInput) (*tableTags, error) {
	name := in.ResourceArn[strings.LastIndexByte(in.ResourceArn, '/')+1:]
	return locked(s, name, func(t *table) (*tableTags, error) {
		return &tableTags{append([]tableTag{}, t.tags...)}, nil
	})
}
