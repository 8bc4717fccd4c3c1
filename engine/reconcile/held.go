package reconcile

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/store"
)

// held is what quarantine gets of a change: also the record it comes from, and where a value that was not known was looked up.
func (l *loop) held(rec engine.Record, c engine.Change, fault *engine.Fault) store.Held {
	if fault != nil && c.Reason.Place == "" {
		c.Reason.Place = placeOf(c.Fields, fault.Fields)
	}
	h := store.Held{Change: c, Fault: fault, Source: l.used(rec)}
	if c.Reason.Value != "" {
		at := l.consults[c.Reason.Place]
		h.Lookup, h.By = at.Name, at.By
	}
	return h
}

// used is a source record with the fields that the flow reads, in one order: more is neither kept nor compared.
// A record that is no JSON object stays as it came.
func (l *loop) used(rec engine.Record) engine.Record {
	full := l.spec.Source.Read.Text
	rec.Object = full
	var fields map[string]json.RawMessage
	if len(l.fields[full]) == 0 || json.Unmarshal(rec.Body.Raw(), &fields) != nil {
		return rec
	}
	for name := range fields {
		if !slices.Contains(l.fields[full], name) {
			delete(fields, name)
		}
	}
	if raw, err := json.Marshal(fields); err == nil { // of a map: sorted by name
		rec.Body = engine.NewBody(raw)
	}
	return rec
}

// placeOf is the rule of the first field that a target refused; "" when the target names none that was set.
func placeOf(set []engine.FieldChange, refused []string) string {
	for _, name := range refused {
		words := strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == '.' })
		for _, f := range set {
			if slices.ContainsFunc(words, func(w string) bool { return w == f.Path || strings.HasSuffix(f.Path, "]."+w) }) {
				return f.Rule
			}
		}
	}
	return ""
}

// unmapped are the values of a record that no map knows and that are carried all the same, each once.
// A note has a value only when that is a code or public.
func (l *loop) unmapped(d mapping.Decision) []store.UnmappedValue {
	var out []store.UnmappedValue
	for _, c := range d.Changes {
		if !c.Verdict.Writes() {
			continue
		}
		for _, n := range c.Notes {
			at, ok := l.consults[n.Place]
			if n.Value == "" || !ok {
				continue
			}
			i := slices.IndexFunc(out, func(u store.UnmappedValue) bool { return u.Lookup == at.Name && u.By == at.By && u.Value == n.Value })
			switch {
			case i < 0:
				out = append(out, store.UnmappedValue{Lookup: at.Name, By: at.By, Value: n.Value, Carried: at.Carried, Record: d.Record})
			case !slices.Contains(strings.Split(out[i].Carried, ", "), at.Carried):
				out[i].Carried += ", " + at.Carried
			}
		}
	}
	return out
}
