package inspect

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

// ownerKey is the field of a record in a file that names the id of its owner; it is no field of the record itself.
const ownerKey = "of"

// Sample is records of both systems in one file: those that a flow reads, and those
// that it looks up. It knows where they stand and by which values they are found; the
// records themselves stay in the file. The store of a Sample has sent nothing, and
// recalls what the file holds of the objects that a project recalls.
type Sample struct {
	file    io.ReaderAt
	records map[string][]span  // by object, in order of the file
	found   map[string][]place // by object, field and value
	fields  map[string][]string
}

// span is where a record stands.
type span struct{ start, end int64 }

// place is a record of an object, by its number.
type place struct {
	object string
	number int
}

func foundKey(object, field, value string) string { return object + "\x00" + field + "\x00" + value }

// Records streams the records of one object, in order of the file.
func (s *Sample) Records(p *spec.Project, object string) iter.Seq2[engine.Record, error] {
	return func(yield func(engine.Record, error) bool) {
		for i := range s.records[object] {
			rec, err := s.load(p, place{object, i})
			if !yield(rec, err) || err != nil {
				return
			}
		}
	}
}

// Count is how many records of an object there are.
func (s *Sample) Count(object string) int { return len(s.records[object]) }

// load reads one record.
func (s *Sample) load(p *spec.Project, at place) (engine.Record, error) {
	sp := s.records[at.object][at.number]
	raw := make([]byte, sp.end-sp.start)
	if _, err := s.file.ReadAt(raw, sp.start); err != nil && !errors.Is(err, io.EOF) {
		return engine.Record{}, &engine.Fault{Kind: engine.Environment, Op: "read records", Err: err}
	}
	obj, fields := p.Object(at.object), members(raw)
	if obj == nil {
		return engine.Record{Object: at.object, Body: engine.NewBody(raw)}, nil
	}
	if _, owned := fields[ownerKey]; owned && obj.Of != "" {
		delete(fields, ownerKey)
		raw, _ = json.Marshal(fields) // raw messages of valid JSON always marshal
	}
	return engine.Record{Object: at.object, ID: identity(p, obj, fields), Body: engine.NewBody(raw)}, nil
}

// members are the fields of a JSON object; none of anything else.
func members(raw []byte) map[string]json.RawMessage {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(raw, &fields) // what is no object has no fields
	return fields
}

// identity is a record's id; where the object has none, what recall tells its records apart by.
func identity(p *spec.Project, obj *engine.Object, fields map[string]json.RawMessage) string {
	if obj.ID != "" {
		return scalar(fields[obj.ID])
	}
	for _, r := range p.Recall {
		if r.Object.Text != obj.Name {
			continue
		}
		parts := make([]string, len(r.Key))
		for i, k := range r.Key {
			parts[i] = scalar(fields[k.Text])
		}
		return strings.Trim(strings.Join(parts, "/"), "/")
	}
	return ""
}

// scalar is a JSON scalar as lookups compare it; "" for what is none.
func scalar(raw json.RawMessage) string {
	var s string
	switch {
	case len(raw) == 0 || raw[0] == '{' || raw[0] == '[' || string(raw) == "null":
		return ""
	case raw[0] == '"' && json.Unmarshal(raw, &s) == nil:
		return s
	}
	return string(raw)
}

// For is the sample as the flows of a project see it.
func (s *Sample) For(p *spec.Project) Knowledge { return known{s, p} }

// known answers from a sample, at once.
type known struct {
	sample  *Sample
	project *spec.Project
}

func (known) Learn(context.Context, []mapping.Ask) error { return nil }

func (known) Forget() {}

// Answer implements mapping.Known.
func (k known) Answer(a mapping.Ask) (mapping.Answer, bool) {
	switch a.Kind {
	case mapping.AskRead:
		field := a.By
		if field == "" {
			field = ownerKey
		}
		return k.answer(k.sample.found[foundKey(a.Object, field, a.Value)], a.Value, nil), true
	case mapping.AskRecall:
		kept := k.kept(a.Object)
		var all []place
		for _, p := range a.Pairs {
			for _, at := range k.sample.found[foundKey(a.Object, p.Name, p.Value)] {
				if slices.Contains(kept, p.Name) && p.Value != "" && !slices.Contains(all, at) {
					all = append(all, at)
				}
			}
		}
		answer := k.answer(all, "", kept)
		answer.Swept = true
		return answer, true
	default:
		return mapping.Answer{}, true // nothing was ever sent
	}
}

// kept are the fields that the project's store recalls of an object.
func (k known) kept(object string) []string {
	kept := []string{}
	for _, r := range k.project.Recall {
		if r.Object.Text == object {
			kept = append(kept, spec.Texts(slices.Concat(r.Keep, r.Sealed))...)
		}
	}
	return kept
}

// answer loads records; only their fields in keep, or all of them when it is nil.
func (k known) answer(at []place, found string, keep []string) mapping.Answer {
	var answer mapping.Answer
	for _, one := range at {
		rec, err := k.sample.load(k.project, one)
		if err != nil {
			var fault *engine.Fault
			errors.As(err, &fault)
			return mapping.Answer{Fault: fault}
		}
		rec.Found = found
		if keep != nil {
			rec.Body = only(rec.Body, keep)
		}
		answer.Records = append(answer.Records, rec)
	}
	return answer
}

// only leaves of a record the named fields.
func only(body engine.Body, keep []string) engine.Body {
	fields, left := members(body.Raw()), map[string]json.RawMessage{}
	for _, name := range keep {
		if v, ok := fields[name]; ok {
			left[name] = v
		}
	}
	raw, _ := json.Marshal(left) // raw messages of valid JSON always marshal
	return engine.NewBody(raw)
}

// Named returns the records of an object that have name as one of the ids by which
// people name them: any that everybody may see, or the identity under which a record
// without an id stands in plans.
func (s *Sample) Named(p *spec.Project, object, name string) ([]engine.Record, error) {
	obj := p.Object(object)
	if obj == nil {
		return nil, nil
	}
	last := name[strings.LastIndexByte(name, '/')+1:]
	var out []engine.Record
	var seen []place
	for _, field := range s.fields[object] {
		if f := obj.Field(field); f == nil || f.Class.Hidden() || partOfKey(p, object, field) {
			continue
		}
		for _, at := range slices.Concat(s.found[foundKey(object, field, name)], s.found[foundKey(object, field, last)]) {
			rec, err := s.load(p, at)
			if err != nil {
				return nil, err
			}
			if slices.Contains(seen, at) || scalar(members(rec.Body.Raw())[field]) != name && rec.ID != name {
				continue
			}
			seen, out = append(seen, at), append(out, rec)
		}
	}
	return out, nil
}

// partOfKey says whether a field alone names nobody: only together with the last field of the key that recall uses.
func partOfKey(p *spec.Project, object, field string) bool {
	for _, r := range p.Recall {
		if r.Object.Text == object && len(r.Key) > 0 && slices.Contains(spec.Texts(r.Key[:len(r.Key)-1]), field) {
			return true
		}
	}
	return false
}
