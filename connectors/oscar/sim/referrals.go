package sim

import (
	"fmt"
	"slices"
	"strings"
)

// referralOfOrg finds one referral of a tenant for its people, under the lock.
func (s *System) referralOfOrg(org string, id int64) (*tenant, *referral, error) {
	t, err := s.org(org)
	if err != nil {
		return nil, nil, err
	}
	if r := t.referral(id); r != nil {
		return t, r, nil
	}
	return nil, nil, fmt.Errorf("sim: %s has no referral %d", org, id)
}

// TakeUp makes a client from a received referral, as the NGO's people do before
// they decide about it, and returns its slug. Every pending referral of the same
// child is linked to it (§6.3, §10).
func (s *System) TakeUp(org string, referralID int64) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, r, err := s.referralOfOrg(org, referralID)
	switch {
	case err != nil:
		return "", err
	case r.saved || r.to != t.org.ShortName:
		return "", fmt.Errorf("sim: referral %d of %s is not pending", referralID, org)
	case t.live(r.globalID) != nil:
		return "", fmt.Errorf("sim: %s has that child already: link the referral", org)
	}
	c := t.prefilled(r)
	id := s.identities[t.lastUnsaved(r).globalID]
	if id == nil {
		id = s.mint()
	}
	c.globalID = some(id.ulid)
	if errors := c.check(); len(errors) > 0 {
		return "", fmt.Errorf("sim: referral %d of %s lacks a valid gender, or %s has no workers", referralID, org, org)
	}
	stamp := s.stamp()
	s.place(t, c, stamp, stamp)
	id.link(t, c)
	t.linkUnsaved(r, c)
	return c.slug, nil
}

// prefilled is the client form as OSCaR fills it from a referral: of the name
// only two words survive.
func (t *tenant) prefilled(r *referral) *client {
	words := append(strings.Fields(r.clientName), "", "")
	return &client{
		given: some(words[0]), family: some(words[1]), localGiven: some(""), localFamily: some(""),
		gender: r.gender, birth: r.birth, address: address{}.moved(r.village.text),
		externalID: r.externalID, display: r.display, mosvy: r.mosvy, workerID: r.workerID, workerName: r.workerName,
		reason: some(r.reason), status: Referred, fromReferral: r.id, workers: slices.Clone(t.org.Workers[:min(1, len(t.org.Workers))]),
	}
}

// unsaved are the pending referrals of r's child: by global id, else by external id.
func (t *tenant) unsaved(r *referral) []*referral {
	waiting := func(rows []*referral) []*referral {
		return slices.DeleteFunc(slices.Clone(rows), func(x *referral) bool { return x.saved || x.deleted || x.to != t.org.ShortName })
	}
	if rows := waiting(t.pending[r.globalID]); len(rows) > 0 {
		return rows
	}
	return waiting(t.received[r.externalID.column()])
}

func (t *tenant) lastUnsaved(r *referral) *referral {
	rows := t.unsaved(r)
	return rows[len(rows)-1]
}

func (t *tenant) linkUnsaved(r *referral, c *client) {
	for _, row := range t.unsaved(r) {
		t.link(row, c)
	}
	delete(t.pending, r.globalID)
}

// LinkPending opens the NGO's notification pages: pending referrals whose child
// is already a client are linked to it, silently. It returns how many.
func (s *System) LinkPending(org string) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.org(org)
	if err != nil {
		return 0, err
	}
	linked := 0
	for _, r := range t.referrals {
		c := t.live(r.globalID)
		if c == nil || r.client != nil || r.deleted || r.to != t.org.ShortName {
			continue
		}
		t.link(r, c)
		linked++
	}
	for _, c := range t.clients {
		if !c.archived {
			delete(t.pending, c.globalID.text)
		}
	}
	return linked, nil
}

// EditReferralStatus sets a referral by hand to Referred, Accepted or Exited.
// OSCaR offers it only when the client has more than one received referral.
func (s *System) EditReferralStatus(org string, referralID int64, status string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, r, err := s.referralOfOrg(org, referralID)
	if err != nil {
		return err
	}
	if r.taken() == nil || t.receivedBy(r.client) < 2 || !slices.Contains([]string{Referred, Accepted, Exited}, status) {
		return fmt.Errorf("sim: the page of referral %d does not offer %q", referralID, status)
	}
	s.setStatus(r, status)
	return nil
}

func (t *tenant) receivedBy(c *client) int {
	n := 0
	for _, r := range c.referrals {
		if r.to == t.org.ShortName && !r.deleted {
			n++
		}
	}
	return n
}

// DeleteReferral deletes a referral softly.
func (s *System) DeleteReferral(org string, referralID int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, r, err := s.referralOfOrg(org, referralID)
	if err == nil {
		r.deleted = true
	}
	return err
}

// Draft is an outgoing referral as an NGO's people write it.
type Draft struct {
	To        string // "": the external system of the API's caller; else another NGO
	Services  []string
	Reason    string
	Level     string // level of risk; "": medium
	NoConsent bool   // without a consent file, as old rows: it cannot be updated any more
}

// ReferToGovernment refers a child to the external system and returns the
// referral's number, which is unique in this NGO only.
func (s *System) ReferToGovernment(org, slug string, services []string, reason string) (int64, error) {
	return s.Refer(org, slug, Draft{Services: services, Reason: reason})
}

// Refer sends a child on. Whoever it goes to, referred_external becomes true
// (§6.1). Another NGO gets a pending copy with the same global id.
func (s *System) Refer(org, slug string, d Draft) (int64, error) {
	var id int64
	err := s.with(org, slug, func(t *tenant, c *client) error {
		r, err := s.outgoing(t, c, d)
		if err != nil {
			return err
		}
		if err := s.deliver(r, d.To); err != nil {
			return err
		}
		now := s.stamp()
		t.insert(r, now)
		id, c.referredExternal, c.updated = r.id, true, now
		return nil
	})
	return id, err
}

func (s *System) outgoing(t *tenant, c *client, d Draft) (*referral, error) {
	r := &referral{
		date: s.today(), from: t.org.ShortName, slug: some(c.slug), client: c, saved: true, refereeID: c.id,
		clientName: c.given.text + " " + c.family.text, gender: c.gender, birth: c.birth, mosvy: c.mosvy,
		reason: d.Reason, referee: names(c.workers), phone: mobiles(c.workers), village: filled(c.address.deepest(false)),
		globalID: c.globalID.text, level: some(d.Level), status: Referred, services: t.find(d.Services),
		to: d.To,
	}
	if d.Level == "" {
		r.level = some("medium")
	}
	if d.To == "" {
		if c.address.province == "" || !c.birth.set || c.gender.blank() {
			return nil, fmt.Errorf("sim: client %s lacks a birth date, gender or province: OSCaR does not let it be referred", c.slug)
		}
		r.to, r.ngo = s.admin.ExternalSystem, s.admin.ExternalSystem
	}
	r.consent = []string{fmt.Sprintf("/uploads/referral/consent_form/%d/consent.pdf", len(t.referrals)+1)}
	if errors := t.check(r); len(errors) > 0 {
		return nil, fmt.Errorf("sim: OSCaR refuses the referral: check its services, reason and level of risk, and the case worker's name and mobile")
	}
	if d.NoConsent {
		r.consent = nil
	}
	return r, nil
}

// deliver copies a referral into the tenant of the NGO that it goes to.
func (s *System) deliver(r *referral, to string) error {
	if to == "" {
		return nil
	}
	target, err := s.org(to)
	if err != nil {
		return err
	}
	received := *r
	received.client, received.saved, received.consent = nil, false, nil
	var names []string
	for _, service := range r.services {
		names = append(names, service.Name)
	}
	received.services = target.find(names)
	target.insert(&received, s.stamp())
	return nil
}
