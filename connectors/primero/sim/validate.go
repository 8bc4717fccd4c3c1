package sim

import (
	"encoding/json"
	"math/big"
	"regexp"
	"slices"
	"strconv"

	"github.com/casebridge/casebridge/engine"
)

var lowerUUID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// clean drops what strong parameters drop without a word (§3.2 rule 2):
// unknown names, wrong containers, null for anything that is a list.
func clean(fields map[string]*engine.Field, data map[string]any) map[string]any {
	kept := map[string]any{}
	for name, value := range data {
		if f := fields[name]; f != nil {
			if v, ok := cleanValue(f, value); ok {
				kept[name] = v
			}
		}
	}
	return kept
}

func cleanValue(f *engine.Field, value any) (any, bool) {
	switch f.Type {
	case engine.Rows:
		return cleanRows(f, value)
	case engine.CodeMany, engine.Texts:
		list, ok := value.([]any)
		return value, ok && !slices.ContainsFunc(list, isContainer)
	case engine.Any:
		_, isObject := value.(map[string]any)
		return value, isObject
	}
	return value, !isContainer(value)
}

func cleanRows(f *engine.Field, value any) (any, bool) {
	if object, ok := value.(map[string]any); ok {
		return cleanRow(f, object), true // passes here and fails the schema
	}
	list, ok := value.([]any)
	if !ok {
		return nil, false
	}
	rows := make([]any, 0, len(list))
	for _, member := range list {
		if row, ok := member.(map[string]any); ok {
			rows = append(rows, cleanRow(f, row))
		}
	}
	return rows, true
}

func cleanRow(f *engine.Field, row map[string]any) map[string]any {
	columns := map[string]*engine.Field{}
	for i := range f.Fields {
		columns[f.Fields[i].Name] = &f.Fields[i]
	}
	kept := clean(columns, row)
	for _, name := range []string{"unique_id", "_destroy"} {
		if v, ok := row[name]; ok && !isContainer(v) {
			kept[name] = v
		}
	}
	return kept
}

func isContainer(v any) bool {
	switch v.(type) {
	case []any, map[string]any:
		return true
	}
	return false
}

// pointers returns the JSON pointers of values that the schema refuses (§3.2
// rule 3), in a fixed order; select boxes repeat theirs.
func (s *System) pointers(fields map[string]*engine.Field, data map[string]any, at string) []string {
	var bad []string
	for _, name := range sortedKeys(data) {
		if f := fields[name]; f != nil {
			bad = append(bad, s.refused(f, data[name], at+"/"+name)...)
		}
	}
	return bad
}

func (s *System) refused(f *engine.Field, value any, at string) []string {
	switch f.Type {
	case engine.Rows:
		return s.refusedRows(f, value, at)
	case engine.CodeOne:
		if !s.isCode(f, value, true) {
			return []string{at, at}
		}
	case engine.CodeMany, engine.Texts:
		return s.refusedMembers(f, value, at)
	default:
		if !fits(f, value) {
			return []string{at}
		}
	}
	return nil
}

func (s *System) refusedMembers(f *engine.Field, value any, at string) []string {
	var bad []string
	list, _ := value.([]any)
	for i, member := range list {
		if !s.isCode(f, member, false) {
			bad = append(bad, at+"/"+strconv.Itoa(i))
		}
	}
	return bad
}

func (s *System) refusedRows(f *engine.Field, value any, at string) []string {
	list, ok := value.([]any)
	if !ok {
		return []string{at}
	}
	columns := map[string]*engine.Field{
		"unique_id": {Name: "unique_id", Type: rowID},
		"_destroy":  {Name: "_destroy", Type: orNull},
	}
	for i := range f.Fields {
		columns[f.Fields[i].Name] = &f.Fields[i]
	}
	var bad []string
	for i, member := range list {
		bad = append(bad, s.pointers(columns, member.(map[string]any), at+"/"+strconv.Itoa(i))...)
	}
	return bad
}

// Types of the two columns that every subform has.
const (
	rowID  engine.Type = "row id"
	orNull engine.Type = "boolean or null"
)

// fits is the type table of §3.2 for the types without options.
func fits(f *engine.Field, value any) bool {
	if value == nil {
		return f.Type != engine.Boolean && f.Type != rowID && f.Name != "id"
	}
	switch v := value.(type) {
	case string:
		return f.Type == engine.Text && (f.Name != "id" || lowerUUID.MatchString(v)) || f.Type == rowID && lowerUUID.MatchString(v)
	case bool:
		return f.Type == engine.Boolean || f.Type == orNull || f.Type == engine.Number
	case day:
		return f.Type == engine.Date
	case instant:
		return f.Type == engine.Instant
	case json.Number:
		return f.Type == engine.Number || f.Type == engine.Integer && isInteger32(v)
	case map[string]any:
		return f.Type == engine.Any
	}
	return false
}

func isInteger32(n json.Number) bool {
	r, ok := new(big.Rat).SetString(n.String())
	return ok && r.IsInt() && r.Num().IsInt64() && r.Num().Int64() == int64(int32(r.Num().Int64()))
}

// isCode says whether a select box takes the value. Options are checked since 2.15.
func (s *System) isCode(f *engine.Field, value any, orNull bool) bool {
	if value == nil {
		return orNull
	}
	list, known := s.codes[f.Codes]
	text, ok := value.(string)
	if !ok {
		_, isBool := value.(bool)
		return isBool && known && !slices.ContainsFunc(list, func(c string) bool { return c != "true" && c != "false" })
	}
	switch f.Codes {
	case "core-status":
		return slices.Contains([]string{"open", "closed", "transferred", "identified"}, text)
	case "core-module":
		return slices.Contains(s.modules, text)
	}
	return !known || !s.version.from(2, 15) || slices.Contains(list, text)
}

// yearBeyond says whether a date of birth lies after this year, which the model refuses (§3.2 rule 6).
func yearBeyond(v any, year int) bool {
	d, ok := v.(day)
	if !ok {
		return false
	}
	n, err := strconv.Atoi(string(d)[:4])
	return err == nil && n > year
}
