package sheet

import (
	"encoding/json"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// register fills what stands once for the whole project. It comes after the
// flows, which note what they use.
func (m *maker) register() {
	p, s := m.project, m.sheet
	for _, c := range p.Constants {
		s.Constants = append(s.Constants, Constant{c.Name.Text, literal(c.Value.Any), c.Why, m.uses["constant "+c.Name.Text]})
	}
	for _, r := range p.Recall {
		s.Kept = append(s.Kept, Kept{r.Object.Text, spec.Texts(r.Key), spec.Texts(r.Keep), spec.Texts(r.Sealed)})
	}
	for _, x := range p.Maps {
		s.Maps = append(s.Maps, m.mapOf(x))
	}
	for _, x := range p.Rules {
		s.Rules = append(s.Rules, m.ruleOf(x))
	}
	for _, x := range p.Tables {
		s.Tables = append(s.Tables, m.tableOf(x))
	}
	for _, l := range p.Codes {
		list := List{Name: l.Name}
		for _, c := range l.Codes {
			list.Codes = append(list.Codes, Cell{c.Code.Text, c.Label})
		}
		s.Lists = append(s.Lists, list)
	}
}

func (m *maker) mapOf(x *spec.Map) Map {
	out := Map{Name: x.Name.Text, Title: x.Title, Note: x.Note, Anchor: anchor("map", x.Name.Text), Place: place(x.Name.At), Used: m.uses["map "+x.Name.Text]}
	for _, c := range x.Columns {
		out.Columns = append(out.Columns, Column{c.Name.Text, c.Title, columnMeans(c)})
		for _, e := range c.Except {
			out.Except = append(out.Except, Exception{c.Name.Text, e.Code.Text, e.Why})
		}
	}
	for _, r := range x.Rows {
		row := MapRow{Lossy: r.Lossy, Note: r.Note}
		for i, c := range r.Cells {
			row.Cells = append(row.Cells, Cell{c.Text, m.label(x.Columns[i].Codes.Text, c.Text)})
		}
		out.Lossy = out.Lossy || r.Lossy != "" || r.Note != ""
		out.Rows = append(out.Rows, row)
	}
	return out
}

// columnMeans words what the values of a column stand for.
func columnMeans(c spec.Column) string {
	var parts []string
	switch {
	case c.Names.Text != "":
		parts = append(parts, namesWords(c.Names.Text))
	case c.Complete && c.Codes.Text != "":
		parts = append(parts, "codes of "+code(c.Codes.Text)+", each of which has a row or a reason for none")
	case c.Codes.Text != "":
		parts = append(parts, "codes of "+code(c.Codes.Text))
	}
	switch {
	case c.Label && len(parts) > 0:
		parts = append(parts, "no rule reads it")
	case c.Label:
		parts = append(parts, "for people; no rule reads it")
	}
	return strings.Join(parts, "; ")
}

// namesWords says which record a value is the name of; "" where it names none.
func namesWords(names string) string {
	i := strings.LastIndex(names, ".")
	if i < 0 {
		return ""
	}
	return "each is the " + code(names[i+1:]) + " of one " + code(names[:i]) + ", which must be there"
}

// label is what people see for a code; "" when it is the same, or there is none.
func (m *maker) label(list, code string) string {
	l := m.project.CodeList(list)
	if l == nil {
		return ""
	}
	for _, c := range l.Codes {
		if c.Code.Text == code && c.Label != code {
			return c.Label
		}
	}
	return ""
}

func (m *maker) ruleOf(x *spec.Rule) Rule {
	out := Rule{
		Name: x.Name.Text, Title: x.Title, Note: x.Note, Anchor: anchor("rule", x.Name.Text), Place: place(x.Name.At),
		Never: spec.Texts(x.Never), Confirmed: spec.Texts(x.Confirmed), Used: m.uses["rule "+x.Name.Text],
	}
	for _, f := range x.Forms {
		out.Forms = append(out.Forms, Form{f.Name.Text, f.Pattern.Text, namesWords(f.Names.Text)})
	}
	return out
}

func (m *maker) tableOf(x *spec.Table) Table {
	out := Table{
		Name: x.Name.Text, Title: x.Title, Note: x.Note, Anchor: anchor("table", x.Name.Text), Place: place(x.Name.At),
		In: spec.Texts(x.In), Out: spec.Texts(x.Out), Used: m.uses["table "+x.Name.Text],
	}
	for _, l := range x.Lines {
		line := TableLine{Note: l.Note}
		for _, v := range l.When {
			line.When = append(line.When, conditionCell(v.Any))
		}
		for _, v := range l.Then {
			line.Then = append(line.Then, cell(v.Any))
		}
		out.Lines = append(out.Lines, line)
	}
	return out
}

// cell writes a value of a table; a text stands without quotes.
func cell(v any) string {
	if s, ok := v.(string); ok && s != "" {
		return s
	}
	if n, ok := v.(json.Number); ok {
		return n.String()
	}
	return literal(v)
}

func conditionCell(v any) string {
	switch v := v.(type) {
	case string:
		if v == "*" {
			return "anything"
		}
	case []any:
		var parts []string
		for _, x := range v {
			parts = append(parts, conditionCell(x))
		}
		return joined(parts, "or")
	}
	if v == "" {
		return "nothing"
	}
	return cell(v)
}

// sharing words what may go from one system to another.
func sharing(x *spec.Sharing) Sharing {
	out := Sharing{Title: x.Title, Note: x.Note, From: x.From.Text, To: x.To.Text, Place: place(x.At)}
	for _, c := range []struct {
		word string
		of   spec.Condition
	}{{"Consent", x.Consent}, {"Scope", x.Scope}} {
		out.Conditions = append(out.Conditions, Fact{c.word, conditionWords(c.of)})
	}
	out.Leaves, out.Writes = sharedFields(x.Leaves), sharedFields(x.Writes)
	return out
}

func conditionWords(c spec.Condition) string {
	if len(c.Needs) == 0 {
		return "not asked, because " + c.NotNeeded.Text
	}
	text := joined(codes(spec.Texts(c.Needs)), "and") + " must say yes"
	if len(c.Or) > 0 {
		text += ", or else " + joined(codes(spec.Texts(c.Or)), "or")
	}
	return text
}

func sharedFields(list []spec.SharedFields) []SharedFields {
	var out []SharedFields
	for _, x := range list {
		out = append(out, SharedFields{x.Object.Text, strings.Join(codes(spec.Texts(x.Fields)), ", ")})
	}
	return out
}

// classes explains the words for who may see a value.
func classes() []Fact {
	return []Fact{
		{classWords(engine.Public), "anybody may see it"},
		{classWords(engine.Code), "an identifier or an option: shown to those who run casebridge"},
		{classWords(engine.Personal), "about a person: masked on screens, in plans and in logs"},
		{classWords(engine.Confined), "never shown"},
	}
}
