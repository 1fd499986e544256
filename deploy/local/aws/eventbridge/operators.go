package eventbridge

import (
	"encoding/json"
	"slices"
	"strings"
)

// compileCondition reads one element of a pattern's array: a value that must
// be equal, or an object with one operator.
func compileCondition(raw json.RawMessage) (condition, error) {
	var want any
	if err := json.Unmarshal(raw, &want); err != nil {
		return nil, badPattern("%v", err)
	}
	switch v := want.(type) {
	case map[string]any:
		if len(v) != 1 {
			return nil, badPattern("Only one key allowed in match expression %s", describe(raw))
		}
		for op, arg := range v {
			return compileOperator(op, arg, raw)
		}
	case []any:
		return nil, badPattern("Match value must be String, number, true, false, or null, not %s", describe(raw))
	}
	return func(value any, present bool) bool { return present && value == want }, nil
}

func compileOperator(op string, arg any, raw json.RawMessage) (condition, error) {
	switch op {
	case "exists":
		want, ok := arg.(bool)
		if !ok {
			return nil, badPattern("exists match pattern must be either true or false, not %s", describe(raw))
		}
		return func(_ any, present bool) bool { return present == want }, nil
	case "numeric":
		return compileNumeric(arg, raw)
	case "anything-but":
		return compileAnythingBut(arg, raw)
	case "prefix", "suffix", "equals-ignore-case":
		test, err := compileText(op, arg, raw)
		if err != nil {
			return nil, err
		}
		return ofText(test), nil
	}
	return nil, badPattern("Unrecognized match type %s", op)
}

// ofText is a condition on values that are text.
func ofText(test func(string) bool) condition {
	return func(value any, present bool) bool {
		s, ok := value.(string)
		return present && ok && test(s)
	}
}

// compileText reads prefix, suffix or equals-ignore-case. A prefix and a
// suffix may themselves ask to ignore case.
func compileText(op string, arg any, raw json.RawMessage) (func(string) bool, error) {
	fold := op == "equals-ignore-case"
	if inner, ok := arg.(map[string]any); ok && !fold && len(inner) == 1 {
		arg, fold = inner["equals-ignore-case"], true
	}
	want, ok := arg.(string)
	if !ok || want == "" {
		return nil, badPattern("%s match pattern must be a non-empty string, not %s", op, describe(raw))
	}
	equal := func(a, b string) bool { return a == b }
	if fold {
		equal = strings.EqualFold
	}
	switch op {
	case "prefix":
		return func(s string) bool { return len(s) >= len(want) && equal(s[:len(want)], want) }, nil
	case "suffix":
		return func(s string) bool { return len(s) >= len(want) && equal(s[len(s)-len(want):], want) }, nil
	}
	return func(s string) bool { return equal(s, want) }, nil
}

// compileAnythingBut reads a value or a list of values that must not be, or
// one operator on text that must not hold for any of its arguments. Like
// AWS's it wants the field to be there.
func compileAnythingBut(arg any, raw json.RawMessage) (condition, error) {
	inner, ok := arg.(map[string]any)
	if !ok {
		values := listOf(arg)
		if len(values) == 0 || slices.ContainsFunc(values, notPlain) {
			return nil, badPattern("Value of anything-but must be a value or a non-empty array of values, not %s", describe(raw))
		}
		return func(value any, present bool) bool { return present && !slices.Contains(values, value) }, nil
	}
	if len(inner) != 1 {
		return nil, badPattern("Only one key allowed in match expression %s", describe(raw))
	}
	var tests []func(string) bool
	for op, args := range inner {
		if op != "prefix" && op != "suffix" && op != "equals-ignore-case" {
			return nil, badPattern("Unsupported anything-but pattern: %s", op)
		}
		for _, one := range listOf(args) {
			test, err := compileText(op, one, raw)
			if err != nil {
				return nil, err
			}
			tests = append(tests, test)
		}
	}
	if len(tests) == 0 {
		return nil, badPattern("Value of anything-but must not be empty: %s", describe(raw))
	}
	return func(value any, present bool) bool {
		s, ok := value.(string)
		return present && (!ok || !slices.ContainsFunc(tests, func(t func(string) bool) bool { return t(s) }))
	}, nil
}

func listOf(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

// notPlain reports whether v is neither text nor a number. It also keeps
// values that Go cannot compare out of slices.Contains.
func notPlain(v any) bool {
	switch v.(type) {
	case string, float64:
		return false
	}
	return true
}

// compileNumeric reads one comparison, or two that make a range.
func compileNumeric(arg any, raw json.RawMessage) (condition, error) {
	list, ok := arg.([]any)
	if !ok || len(list) != 2 && len(list) != 4 {
		return nil, badPattern("Value of numeric must be an array of one or two comparisons, not %s", describe(raw))
	}
	var tests []func(float64) bool
	for i := 0; i < len(list); i += 2 {
		test := compare(list[i], list[i+1])
		if test == nil {
			return nil, badPattern("Unrecognized numeric range operator or value: %s", describe(raw))
		}
		tests = append(tests, test)
	}
	return func(value any, present bool) bool {
		n, ok := value.(float64)
		return present && ok && !slices.ContainsFunc(tests, func(t func(float64) bool) bool { return !t(n) })
	}, nil
}

// compare returns nil for what is no comparison.
func compare(op, operand any) func(float64) bool {
	want, ok := operand.(float64)
	if !ok {
		return nil
	}
	switch op {
	case "=":
		return func(n float64) bool { return n == want }
	case "<":
		return func(n float64) bool { return n < want }
	case "<=":
		return func(n float64) bool { return n <= want }
	case ">":
		return func(n float64) bool { return n > want }
	case ">=":
		return func(n float64) bool { return n >= want }
	}
	return nil
}
