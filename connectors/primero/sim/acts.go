package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// decisionColumn is the column of services_section that holds decisions.
func (s *System) decisionColumn() string {
	if services := s.form.byName["services_section"]; services != nil {
		for _, column := range services.Fields {
			if strings.HasPrefix(column.Name, "referral_status") {
				return column.Name
			}
		}
	}
	return "referral_status"
}

// Refer refers a case, or one of its service rows, from one user to another
// and returns the referral's id; rowID may be "" for the whole case. It fails
// where Primero would refuse: no consent, or a recipient who cannot receive.
func (s *System) Refer(caseID, by, to, rowID, notes string) (referralID string, err error) {
	s.mu.Lock()
	referralID = s.newID()
	s.mu.Unlock()
	return referralID, s.act(func(at time.Time) error {
		rec, sender := s.records.byID[caseID], s.user(by)
		if rec == nil || sender == nil {
			return fmt.Errorf("sim: no case %s or no user %s", caseID, by)
		}
		given := map[string]any{"transitioned_to": to, "service_record_id": orNil(rowID), "notes": orNil(notes)}
		eachRow(&document{{"services_section", rec.doc.raw("services_section")}}, rowID, func(row map[string]any) { given["service"] = row["service_type"] })
		_, bad := s.refer(referralID, rec, given, sender, at)
		return refusedMove(referralID, bad)
	})
}

func refusedMove(id string, bad []invalid) error {
	if bad == nil {
		return nil
	}
	return fmt.Errorf("sim: referral %s cannot be saved: %s", id, bad[0].field)
}

// move changes a referral's status as a person does.
func (s *System) move(id, status, by string, reason any) error {
	return s.act(func(time.Time) error {
		ref := s.links.byID[id]
		if ref == nil {
			return fmt.Errorf("sim: no referral %s", id)
		}
		bad, took := s.transit(ref, s.records.byID[ref.caseID], status, reason, reason, by)
		if bad == nil && !took {
			return fmt.Errorf("sim: referral %s cannot go from %s to %s", id, ref.status, status)
		}
		return refusedMove(id, bad)
	})
}

// Accept accepts a referral that is in progress.
func (s *System) Accept(referralID, by string) error { return s.move(referralID, "accepted", by, nil) }

// Reject rejects a referral that is in progress.
func (s *System) Reject(referralID, by, reason string) error {
	return s.move(referralID, "rejected", by, orNil(reason))
}

// Done ends an accepted referral and marks its service row implemented.
func (s *System) Done(referralID, by, note string) error {
	return s.move(referralID, "done", by, orNil(note))
}

// Revoke takes a referral back, from any status.
func (s *System) Revoke(referralID, by string) error {
	return s.act(func(time.Time) error {
		ref := s.links.byID[referralID]
		if ref == nil {
			return fmt.Errorf("sim: no referral %s", referralID)
		}
		return refusedMove(referralID, s.revoke(ref, s.records.byID[ref.caseID], by))
	})
}

// Reassign gives a case to another user, who must have an account.
func (s *System) Reassign(caseID, user string) error {
	return s.edit(caseID, "", func(sv *saving) error {
		if s.user(user) == nil {
			return fmt.Errorf("sim: no user %s", user)
		}
		sv.doc.set("owned_by", user)
		return nil
	})
}

// Close closes a case.
func (s *System) Close(caseID string) error {
	return s.EditCase(caseID, map[string]any{"status": "closed"})
}

// Reopen opens a closed case.
func (s *System) Reopen(caseID string) error {
	return s.edit(caseID, "", func(sv *saving) error { reopen(sv); return nil })
}

// Disable takes a case out of use; the index goes on listing it.
func (s *System) Disable(caseID string) error {
	return s.EditCase(caseID, map[string]any{"record_state": false})
}

// WithdrawConsent takes back the consent to share with other organizations;
// referrals that are open can then no longer be answered.
func (s *System) WithdrawConsent(caseID string) error {
	return s.EditCase(caseID, map[string]any{"disclosure_other_orgs": false})
}

// GiveConsent gives both consents.
func (s *System) GiveConsent(caseID string) error {
	return s.EditCase(caseID, map[string]any{"disclosure_other_orgs": true, "consent_for_services": true})
}

// DisableUser takes a user's account out of use.
func (s *System) DisableUser(userName string) error {
	return s.act(func(time.Time) error {
		u := s.user(userName)
		if u == nil {
			return fmt.Errorf("sim: no user %s", userName)
		}
		u.Disabled = true
		return nil
	})
}

// MakeReadOnly leaves a user's role case fields to read only, as on a form with r.
func (s *System) MakeReadOnly(userName string, fields ...string) error {
	return s.act(func(time.Time) error {
		u := s.user(userName)
		if u == nil {
			return fmt.Errorf("sim: no user %s", userName)
		}
		u.Role.WriteFields = []string{}
		for name := range s.form.byName {
			if !slices.Contains(fields, name) && (u.Role.ReadFields == nil || slices.Contains(u.Role.ReadFields, name)) {
				u.Role.WriteFields = append(u.Role.WriteFields, name)
			}
		}
		return nil
	})
}

// SetPassword gives a user another password, as an administrator does; the old one is refused from then on.
func (s *System) SetPassword(userName, password string) error {
	s.mu.RLock() // the list of users
	defer s.mu.RUnlock()
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	u := s.user(userName)
	if u == nil {
		return fmt.Errorf("sim: no user %s", userName)
	}
	u.Password = password
	return nil
}
