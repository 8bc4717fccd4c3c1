package sim

import (
	"slices"
	"time"
)

// saving is one save of a case: what the model's callbacks work on.
type saving struct {
	old document  // the version before; nil for a new case
	doc document  // the version to be stored
	by  string    // becomes last_updated_by; "" leaves it as it is (§3.4)
	at  time.Time // becomes last_updated_at
}

// callbacks derive what every save derives; the caller holds the lock.
func (s *System) callbacks(sv *saving) {
	s.own(sv)
	rows := markServices(&sv.doc)
	reopenOnGrowth(sv, len(rows))
	s.workflow(sv, rows)
	if sv.old != nil && sv.old.text("status") == "open" && sv.doc.text("status") == "closed" {
		sv.doc.setDefault("date_closure", sv.at.Format(dayLayout))
	}
	sv.doc.set("last_updated_at", sv.at.Format(stampLayout))
	if sv.by == "" {
		return
	}
	sv.doc.set("last_updated_by", sv.by)
	if sv.old != nil {
		sv.doc.set("not_edited_by_owner", sv.by != sv.doc.text("owned_by"))
	}
}

// store runs the callbacks and files the result.
func (s *System) store(rec *record, sv saving) {
	s.callbacks(&sv)
	s.records.replace(rec, sv.doc)
}

// own recomputes what follows from owned_by when it changed. An unknown user
// is no error: a new case gets no owner, an old one keeps its owner but is
// seen by whom the unknown name would have let see it (§3.3, §3.4).
func (s *System) own(sv *saving) {
	name := sv.doc.text("owned_by")
	if sv.old != nil && sv.old.raw("owned_by") == sv.doc.raw("owned_by") {
		return
	}
	s.associate(&sv.doc, name)
	u := s.user(name)
	switch {
	case u == nil && sv.old == nil:
		sv.doc.set("owned_by", nil)
		return
	case u == nil:
		sv.doc.set("owned_by", sv.old.text("owned_by"))
		return
	case sv.old != nil:
		sv.doc.set("previously_owned_by", sv.old.text("owned_by"))
		sv.doc.set("previously_owned_by_agency", sv.old.text("owned_by_agency_id"))
	}
	ownFields(&sv.doc, u)
}

func ownFields(doc *document, u *account) {
	doc.set("owned_by_full_name", u.FullName)
	doc.set("owned_by_agency_id", orNil(u.Agency))
	doc.set("owned_by_groups", list(u.Groups))
}

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func list(texts []string) []string {
	if texts == nil {
		return []string{}
	}
	return texts
}

// associate says who may see a case: its owner and whom it was referred to.
func (s *System) associate(doc *document, owner string) {
	names, groups, agencies := []string{}, []string{}, []string{}
	for _, name := range append([]string{owner}, doc.texts("assigned_user_names")...) {
		names = addOnce(names, name)
		if u := s.user(name); u != nil {
			agencies = addOnce(agencies, u.Agency)
			groups = addOnce(groups, u.Groups...)
		}
	}
	doc.set("associated_user_names", names)
	doc.set("associated_user_groups", groups)
	doc.set("associated_user_agencies", agencies)
}

func addOnce(all []string, more ...string) []string {
	for _, text := range more {
		if text != "" && !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	return all
}

// markServices sets service_implemented of every row and the lists of day
// times (§3.5), and returns the rows.
func markServices(doc *document) []map[string]any {
	if !doc.filled("services_section") {
		return nil
	}
	rows, times, due := doc.rows("services_section"), []any{}, []any{}
	for _, row := range rows {
		done := row["service_implemented_day_time"]
		switch {
		case done != nil && row["service_implemented"] != "implemented":
			row["service_implemented"] = "implemented"
		case done == nil && row["service_type"] != nil:
			row["service_implemented"] = "not_implemented"
		}
		if done != nil {
			times = append(times, done)
		}
		if at, ok := dueDate(row); ok {
			due = append(due, at)
		}
	}
	doc.set("services_section", rows)
	doc.set("service_implemented_day_times", times)
	doc.set("service_due_dates", due)
	return rows
}

func dueDate(row map[string]any) (any, bool) {
	if date := row["service_appointment_date"]; date != nil {
		return date, true
	}
	text, _ := row["service_response_day_time"].(string)
	at, ok := parseInstant(text)
	hours := map[any]int{"1_hour": 1, "3_hours": 3, "1_day": 24, "3_days": 72}[row["service_response_timeframe"]]
	return at.Add(time.Duration(hours) * time.Hour).Format(stampLayout), ok && hours > 0
}

// reopenOnGrowth opens a closed, enabled case that got a service row (§3.5).
func reopenOnGrowth(sv *saving, rows int) {
	if sv.old == nil || sv.old.text("status") != "closed" || !sv.doc.isTrue("record_state") {
		return
	}
	if rows > len(sv.old.rows("services_section")) {
		reopen(sv)
	}
}

// reopen opens a case and logs it.
func reopen(sv *saving) {
	sv.doc.set("status", "open")
	sv.doc.set("case_status_reopened", true)
	logs, _ := decode(sv.doc.raw("reopened_logs")).([]any)
	by := sv.by
	if by == "" {
		by = sv.doc.text("last_updated_by")
	}
	sv.doc.set("reopened_logs", append(logs, map[string]any{"reopened_date": sv.at.Format(stampLayout), "reopened_user": by}))
}

// workflow derives the workflow from status and services (§3.5).
func (s *System) workflow(sv *saving, rows []map[string]any) {
	status := sv.doc.text("status")
	switch {
	case status == "closed":
		sv.doc.set("workflow", "closed")
	case status == "open" && sv.old.raw("services_section") != sv.doc.raw("services_section"):
		if next := s.servicesWorkflow(rows); next != "" {
			sv.doc.set("workflow", next)
		}
	case status == "open" && sv.old != nil && sv.old.text("status") == "closed":
		sv.doc.set("workflow", "reopened")
	}
}

// servicesWorkflow is the response type of the most recent service that still
// waits; a service without a day time counts as the oldest.
func (s *System) servicesWorkflow(rows []map[string]any) string {
	best, newest, waiting := "", "", false
	for _, row := range rows {
		if row["service_implemented"] == "implemented" {
			continue
		}
		waiting = true
		kind, _ := row["service_response_type"].(string)
		at, _ := row["service_response_day_time"].(string)
		if kind != "" && (best == "" || at > newest) {
			best, newest = kind, at
		}
	}
	if len(rows) > 0 && !waiting && s.switches.ServicesImplemented {
		return "service_implemented"
	}
	return best
}

// defaults gives a new case what the server gives it (§3.3).
func (s *System) defaults(doc *document, by *account, at time.Time) {
	unique := s.newID()
	doc.setDefault("unique_identifier", unique)
	unique = doc.text("unique_identifier")
	doc.setDefault("short_id", unique[max(0, len(unique)-7):])
	doc.setDefault("case_id", unique)
	doc.setDefault("case_id_display", doc.text("short_id"))
	doc.setDefault("status", "open")
	doc.setDefault("record_state", true)
	doc.setDefault("registration_date", at.Format(dayLayout))
	doc.setDefault("notes_section", []any{})
	doc.setDefault("reopened_logs", []any{})
	doc.setDefault("workflow", "new")
	doc.setDefault("created_at", at.Format(stampLayout))
	doc.set("posted_at", at.Format(stampLayout))
	doc.setDefault("owned_by", by.UserName)
	doc.setDefault("created_by", by.UserName)
	doc.set("created_by_agency", orNil(by.Agency))
	doc.set("created_by_groups", list(by.Groups))
	doc.set("created_organization", orNil(by.Agency))
	doc.set("hidden_name", doc.text("module_id") == "primeromodule-gbv")
}
