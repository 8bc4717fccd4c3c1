package sim

import (
	"slices"
	"strings"
	"time"
)

// referral is one transition of the type Referral (§4). Its fields are stored
// as a document; what rules need often stands beside it.
type referral struct {
	id, caseID, status, by, to string
	remote                     bool
	doc                        document
}

// ledger holds the referrals, each case's in the order of their last write.
type ledger struct {
	byID   map[string]*referral
	byCase map[string][]*referral
}

func newLedger() ledger {
	return ledger{byID: map[string]*referral{}, byCase: map[string][]*referral{}}
}

// put files a referral where the database would have it after a write.
func (l *ledger) put(ref *referral) {
	rest := slices.DeleteFunc(l.byCase[ref.caseID], func(r *referral) bool { return r == ref })
	l.byID[ref.id] = ref
	l.byCase[ref.caseID] = append(rest, ref)
}

// active says whether another referral of the case still goes to the user.
func (l *ledger) active(caseID, to string) bool {
	return slices.ContainsFunc(l.byCase[caseID], func(r *referral) bool {
		return r.to == to && (r.status == "in_progress" || r.status == "accepted")
	})
}

// invalid is why a referral cannot be saved: the field and the message of a 422.
type invalid struct{ field, message string }

// check re-validates a referral as every effective save does: consent, and a
// recipient who can still receive.
func (s *System) check(ref *referral, rec *record, revoking bool) []invalid {
	var bad []invalid
	if !consented(ref.doc, rec.doc) {
		bad = append(bad, invalid{"consent", "transition.errors.consent"})
	}
	if !ref.remote && !revoking && !s.canReceive(ref) {
		bad = append(bad, invalid{"transitioned_to", "transition.errors.to_user_can_receive"})
	}
	return bad
}

func consented(ref, doc document) bool {
	shared := doc.isTrue("disclosure_other_orgs") || doc.text("module_id") == "primeromodule-gbv"
	return ref.isTrue("consent_overridden") || doc.isTrue("consent_for_services") && shared
}

func (s *System) canReceive(ref *referral) bool {
	u := s.user(ref.to)
	return u != nil && !u.Disabled && ref.to != ref.by && u.may("receive_referral")
}

// transit carries out a change of status and says whether it took effect; a
// move that the table does not have is ignored.
func (s *System) transit(ref *referral, rec *record, status string, reason, note any, by string) ([]invalid, bool) {
	move := ref.status + " " + status
	if !slices.Contains([]string{"in_progress accepted", "in_progress rejected", "accepted done"}, move) {
		return nil, false
	}
	if bad := s.check(ref, rec, false); bad != nil {
		return bad, false
	}
	at := s.moment()
	ref.status, ref.doc = status, ref.doc.clone()
	ref.doc.set("status", status)
	switch status {
	case "accepted":
		ref.doc.set("responded_at", at.Format(stampLayout))
		if s.version.from(2, 11) {
			s.store(rec, saving{old: rec.doc, doc: rec.doc.clone(), at: at})
		}
	case "rejected":
		ref.doc.set("responded_at", at.Format(stampLayout))
		ref.doc.set("rejected_reason", reason)
		s.leave(ref, rec, by, at, nil)
	case "done":
		ref.doc.set("rejection_note", note)
		s.leave(ref, rec, by, at, func(doc *document) { markDone(doc, ref.doc.text("service_record_id"), note, at) })
	}
	s.links.put(ref)
	return nil, true
}

// revoke ends a referral from any status.
func (s *System) revoke(ref *referral, rec *record, by string) []invalid {
	if bad := s.check(ref, rec, true); bad != nil {
		return bad
	}
	ref.status, ref.doc = "revoked", ref.doc.clone()
	ref.doc.set("status", "revoked")
	s.leave(ref, rec, by, s.moment(), nil)
	s.links.put(ref)
	return nil
}

// leave takes the recipient off the case unless another active referral needs them.
func (s *System) leave(ref *referral, rec *record, by string, at time.Time, more func(*document)) {
	sv := saving{old: rec.doc, doc: rec.doc.clone(), by: by, at: at}
	if !s.links.active(ref.caseID, ref.to) {
		left := slices.DeleteFunc(sv.doc.texts("assigned_user_names"), func(n string) bool { return n == ref.to })
		sv.doc.set("assigned_user_names", list(left))
		s.associate(&sv.doc, sv.doc.text("owned_by"))
	}
	if more != nil {
		more(&sv.doc)
	}
	s.store(rec, sv)
}

// eachRow changes the row of services_section with that unique_id, if there is one.
func eachRow(doc *document, id string, change func(row map[string]any)) {
	rows := doc.rows("services_section")
	for _, row := range rows {
		if id != "" && row["unique_id"] == id {
			change(row)
			doc.set("services_section", rows)
			return
		}
	}
}

func markDone(doc *document, id string, note any, at time.Time) {
	eachRow(doc, id, func(row map[string]any) {
		if row["service_implemented_day_time"] == nil {
			row["service_implemented_day_time"] = at.Format(stampLayout)
		}
		row["service_implemented"] = "implemented"
		row["note_on_referral_from_provider"] = note
	})
}

// refer makes a referral; the caller has checked that the recipient exists.
func (s *System) refer(id string, rec *record, given map[string]any, by *account, at time.Time) (*referral, []invalid) {
	to, _ := given["transitioned_to"].(string)
	remote := given["remote"] == true
	ref := &referral{id: id, caseID: rec.id, status: "in_progress", by: by.UserName, to: to, remote: remote}
	ref.doc = s.referralDocument(ref, rec, given, by, at)
	if bad := s.check(ref, rec, false); bad != nil {
		return nil, bad
	}
	sv := saving{old: rec.doc, doc: rec.doc.clone(), by: by.UserName, at: at}
	if !remote {
		sv.doc.set("assigned_user_names", addOnce(list(sv.doc.texts("assigned_user_names")), to))
		s.associate(&sv.doc, sv.doc.text("owned_by"))
	}
	row, _ := given["service_record_id"].(string)
	eachRow(&sv.doc, row, func(row map[string]any) { row["service_status_referred"] = true })
	sv.doc.set("last_updated_by_full_name", by.FullName)
	sv.doc.set("last_updated_organization", orNil(by.Agency))
	s.store(rec, sv)
	s.links.put(ref)
	return ref, nil
}

// referralDocument is what the transitions view shows of a new referral; nulls are left out.
func (s *System) referralDocument(ref *referral, rec *record, given map[string]any, by *account, at time.Time) document {
	all := map[string]any{
		"id": ref.id, "type": "Referral", "status": ref.status, "record_id": rec.id, "record_type": "case",
		"transitioned_by": ref.by, "remote": ref.remote, "created_at": at.Format(stampLayout),
		"consent_overridden": given["consent_overridden"] == true, "consent_individual_transfer": false,
		"allow_case_creation": given["allow_case_creation"] == true,
		"record_owned_by":     rec.doc.text("owned_by"), "record_owned_by_agency": rec.doc.text("owned_by_agency_id"),
		"record_owned_by_groups":      list(rec.doc.texts("owned_by_groups")),
		"transitioned_by_user_agency": by.Agency, "transitioned_by_user_groups": list(by.Groups),
	}
	if to := s.user(ref.to); to != nil {
		all["transitioned_to_user_agency"], all["transitioned_to_user_groups"] = to.Agency, list(to.Groups)
	}
	for _, name := range strings.Fields("transitioned_to transitioned_to_remote transitioned_to_agency service service_record_id type_of_export notes authorized_role_unique_id") {
		all[name] = given[name]
	}
	for name, v := range all {
		if v == nil || v == "" {
			delete(all, name)
		}
	}
	return newDocument(all)
}
