package oscar

import "github.com/casebridge/casebridge/engine"

// Names of the objects, as specs write them after the connection.
const (
	clientObject   = "client"
	referralObject = "referral"
	decisionObject = "decision"
	linkObject     = "link"

	organizationObject = "organization"
)

// linkBatch rows in one update_links call: no limit in OSCaR's code, 100 to 200 is
// reasonable (§5.1).
const linkBatch = 100

// Objects states what OSCaR lists and takes.
func (Driver) Objects() []engine.Object {
	return []engine.Object{client(), referral(), decision(), link(), organization()}
}

func client() engine.Object {
	return engine.Object{
		Name: clientObject,
		Note: "a child in one NGO; only a list, no way to fetch one; the same child in two NGOs is two clients",
		// OSCaR compares days for most clients, and sends no stamps. Its upper bound
		// switches to the day of creation, which is a different question, so there is none.
		Listed: true, Grain: engine.Day, Mark: engine.MarkStart,
		Named:  "external_id",
		Fields: clientFields(),
	}
}

// clientFields is the union of the two shapes in which OSCaR sends a client; what
// one shape leaves out is absent in the record (§6.4).
func clientFields() []engine.Field {
	return []engine.Field{
		coded("slug", engine.Text, "the client in its NGO, e.g. abcd-123"),
		coded("global_id", engine.Text, "the child, over all NGOs; may be null in broken data"),
		coded("external_id", engine.Text, "the case that this client is linked to; null or empty when none"),
		coded("external_id_display", engine.Text, "what people call that case"),
		coded("organization_id", engine.Integer, "only on clients that were referred out"),
		coded("organization_name", engine.Text, "short name of the NGO"),
		coded("organization_address_code", engine.Text, "commune, else district, of the NGO; may have a leading 00"),
		coded("status", engine.CodeOne, "Accepted, Active, Exited or Referred"),
		coded("is_referred", engine.Boolean, ""),
		coded("resource", engine.Text, "primero when external_id is set; does not say where the child came from"),
		personal("mosvy_number", engine.Text, ""),
		personal("given_name", engine.Text, "falls back to the local name when blank"),
		personal("family_name", engine.Text, "falls back to the local name when blank"),
		personal("local_given_name", engine.Text, "absent on clients that were referred out"),
		personal("local_family_name", engine.Text, "absent on clients that were referred out"),
		personal("gender", engine.CodeOne, "female, male, lgbt, unknown, prefer_not_to_say, other"),
		personal("date_of_birth", engine.Date, "years with a typing mistake occur, e.g. 22012-01-01"),
		personal("location_current_village_code", engine.Text, "village, else commune, district, province, else empty"),
		personal("address_current_village_code", engine.Text, "the same; only on clients that were referred out"),
		personal("level_of_risk", engine.CodeOne, "high, medium, low, no action; only on clients that were referred out"),
		personal("reason_for_referral", engine.Text, "of the last referral; only on clients that were referred out"),
		personal("case_worker_name", engine.Text, "several, joined by commas"),
		personal("case_worker_mobile", engine.Text, "several, joined by commas"),
		personal("external_case_worker_name", engine.Text, "only on clients that were referred out"),
		personal("external_case_worker_id", engine.Text, "only on clients that were referred out"),
		// The addresses are not signed: who has one can open the form.
		{Name: "referral_consent_form", Type: engine.Texts, Class: engine.Confined, Note: "addresses of scanned forms"},
		{Name: "services", Type: engine.Rows, Fields: listedServiceFields(),
			Note: "programme enrolments, past ones included, and referrals between the two systems, in both directions"},
	}
}

func listedServiceFields() []engine.Field {
	return []engine.Field{
		coded("uuid", engine.Text, "of the service, not of the referral; null for services that only this NGO has"),
		coded("name", engine.Text, "of the service; not unique"),
		coded("referral_id", engine.Integer, "unique only within the NGO; absent for enrolments"),
		coded("referral_status", engine.CodeOne, "Referred, Accepted, Active or Exited; absent for enrolments"),
		personal("program_name", engine.Text, "null for referrals"),
		personal("enrollment_date", engine.Date, "first enrolment of that programme; null for referrals"),
		personal("reason_for_referral", engine.Text, "OSCaR does not send it today"),
	}
}

func referral() engine.Object {
	return engine.Object{
		Name: referralObject,
		Note: "hand over one referral of one service; OSCaR makes another each time, so it is sent at most once",
		// Leave referral_status and reason_for_exiting out: the first changes an earlier
		// referral of the child, the second is never read (§4.1, §4.5).
		Verbs: []engine.Verb{engine.SendVerb}, Batch: 1,
		Fields: referralFields(),
	}
}

const dropped = "OSCaR drops it today" // §4.1

func referralFields() []engine.Field {
	return []engine.Field{
		required(coded("organization_name", engine.Text, "short name of the NGO, exactly as OSCaR writes it")),
		required(coded("external_id", engine.Text, "")),
		coded("external_id_display", engine.Text, ""),
		coded("global_id", engine.Text, "only the id that OSCaR lists for this child in this NGO; with it OSCaR overwrites its client with all that follows"),
		coded("is_referred", engine.Boolean, "with a global_id, only true makes a referral"),
		required(personal("level_of_risk", engine.CodeOne, "high, medium, low or no action")),
		required(personal("external_case_worker_name", engine.Text, "")),
		required(personal("external_case_worker_mobile", engine.Text, "")),
		personal("external_case_worker_email", engine.Text, ""),
		personal("external_case_worker_id", engine.Text, "digits up to 2147483647, or blank"),
		personal("given_name", engine.Text, "this or family_name must be there"),
		personal("family_name", engine.Text, ""),
		personal("gender", engine.CodeOne, "checked only with a global_id: female, male, lgbt, unknown, prefer_not_to_say, other"),
		personal("date_of_birth", engine.Date, "what cannot be read becomes null without a word"),
		personal("location_current_village_code", engine.Text, "text with its leading zero"),
		personal("address_current_village_code", engine.Text, "empty wipes the client's address"),
		personal("mosvy_number", engine.Text, ""),
		personal("reason_for_referral", engine.Text, "N/A if blank"),
		required(engine.Field{Name: "services", Type: engine.Rows, Fields: []engine.Field{
			unused(coded("uuid", engine.Text, "OSCaR ignores it")),
			required(coded("name", engine.Text, "exactly as OSCaR writes it; an unknown name is dropped")),
		}, Note: "exactly one, so that one answer is about one service"}),
		unused(personal("date_of_referral", engine.Date, dropped+" and takes its own day")),
		unused(coded("transaction_id", engine.Text, dropped)),
		unused(coded("resource", engine.Text, dropped)),
		unused(coded("organization_id", engine.Text, "OSCaR never reads it")),
	}
}

func decision() engine.Object {
	return engine.Object{
		Name: decisionObject,
		Note: "set the status of a referral that an NGO sent; OSCaR does not check whose referral the number is",
		// One row in a call: OSCaR does not say which row it refused.
		Verbs: []engine.Verb{engine.SendVerb}, Repeatable: true, Batch: 1,
		Fields: []engine.Field{
			required(coded("client_global_id", engine.Text, "a child in exactly one NGO, else OSCaR picks any")),
			required(coded("referral_id", engine.Integer, "")),
			required(coded("referral_status", engine.CodeOne, "Accepted, Active, Exited or Referred")),
		},
	}
}

func link() engine.Object {
	return engine.Object{
		Name:  linkObject,
		Note:  "tell every NGO of a child which case it has; OSCaR never says whether it knew the child",
		Verbs: []engine.Verb{engine.SendVerb}, Repeatable: true, Batch: linkBatch,
		Fields: []engine.Field{
			required(coded("global_id", engine.Text, "")),
			required(coded("external_id", engine.Text, "")),
			coded("external_id_display", engine.Text, "left out, OSCaR clears it"),
		},
	}
}

// organization is what the setup is checked against; no flow can read it (§5.3).
func organization() engine.Object {
	short := coded("short_name", engine.Text, "of the NGO, exactly as OSCaR writes it")
	short.ReadOnly = true
	return engine.Object{Name: organizationObject, Note: "an NGO; only `check --live` looks at it", Fields: []engine.Field{short}}
}

// coded is an identifier or an option that operators may see.
func coded(name string, kind engine.Type, note string) engine.Field {
	return engine.Field{Name: name, Type: kind, Class: engine.Code, Note: note}
}

// personal is about a person.
func personal(name string, kind engine.Type, note string) engine.Field {
	return engine.Field{Name: name, Type: kind, Class: engine.Personal, Note: note}
}

func required(f engine.Field) engine.Field {
	f.Required = true
	return f
}

// unused is taken and does nothing today.
func unused(f engine.Field) engine.Field {
	f.Unused = true
	return f
}
