package spectest

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

// disguise replaces the values of one case.
type disguise struct {
	project *spec.Project
	words   *vocabulary
	keep    []string
	cipher  *cipher
	days    int // by which dates move

	places   map[string]bool // values of fields whose first digits the rules look at
	shifts   map[int]int64   // what is added to a number of so many digits
	numbers  map[string]bool // values that stand as numbers
	parts    []string        // identifiers that may stand inside longer ones, long ones first
	done     map[string]string
	kept     map[string]bool // values that stay
	stays    map[string]bool // dates of class code
	personal []original
}

// original is a value about a person, and where it stood.
type original struct{ path, text string }

func newDisguise(p *spec.Project, dr *draft, s Saving) *disguise {
	d := &disguise{
		project: p, words: vocabularyOf(p), keep: s.Keep, cipher: newCipher(s.Secret),
		places: map[string]bool{}, shifts: map[int]int64{}, numbers: map[string]bool{}, done: map[string]string{}, kept: map[string]bool{}, stays: map[string]bool{},
	}
	d.days = 1 + d.cipher.number("days", 0)()%364
	d.survey(dr)
	for w := range d.words.words {
		d.cipher.avoid[lower(w)] = true
	}
	return d
}

// fate is what becomes of a value.
type fate int

const (
	replaced fate = iota
	stays
)

// fateOf: what the specs speak of stays, and what an author keeps; everything else about a person or that names somebody is replaced.
func (d *disguise) fateOf(s, path string, f *engine.Field) fate {
	switch {
	case s == "" || s == noLonger:
		return stays
	case f == nil || f.Class.Hidden():
		if f != nil && d.words.code(f, s) {
			return stays
		}
		return replaced
	case f.Class == engine.Public, slices.ContainsFunc(d.keep, func(k string) bool { return keeps(k, path) }):
		return stays
	case f.Type == engine.Date || f.Type == engine.Instant, d.words.words[s], isSmall(s):
		return stays
	}
	return replaced
}

// isSmall says whether a text is a number that many have.
func isSmall(s string) bool { return len(s) <= 2 && only(s, "") }

// visit is called for every text and number of a record, with its field.
type visit func(s, path string, f *engine.Field, number bool) string

// through makes a copy of a value in which every text and number is what visit says.
func through(v any, path string, f *engine.Field, see visit) any {
	switch v := v.(type) {
	case string:
		return see(v, path, f, false)
	case json.Number:
		return json.Number(see(v.String(), path, f, true))
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = through(x, path, f, see)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, name := range sortedKeys(v) {
			var col *engine.Field
			if f != nil {
				col = engine.FieldNamed(f.Fields, name)
			}
			out[name] = through(v[name], path+"."+name, col, see)
		}
		return out
	}
	return v
}

// walkRecords does so with records of the project's objects.
func (d *disguise) walkRecords(given []spec.GivenRecords, see visit) []spec.GivenRecords {
	out := make([]spec.GivenRecords, len(given))
	for i, g := range given {
		out[i].Object = g.Object
		for _, r := range g.Records {
			out[i].Records = append(out[i].Records, d.walkRecord(g.Object.Text, r, see))
		}
	}
	return out
}

func (d *disguise) walkRecord(object string, r spec.Value, see visit) spec.Value {
	obj := d.project.Object(object)
	values, _ := r.Any.(map[string]any)
	made := map[string]any{}
	for _, name := range sortedKeys(values) {
		f := obj.Field(name)
		if name == ownerKey && f == nil {
			f = &engine.Field{Name: ownerKey, Type: engine.Text, Class: engine.Code}
		}
		made[name] = through(values[name], name, f, see)
	}
	return spec.Value{Any: made}
}

// testCase is the case with everything replaced.
func (d *disguise) testCase(tc spec.TestCase) spec.TestCase {
	see := func(s, path string, f *engine.Field, number bool) string {
		if d.fateOf(s, path, f) == stays {
			return s
		}
		return d.replace(s)
	}
	out := tc
	out.Given, out.Recalled, out.Linked = d.walkRecords(tc.Given, see), d.walkRecords(tc.Recalled, see), d.walkRecords(tc.Linked, see)
	if tc.Read != nil {
		out.Read = nil
		for _, r := range tc.Read {
			out.Read = append(out.Read, out.Given[0].Records[slices.IndexFunc(tc.Given[0].Records, func(x spec.Value) bool { return equalJSON(x.Any, r.Any) })])
		}
	}
	out.Sent = nil
	for _, e := range tc.Sent {
		e.Once, e.Known = d.named(e.Once), d.named(e.Known)
		e.Answer.Text = d.loose(e.Answer.Text)
		out.Sent = append(out.Sent, e)
	}
	return out
}

func (d *disguise) named(list []spec.Named) []spec.Named {
	var out []spec.Named
	for _, n := range list {
		n.Value.Text = d.loose(n.Value.Text)
		out = append(out, n)
	}
	return out
}

// loose replaces a value of the ledger, of which no field is known: as it is replaced in the records.
func (d *disguise) loose(s string) string {
	_, known := d.done[s]
	if s == "" || !known && (d.kept[s] || d.words.words[s] || isSmall(s)) {
		return s
	}
	return d.replace(s)
}

// replace gives the one replacement of a value.
func (d *disguise) replace(s string) string {
	if made, ok := d.done[s]; ok {
		return made
	}
	made := d.make(s)
	d.done[s] = made
	return made
}

func (d *disguise) make(s string) string {
	if d.numbers[s] {
		if made, ok := d.shifted(s); ok {
			return made
		}
	}
	if made, ok := moved(s, d.days); ok {
		return made
	}
	if d.places[s] && len(s) > 2 {
		return s[:2] + d.cipher.word(s[2:])
	}
	for _, f := range d.words.forms {
		if name, ok := strings.CutPrefix(s, f.before); ok {
			if name, ok = strings.CutSuffix(name, f.after); ok && name != "" {
				return f.before + d.replace(name) + f.after
			}
		}
	}
	return d.text(s)
}

// shifted adds to a number what all numbers of its length get, so that their order stays.
func (d *disguise) shifted(s string) (string, bool) {
	by, ok := d.shifts[len(s)]
	n, err := strconv.ParseInt(s, 10, 64)
	return strconv.FormatInt(n+by, 10), ok && err == nil
}

var uuidIn = regexp.MustCompile(`(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

func (d *disguise) text(s string) string {
	var b strings.Builder
	at := 0
	for _, u := range uuidIn.FindAllStringIndex(s, -1) {
		b.WriteString(d.plain(s[at:u[0]]))
		for i, group := range strings.Split(s[u[0]:u[1]], "-") {
			if i > 0 {
				b.WriteByte('-')
			}
			if i == 2 || i == 3 { // version and variant stand first
				b.WriteByte(group[0])
				group = group[1:]
			}
			b.WriteString(d.word(group))
		}
		at = u[1]
	}
	b.WriteString(d.plain(s[at:]))
	return b.String()
}

func (d *disguise) plain(s string) string {
	var b strings.Builder
	for _, piece := range pieces(s) {
		b.WriteString(d.word(piece))
	}
	return b.String()
}

// word replaces a word; an identifier that stands inside it is replaced as where it stands alone.
func (d *disguise) word(w string) string {
	for _, part := range d.parts {
		if i := strings.Index(lower(w), lower(part)); i >= 0 && len(part) < len(w) && len(lower(w)) == len(w) {
			return d.word(w[:i]) + cased(d.cipher.word(part), w[i:i+len(part)]) + d.word(w[i+len(part):])
		}
	}
	if w == "" {
		return ""
	}
	return d.cipher.word(w)
}

// follow takes over what the flow computed from replaced values and what a record held already: a row's id that is
// made from names is then the one that is made from their replacements. It says whether anything changed.
func (d *disguise) follow(was, now mapping.Trace) bool {
	values := map[string]string{}
	for key, v := range computed(now) {
		values[key] = v
	}
	changed := false
	for key, v := range computed(was) {
		made, there := d.done[v]
		if to := values[key]; there && to != "" && to != made && uuidIn.MatchString(v) && uuidIn.MatchString(to) {
			d.done[v], changed = to, true
		}
	}
	return changed
}

// computed are the values of a decision's formulas, by the place and turn of each.
func computed(t mapping.Trace) map[string]string {
	out := map[string]string{}
	turn := map[string]int{}
	for _, st := range t.Steps {
		key := st.Route + "/" + st.Step.Name.Text
		turn[key]++
		if st.Step.Kind == spec.ExprStep {
			out[key+"/"+strconv.Itoa(turn[key])] = text(parse(st.Value))
		}
	}
	return out
}
