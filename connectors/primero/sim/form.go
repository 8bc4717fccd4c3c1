package sim

import (
	"slices"

	"github.com/casebridge/casebridge/engine"
)

// form is the case form: the fields that a role may have, and the core fields
// that every case has beside them (§3.2 rule 4).
type form struct {
	fields     []engine.Field
	byName     map[string]*engine.Field
	filterable map[string]bool // form fields that work as a filter
}

func newForm(more []engine.Field, filterable []string) form {
	f := form{fields: merged(defaultFields(), more), byName: map[string]*engine.Field{}, filterable: map[string]bool{}}
	for i := range f.fields {
		f.byName[f.fields[i].Name] = &f.fields[i]
		f.filterable[f.fields[i].Name] = filterable == nil || slices.Contains(filterable, f.fields[i].Name)
	}
	return f
}

// merged adds fields to a form; a field of the same name replaces the one
// there, and the columns of rows are merged in the same way.
func merged(fields, more []engine.Field) []engine.Field {
	all := slices.Clone(fields)
	for _, add := range more {
		old := engine.FieldNamed(all, add.Name)
		if old == nil {
			all = append(all, add)
			continue
		}
		columns := old.Fields
		*old = add
		if add.Type == engine.Rows {
			old.Fields = merged(columns, add.Fields)
		}
	}
	return all
}

func ofType(t engine.Type, names ...string) []engine.Field {
	fields := make([]engine.Field, len(names))
	for i, name := range names {
		fields[i] = engine.Field{Name: name, Type: t}
	}
	return fields
}

// defaultFields is a small part of the forms that Primero ships, with the
// services of §3.5.
func defaultFields() []engine.Field {
	return slices.Concat(
		ofType(engine.Text, "name", "name_first", "name_middle", "name_last", "name_nickname", "case_id", "case_id_display",
			"unique_identifier", "short_id", "national_id_no", "other_id_no", "unhcr_id_no", "oscar_number",
			"address_current", "telephone_current"),
		[]engine.Field{
			{Name: "sex", Type: engine.CodeOne, Codes: "lookup-gender"},
			{Name: "risk_level", Type: engine.CodeOne, Codes: "lookup-risk-level"},
			{Name: "protection_status", Type: engine.CodeOne, Codes: "lookup-protection-status"},
			{Name: "interview_subject", Type: engine.CodeOne, Codes: "lookup-interview-subject"},
			{Name: "protection_concerns", Type: engine.CodeMany, Codes: "lookup-protection-concerns"},
			{Name: "location_current", Type: engine.CodeOne},
			{Name: "service_implementing_agencies", Type: engine.Texts},
			{Name: "age", Type: engine.Integer},
		},
		ofType(engine.Boolean, "estimated", "consent_for_services", "disclosure_other_orgs"),
		ofType(engine.Date, "date_of_birth", "registration_date", "date_closure"),
		[]engine.Field{
			{Name: "services_section", Type: engine.Rows, RowKey: "unique_id", Fields: serviceColumns()},
			{Name: "notes_section", Type: engine.Rows, RowKey: "unique_id", Fields: ofType(engine.Text, "note_subject", "note_text")},
		},
	)
}

func serviceColumns() []engine.Field {
	return slices.Concat(
		[]engine.Field{
			{Name: "service_response_type", Type: engine.CodeOne, Codes: "lookup-service-response-type"},
			{Name: "service_type", Type: engine.CodeOne, Codes: "lookup-service-type"},
			{Name: "service_implemented", Type: engine.CodeOne, Codes: "lookup-service-implemented"},
			{Name: "service_response_timeframe", Type: engine.CodeOne, Codes: "service_response_timeframe"},
		},
		ofType(engine.CodeOne, "service_implementing_agency", "service_implementing_agency_individual", "service_delivery_location"),
		ofType(engine.Text, "service_provider", "service_location", "service_referral_notes", "note_on_referral_from_provider"),
		ofType(engine.Instant, "service_response_day_time", "service_implemented_day_time"),
		ofType(engine.Date, "service_appointment_date"),
		ofType(engine.Boolean, "service_status_referred"),
	)
}

// coreFields are writable without being on a form.
func coreFields(creating bool) []engine.Field {
	fields := slices.Concat(
		ofType(engine.Text, "state", "incident_case_id", "family_id", "source_case_display_id", "owned_by"),
		ofType(engine.Boolean, "case_status_reopened", "record_state"),
		ofType(engine.Instant, "created_at"),
		[]engine.Field{{Name: "status", Type: engine.CodeOne, Codes: "core-status"}, {Name: "module_id", Type: engine.CodeOne, Codes: "core-module"}},
	)
	if creating {
		fields = append(fields, engine.Field{Name: "id", Type: engine.Text})
	}
	return fields
}

// identifiers are the fields whose filter values stay raw text and which query= searches (§2.3, §2.4).
func identifiers() []string {
	return []string{"unique_identifier", "short_id", "case_id_display", "case_id", "client_code", "ration_card_no",
		"icrc_ref_no", "rc_id_no", "unhcr_id_no", "unhcr_individual_no", "un_no", "other_agency_id", "survivor_code_no",
		"national_id_no", "other_id_no", "biometrics_id", "family_count_no", "dss_id", "camp_id", "tent_number",
		"nfi_distribution_id", "oscar_number", "registry_no", "family_number"}
}

// isRaw says whether a filter on the field compares raw text: the identifiers of all record types.
func isRaw(name string) bool {
	return slices.Contains(identifiers(), name) || slices.Contains([]string{"incident_id", "survivor_code", "registry_id", "family_id"}, name)
}

// alwaysPermitted are the names that every reader of cases may ask for and filter by (§2.3).
func alwaysPermitted() []string {
	return []string{"id", "status", "state", "case_status_reopened", "record_state", "incident_case_id", "family_id", "created_at",
		"source_case_display_id", "owned_by", "module_id", "cases_by_date", "associated_user_names",
		"not_edited_by_owner", "has_photo", "survivor_code", "survivor_code_no", "case_id_display", "has_incidents", "short_id",
		"sex", "age", "registration_date", "date_closure", "reassigned_transferred_on", "current_alert_types", "location_current",
		"reporting_location_hierarchy", "followup_dates", "reunification_dates", "tracing_dates", "service_implemented_day_times",
		"alert_count", "assigned_user_names", "created_by", "created_by_agency", "owned_by_agency_id", "owned_by_text",
		"owned_by_agency_office", "previous_agency", "previously_owned_by", "reopened_logs", "last_updated_at", "last_updated_by",
		"owned_by_groups", "previously_owned_by_agency", "created_organization", "consent_for_services", "disclosure_other_orgs",
		"case_type", "assign", "identified_by", "workflow"}
}

// summary is what fields=short selects (§2.3).
func summary() []string {
	return []string{"created_at", "owned_by", "owned_by_agency_id", "photos", "flag_count", "status", "record_in_scope", "short_id",
		"alert_count", "case_id_display", "name", "survivor_code_no", "age", "sex", "registration_date", "hidden_name", "workflow",
		"case_status_reopened", "module_id", "registry_record_id", "client_code", "gender", "reporting_location_hierarchy", "location_current"}
}

// inColumn says whether a filter on the field uses typed SQL, not JSON (§2.4).
func inColumn(name string) bool {
	return slices.Contains([]string{"age", "status", "record_state", "sex", "workflow", "module_id", "owned_by", "owned_by_agency_id",
		"owned_by_groups", "last_updated_by", "created_at", "registration_date", "associated_user_names", "associated_user_groups",
		"associated_user_agencies", "assigned_user_names", "name", "risk_level", "location_current"}, name)
}

// readable returns the names that a user may see, sorted.
func (s *System) readable(u *account) []string {
	names := alwaysPermitted()
	for i := range s.form.fields {
		if n := s.form.fields[i].Name; u.Role.ReadFields == nil || slices.Contains(u.Role.ReadFields, n) {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// filters returns the names that work as a filter for a user; any other parameter is ignored in silence.
func (s *System) filters(u *account) map[string]bool {
	names := map[string]bool{}
	for n, ok := range s.form.filterable {
		if ok && (u.Role.ReadFields == nil || slices.Contains(u.Role.ReadFields, n)) {
			names[n] = true
		}
	}
	for _, n := range alwaysPermitted() {
		names[n] = true
	}
	return names
}

// writable returns the fields that a user may write in a case of that module:
// those of the role's rw forms if the module is known, and the core ones.
func (s *System) writable(u *account, module string, creating bool) map[string]*engine.Field {
	fields := map[string]*engine.Field{}
	core := coreFields(creating)
	for i := range core {
		fields[core[i].Name] = &core[i]
	}
	if !slices.Contains(s.modules, module) {
		return fields
	}
	may := u.Role.WriteFields
	if may == nil {
		may = u.Role.ReadFields
	}
	for name, f := range s.form.byName {
		if !f.ReadOnly && (may == nil || slices.Contains(may, name)) && (creating || !fixedOnUpdate(name)) {
			fields[name] = f
		}
	}
	return fields
}

// fixedOnUpdate names the fields that a PATCH drops even from rw forms (§3.2 rule 5).
func fixedOnUpdate(name string) bool {
	return slices.Contains([]string{"id", "unique_identifier", "unique_id", "short_id", "created_by", "case_id", "case_id_display"}, name)
}
