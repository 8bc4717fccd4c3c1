package spectest

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
)

// linkedFields says what both sides of a record, or of one row of it, last had in common. A case gives values in the clear,
// so a digest is the value itself. Without a store key nothing is known.
func (w *world) linkedFields(a mapping.Ask) mapping.Answer {
	if !w.sealed {
		return mapping.Answer{}
	}
	ans := mapping.Answer{Digest: func(_ string, value []byte) string { return string(value) }}
	o := w.object(a.Object)
	for _, h := range w.linked {
		if o == nil || h.object != a.Object || text(h.fields[o.ID]) != a.Value {
			continue
		}
		values, fields := rowOf(h.fields, o, a.By)
		for _, name := range slices.Sorted(maps.Keys(values)) {
			if f := engine.FieldNamed(fields, name); f != nil {
				ans.Agreed = append(ans.Agreed, mapping.Agreed{Field: name, Digest: digest(f, values[name])})
			}
		}
	}
	return ans
}

func (w *world) object(full string) *engine.Object {
	for i := range w.objects {
		if w.objects[i].Name == full {
			return &w.objects[i]
		}
	}
	return nil
}

// rowOf gives the values and fields of a record, or of the row of it that an Ask names.
func rowOf(record map[string]any, o *engine.Object, row string) (map[string]any, []engine.Field) {
	if row == "" {
		return record, o.Fields
	}
	name, key := mapping.SplitRow(row)
	f := o.Field(name)
	if f == nil {
		return nil, nil
	}
	rows, _ := record[name].([]any)
	for _, r := range rows {
		if values, _ := r.(map[string]any); text(values[f.RowKey]) == key {
			return values, f.Fields
		}
	}
	return nil, nil
}

func digest(f *engine.Field, v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		raw = nil // cannot be: it came from YAML
	}
	return string(mapping.Normal(f, engine.NewBody(raw)).Raw())
}
