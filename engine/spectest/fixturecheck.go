package spectest

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

// leastWhole is how many characters a value about a person must have to be looked for inside other texts.
const leastWhole = 6

// survivors looks for every value about a person, and for each longer word of it, in all that the case would say.
func (d *disguise) survivors(fx *Fixture, changes []engine.Change) error {
	out := d.said(fx, changes)
	for _, o := range d.personal {
		if utf8.RuneCountInString(o.text) <= 2 || d.stays[o.text] || d.words.words[o.text] {
			continue // the specs themselves say it, or a date of class code does
		}
		whole, words := lower(o.text), wordsOf(o.text)
		for _, leaf := range out {
			if d.holds(leaf, whole, words) {
				return fmt.Errorf("%w: a part of what %s says", ErrSurvives, o.path)
			}
		}
	}
	return nil
}

// holds says whether a text of the case tells a value or one of its words. In a text that stayed as it is a word
// counts wherever it stands; one made of letters by chance has it only when it stands alone.
func (d *disguise) holds(leaf, whole string, words []string) bool {
	small := lower(leaf)
	if small == whole || utf8.RuneCountInString(whole) >= leastWhole && strings.Contains(small, whole) {
		return true
	}
	if d.kept[leaf] {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(small, w) })
	}
	has := wordsOf(leaf)
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(has, w) })
}

// said is every text of the case that the specs do not say themselves.
func (d *disguise) said(fx *Fixture, changes []engine.Change) []string {
	var out []string
	add := func(s string) {
		if s != "" && !d.words.words[s] && !d.stays[s] {
			out = append(out, s)
		}
	}
	add(fx.Name)
	each := func(v any) { eachValue(v, func(v any) { add(text(v)) }) }
	for _, g := range slices.Concat(fx.tc.Given, fx.tc.Recalled, fx.tc.Linked) {
		for _, r := range g.Records {
			each(r.Any)
		}
	}
	for _, e := range fx.tc.Sent {
		add(e.Answer.Text)
		for _, n := range slices.Concat(e.Once, e.Known) {
			add(n.Value.Text)
		}
	}
	for _, v := range fx.got {
		add(v.target)
		add(v.answer)
		add(v.item[strings.LastIndexByte(v.item, ' ')+1:])
		for _, p := range mapping.OncePairs(v.once) {
			add(p.Value)
		}
		each(v.document)
	}
	for _, c := range changes {
		for _, n := range c.Notes {
			add(n.Value)
		}
	}
	return out
}

// differing tells what is decided otherwise about the case than about the original.
func differing(live []verdict, was, now decided) []string {
	var out []string
	if n := unlike(live, was.verdicts); len(n) > 0 {
		out = append(out, "The case cannot hold all that the run knew: "+strings.Join(n, "; "))
	}
	diffs := unlike(was.verdicts, now.verdicts)
	if len(diffs) == 0 {
		return out
	}
	if fields := parting(was.trace, now.trace); len(fields) > 0 {
		diffs = append(diffs, "decided by "+strings.Join(fields, ", "))
	}
	return append(out, diffs...)
}

// unlike compares verdicts without their values.
func unlike(was, now []verdict) []string {
	var out []string
	for i := range max(len(was), len(now)) {
		switch {
		case i >= len(now):
			out = append(out, "no longer: "+was[i].headline())
		case i >= len(was):
			out = append(out, "new: "+now[i].headline())
		case was[i].headline() != now[i].headline():
			out = append(out, was[i].headline()+" became "+now[i].headline())
		default:
			if f := otherFields(was[i].document, now[i].document); len(f) > 0 {
				out = append(out, was[i].headline()+" has other fields: "+strings.Join(f, ", "))
			}
		}
	}
	return out
}

// headline is a verdict without anything of the record.
func (v verdict) headline() string {
	line := strings.TrimSpace(v.kind + " " + v.object)
	if v.route != "" {
		line += " (route " + v.route + ")"
	}
	if v.reason != "" {
		line += ": " + v.reason
	}
	return line
}

// otherFields are those that only one of two documents has.
func otherFields(a, b any) []string {
	has := func(v any) map[string]bool {
		out := map[string]bool{}
		fieldNames(v, "", out)
		return out
	}
	x, y := has(a), has(b)
	var out []string
	for name := range x {
		if !y[name] {
			out = append(out, name)
		}
	}
	for name := range y {
		if !x[name] {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func fieldNames(v any, prefix string, out map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			out[prefix+name] = true
			fieldNames(x, prefix+name+".", out)
		}
	case []any:
		for _, x := range v {
			fieldNames(x, prefix, out)
		}
	}
}

// parting names the fields that the first step looked at which did otherwise.
func parting(was, now mapping.Trace) []string {
	for i, st := range was.Steps {
		if i < len(now.Steps) && now.Steps[i].Step == st.Step && now.Steps[i].Result == st.Result && now.Steps[i].Found == st.Found {
			continue
		}
		var out []string
		for _, in := range st.Inputs {
			if strings.Contains(in.Path, ".") && !slices.Contains(out, in.Path) {
				out = append(out, in.Path)
			}
		}
		return out
	}
	return nil
}

// Lines is the case as an entry of `tests:`, its first line beginning with "- ". write turns a value into one line of YAML.
func (fx *Fixture) Lines(write func(any) (string, error)) ([]string, error) {
	w := &caseLines{write: write}
	w.value("- name: ", fx.Name)
	if len(fx.Differs) > 0 {
		w.line("  # Decided otherwise than about the record it was made of, because of what was replaced:")
		for _, d := range fx.Differs {
			w.line("  # " + strings.Join(strings.Fields(d), " "))
		}
	}
	w.value("  now: ", fx.tc.Now.Format("2006-01-02T15:04:05Z07:00"))
	w.records("  given:", fx.project, fx.tc.Given)
	if fx.tc.Read != nil {
		w.line("  read:")
		for _, r := range fx.tc.Read {
			w.value("  - ", inOrder(fx.project, recordObject(fx.tc.Given), r.Any))
		}
	}
	w.records("  recalled:", fx.project, fx.tc.Recalled)
	if !fx.tc.Swept {
		w.line("  swept: false")
	}
	w.sent(fx.tc.Sent)
	w.records("  linked:", fx.project, fx.tc.Linked)
	expect, err := expectLines(fx.got, "  ", write)
	if w.err == nil {
		w.err = err
	}
	return append(w.lines, expect...), w.err
}

func recordObject(given []spec.GivenRecords) string {
	if len(given) == 0 {
		return ""
	}
	return given[0].Object.Text
}

// caseLines collects lines and the first error.
type caseLines struct {
	write func(any) (string, error)
	lines []string
	err   error
}

func (w *caseLines) line(s string) { w.lines = append(w.lines, s) }

func (w *caseLines) value(before string, v any) {
	text, err := w.write(v)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.line(before + text)
}

func (w *caseLines) records(head string, p *spec.Project, given []spec.GivenRecords) {
	if len(given) == 0 {
		return
	}
	w.line(head)
	for _, g := range given {
		w.line("    " + g.Object.Text + ":")
		for _, r := range g.Records {
			w.value("    - ", inOrder(p, g.Object.Text, r.Any))
		}
	}
}

func (w *caseLines) sent(sent []spec.SentEntry) {
	if len(sent) > 0 {
		w.line("  sent:")
	}
	for _, e := range sent {
		entries := []Entry{{"send", e.Object.Text}}
		for _, n := range []struct {
			key  string
			list []spec.Named
		}{{"once_per", e.Once}, {"known_as", e.Known}} {
			var list []Entry
			for _, x := range n.list {
				list = append(list, Entry{x.Name.Text, x.Value.Text})
			}
			if list != nil {
				entries = append(entries, Entry{n.key, list})
			}
		}
		entries = append(entries, Entry{"state", e.State.Text})
		if e.Answer.Text != "" {
			entries = append(entries, Entry{"answer", e.Answer.Text})
		}
		w.value("  - ", entries)
	}
}

// inOrder writes the fields of a record in the order in which its object has them.
func inOrder(p *spec.Project, object string, record any) any {
	var fields []engine.Field
	if o := p.Object(object); o != nil {
		fields = o.Fields
	}
	return entriesOf(record, fields)
}

func entriesOf(v any, fields []engine.Field) any {
	switch v := v.(type) {
	case map[string]any:
		out := []Entry{}
		for _, name := range sortedKeys(v) {
			if f := engine.FieldNamed(fields, name); f == nil {
				out = append(out, Entry{name, entriesOf(v[name], nil)})
			}
		}
		for i := range fields {
			if x, ok := v[fields[i].Name]; ok {
				out = append(out, Entry{fields[i].Name, entriesOf(x, fields[i].Fields)})
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = entriesOf(x, fields)
		}
		return out
	}
	return plainNumbers(v)
}
