package dynamodb

import (
	"slices"
	"strings"

	"github.com/truora/minidyn/interpreter"
)

// expressions is what one call says in DynamoDB's expression language, with
// the names and values that its placeholders stand for.
type expressions struct {
	ExpressionAttributeNames  map[string]string
	ExpressionAttributeValues item
}

// check compares the placeholders with what the expressions use: AWS wants
// all of them defined, and none to spare.
func (x *expressions) check(texts ...string) error {
	used := map[string]bool{}
	for _, text := range texts {
		for _, w := range placeholders(text) {
			used[w] = true
		}
	}
	for name := range x.ExpressionAttributeNames {
		if !used[name] {
			return invalid("Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", name)
		}
	}
	for name := range x.ExpressionAttributeValues {
		if !used[name] {
			return invalid("Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}", name)
		}
	}
	for w := range used {
		_, name := x.ExpressionAttributeNames[w]
		_, value := x.ExpressionAttributeValues[w]
		if !name && !value {
			return invalid("An expression attribute used in expression is not defined: %s", w)
		}
	}
	return x.ExpressionAttributeValues.check()
}

// placeholders returns the `#name` and `:value` words of an expression.
func placeholders(text string) []string {
	var out []string
	for i := 0; i < len(text); i++ {
		if text[i] != '#' && text[i] != ':' {
			continue
		}
		end := i + 1
		for end < len(text) && wordByte(text[end]) {
			end++
		}
		out = append(out, text[i:end])
		i = end - 1
	}
	return out
}

func wordByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// attributes returns the top-level attributes that an expression may mention.
// It may name too many (operators, functions), never too few.
func (x *expressions) attributes(text string) []string {
	var out []string
	for i := 0; i < len(text); {
		end := i
		for end < len(text) && (wordByte(text[end]) || end == i && (text[end] == '#' || text[end] == ':')) {
			end++
		}
		if end == i {
			i++
			continue
		}
		w := text[i:end]
		if name, ok := x.ExpressionAttributeNames[w]; ok {
			w = name
		}
		if !strings.HasPrefix(w, ":") {
			out = append(out, w)
		}
		i = end
	}
	return out
}

// match evaluates a condition on an item; nil is an item without attributes.
// Only what the condition mentions is handed to the interpreter, which would
// convert all of it.
func (x *expressions) match(text string, i item, kind interpreter.ExpressionType) (bool, error) {
	if text == "" {
		return true, nil
	}
	values := item{}
	for _, w := range placeholders(text) {
		if v, ok := x.ExpressionAttributeValues[w]; ok {
			values[w] = v
		}
	}
	language := interpreter.Language{}
	ok, err := language.Match(interpreter.MatchInput{
		Expression: text, ExpressionType: kind, Item: i.only(x.attributes(text)...),
		Attributes: values, Aliases: x.ExpressionAttributeNames,
	})
	if err != nil {
		return false, invalid("Invalid expression %q: %v", text, err)
	}
	return ok, nil
}

// project returns the parts of an item that the expression names.
func (x *expressions) project(text string, i item) (item, error) {
	if text == "" {
		return i, nil
	}
	language := interpreter.Language{}
	out, err := language.Project(interpreter.ProjectInput{
		Expression: text, Item: i.only(x.attributes(text)...), Aliases: x.ExpressionAttributeNames,
	})
	if err != nil {
		return nil, invalid("Invalid ProjectionExpression: %v", err)
	}
	return out, nil
}

// update applies an update expression to a copy of the item.
func (x *expressions) update(text string, i item) (item, error) {
	if slices.Contains(strings.Fields(strings.ToUpper(text)), "REMOVE") {
		return nil, invalid("the embedded DynamoDB does not support REMOVE in an UpdateExpression, write the whole item")
	}
	out := i.clone()
	language := interpreter.Language{}
	err := language.Update(interpreter.UpdateInput{
		Expression: text, Item: out, Attributes: x.ExpressionAttributeValues, Aliases: x.ExpressionAttributeNames,
	})
	if err != nil {
		return nil, invalid("Invalid UpdateExpression: %v", err)
	}
	return out, nil
}
