package spectest

import (
	"bytes"
	"encoding/json"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

// draft is a case as it is before anything is replaced, and what else was seen of its records.
type draft struct {
	tc      spec.TestCase
	dropped []dropped
}

// dropped is a field that the case does not take over. What it says about a person must not stand elsewhere either.
type dropped struct {
	path  string
	value any
}

func (d *draft) decide(p *spec.Project, f *mapping.Flow) (decided, bool) {
	return decideCase(p, f, &d.tc)
}

// drafter collects records, each once.
type drafter struct {
	project *spec.Project
	fields  map[string][]string // by object, those that are taken over
	draft   *draft
	seen    map[string]bool
}

// draftOf turns what a decision was told into the systems and the store of a case.
func draftOf(p *spec.Project, f *mapping.Flow, o Original, now time.Time) *draft {
	dr := &drafter{project: p, fields: fieldsTaken(p, f, o), draft: &draft{}, seen: map[string]bool{}}
	tc := &dr.draft.tc
	*tc = spec.TestCase{Now: now.In(p.Zone).Truncate(time.Second), Swept: true, Sealed: true}
	source := f.Spec().Source.Read.Text
	dr.add(&tc.Given, "given", o.Record, "")
	for _, a := range o.Asked {
		dr.asked(a)
	}
	if given := recordsOf(tc.Given, source); len(given) > 1 {
		tc.Read = given[:1]
	}
	for _, a := range o.Asked {
		if a.Ask.Kind == mapping.AskLink {
			dr.link(a, o.Decision)
		}
	}
	return dr.draft
}

// fieldsTaken are the fields of each object that the case needs: those that the flow reads, and those by which records are told apart and found.
func fieldsTaken(p *spec.Project, f *mapping.Flow, o Original) map[string][]string {
	taken := map[string][]string{}
	for _, use := range f.Reads() {
		taken[use.Object] = append(taken[use.Object], use.Fields...)
	}
	for _, a := range o.Asked {
		taken[a.Ask.Object] = append(taken[a.Ask.Object], a.Ask.By)
	}
	for _, obj := range p.Objects {
		taken[obj.Name] = append(taken[obj.Name], obj.ID)
	}
	for _, r := range p.Recall {
		taken[r.Object.Text] = append(taken[r.Object.Text], spec.Texts(r.Key)...)
	}
	return taken
}

func (dr *drafter) asked(a Asked) {
	tc := &dr.draft.tc
	switch a.Ask.Kind {
	case mapping.AskRead:
		owner := ""
		if a.Ask.By == "" {
			owner = a.Ask.Value
		}
		for _, rec := range a.Answer.Records {
			dr.add(&tc.Given, "given", rec, owner)
		}
	case mapping.AskRecall:
		tc.Swept = tc.Swept && a.Answer.Swept
		for _, rec := range a.Answer.Records {
			dr.add(&tc.Recalled, "recalled", rec, "")
		}
	case mapping.AskLedger:
		for _, rec := range a.Answer.Records {
			dr.ledger(rec)
		}
	case mapping.AskOnce:
		if a.Answer.State != mapping.NeverSent {
			dr.sent(spec.SentEntry{Object: spec.Scalar{Text: a.Ask.Object}, Once: onceNames(a.Ask.Once), State: spec.Scalar{Text: stateWord(string(a.Answer.State))}})
		}
	}
}

// add takes a record over, once. Recalled records have their fields chosen already.
func (dr *drafter) add(to *[]spec.GivenRecords, where string, rec engine.Record, owner string) {
	values, _ := parse(rec.Body).(map[string]any)
	taken := map[string]any{}
	obj := dr.project.Object(rec.Object)
	for name, v := range values {
		var f *engine.Field
		if obj != nil {
			f = obj.Field(name)
		}
		if f == nil || f.Class == engine.Confined || where == "given" && !slices.Contains(dr.fields[rec.Object], name) {
			dr.draft.dropped = append(dr.draft.dropped, dropped{name, personalOnly(v, f)})
			continue
		}
		taken[name] = dr.declared(v, f)
	}
	if owner != "" {
		taken[ownerKey] = owner
	}
	key, err := json.Marshal([]any{where, rec.Object, taken})
	if err != nil || dr.seen[string(key)] {
		return
	}
	dr.seen[string(key)] = true
	addRecord(to, rec.Object, taken)
}

// declared leaves of rows the columns that the object is known to have.
func (dr *drafter) declared(v any, f *engine.Field) any {
	rows, ok := v.([]any)
	if !ok || f.Type != engine.Rows || len(f.Fields) == 0 {
		return v
	}
	out := make([]any, 0, len(rows))
	for _, r := range rows {
		row, ok := r.(map[string]any)
		if !ok {
			out = append(out, r)
			continue
		}
		left := map[string]any{}
		for name, cell := range row {
			if col := engine.FieldNamed(f.Fields, name); col != nil && col.Class != engine.Confined {
				left[name] = cell
			} else {
				dr.draft.dropped = append(dr.draft.dropped, dropped{f.Name + "." + name, personalOnly(cell, col)})
			}
		}
		out = append(out, left)
	}
	return out
}

// personalOnly leaves of a value what is about a person.
func personalOnly(v any, f *engine.Field) any {
	if f == nil {
		return v
	}
	if f.Type == engine.Rows && len(f.Fields) > 0 {
		rows, _ := v.([]any)
		var out []any
		for _, r := range rows {
			row, _ := r.(map[string]any)
			for name, cell := range row {
				out = append(out, personalOnly(cell, engine.FieldNamed(f.Fields, name)))
			}
		}
		return out
	}
	if !f.Class.Hidden() {
		return nil
	}
	return v
}

// ledger takes over what was sent and may be unanswered.
func (dr *drafter) ledger(rec engine.Record) {
	values, _ := parse(rec.Body).(map[string]any)
	e := spec.SentEntry{Object: spec.Scalar{Text: rec.Object}, Once: onceNames(rec.ID)}
	for _, name := range sortedKeys(values) {
		switch v := (spec.Scalar{Text: text(values[name])}); name {
		case "state":
			e.State.Text = stateWord(v.Text)
		case "answer":
			e.Answer = v
		default:
			e.Known = append(e.Known, spec.Named{Name: spec.Scalar{Text: name}, Value: v})
		}
	}
	dr.sent(e)
}

// sent adds an entry, or what it knows to the one with the same key.
func (dr *drafter) sent(e spec.SentEntry) {
	list := &dr.draft.tc.Sent
	for i := range *list {
		if has := &(*list)[i]; e.Once != nil && has.Object.Text == e.Object.Text && onceKey(has.Once) == onceKey(e.Once) {
			if has.Known == nil {
				has.Known, has.Answer = e.Known, e.Answer
			}
			return
		}
	}
	*list = append(*list, e)
}

// stateWord is what cases call a state of the store; see stateOf.
func stateWord(state string) string {
	switch mapping.SendState(state) {
	case mapping.Parked, mapping.Awaiting, mapping.Lost:
		return state
	case mapping.Shown:
		return "answered"
	}
	return "done"
}

func onceNames(key string) []spec.Named {
	var out []spec.Named
	for _, p := range mapping.OncePairs(key) {
		out = append(out, spec.Named{Name: spec.Scalar{Text: p.Name}, Value: spec.Scalar{Text: p.Value}})
	}
	return out
}

// link finds the values that both sides last had in common. The store knows only digests of them: the value is the one of
// the case's own that has the digest, or, when none has it, one that neither side has now.
func (dr *drafter) link(a Asked, d mapping.Decision) {
	obj := dr.project.Object(a.Ask.Object)
	if obj == nil || a.Answer.Digest == nil || len(a.Answer.Agreed) == 0 {
		return
	}
	fields, row, key := obj.Fields, "", ""
	if a.Ask.By != "" {
		row, key = mapping.SplitRow(a.Ask.By)
		f := obj.Field(row)
		if f == nil {
			return
		}
		fields = f.Fields
	}
	values := map[string]any{}
	candidates := dr.candidates(d)
	for _, agreed := range a.Answer.Agreed {
		if f := engine.FieldNamed(fields, agreed.Field); f != nil {
			values[agreed.Field] = inCommon(f, agreed, a.Answer.Digest, candidates)
		}
	}
	dr.linked(obj, a.Ask.Value, row, key, values)
}

// noLonger is a value that neither side has now.
const noLonger = "an earlier value"

func inCommon(f *engine.Field, agreed mapping.Agreed, digest func(string, []byte) string, candidates []any) any {
	for _, v := range candidates {
		raw, err := json.Marshal(v)
		if err == nil && digest(agreed.Field, mapping.Normal(f, engine.NewBody(raw)).Raw()) == agreed.Digest {
			return v
		}
	}
	return noLonger
}

func (dr *drafter) linked(obj *engine.Object, id, row, key string, values map[string]any) {
	record := map[string]any{}
	for _, v := range recordsOf(dr.draft.tc.Linked, obj.Name) {
		if has, _ := v.Any.(map[string]any); text(has[obj.ID]) == id {
			record = has
		}
	}
	if len(record) == 0 {
		record[obj.ID] = id
		addRecord(&dr.draft.tc.Linked, obj.Name, record)
	}
	if row == "" {
		for name, v := range values {
			record[name] = v
		}
		return
	}
	values[obj.Field(row).RowKey] = key
	rows, _ := record[row].([]any)
	record[row] = append(rows, values)
}

// candidates are all values of the case and of what was decided, once each time they stand there.
func (dr *drafter) candidates(d mapping.Decision) []any {
	out := []any{nil, true, false, ""}
	collect := func(v any) { out = append(out, v) }
	for _, g := range slices.Concat(dr.draft.tc.Given, dr.draft.tc.Recalled) {
		for _, r := range g.Records {
			eachValue(r.Any, collect)
		}
	}
	for _, c := range d.Changes {
		eachValue(parse(c.Document), collect)
	}
	return out
}

func eachValue(v any, f func(any)) {
	f(v)
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			eachValue(x, f)
		}
	case map[string]any:
		for _, k := range sortedKeys(v) {
			eachValue(v[k], f)
		}
	}
}

func addRecord(to *[]spec.GivenRecords, object string, record map[string]any) {
	for i := range *to {
		if (*to)[i].Object.Text == object {
			(*to)[i].Records = append((*to)[i].Records, spec.Value{Any: record})
			return
		}
	}
	*to = append(*to, spec.GivenRecords{Object: spec.Scalar{Text: object}, Records: []spec.Value{{Any: record}}})
}

func recordsOf(given []spec.GivenRecords, object string) []spec.Value {
	for _, g := range given {
		if g.Object.Text == object {
			return g.Records
		}
	}
	return nil
}

// walkFields lists fields and the columns of rows by their path.
func walkFields(prefix string, fields []engine.Field) iter.Seq2[string, *engine.Field] {
	return func(yield func(string, *engine.Field) bool) {
		for i := range fields {
			path := strings.TrimPrefix(prefix+"."+fields[i].Name, ".")
			if !yield(path, &fields[i]) {
				return
			}
			for inner, f := range walkFields(path, fields[i].Fields) {
				if !yield(inner, f) {
					return
				}
			}
		}
	}
}

// keeps says whether a field that a person names is the one at path: whole, or by its last part.
func keeps(name, path string) bool { return name == path || strings.HasSuffix(path, "."+name) }

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// equalJSON compares two values as JSON writes them.
func equalJSON(a, b any) bool {
	x, err1 := json.Marshal(a)
	y, err2 := json.Marshal(b)
	return err1 == nil && err2 == nil && bytes.Equal(x, y)
}
