package catalog

import (
	_ "embed" // for the schema
	"slices"
)

// schema is made from the tags of document by TestSchemaIsFresh; -update writes it anew.
//
//go:embed catalog.schema.json
var schema []byte

// Schema returns the JSON Schema (draft 2020-12) of powerpole.yaml, for editors and for those who write one. It knows the
// form of each key; what keys say against each other only Parse knows.
func Schema() []byte { return slices.Clone(schema) }
