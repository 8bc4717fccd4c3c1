package spec

import (
	"encoding/json"
	"fmt"

	"github.com/casebridge/casebridge/engine"
)

func (b *builder) checkTables() {
	for _, t := range b.project.Tables {
		b.once(t.In, "name")
		b.once(t.Out, "name")
		for i, l := range t.Lines {
			b.checkWidth(l.When, len(t.In), "when", "in", l.At)
			b.checkWidth(l.Then, len(t.Out), "then", "out", l.At)
			b.checkReachable(t, i)
		}
	}
}

func (b *builder) checkWidth(values []Value, want int, key, names string, at engine.Pos) {
	if len(values) != want && want > 0 {
		b.fault(at, 1, "wrong-width", "write one for every name under "+names, "%s has %d values, and %s has %d names", key, len(values), names, want)
	}
}

// checkReachable reports a line that can never count, because a line above it takes everything that it would.
func (b *builder) checkReachable(t *Table, line int) {
	l := t.Lines[line]
	for _, above := range t.Lines[:line] {
		if len(above.When) == len(l.When) && covers(above.When, l.When) {
			b.fault(l.At, 1, "unreachable-line", "move it up or remove it", "this line never counts: line %d fits wherever it would", above.At.Line)
			return
		}
	}
}

func covers(above, below []Value) bool {
	for i := range above {
		if !coversOne(above[i], below[i]) {
			return false
		}
	}
	return true
}

func coversOne(above, below Value) bool {
	if above.Any == "*" {
		return true
	}
	if below.Any == "*" {
		return false
	}
	taken := map[string]bool{}
	for _, v := range alternatives(above) {
		taken[literalKey(v)] = true
	}
	for _, v := range alternatives(below) {
		if !taken[literalKey(v)] {
			return false
		}
	}
	return true
}

// alternatives returns the values that a condition takes.
func alternatives(v Value) []any {
	if list, ok := v.Any.([]any); ok {
		return list
	}
	return []any{v.Any}
}

// literalKey tells the text "1" and the number 1 apart.
func literalKey(v any) string {
	if n, ok := v.(json.Number); ok {
		return "number " + n.String()
	}
	return fmt.Sprintf("%T %v", v, v)
}
