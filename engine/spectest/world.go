package spectest

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

// world is all that the systems and the store of one case hold.
type world struct {
	given    []held // records in the systems
	recalled []held // what the store recalls
	sent     []spec.SentEntry
	linked   []held // fields as both sides last had them in common
	swept    bool
	sealed   bool // the store has a key
	objects  []engine.Object
	keys     []spec.Recall // how records without an id are told apart
	missed   []mapping.Ask // looked for by a field, and not given
}

// held is one record and whose it is.
type held struct {
	object string
	owner  string // id of the record that owns it, "" if nobody
	fields map[string]any
}

// ownerKey is the field of a given record that names its owner; it is no field of the record itself.
const ownerKey = "of"

func newWorld(p *spec.Project, suite *spec.Suite, tc *spec.TestCase) *world {
	w := &world{sent: tc.Sent, linked: hold(tc.Linked), swept: tc.Swept, sealed: tc.Sealed, objects: p.Objects, keys: p.Recall}
	w.given = append(hold(suite.Given), hold(tc.Given)...)
	for _, h := range hold(tc.Recalled) {
		h.fields = kept(p, h, tc.Sealed)
		w.recalled = append(w.recalled, h)
	}
	return w
}

func hold(given []spec.GivenRecords) []held {
	var out []held
	for _, g := range given {
		for _, v := range g.Records {
			out = append(out, holdOne(g.Object.Text, v))
		}
	}
	return out
}

func holdOne(object string, v spec.Value) held {
	h := held{object: object, fields: map[string]any{}}
	record, _ := v.Any.(map[string]any)
	for name, value := range record {
		if name == ownerKey {
			h.owner = text(value)
			continue
		}
		h.fields[name] = value
	}
	return h
}

// kept leaves of a recalled record what the store keeps of it; without a store
// key the sealed fields cannot be kept.
func kept(p *spec.Project, h held, sealed bool) map[string]any {
	for i := range p.Recall {
		rc := &p.Recall[i]
		if rc.Object.Text != h.object {
			continue
		}
		keep := slices.Clone(rc.Keep)
		if sealed {
			keep = append(keep, rc.Sealed...)
		}
		out := map[string]any{}
		for _, f := range keep {
			if v, ok := h.fields[f.Text]; ok {
				out[f.Text] = v
			}
		}
		return out
	}
	return nil
}

// source returns the records that the case's flow reads.
func (w *world) source(object string, tc *spec.TestCase) []engine.Record {
	var out []engine.Record
	if tc.Read != nil {
		for _, v := range tc.Read {
			out = append(out, w.record(holdOne(object, v)))
		}
		return out
	}
	for _, h := range w.given {
		if h.object == object {
			out = append(out, w.record(h))
		}
	}
	return out
}

// answer says what the systems and the store of the case know.
func (w *world) answer(a mapping.Ask) mapping.Answer {
	switch a.Kind {
	case mapping.AskRead:
		return mapping.Answer{Records: w.read(a)}
	case mapping.AskRecall:
		return mapping.Answer{Records: w.recall(a), Swept: w.swept}
	case mapping.AskLedger:
		return mapping.Answer{Records: w.ledger(a)}
	case mapping.AskOnce:
		return mapping.Answer{State: w.once(a)}
	case mapping.AskLink:
		return w.linkedFields(a)
	}
	return mapping.Answer{}
}

func (w *world) read(a mapping.Ask) []engine.Record {
	var out []engine.Record
	for _, h := range w.given {
		owned := a.By == "" && h.owner == a.Value
		named := a.By != "" && text(h.fields[a.By]) == a.Value
		if h.object == a.Object && a.Value != "" && (owned || named) {
			rec := w.record(h)
			rec.Found = a.Value
			out = append(out, rec)
		}
	}
	if len(out) == 0 && a.By != "" && a.Value != "" {
		w.missed = append(w.missed, a)
	}
	return out
}

func (w *world) recall(a mapping.Ask) []engine.Record {
	var out []engine.Record
	for _, h := range w.recalled {
		fits := func(p engine.Pair) bool { return p.Value != "" && text(h.fields[p.Name]) == p.Value }
		if h.object == a.Object && slices.ContainsFunc(a.Pairs, fits) {
			out = append(out, w.record(h))
		}
	}
	return out
}

func (w *world) ledger(a mapping.Ask) []engine.Record {
	var out []engine.Record
	for _, s := range w.sent {
		if s.Object.Text != a.Object || !allFit(a.Pairs, s.Known) {
			continue
		}
		fields := map[string]any{"state": string(stateOf(s)), "answer": s.Answer.Text}
		for _, k := range s.Known {
			fields[k.Name.Text] = k.Value.Text
		}
		out = append(out, w.record(held{object: a.Object, fields: fields}))
	}
	return out
}

func allFit(pairs []engine.Pair, known []spec.Named) bool {
	for _, p := range pairs {
		fits := func(n spec.Named) bool { return n.Name.Text == p.Name && n.Value.Text == p.Value }
		if p.Value == "" || !slices.ContainsFunc(known, fits) {
			return false
		}
	}
	return true
}

func (w *world) once(a mapping.Ask) mapping.SendState {
	for _, s := range w.sent {
		if s.Object.Text == a.Object && onceKey(s.Once) == a.Once && stateOf(s) != mapping.Lost {
			return stateOf(s) // one that was lost may go again
		}
	}
	return mapping.NeverSent
}

// record writes held fields as a system would give them.
func (w *world) record(h held) engine.Record {
	raw, err := json.Marshal(h.fields)
	if err != nil {
		raw = []byte("{}") // cannot be: the fields came from YAML
	}
	rec := engine.Record{Object: h.object, Body: engine.NewBody(raw)}
	for i := range w.objects {
		if o := &w.objects[i]; o.Name == h.object && o.ID != "" {
			rec.ID = text(h.fields[o.ID])
		}
	}
	if rec.ID == "" {
		rec.ID = w.recallKey(h)
	}
	return rec
}

// recallKey names a record of an object without an id by what recall tells its records apart by.
func (w *world) recallKey(h held) string {
	for _, r := range w.keys {
		if r.Object.Text != h.object {
			continue
		}
		parts := make([]string, len(r.Key))
		for i, k := range r.Key {
			parts[i] = text(h.fields[k.Text])
		}
		return strings.Trim(strings.Join(parts, "/"), "/")
	}
	return ""
}

// text is how a scalar stands in a lookup; "" for what is none.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	return ""
}
