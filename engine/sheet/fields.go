package sheet

import (
	"fmt"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// fields adds the rows of one write to its target.
func (b *flowMaker) fields(route string, w *spec.Write, names scope) {
	filler := w.WhenBlank
	if mp := b.project.Mapping(w.Mapping.Text); mp != nil {
		filler = mp.WhenBlank
	}
	w0 := rowMaker{flowMaker: b, write: w, names: names, filler: filler, row: Row{Route: route, Verb: w.Verb.Text}}
	target := b.target(w.Object.Text)
	fields := b.recordOf(w.Object.Text).fields
	prefix := ""
	if w.Row.Text != "" {
		prefix = w.Row.Text + "[]."
		if f := engine.FieldNamed(fields, w.Row.Text); f != nil {
			fields = f.Fields
		}
	}
	for _, r := range b.rules(w) {
		target.Rows = append(target.Rows, w0.rows(prefix, fields, r)...)
	}
}

// target is the flow's table for an object, made when it is first written.
func (b *flowMaker) target(object string) *Target {
	for i := range b.out.Targets {
		if b.out.Targets[i].Object == object {
			return &b.out.Targets[i]
		}
	}
	t := Target{Object: object, Anchor: b.targetAnchor(object)}
	if o := b.project.Object(object); o != nil {
		t.Note = o.Note
	}
	b.out.Targets = append(b.out.Targets, t)
	return &b.out.Targets[len(b.out.Targets)-1]
}

// rowMaker words the field rules of one write.
type rowMaker struct {
	*flowMaker
	write  *spec.Write
	names  scope
	filler *spec.Filler
	row    Row // what all rows share
}

// rows words one field rule: one row, and one for every field of a list of exactly one.
func (r *rowMaker) rows(prefix string, fields []engine.Field, f *spec.FieldRule) []Row {
	field := engine.FieldNamed(fields, f.Name.Text)
	row := r.row
	row.Field, row.Place, row.Class = prefix+f.Name.Text, place(f.At), classWords("")
	if field != nil {
		row.Labels, row.Class, row.Note, row.Unused = r.labels(field), classWords(field.Class), field.Note, field.Unused
	}
	if f.One != nil {
		row.Rule = "a list with exactly one row, made of the fields below"
		rows := []Row{row}
		var columns []engine.Field
		if field != nil {
			columns = field.Fields
		}
		for _, inner := range f.One {
			rows = append(rows, r.rows(row.Field+"[].", columns, inner)...)
		}
		return rows
	}
	value := f
	if f.List != nil {
		value = f.List
	}
	row.From, row.Exact = r.sources(r.names, pathsOf(value)), value.Expr.Text
	row.Rule = r.ruleWords(f)
	row.Policy = r.policies(f)
	if value.Map.Text != "" {
		row.Lookup = Link{value.Map.Text, anchor("map", value.Map.Text)}
		r.use("map", value.Map.Text, r.out.Name)
	}
	r.use("constant", value.Constant.Text, row.Field)
	r.noteCalls(value.Expr.Text, r.out.Name)
	row.Example, row.Case = r.example(row, value)
	return []Row{row}
}

// ruleWords says where a value comes from.
func (r *rowMaker) ruleWords(f *spec.FieldRule) string {
	switch {
	case f.List != nil:
		return "a list with one value: " + r.ruleWords(f.List)
	case f.Constant.Text != "":
		return "always " + r.constant(f.Constant.Text)
	case f.Literal != nil:
		return "always " + literal(f.Literal.Any)
	}
	text := ""
	switch {
	case f.Expr.Text != "":
		text = said(f.Expr.Text)
	case len(f.From) == 1 && f.Map.Text == "":
		return "taken as it is"
	case len(f.From) == 1:
		text = said(f.From[0].Text)
	default:
		var paths []string
		for _, p := range f.From {
			paths = append(paths, said(p.Text))
		}
		text = "the first of " + joined(paths, "and") + " that is not blank"
	}
	if f.Map.Text != "" {
		text += fmt.Sprintf("; looked up in the column %s of the map %s, which gives the column %s", code(f.Key.Text), code(f.Map.Text), code(f.Give.Text))
		text += "; " + missingWords(f)
	}
	return text
}

func (m *maker) constant(name string) string {
	text := "the constant " + code(name)
	if c := m.project.Constant(name); c != nil {
		text += ", " + literal(c.Value.Any)
	}
	return text
}

func missingWords(f *spec.FieldRule) string {
	switch f.Missing {
	case spec.UseDefault:
		if f.Default != nil {
			return "what the map does not have becomes " + literal(f.Default.Any) + " and is reported"
		}
	case spec.OmitIt:
		return "what the map does not have is left out and reported"
	}
	return "what the map does not have is kept aside"
}

// policies says when a field is written, one short sentence each.
func (r *rowMaker) policies(f *spec.FieldRule) []string {
	var out []string
	if r.write.Verb.Text != "send" && r.write.Verb.Text != "create" {
		out = append(out, map[spec.Policy]string{
			spec.OnChange: "written when it differs",
			spec.OnCreate: "only with a new record; afterwards it belongs to the people there",
			spec.IfEmpty:  "only where there is nothing",
		}[f.Policy])
	}
	if r.write.Row.Text != "" && f.Policy == spec.OnCreate {
		out[0] = strings.Replace(out[0], "a new record", "a new row", 1)
	}
	if text := conflictWords(spec.Conflict(f.Conflict.Text)); text != "" {
		out = append(out, text)
	}
	if f.Required {
		out = append(out, "required: without a value the item is kept aside")
	}
	if f.Clear {
		out = append(out, "a blank value clears it")
	}
	if text := r.blankWords(f); text != "" {
		out = append(out, text)
	}
	if f.Warn.Text != "" {
		out = append(out, "then it warns: "+f.Warn.Text)
	}
	return out
}

// blankWords says what stands in for a blank value.
func (r *rowMaker) blankWords(f *spec.FieldRule) string {
	filler := f.WhenBlank
	if filler == nil {
		filler = r.filler
	}
	switch {
	case filler == nil || f.Required || f.Literal != nil || f.Constant.Text != "":
		return ""
	case filler.Omit:
		return "left out when blank"
	case filler.Constant.Text != "":
		r.use("constant", filler.Constant.Text, f.Name.Text)
		return "when blank: " + r.constant(filler.Constant.Text)
	}
	return "when blank: " + literal(filler.Value.Any)
}

// conflictWords says whose value stays where people may change both.
func conflictWords(c spec.Conflict) string {
	switch c {
	case spec.TargetWins:
		return "what people changed in the target stays"
	case spec.Review:
		return "what people changed in the target stays; changed in both systems, it is kept aside for a person to decide"
	}
	return ""
}
