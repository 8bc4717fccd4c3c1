package reconcile

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/store"
)

// recalls is what the store shall remember of the wave's records. Of one that cannot be used that is what
// can be told of it: it is there all the same.
func (l *loop) recalls(wave []engine.Record) []store.Recalled {
	if l.recall == nil {
		return nil
	}
	out := make([]store.Recalled, 0, len(wave))
	unnamed := 0
	for _, rec := range wave {
		said := rec.Body
		if rec.Fault != nil {
			said = rec.Known
		}
		var fields map[string]json.RawMessage
		broken := json.Unmarshal(said.Raw(), &fields) != nil // Decide has already quarantined it
		keep, ok := remember(l.recall, fields)
		switch {
		case ok && rec.Fault != nil:
			keep.Unknown = absent(l.recall.Keep, fields)
			out = append(out, keep)
		case ok:
			out = append(out, keep)
		case broken || rec.Fault != nil:
			l.unplaced = true
		default:
			unnamed++
		}
	}
	if unnamed > 0 {
		l.job.Log.Warn("records were not remembered: a field that tells them apart is empty",
			"flow", l.job.Flow.Name(), "object", l.recall.Object.Text, "records", unnamed, "key", strings.Join(spec.Texts(l.recall.Key), ", "))
	}
	return out
}

// absent are the names that fields do not have at all.
func absent(names []spec.Scalar, fields map[string]json.RawMessage) []string {
	var out []string
	for _, n := range names {
		if _, there := fields[n.Text]; !there {
			out = append(out, n.Text)
		}
	}
	return out
}

// remember is what the store keeps of a record. ok is false when a part of the key is empty:
// it would take the place of every other record without one.
func remember(r *spec.Recall, fields map[string]json.RawMessage) (rec store.Recalled, ok bool) {
	keys := make([]string, len(r.Key))
	for i, k := range r.Key {
		if keys[i] = plain(fields[k.Text]); keys[i] == "" {
			return store.Recalled{}, false
		}
	}
	rec = store.Recalled{Object: r.Object.Text, Key: strings.Join(keys, "\x1f")}
	for _, k := range r.Keep {
		if v := plain(fields[k.Text]); v != "" {
			rec.Keep = append(rec.Keep, engine.Pair{Name: k.Text, Value: v})
		}
	}
	rec.Sealed = sealed(r.Sealed, fields)
	return rec, true
}

// sealed joins the personal fields into one JSON object, in the order of the spec.
func sealed(names []spec.Scalar, fields map[string]json.RawMessage) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for _, n := range names {
		raw, ok := fields[n.Text]
		if !ok {
			continue
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		name, _ := json.Marshal(n.Text) // a string always marshals
		b.Write(name)
		b.WriteByte(':')
		b.Write(raw)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// plain is a scalar as text; null and absent are "".
func plain(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	if text := string(raw); text != "null" {
		return text
	}
	return ""
}

// ledgerRecords shows ledger entries to expressions as records.
func ledgerRecords(entries []store.LedgerEntry) []engine.Record {
	out := make([]engine.Record, len(entries))
	for i, e := range entries {
		fields := map[string]string{"state": e.State, "answer": e.Answer}
		for _, p := range e.Known {
			fields[p.Name] = p.Value
		}
		raw, _ := json.Marshal(fields) // strings always marshal
		out[i] = engine.Record{Object: e.Object, ID: e.Once, Body: engine.NewBody(raw)}
	}
	return out
}
