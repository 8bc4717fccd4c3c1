package sim

import (
	"net/http"
	"slices"
)

// item is a referral as one caller sees it.
func (s *System) item(ref *referral, u *account) map[string]any {
	item, _ := decode(encodeDocument(ref.doc)).(map[string]any)
	for name, v := range item {
		if v == nil {
			delete(item, name)
		}
	}
	rec := s.records.byID[ref.caseID]
	item["record_access_denied"] = rec == nil || !u.reaches(rec)
	item["user_can_accept_or_reject"] = ref.status == "in_progress" && !ref.remote && ref.to == u.UserName
	return item
}

func encodeDocument(d document) string {
	b := []byte{'{'}
	for i, e := range d {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, encode(e.name)+":"+e.json...)
	}
	return string(append(b, '}'))
}

// listReferrals is GET /api/v2/cases/:id/referrals: all that the caller may see, unordered, unpaged.
func listReferrals(s *System, c call) answer {
	rec, refusal := s.theCase(c, "read")
	if refusal != nil {
		return *refusal
	}
	if slices.Contains([]string{"admin_only", "identified"}, c.user.Role.Scope) {
		return broken(c.Request, "undefined method 'where' for nil")
	}
	if !rec.doc.filled("owned_by") && slices.Contains([]string{"agency", "group"}, c.user.Role.Scope) {
		return broken(c.Request, "undefined method 'agency' for nil")
	}
	items := []any{}
	for _, ref := range s.links.byCase[rec.id] {
		if s.sees(c.user, ref, rec) {
			items = append(items, s.item(ref, c.user))
		}
	}
	return data(items)
}

// sees is referrals_for_user of §4.
func (s *System) sees(u *account, ref *referral, rec *record) bool {
	owner := rec.doc.text("owned_by") == u.UserName
	switch u.Role.Scope {
	case "all":
		return true
	case "agency":
		if owner || rec.doc.text("owned_by_agency_id") == u.Agency {
			return s.seesAll(u, ref)
		}
		return ref.doc.text("transitioned_to_user_agency") == u.Agency
	case "group":
		shared := func(g string) bool { return slices.Contains(u.Groups, g) }
		if owner || slices.ContainsFunc(rec.doc.texts("owned_by_groups"), shared) {
			return s.seesAll(u, ref)
		}
		return slices.ContainsFunc(ref.doc.texts("transitioned_to_user_groups"), shared)
	}
	return owner || ref.to == u.UserName
}

func (s *System) seesAll(u *account, ref *referral) bool {
	if u.may("referral") || u.may("receive_referral") || u.may("referral_from_service") {
		return true
	}
	return ref.to == u.UserName && (ref.status == "in_progress" || ref.status == "accepted")
}

// createReferral is POST /api/v2/cases/:id/referrals.
func createReferral(s *System, c call) answer {
	given := c.data()
	action := "referral"
	if given["service_record_id"] != nil {
		action = "referral_from_service"
	}
	rec, refusal := s.theCase(c, "referral", action)
	if refusal != nil {
		return *refusal
	}
	to, _ := given["transitioned_to"].(string)
	if given["remote"] != true && s.user(to) == nil {
		return broken(c.Request, "undefined method 'user_groups' for nil")
	}
	if given["service_record_id"] != nil && !rec.doc.filled("services_section") {
		return broken(c.Request, "undefined method 'find' for nil")
	}
	old := rec.doc
	ref, bad := s.refer(s.newID(), rec, given, c.user, s.moment())
	if bad != nil {
		return invalidReferral(c.Request, bad)
	}
	return s.referralAnswer(ref, old, rec, c.user)
}

func invalidReferral(r *http.Request, bad []invalid) answer {
	all := make([]problem, len(bad))
	for i, b := range bad {
		all[i] = problem{http.StatusUnprocessableEntity, r.URL.Path, b.field, []string{b.message}}
	}
	return problems(http.StatusUnprocessableEntity, all...)
}

// referralAnswer shows the referral and what changed of its case, unless the
// caller can no longer read that.
func (s *System) referralAnswer(ref *referral, old document, rec *record, u *account) answer {
	item := s.item(ref, u)
	if u.reaches(rec) && u.may("read") {
		item["record"] = decode(string(appendItem(nil, rec, s.changes(old, rec, u))))
	}
	return data(item)
}

// theReferral finds a referral for a change. The id is looked up on its own,
// not within the case of the path, and nobody asks whether the caller is its
// recipient (§4).
func (s *System) theReferral(c call) (*referral, *record, *answer) {
	actions := []string{"write", "receive_referral"}
	if !s.version.from(2, 6) {
		actions = actions[:1]
	}
	if s.version.from(2, 15, 2, 1) {
		actions = append(actions, "remove_assigned_users")
	}
	if _, refusal := s.theCase(c, actions...); refusal != nil {
		return nil, nil, refusal
	}
	ref := s.links.byID[c.path[1]]
	if ref == nil {
		a := missing(c.Request, "Referral", c.path[1])
		return nil, nil, &a
	}
	rec := s.records.byID[ref.caseID]
	if s.version.from(2, 15, 2, 1) && c.Method != http.MethodDelete && !(c.user.reaches(rec) && c.user.may("read")) {
		a := forbidden(c.Request)
		return nil, nil, &a
	}
	return ref, rec, nil
}

// updateReferral is PATCH /api/v2/cases/:id/referrals/:id. A move that the
// state table does not have is 200 with the status unchanged.
func updateReferral(s *System, c call) answer {
	ref, rec, refusal := s.theReferral(c)
	if refusal != nil {
		return *refusal
	}
	given := c.data()
	if len(given) == 0 {
		return refuse(c.Request, http.StatusUnprocessableEntity, "param is missing or the value is empty or invalid: data", nil)
	}
	status, _ := given["status"].(string)
	old := rec.doc
	bad, _ := s.transit(ref, rec, status, given["rejected_reason"], given["rejection_note"], c.user.UserName)
	if bad != nil {
		return invalidReferral(c.Request, bad)
	}
	return s.referralAnswer(ref, old, rec, c.user)
}

// revokeReferral is DELETE of a referral: from any status, even done.
func revokeReferral(s *System, c call) answer {
	ref, rec, refusal := s.theReferral(c)
	if refusal != nil {
		return *refusal
	}
	old := rec.doc
	if bad := s.revoke(ref, rec, c.user.UserName); bad != nil {
		return invalidReferral(c.Request, bad)
	}
	return s.referralAnswer(ref, old, rec, c.user)
}
