package spectest

import (
	"regexp"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// vocabulary is what the specs themselves speak of: none of it is about one child.
type vocabulary struct {
	words  map[string]bool            // codes, cells of maps, names of rules in each form, literals, constants
	lists  map[string]map[string]bool // codes by code list
	forms  []nameForm                 // what a naming rule writes around a name
	places map[string]bool            // fields whose first digits the rules look at
	coded  map[string]map[string]bool // by field: its values that are options although it has no code list
}

// nameForm is a form such as "agency-{name}", cut at the name.
type nameForm struct{ before, after string }

func vocabularyOf(p *spec.Project) *vocabulary {
	v := &vocabulary{words: map[string]bool{}, lists: map[string]map[string]bool{}, places: map[string]bool{}, coded: map[string]map[string]bool{}}
	for _, l := range p.Codes {
		v.lists[l.Name] = map[string]bool{}
		for _, c := range l.Codes {
			v.lists[l.Name][c.Code.Text] = true
			v.words[c.Code.Text] = true
		}
	}
	for _, m := range p.Maps {
		for _, row := range m.Rows {
			for i, c := range row.Cells {
				if !m.Columns[i].Label {
					v.words[c.Text] = true
				}
			}
		}
	}
	for _, c := range p.Constants {
		v.literal(c.Value.Any)
	}
	for _, t := range p.Tables {
		for _, line := range t.Lines {
			for _, cell := range slices.Concat(line.When, line.Then) {
				v.literal(cell.Any)
			}
		}
	}
	for _, r := range p.Rules {
		v.rule(r)
	}
	exprs := v.written(p)
	v.findPlaces(exprs)
	delete(v.words, "")
	return v
}

func (v *vocabulary) literal(x any) {
	eachValue(x, func(x any) {
		if s, ok := x.(string); ok {
			v.words[s] = true
		}
	})
}

func (v *vocabulary) rule(r *spec.Rule) {
	for _, f := range r.Forms {
		before, after, ok := strings.Cut(f.Pattern.Text, "{name}")
		if !ok {
			continue
		}
		if before+after != "" {
			v.forms = append(v.forms, nameForm{before, after})
		}
		for _, name := range slices.Concat(spec.Texts(r.Confirmed), spec.Texts(r.Never)) {
			v.words[before+name+after] = true
		}
	}
}

// expression is one that a name stands for, or "" when it has none.
type expression struct{ name, text string }

var quoted = regexp.MustCompile(`"([^"]*)"|'([^']*)'`)

// written collects the literals of all rules, and gives their expressions.
func (v *vocabulary) written(p *spec.Project) []expression {
	var exprs []expression
	add := func(name string, s spec.Scalar) {
		exprs = append(exprs, expression{name, s.Text})
		for _, m := range quoted.FindAllStringSubmatch(s.Text, -1) {
			v.words[m[1]+m[2]] = true
		}
	}
	for _, f := range p.Flows {
		v.steps(f.Gate, add)
		v.routes(f.Routes, add)
	}
	for _, m := range p.Mappings {
		v.filler(m.WhenBlank)
		v.rules(m.Fields, add)
		v.options(p, m.To.Text, m.Fields)
	}
	return exprs
}

func (v *vocabulary) routes(routes []*spec.Route, add func(string, spec.Scalar)) {
	for _, r := range routes {
		v.steps(r.Steps, add)
		for _, w := range r.Writes {
			add("", w.OnlyIf)
			v.filler(w.WhenBlank)
			v.rules(w.Fields, add)
			bindings(slices.Concat(w.Once, w.Known), add)
		}
		v.routes(r.Routes, add)
	}
}

func (v *vocabulary) steps(steps []spec.Step, add func(string, spec.Scalar)) {
	for i := range steps {
		s := &steps[i]
		for _, e := range slices.Concat([]spec.Scalar{s.OnlyIf, s.List, s.Where, s.Item, s.From, s.Expr, s.Answer}, s.Try, s.Distinct) {
			add(s.Name.Text, e)
		}
		bindings(slices.Concat(s.By, s.Inputs, s.Known, s.Once), add)
	}
}

func bindings(list []spec.Binding, add func(string, spec.Scalar)) {
	for _, b := range list {
		add("", b.Expr)
	}
}

func (v *vocabulary) rules(rules []*spec.FieldRule, add func(string, spec.Scalar)) {
	for _, r := range rules {
		add("", r.Expr)
		for _, from := range r.From {
			add("", from)
		}
		for _, lit := range []*spec.Value{r.Literal, r.Default} {
			if lit != nil {
				v.literal(lit.Any)
			}
		}
		v.filler(r.WhenBlank)
		v.rules(r.One, add)
		if r.List != nil {
			v.rules([]*spec.FieldRule{r.List}, add)
		}
	}
}

func (v *vocabulary) filler(f *spec.Filler) {
	if f != nil {
		v.literal(f.Value.Any)
	}
}

var (
	// What looks at the digits of a code of a place.
	placeCall = regexp.MustCompile(`(?:code_prefix|strip_zeros|pad_to_even)\(([^()]*)`)
	pathIn    = regexp.MustCompile(`[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*`)
)

// findPlaces finds the fields that reach a function which looks at the first digits of a code.
func (v *vocabulary) findPlaces(exprs []expression) {
	seen := map[string]bool{}
	var follow func(text string)
	follow = func(text string) {
		for _, path := range pathIn.FindAllString(quoted.ReplaceAllString(text, ""), -1) {
			if i := strings.LastIndexByte(path, '.'); i >= 0 {
				v.places[path[i+1:]] = true
				continue
			}
			if seen[path] {
				continue
			}
			seen[path] = true
			for _, e := range exprs {
				if e.name == path {
					follow(e.text)
				}
			}
		}
	}
	for _, e := range exprs {
		for _, m := range placeCall.FindAllStringSubmatch(e.text, -1) {
			follow(m[1])
		}
	}
}

// options finds the fields whose values are handed on as options of a code list, or are looked up in a map or come from one.
func (v *vocabulary) options(p *spec.Project, to string, rules []*spec.FieldRule) {
	for _, r := range rules {
		words := map[string]bool{}
		if m := p.Map(r.Map.Text); m != nil {
			words = cellsOf(m, r.Key.Text)
			v.option(r.Name.Text, cellsOf(m, r.Give.Text))
		} else if target := targetField(p, to, r.Name.Text); target != nil {
			words = v.lists[target.Codes]
		}
		for _, from := range r.From {
			v.option(from.Text[strings.LastIndexByte(from.Text, '.')+1:], words)
		}
	}
}

func cellsOf(m *spec.Map, column string) map[string]bool {
	words := map[string]bool{}
	i := slices.IndexFunc(m.Columns, func(c spec.Column) bool { return c.Name.Text == column })
	for _, row := range m.Rows {
		if i >= 0 && !m.Columns[i].Label {
			words[row.Cells[i].Text] = true
		}
	}
	return words
}

func (v *vocabulary) option(field string, words map[string]bool) {
	if v.coded[field] == nil {
		v.coded[field] = map[string]bool{}
	}
	for w := range words {
		v.coded[field][w] = true
	}
}

// targetField finds the field of a mapping's target: of "connection.object" or of "connection.object.rows".
func targetField(p *spec.Project, to, name string) *engine.Field {
	if o := p.Object(to); o != nil {
		return o.Field(name)
	}
	i := strings.LastIndexByte(to, '.')
	if o := p.Object(to[:max(i, 0)]); o != nil {
		if rows := o.Field(to[i+1:]); rows != nil {
			return engine.FieldNamed(rows.Fields, name)
		}
	}
	return nil
}

// code says whether a text is an option of a field.
func (v *vocabulary) code(f *engine.Field, s string) bool {
	return f.Codes != "" && v.lists[f.Codes][s] || v.coded[f.Name][s]
}
