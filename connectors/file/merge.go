package file

import (
	"bytes"
	"encoding/json"

	"github.com/tidwall/gjson"
)

// merge lays change over base: its fields replace those of base, in base's order, new ones follow.
// Rows (arrays of objects with an id or unique_id) are merged row by row; other arrays are replaced.
func merge(base, change gjson.Result) []byte {
	over, order := members(change)
	var out bytes.Buffer
	put := func(name string, raw string) {
		if out.Len() == 0 {
			out.WriteByte('{')
		} else {
			out.WriteByte(',')
		}
		key, _ := json.Marshal(name) // a string never fails
		out.Write(key)
		out.WriteByte(':')
		out.WriteString(raw)
	}
	base.ForEach(func(name, was gjson.Result) bool {
		now, changed := over[name.String()]
		switch {
		case !changed:
			put(name.String(), was.Raw)
		case rowKey(was) != "" && rowKey(was) == rowKey(now):
			put(name.String(), mergeRows(was, now, rowKey(now)))
		default:
			put(name.String(), now.Raw)
		}
		delete(over, name.String())
		return true
	})
	for _, name := range order {
		if v, left := over[name]; left {
			put(name, v.Raw)
		}
	}
	if out.Len() == 0 {
		return []byte("{}")
	}
	out.WriteByte('}')
	return out.Bytes()
}

// members lists the fields of an object; of two of the same name the last counts.
func members(object gjson.Result) (byName map[string]gjson.Result, order []string) {
	byName = map[string]gjson.Result{}
	object.ForEach(func(name, v gjson.Result) bool {
		if _, twice := byName[name.String()]; !twice {
			order = append(order, name.String())
		}
		byName[name.String()] = v
		return true
	})
	return byName, order
}

// rowKey is the column that tells the rows of a list apart, "" when it is no list of rows.
func rowKey(list gjson.Result) string {
	if !list.IsArray() {
		return ""
	}
	rows := list.Array()
	for _, key := range []string{"unique_id", "id"} {
		all := len(rows) > 0
		for _, row := range rows {
			all = all && row.IsObject() && row.Get(key).Exists()
		}
		if all {
			return key
		}
	}
	return ""
}

func mergeRows(base, change gjson.Result, key string) string {
	changed := map[string]gjson.Result{}
	for _, row := range change.Array() {
		changed[row.Get(key).String()] = row
	}
	var rows [][]byte
	for _, row := range base.Array() {
		id := row.Get(key).String()
		if now, ok := changed[id]; ok {
			rows = append(rows, merge(row, now))
			delete(changed, id)
			continue
		}
		rows = append(rows, []byte(row.Raw))
	}
	for _, row := range change.Array() {
		id := row.Get(key).String()
		if now, left := changed[id]; left {
			rows = append(rows, []byte(now.Raw))
			delete(changed, id)
		}
	}
	return "[" + string(bytes.Join(rows, []byte(","))) + "]"
}
