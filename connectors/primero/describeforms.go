package primero

import (
	"context"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
)

// readForms reads the fields of all case forms. The answer has neither pages nor the role's limits (§7).
func (d *describing) readForms(ctx context.Context) error {
	const op = "read forms"
	answer, err := d.api.door.do(ctx, rest.Request{Op: op, Path: "/api/v2/forms", Query: "record_type=case", MaxBody: maxSetup})
	if err != nil {
		return d.barred(err, "forms", "")
	}
	list := gjson.GetBytes(answer.Body, "data")
	if !list.IsArray() {
		return &engine.Fault{Kind: engine.Transient, Op: op, Err: errShape}
	}
	forms := formReading{out: d, nested: map[string]gjson.Result{}, at: map[string]int{}}
	for _, form := range list.Array() {
		if form.Get("is_nested").Bool() {
			forms.nested[form.Get("id").Raw] = form.Get("fields")
		}
	}
	for _, form := range list.Array() {
		if !form.Get("is_nested").Bool() {
			forms.form(form)
		}
	}
	return nil
}

// formReading puts the fields of forms into a description.
type formReading struct {
	out    *describing
	nested map[string]gjson.Result // fields of nested forms by the form's number
	at     map[string]int          // where a field stands in the description
}

func (r formReading) form(form gjson.Result) {
	hidden := isFalse(form.Get("visible"))
	may := readWrite
	if r.out.permitted != nil {
		may = r.out.permitted[form.Get("unique_id").String()]
	}
	for _, f := range form.Get("fields").Array() {
		r.field("", f, hidden, may)
		columns, name := r.nested[f.Get("subform_section_id").Raw], f.Get("name").String()
		for _, column := range columns.Array() {
			r.field(name+".", column, hidden, may)
		}
	}
}

// field takes a field over. One that stands on several forms counts where it can be used best.
func (r formReading) field(prefix string, f gjson.Result, hidden bool, may access) {
	s := engine.SetField{Object: cases, Name: prefix + f.Get("name").String(), Type: typeOf(f), List: r.list(prefix, f),
		Hidden: hidden || isFalse(f.Get("visible")) || f.Get("disabled").Bool(), Barred: may == barred}
	s.ReadOnly = may != readWrite && !slices.Contains(coreNames, s.Name)
	fields := &r.out.out.Fields
	i, ok := r.at[s.Name]
	if !ok {
		r.at[s.Name] = len(*fields)
		*fields = append(*fields, s)
		return
	}
	switch old := &(*fields)[i]; {
	case old.Barred && !s.Barred:
		*old = s
	case old.Barred == s.Barred:
		old.Hidden, old.ReadOnly = old.Hidden && s.Hidden, old.ReadOnly && s.ReadOnly
	}
}

// coreNames are the fields that every role may write that may write cases, whatever its forms (§3.2).
var coreNames = []string{"status", "state", "case_status_reopened", "record_state", "incident_case_id", "family_id", "created_at", "source_case_display_id", "owned_by", "module_id"}

// list names the options of a field: a lookup, or those that stand at the field itself. Agencies, users and
// locations as options are no lookup.
func (r formReading) list(prefix string, f gjson.Result) string {
	kind, name, _ := strings.Cut(f.Get("option_strings_source").String(), " ")
	if kind == "lookup" {
		return name
	}
	own := f.Get("option_strings_text")
	if !own.IsArray() || len(own.Array()) == 0 {
		return ""
	}
	name = "the options of " + prefix + f.Get("name").String()
	r.out.out.Lists = append(r.out.out.Lists, engine.SetList{Name: name, Codes: options(own)})
	return name
}

// isFalse says that something is there and false.
func isFalse(v gjson.Result) bool { return v.Type == gjson.False }

// typeOf is the type of a form field (app/models/field.rb) in the engine's words; Any for what no record holds.
func typeOf(f gjson.Result) engine.Type {
	switch f.Get("type").String() {
	case "text_field", "textarea":
		return engine.Text
	case "numeric_field":
		return engine.Integer
	case "tick_box":
		return engine.Boolean
	case "date_field":
		if f.Get("date_include_time").Bool() {
			return engine.Instant
		}
		return engine.Date
	case "select_box", "radio_button":
		if f.Get("multi_select").Bool() {
			return engine.CodeMany
		}
		return engine.CodeOne
	case "subform":
		return engine.Rows
	}
	return engine.Any
}
