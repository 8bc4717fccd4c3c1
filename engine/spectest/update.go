package spectest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

// Update is a file of cases with the expectations that were not met replaced by
// what was decided. Comments inside these are lost, all others stay.
type Update struct {
	Path  string
	Text  string
	Cases []Updated
}

// Updated is one case, and its lines of expectations before and after.
type Updated struct {
	Name     string
	At       engine.Pos
	Was, Now []string
}

// Stopped is a failed case that is left as it is: it expected a write, and now nothing goes. Somebody who
// changes a name has often forgotten to change what the case is given.
type Stopped struct {
	Name  string
	At    engine.Pos
	Lines []string // what was expected and why it does not come
}

// errNoExpect means that a failed case has no list of expectations to replace.
var errNoExpect = errors.New("a case that failed has no `expect:` on a line of its own")

// Updates are the files that change when what is decided now is what is expected. Cases in which a write
// turned into none are left out and returned apart, unless also is set. write turns a value into one line of YAML.
func (r Report) Updates(p *spec.Project, also bool, write func(any) (string, error)) ([]Update, []Stopped, error) {
	var out []Update
	var stopped []Stopped
	for _, f := range p.Files {
		u := Update{Path: f.Path}
		lines := slices.Clone(f.Lines)
		var left []Stopped
		for _, c := range slices.Backward(r.Cases) { // from the last, so that places above stay
			if c.File != f.Path || len(c.Failures) == 0 || c.got == nil {
				continue
			}
			if why := c.stopped(); why != nil && !also {
				left = append(left, Stopped{c.Name, c.At, why})
				continue
			}
			changed, err := replaceExpect(&lines, c, write)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", c.At, err)
			}
			u.Cases = append(u.Cases, changed)
		}
		slices.Reverse(left)
		stopped = append(stopped, left...)
		if len(u.Cases) > 0 {
			slices.Reverse(u.Cases)
			u.Text = strings.Join(lines, "\n")
			out = append(out, u)
		}
	}
	return out, stopped, nil
}

// stopped says why an expected write does not come, when what comes instead keeps something from going.
func (c Result) stopped() []string {
	missed, holds := false, false
	for _, p := range c.pairs {
		if p.got < 0 {
			missed = missed || engine.Verdict(c.expect[p.want].Verdict.Text).Writes()
		}
		if p.want < 0 {
			v := engine.Verdict(c.got[p.got].kind)
			holds = holds || !v.Writes() && v != engine.NoChange && v != proves
		}
	}
	if !missed || !holds {
		return nil
	}
	var lines []string
	for _, f := range c.Failures {
		lines = append(lines, f.At.String()+": "+strings.TrimRight(f.Text, "\n "))
	}
	return lines
}

// replaceExpect writes what was decided in the place of a case's `expect:`. What was met stays as it is written.
func replaceExpect(file *[]string, c Result, write func(any) (string, error)) (Updated, error) {
	lines := *file
	from := c.At.Line - 1
	for from < len(lines) && !strings.HasPrefix(strings.TrimSpace(lines[from]), "expect:") {
		if from++; from < len(lines) && strings.HasPrefix(lines[from], strings.Repeat(" ", max(c.At.Column-3, 0))+"- ") && c.At.Column >= 3 {
			return Updated{}, errNoExpect // the next case begins
		}
	}
	if from >= len(lines) {
		return Updated{}, errNoExpect
	}
	indent := len(lines[from]) - len(strings.TrimLeft(lines[from], " "))
	to := from + 1
	for to < len(lines) && belongs(lines[to], indent) {
		to++
	}
	for to > from+1 && strings.TrimSpace(lines[to-1]) == "" {
		to-- // the space before the next case stays
	}
	fresh, err := c.expectLines(lines, from, to, strings.Repeat(" ", indent), write)
	u := Updated{Name: c.Name, At: c.At}
	u.Was, u.Now = apart(lines[from:to], fresh)
	*file = slices.Concat(lines[:from], fresh, lines[to:])
	return u, err
}

// apart leaves out what two lists of lines begin and end with alike.
func apart(was, now []string) (a, b []string) {
	for len(was) > 0 && len(now) > 0 && was[0] == now[0] {
		was, now = was[1:], now[1:]
	}
	for len(was) > 0 && len(now) > 0 && was[len(was)-1] == now[len(now)-1] {
		was, now = was[:len(was)-1], now[:len(now)-1]
	}
	return was, now
}

// belongs says whether a line is still inside the list that a key at indent began.
func belongs(line string, indent int) bool {
	text := strings.TrimLeft(line, " ")
	deep := len(line) - len(text)
	return text == "" || deep > indent || deep == indent && strings.HasPrefix(text, "- ")
}

// expectLines are the lines of `expect:` of a case that is new.
func expectLines(got []verdict, indent string, write func(any) (string, error)) ([]string, error) {
	return Result{got: got, pairs: align(nil, got)}.expectLines(nil, 0, 0, indent, write)
}

// expectLines are the lines of `expect:`, which stands in lines[from:to].
func (c Result) expectLines(lines []string, from, to int, indent string, write func(any) (string, error)) ([]string, error) {
	if len(c.got) == 0 {
		return []string{indent + "expect: []"}, nil
	}
	out := []string{indent + "expect:"}
	starts := c.starts(lines, from, to)
	for _, p := range c.pairs {
		var old *spec.Expectation
		if p.want >= 0 {
			old = &c.expect[p.want]
		}
		if p.got < 0 {
			continue
		}
		if old != nil && starts != nil && len(differences(old, c.got[p.got])) == 0 {
			out = append(out, lines[starts[p.want]:starts[p.want+1]]...)
			continue
		}
		line, err := write(c.got[p.got].expectation(old))
		if err != nil {
			return nil, err
		}
		out = append(out, indent+"- "+line)
	}
	return out, nil
}

// starts are the first lines of each expectation, with the comments above it, and the end of the last;
// nil when they do not stand each on lines of its own.
func (c Result) starts(lines []string, from, to int) []int {
	var starts []int
	last := from
	for _, e := range c.expect {
		at := e.At.Line - 1
		if at <= last || at >= to {
			return nil
		}
		last = at
		for at > from+1 && strings.HasPrefix(strings.TrimSpace(lines[at-1]), "#") {
			at--
		}
		starts = append(starts, at)
	}
	return append(starts, to)
}

// Entry is a key and a value of an expectation; a list of them keeps its order.
type Entry struct {
	Key   string
	Value any
}

// expectation is the verdict as a case would expect it. Where one of its kind was expected, it speaks of
// what that one spoke of.
func (v verdict) expectation(old *spec.Expectation) []Entry {
	all := old == nil
	if all {
		old = &spec.Expectation{}
	}
	kind := strings.ReplaceAll(v.kind, " ", "_")
	var out []Entry
	add := func(key string, value any, spoken bool) {
		if spoken && value != "" {
			out = append(out, Entry{key, value})
		}
	}
	stops := slices.Contains([]engine.Verdict{engine.Skip, engine.Blocked, engine.Quarantined, engine.Unclear}, engine.Verdict(v.kind))
	sent := v.kind == string(engine.Send) || v.kind == proves
	once := pairEntries(mapping.OncePairs(v.once))
	add(kind, v.reason, stops)
	add(kind, v.object, !stops)
	add("target", v.target, !stops && (all || old.Target.Text != ""))
	add("route", v.route, all || old.Route.Text != "")
	add("item", v.item, all || old.Item.Text != "")
	add("answer", v.answer, all || old.Answer.Text != "")
	add("notes", v.notes, len(v.notes) > 0 && all || old.Notes != nil)
	add("once_per", once, sent && len(once) > 0 && (all || old.Once != nil))
	add("known_as", pairEntries(v.known), sent && old.Known != nil)
	return append(out, v.documentEntries(all, old)...)
}

// documentEntries are what a case expects of a document: all of it, or what it spoke of.
func (v verdict) documentEntries(all bool, old *spec.Expectation) []Entry {
	if v.document == nil {
		return nil
	}
	var out []Entry
	if all || old.Document != nil {
		out = append(out, Entry{"document", plainNumbers(v.document)})
	}
	if old.Includes != nil {
		out = append(out, Entry{"includes", plainNumbers(spokenOf(old.Includes.Any, v.document))})
	}
	if lacks := slices.DeleteFunc(spec.Texts(old.Lacks), func(f string) bool { _, there := at(v.document, f); return there }); len(lacks) > 0 {
		out = append(out, Entry{"lacks", lacks})
	}
	return out
}

// spokenOf leaves of a value what an earlier one spoke of.
func spokenOf(old, got any) any {
	switch old := old.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			break
		}
		out := map[string]any{}
		for key, was := range old {
			if is, ok := got[key]; ok {
				out[key] = spokenOf(was, is)
			}
		}
		return out
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) != len(old) {
			break
		}
		out := make([]any, len(got))
		for i := range got {
			out[i] = spokenOf(old[i], got[i])
		}
		return out
	}
	return got
}

func pairEntries(pairs []engine.Pair) []Entry {
	var out []Entry
	for _, p := range pairs {
		out = append(out, Entry{p.Name, p.Value})
	}
	return out
}

// plainNumbers makes numbers of a document what a writer of YAML knows as numbers.
func plainNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if n, err := v.Float64(); err == nil {
			return n
		}
		return v.String()
	case []any:
		for i := range v {
			v[i] = plainNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plainNumbers(v[k])
		}
	}
	return v
}
