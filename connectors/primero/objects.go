package primero

import (
	"slices"

	"github.com/casebridge/casebridge/engine"
)

// The objects' names.
const (
	cases     = "case"
	referrals = "referral"
	users     = "user"
	agencies  = "agency"
	locations = "location"
)

// caseName is the field that names a case to people and to the other system.
const caseName = "case_id"

// stampField is the field that windows are about.
const stampField = "last_updated_at"

// caseObject states what is true of cases in every country. Form fields are the catalogue's.
func caseObject() engine.Object {
	return engine.Object{
		Name: cases, Note: "a child's case; its form fields stand in the catalogue", Open: true,
		Fields: slices.Concat(caseIdentity(), caseState(), casePeople(), caseCore()),
		ID:     "id", By: []string{"id", "case_id", "oscar_number", "case_id_display", "short_id", "unique_identifier", "national_id_no", "other_id_no", "unhcr_id_no"},
		Listed: true, Window: true, Grain: engine.Second, Mark: engine.MarkStamp, Named: caseName,
		Verbs: []engine.Verb{engine.CreateVerb, engine.UpdateVerb}, Repeatable: true, Batch: 1,
	}
}

// caseIdentity are the names of a case. The built-in identifier fields are those of §2.3; each is
// filterable only while it stands on a form of the connection's role.
func caseIdentity() []engine.Field {
	fixed := "set by Primero when the case is made; never changes"
	return []engine.Field{
		{Name: "id", Type: engine.Text, Class: engine.Code, Note: "UUID in small letters; may be chosen on create, and makes repeating it harmless"},
		{Name: "case_id", Type: engine.Text, Class: engine.Code, ReadOnly: true, Note: fixed},
		{Name: "case_id_display", Type: engine.Text, Class: engine.Code, ReadOnly: true, Note: fixed},
		{Name: "short_id", Type: engine.Text, Class: engine.Code, ReadOnly: true, Note: fixed},
		{Name: "unique_identifier", Type: engine.Text, Class: engine.Code, ReadOnly: true, Note: fixed},
		{Name: "oscar_number", Type: engine.Text, Class: engine.Code},
		{Name: "national_id_no", Type: engine.Text, Class: engine.Personal},
		{Name: "other_id_no", Type: engine.Text, Class: engine.Personal},
		{Name: "unhcr_id_no", Type: engine.Text, Class: engine.Personal},
	}
}

func caseState() []engine.Field {
	return []engine.Field{
		{Name: "module_id", Type: engine.Text, Class: engine.Code, Required: true, Note: "without it a new case loses nearly every field in silence"},
		{Name: "enabled", Type: engine.Boolean, Class: engine.Code, ReadOnly: true, Note: "false: the case was disabled; such cases are listed too"},
		{Name: "record_state", Type: engine.Boolean, Class: engine.Code, Note: "false disables the case"},
		{Name: "status", Type: engine.Text, Class: engine.Code, Note: "open, closed, transferred or identified"},
		{Name: "state", Type: engine.Text, Class: engine.Code},
		{Name: "case_status_reopened", Type: engine.Boolean, Class: engine.Code},
		{Name: "workflow", Type: engine.Text, Class: engine.Code, ReadOnly: true, Note: "derived from the newest service that is not implemented"},
		{Name: "case_type", Type: engine.Text, Class: engine.Code, ReadOnly: true},
		{Name: "created_at", Type: engine.Instant, Class: engine.Code},
		{Name: stampField, Type: engine.Instant, Class: engine.Code, ReadOnly: true, Note: "moves with every write, also one that changes nothing"},
		{Name: "registration_date", Type: engine.Date, Class: engine.Personal},
		{Name: "date_closure", Type: engine.Date, Class: engine.Personal},
	}
}

func casePeople() []engine.Field {
	return []engine.Field{
		{Name: "owned_by", Type: engine.Text, Class: engine.Code, Note: "a user name; Primero takes an unknown one and hides the case"},
		{Name: "owned_by_full_name", Type: engine.Text, Class: engine.Personal, ReadOnly: true},
		{Name: "owned_by_agency_id", Type: engine.Text, Class: engine.Code, ReadOnly: true},
		{Name: "owned_by_groups", Type: engine.Texts, Class: engine.Code, ReadOnly: true},
		{Name: "previously_owned_by", Type: engine.Text, Class: engine.Code, ReadOnly: true},
		{Name: "assigned_user_names", Type: engine.Texts, Class: engine.Code, ReadOnly: true, Note: "users a referral or transfer gave access"},
		{Name: "associated_user_names", Type: engine.Texts, Class: engine.Code, ReadOnly: true},
		{Name: "created_by", Type: engine.Text, Class: engine.Code, ReadOnly: true},
		{Name: "created_by_agency", Type: engine.Text, Class: engine.Code, ReadOnly: true},
		{Name: "last_updated_by", Type: engine.Text, Class: engine.Code, ReadOnly: true, Note: "an accepted referral does not change it"},
		{Name: "identified_by", Type: engine.Text, Class: engine.Code},
	}
}

// caseCore are form fields that Primero itself filters by or validates.
func caseCore() []engine.Field {
	return []engine.Field{
		{Name: "consent_for_services", Type: engine.Boolean, Class: engine.Code},
		{Name: "disclosure_other_orgs", Type: engine.Boolean, Class: engine.Code},
		{Name: "sex", Type: engine.Text, Class: engine.Personal},
		{Name: "age", Type: engine.Integer, Class: engine.Personal, Note: "not computed from the date of birth when a case is saved"},
	}
}

// referralObject states the facts of referrals (§4).
func referralObject() engine.Object {
	written := []engine.Field{
		{Name: "status", Type: engine.Text, Class: engine.Code, Note: "in_progress, accepted, rejected, done or revoked; an illegal move is answered 200 and ignored"},
		{Name: "rejected_reason", Type: engine.Text, Class: engine.Personal},
		{Name: "rejection_note", Type: engine.Text, Class: engine.Personal},
	}
	read := []engine.Field{
		{Name: "id", Type: engine.Text, Class: engine.Code},
		{Name: "type", Type: engine.Text, Class: engine.Code},
		{Name: "record_id", Type: engine.Text, Class: engine.Code, Note: "id of the case"},
		{Name: "record_type", Type: engine.Text, Class: engine.Code},
		{Name: "transitioned_to", Type: engine.Text, Class: engine.Code, Note: "user name"},
		{Name: "transitioned_by", Type: engine.Text, Class: engine.Code, Note: "user name"},
		{Name: "transitioned_to_agency", Type: engine.Text, Class: engine.Code},
		{Name: "transitioned_to_user_agency", Type: engine.Text, Class: engine.Code},
		{Name: "transitioned_by_user_agency", Type: engine.Text, Class: engine.Code},
		{Name: "created_at", Type: engine.Instant, Class: engine.Code},
		{Name: "responded_at", Type: engine.Instant, Class: engine.Code, Note: "when it was accepted or rejected"},
		{Name: "notes", Type: engine.Text, Class: engine.Personal},
		{Name: "service", Type: engine.Text, Class: engine.Code, Note: "type of the service"},
		{Name: "service_record_id", Type: engine.Text, Class: engine.Code, Note: "unique_id of the service row; absent when the whole case was referred"},
		{Name: "remote", Type: engine.Boolean, Class: engine.Code},
		{Name: "consent_overridden", Type: engine.Boolean, Class: engine.Code},
		{Name: "consent_individual_transfer", Type: engine.Boolean, Class: engine.Code},
		{Name: "allow_case_creation", Type: engine.Boolean, Class: engine.Code},
		{Name: "authorized_role_unique_id", Type: engine.Text, Class: engine.Code},
		{Name: "record_owned_by", Type: engine.Text, Class: engine.Code},
		{Name: "record_owned_by_agency", Type: engine.Text, Class: engine.Code},
		{Name: "record_access_denied", Type: engine.Boolean, Class: engine.Code},
		{Name: "user_can_accept_or_reject", Type: engine.Boolean, Class: engine.Code, Note: "advice for Primero's own pages"},
	}
	for i := range read {
		read[i].ReadOnly = true
	}
	return engine.Object{
		Name: referrals, Note: "a referral of a case to a user; listed with its case only", Fields: append(read, written...),
		ID: "id", Of: cases, Verbs: []engine.Verb{engine.UpdateVerb}, Repeatable: true, Batch: 1,
	}
}

// agencyObject and locationObject state what the setup is checked against; no flow can read them (§7).
func agencyObject() engine.Object {
	return engine.Object{Name: agencies, Note: "an organization that users belong to; only `check --live` looks at it", Fields: []engine.Field{
		{Name: "unique_id", Type: engine.Text, Class: engine.Code, ReadOnly: true},
		{Name: "disabled", Type: engine.Boolean, Class: engine.Code, ReadOnly: true},
	}}
}

func locationObject() engine.Object {
	return engine.Object{Name: locations, Note: "a place that location fields name; only `check --live` looks at it", Fields: []engine.Field{
		{Name: "code", Type: engine.Text, Class: engine.Code, ReadOnly: true},
		{Name: "disabled", Type: engine.Boolean, Class: engine.Code, ReadOnly: true},
	}}
}

// userObject states the facts of users (§7).
func userObject() engine.Object {
	fields := []engine.Field{
		{Name: "id", Type: engine.Integer, Class: engine.Code},
		{Name: "user_name", Type: engine.Text, Class: engine.Code},
		{Name: "full_name", Type: engine.Text, Class: engine.Personal},
		{Name: "phone", Type: engine.Text, Class: engine.Personal},
		{Name: "email", Type: engine.Text, Class: engine.Personal},
		{Name: "location", Type: engine.Text, Class: engine.Code},
		{Name: "agency_id", Type: engine.Integer, Class: engine.Code, Note: "Primero's number of the agency, not its unique id"},
		{Name: "disabled", Type: engine.Boolean, Class: engine.Code},
		{Name: "role_unique_id", Type: engine.Text, Class: engine.Code},
		{Name: "module_unique_ids", Type: engine.Texts, Class: engine.Code},
		{Name: "user_group_unique_ids", Type: engine.Texts, Class: engine.Code},
	}
	for i := range fields {
		fields[i].ReadOnly = true
	}
	return engine.Object{Name: users, Note: "somebody with an account", Fields: fields, ID: "id", By: []string{"user_name"}, Reference: true}
}
