package spectest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// Update is a file of cases with the expectations of those that failed replaced
// by what was decided. Comments inside these expectations are lost, all others stay.
type Update struct {
	Path  string
	Text  string
	Cases []string // whose expectations changed
}

// errNoExpect means that a failed case has no list of expectations to replace.
var errNoExpect = errors.New("a case that failed has no `expect:` on a line of its own")

// Updates are the files that change when what is decided now is what is expected. write turns a value
// into one line of YAML.
func (r Report) Updates(p *spec.Project, write func(any) (string, error)) ([]Update, error) {
	var out []Update
	for _, f := range p.Files {
		u := Update{Path: f.Path}
		lines := slices.Clone(f.Lines)
		for _, c := range slices.Backward(r.Cases) { // from the last, so that places above stay
			if c.File != f.Path || len(c.Failures) == 0 || c.got == nil {
				continue
			}
			var err error
			if lines, err = replaceExpect(lines, c, write); err != nil {
				return nil, fmt.Errorf("%s: %w", c.At, err)
			}
			u.Cases = append(u.Cases, c.Name)
		}
		if len(u.Cases) > 0 {
			slices.Reverse(u.Cases)
			u.Text = strings.Join(lines, "\n")
			out = append(out, u)
		}
	}
	return out, nil
}

// replaceExpect writes what was decided in the place of a case's `expect:`.
func replaceExpect(lines []string, c Result, write func(any) (string, error)) ([]string, error) {
	from := c.At.Line - 1
	for from < len(lines) && !strings.HasPrefix(strings.TrimSpace(lines[from]), "expect:") {
		if from++; from < len(lines) && strings.HasPrefix(lines[from], strings.Repeat(" ", c.At.Column-3)+"- ") && c.At.Column >= 3 {
			return nil, errNoExpect // the next case begins
		}
	}
	if from >= len(lines) {
		return nil, errNoExpect
	}
	indent := len(lines[from]) - len(strings.TrimLeft(lines[from], " "))
	to := from + 1
	for to < len(lines) && belongs(lines[to], indent) {
		to++
	}
	for to > from+1 && strings.TrimSpace(lines[to-1]) == "" {
		to-- // the space before the next case stays
	}
	fresh, err := expectLines(c.got, strings.Repeat(" ", indent), write)
	return slices.Concat(lines[:from], fresh, lines[to:]), err
}

// belongs says whether a line is still inside the list that a key at indent began.
func belongs(line string, indent int) bool {
	text := strings.TrimLeft(line, " ")
	deep := len(line) - len(text)
	return text == "" || deep > indent || deep == indent && strings.HasPrefix(text, "- ")
}

func expectLines(got []verdict, indent string, write func(any) (string, error)) ([]string, error) {
	if len(got) == 0 {
		return []string{indent + "expect: []"}, nil
	}
	lines := []string{indent + "expect:"}
	for _, v := range got {
		line, err := write(v.expectation())
		if err != nil {
			return nil, err
		}
		lines = append(lines, indent+"- "+line)
	}
	return lines, nil
}

// Entry is a key and a value of an expectation; a list of them keeps its order.
type Entry struct {
	Key   string
	Value any
}

// expectation is the verdict as a case would expect it.
func (v verdict) expectation() []Entry {
	var out []Entry
	add := func(key, value string) {
		if value != "" {
			out = append(out, Entry{key, value})
		}
	}
	switch v.kind {
	case "skip", "blocked", "quarantine", "cannot tell":
		add(strings.ReplaceAll(v.kind, " ", "_"), v.reason)
	default:
		add(strings.ReplaceAll(v.kind, " ", "_"), v.object)
		add("target", v.target)
	}
	add("route", v.route)
	add("item", v.item)
	add("answer", v.answer)
	if len(v.notes) > 0 {
		out = append(out, Entry{"notes", v.notes})
	}
	if key := v.oncePer(); len(key) > 0 && (v.kind == string(engine.Send) || v.kind == proves) {
		out = append(out, Entry{"once_per", key})
	}
	if v.document != nil {
		out = append(out, Entry{"document", plainNumbers(v.document)})
	}
	return out
}

// oncePer takes the names and values of a once key apart again.
func (v verdict) oncePer() []Entry {
	var parts []string
	if json.Unmarshal([]byte(v.once), &parts) != nil {
		return nil
	}
	var out []Entry
	for pair := range slices.Chunk(parts, 2) {
		if len(pair) == 2 {
			out = append(out, Entry{pair[0], pair[1]})
		}
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
