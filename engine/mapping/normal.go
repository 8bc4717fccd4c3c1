package mapping

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/engine"
)

// Normal writes a field's value so that equal values have equal bytes, however a system writes them: numbers without
// needless digits, the fields of objects in order, instants in UTC, and null for all that is blank. What is no JSON is null.
func Normal(f *engine.Field, value engine.Body) engine.Body {
	raw := value.Raw()
	if !gjson.ValidBytes(raw) {
		raw = nil
	}
	return engine.NewBody(normal(f, rawValue(string(raw))))
}

// normal is the JSON of a value of the field in its only form: that of two values is the same when fieldRule.same says so.
func normal(f *engine.Field, v value) []byte {
	if v.blank() {
		return []byte("null")
	}
	if f.Type == engine.Instant && v.kind == text {
		if at, ok := parseInstant(v.text); ok {
			v = textValue(at.UTC().Format(time.RFC3339Nano))
		}
	}
	return appendNormal(nil, v)
}

func appendNormal(b []byte, v value) []byte {
	switch v.kind {
	case number:
		return appendDecimal(b, parseDecimal(v.text))
	case list:
		b = append(b, '[')
		for i, item := range v.elements() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendNormal(b, item)
		}
		return append(b, ']')
	case object:
		return appendSorted(b, v)
	default:
		return appendJSON(b, v)
	}
}

func appendSorted(b []byte, v value) []byte {
	v.node.open()
	b = append(b, '{')
	for _, name := range slices.Compact(slices.Sorted(slices.Values(v.node.keys))) {
		b = appendNormal(appendName(b, name), v.member(name))
	}
	return append(b, '}')
}

// appendDecimal writes a number as its digits and a power of ten.
func appendDecimal(b []byte, d decimal) []byte {
	if d.digits == "" {
		return append(b, '0')
	}
	if d.negative {
		b = append(b, '-')
	}
	b = append(b, d.digits...)
	return strconv.AppendInt(append(b, 'e'), int64(d.exp-len(d.digits)), 10)
}

// contest names a row in links; "" when nothing of it can be in conflict, which is then not worth a text.
func (w *write) contest(key value) string {
	if !w.contended {
		return ""
	}
	return w.row.Name + "[" + plainText(key) + "]"
}

// SplitRow takes apart what an Ask and a Link call a row: the field and the row's key. Both are empty for the record itself.
func SplitRow(row string) (field, key string) {
	field, key, _ = strings.Cut(strings.TrimSuffix(row, "]"), "[")
	return field, key
}
