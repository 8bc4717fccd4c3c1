package sim

import (
	"slices"

	"github.com/casebridge/casebridge/engine"
)

// listForms is GET /api/v2/forms: the case form and its nested forms, not
// paged and not filtered by role (§7).
func listForms(s *System, c call) answer {
	q := parseParams(c.URL.RawQuery)
	if kind := q.kid("record_type"); kind != "" && kind != "case" {
		return data([]any{})
	}
	if module := q.kid("module_id"); module != "" && !slices.Contains(s.modules, module) {
		return data([]any{})
	}
	forms := s.allForms(c.user)
	forms = slices.DeleteFunc(forms, func(f map[string]any) bool {
		return q.has("unique_id") && f["unique_id"] != q.kid("unique_id") || q.kid("exclude_subforms") == "true" && f["is_nested"] == true
	})
	return data(forms)
}

// The forms that fields stand on, by what the role of the one who asks may do with them: as the simulator knows a
// role by fields, each role sees its own arrangement. Of another installation's forms these are the shortest.
const (
	formWritten = "basic_identity"
	formSeen    = "seen_only"
	formNotSeen = "not_seen"
)

// formOf is the form that a field stands on.
func (s *System) formOf(u *account, name string) string {
	has := func(fields []string) bool { return fields == nil || slices.Contains(fields, name) }
	switch {
	case u.Role.WriteFields != nil && has(u.Role.WriteFields), u.Role.WriteFields == nil && has(u.Role.ReadFields):
		return formWritten
	case has(u.Role.ReadFields):
		return formSeen
	}
	return formNotSeen
}

// permittedForms are the forms of a user's role, with r or rw (§1.5).
func (s *System) permittedForms(u *account) map[string]any {
	forms := map[string]any{}
	for i := range s.form.fields {
		switch name := s.formOf(u, s.form.fields[i].Name); name {
		case formWritten:
			forms[name] = "rw"
		case formSeen:
			forms[name] = "r"
		}
	}
	return forms
}

// allForms numbers nested forms by their fields, from 11 on.
func (s *System) allForms(u *account) []map[string]any {
	nested, ids, on := []map[string]any{}, map[string]int{}, map[string][]engine.Field{}
	for i := range s.form.fields {
		f := &s.form.fields[i]
		form := s.formOf(u, f.Name)
		on[form] = append(on[form], *f)
		if f.Type == engine.Rows {
			ids[f.Name] = 11 + len(nested)
			nested = append(nested, s.formItem(ids[f.Name], f.Name, f.Fields, nil))
		}
	}
	var top []map[string]any
	for i, name := range []string{formWritten, formSeen, formNotSeen} {
		if len(on[name]) > 0 {
			top = append(top, s.formItem(1+i, name, on[name], ids))
		}
	}
	return append(top, nested...)
}

func (s *System) formItem(id int, name string, fields []engine.Field, nested map[string]int) map[string]any {
	items := make([]any, len(fields))
	for i := range fields {
		items[i] = s.fieldItem(&fields[i], nested)
	}
	item := map[string]any{"id": id, "unique_id": name, "parent_form": "case", "is_nested": nested == nil, "visible": nested != nil,
		"module_ids": s.modules, "name": map[string]any{"en": name}, "fields": items}
	return item
}

func (s *System) fieldItem(f *engine.Field, nested map[string]int) map[string]any {
	item := map[string]any{"name": f.Name, "type": fieldType(f.Type), "multi_select": f.Type == engine.CodeMany || f.Type == engine.Texts,
		"date_include_time": f.Type == engine.Instant, "required": f.Required, "disabled": false, "visible": !s.setup.hidden[f.Name],
		"display_name": map[string]any{"en": f.Name}}
	if len(f.Labels) > 0 {
		item["display_name"] = f.Labels
	}
	if f.Codes != "" {
		item["option_strings_source"] = "lookup " + f.Codes
	}
	if id := nested[f.Name]; id > 0 {
		item["subform_section_id"] = id
	}
	return item
}

// fieldType is Primero's name of a type.
func fieldType(t engine.Type) string {
	switch t {
	case engine.Integer:
		return "numeric_field"
	case engine.Number:
		return "calculated"
	case engine.Boolean:
		return "tick_box"
	case engine.Date, engine.Instant:
		return "date_field"
	case engine.CodeOne, engine.CodeMany, engine.Texts:
		return "select_box"
	case engine.Rows:
		return "subform"
	case engine.Any:
		return "tally_field"
	}
	return "text_field"
}
