package sim

import (
	"maps"
	"slices"

	"github.com/casebridge/casebridge/engine"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// merge is the deep merge of a PATCH into a case (§3.4): omitted keys stay,
// scalars and lists of scalars are replaced, rows are merged by unique_id.
func (s *System) merge(doc *document, data map[string]any, fields map[string]*engine.Field) {
	for _, name := range sortedKeys(data) {
		if fields[name].Type == engine.Rows {
			stored, _ := decode(doc.raw(name)).([]any)
			doc.set(name, s.withIDs(mergeRows(stored, data[name].([]any))))
			continue
		}
		doc.set(name, mergeValue(decode(doc.raw(name)), data[name]))
	}
}

func mergeValue(stored, sent any) any {
	old, isObject := stored.(map[string]any)
	with, too := sent.(map[string]any)
	if rows, ok := sent.([]any); ok && isRows(rows) {
		have, _ := stored.([]any)
		return mergeRows(have, rows)
	}
	if !isObject || !too {
		return sent
	}
	return mergeObject(old, with)
}

func mergeObject(old, with map[string]any) map[string]any {
	all := maps.Clone(old)
	for name, value := range with {
		all[name] = mergeValue(old[name], value)
	}
	return all
}

func isRows(list []any) bool {
	if len(list) == 0 {
		return false
	}
	_, ok := list[0].(map[string]any)
	return ok
}

// mergeRows merges submitted rows into stored ones. Where nothing is stored the
// submitted ones are taken verbatim, even rows that ask to be destroyed.
func mergeRows(stored, sent []any) []any {
	if stored == nil {
		return sent
	}
	var merged []any
	for _, member := range stored {
		row, _ := member.(map[string]any)
		if with := firstWith(sent, row["unique_id"]); with != nil && row["unique_id"] != nil {
			row = mergeObject(row, with)
		}
		if row["_destroy"] != true {
			merged = append(merged, row)
		}
	}
	for _, member := range sent {
		row := member.(map[string]any)
		if firstWith(stored, row["unique_id"]) == nil && row["_destroy"] != true {
			merged = append(merged, row)
		}
	}
	if merged == nil {
		return []any{}
	}
	return merged
}

// firstWith returns the first row of that unique_id. Rows without one equal
// each other, which is how a legacy row makes a new one vanish.
func firstWith(rows []any, id any) map[string]any {
	for _, member := range rows {
		if row, ok := member.(map[string]any); ok && row["unique_id"] == id {
			return row
		}
	}
	return nil
}

// withIDs gives every row without a unique_id one; the caller holds the lock.
func (s *System) withIDs(rows []any) []any {
	for _, member := range rows {
		if row, ok := member.(map[string]any); ok && (row["unique_id"] == nil || row["unique_id"] == "") {
			row["unique_id"] = s.newID()
		}
	}
	return rows
}
