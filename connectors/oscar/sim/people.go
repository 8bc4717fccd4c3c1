package sim

import (
	"fmt"
	"slices"
	"time"
)

// Child is what an NGO's people fill in about a client. Empty texts are blank
// fields. Status, stamps and GlobalID may be left out when adding.
type Child struct {
	GivenName, FamilyName           string
	LocalGivenName, LocalFamilyName string
	Gender                          string // female, male, lgbt, unknown, prefer_not_to_say, other
	DateOfBirth                     string // YYYY-MM-DD
	Address                         string // code of a village, commune, district or province
	MosvyNumber                     string
	ExternalID, ExternalIDDisplay   string
	Reason                          string // reason for referral
	Status                          string // "": Referred
	GlobalID                        string // "": a new identity; a known one: the same child in another NGO
	Incomplete                      bool   // lacks what every update needs, as old rows do
	CaseWorkers                     []CaseWorker
	CreatedAt, UpdatedAt            time.Time // zero: now
}

// AddClient enters an NGO's own child, not referred by anybody, and returns its slug.
func (s *System) AddClient(org string, child Child) (string, error) {
	slugs, err := s.AddClients(org, 1, func(int) Child { return child })
	if err != nil {
		return "", err
	}
	return slugs[0], nil
}

// AddClients enters n children; child(i) describes the i-th. For seeding: it
// holds the lock once.
func (s *System) AddClients(org string, n int, child func(i int) Child) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.org(org)
	if err != nil {
		return nil, err
	}
	slugs := make([]string, n)
	for i := range n {
		c, err := s.enter(t, child(i))
		if err != nil {
			return nil, err
		}
		slugs[i] = c.slug
	}
	return slugs, nil
}

func (s *System) enter(t *tenant, child Child) (*client, error) {
	if child.CaseWorkers == nil && len(t.org.Workers) > 0 {
		child.CaseWorkers = t.org.Workers[:1]
	}
	if child.Status == "" {
		child.Status = Referred
	}
	id := s.identities[child.GlobalID]
	switch {
	case child.GlobalID == "":
		id = s.mint()
	case id == nil:
		return nil, fmt.Errorf("sim: no global identity %q", child.GlobalID)
	case t.live(id.ulid) != nil:
		return nil, fmt.Errorf("sim: %s has that child already", t.org.ShortName)
	}
	c := &client{globalID: some(id.ulid)}
	child.GlobalID = id.ulid
	c.fill(child)
	s.place(t, c, child.CreatedAt, child.UpdatedAt)
	id.link(t, c)
	return c, nil
}

// place gives a new client its number, slug and stamps.
func (s *System) place(t *tenant, c *client, created, updated time.Time) {
	if created.IsZero() {
		created = s.stamp()
	}
	if updated.IsZero() {
		updated = created
	}
	c.created, c.updated = created.UTC().Truncate(time.Microsecond), updated.UTC().Truncate(time.Microsecond)
	c.id = int64(len(t.clients) + 1)
	c.slug = fmt.Sprintf("%s-%d", s.letters(4), c.id)
	t.clients = append(t.clients, c)
	t.slugs[c.slug] = c
	t.children[c.globalID.text] = append(t.children[c.globalID.text], c)
}

// fill copies the form into the row.
func (c *client) fill(child Child) {
	c.given, c.family = some(child.GivenName), some(child.FamilyName)
	c.localGiven, c.localFamily = some(child.LocalGivenName), some(child.LocalFamilyName)
	c.gender, c.birth = some(child.Gender), parseDate(some(child.DateOfBirth))
	if child.Address != c.address.deepest(false) {
		c.address = c.address.moved(child.Address)
	}
	c.mosvy, c.reason = filled(child.MosvyNumber), filled(child.Reason)
	c.externalID, c.display = filled(child.ExternalID), filled(child.ExternalIDDisplay)
	c.globalID, c.status, c.incomplete = filled(child.GlobalID), child.Status, child.Incomplete
	c.workers = slices.Clone(child.CaseWorkers)
}

// form is the row as its people see it.
func (c *client) form() Child {
	return Child{
		GivenName: c.given.text, FamilyName: c.family.text, LocalGivenName: c.localGiven.text, LocalFamilyName: c.localFamily.text,
		Gender: c.gender.text, DateOfBirth: c.birth.text, Address: c.address.deepest(false), MosvyNumber: c.mosvy.text,
		ExternalID: c.externalID.text, ExternalIDDisplay: c.display.text, Reason: c.reason.text, Status: c.status,
		GlobalID: c.globalID.text, Incomplete: c.incomplete, CaseWorkers: slices.Clone(c.workers), CreatedAt: c.created, UpdatedAt: c.updated,
	}
}

// with finds a client that is not archived and lets do work on it.
func (s *System) with(org, slug string, do func(*tenant, *client) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.org(org)
	if err != nil {
		return err
	}
	c := t.slugs[slug]
	if c == nil || c.archived {
		return fmt.Errorf("sim: %s has no client %q", org, slug)
	}
	return do(t, c)
}

// save is a full save of a client by a person: the stamp moves and the referral
// it was made from follows its status.
func (s *System) save(t *tenant, c *client) {
	c.updated = s.stamp()
	t.follow(c, c.updated)
}

// Accept takes a child into the NGO's care. It is silent: neither the client's
// stamp nor the referral's status changes, unless Switches.AcceptLoud
// (§6.3).
func (s *System) Accept(org, slug string) error {
	return s.with(org, slug, func(t *tenant, c *client) error {
		if c.status != Referred && c.status != Exited {
			return wrong(c, "accepted")
		}
		c.status = Accepted
		if s.switches.AcceptLoud {
			s.save(t, c)
		}
		return nil
	})
}

// Reject refuses a child that was never accepted: the client is exited, and the
// referral it was made from too.
func (s *System) Reject(org, slug string) error {
	return s.exit(org, slug, "rejected", Referred)
}

// Exit closes the care of an accepted or active child. If its referral is still
// Referred and it was in no programme, the referral becomes Exited: it looks rejected.
func (s *System) Exit(org, slug string) error {
	return s.exit(org, slug, "exited", Accepted, Active)
}

func (s *System) exit(org, slug, verb string, from ...string) error {
	return s.with(org, slug, func(t *tenant, c *client) error {
		if !slices.Contains(from, c.status) {
			return wrong(c, verb)
		}
		c.status = Exited
		s.save(t, c)
		return nil
	})
}

// UndoExit deletes an exit: the client is accepted again, silently.
func (s *System) UndoExit(org, slug string) error {
	return s.with(org, slug, func(_ *tenant, c *client) error {
		if c.status != Exited {
			return wrong(c, "un-exited")
		}
		c.status = Accepted
		return nil
	})
}

// Enrol puts an accepted child into a programme that gives services. date is
// YYYY-MM-DD, "" for none. The referral's status does not follow any more.
func (s *System) Enrol(org, slug, program string, services []string, date string) error {
	return s.with(org, slug, func(t *tenant, c *client) error {
		if c.status != Accepted && c.status != Active {
			return wrong(c, "enrolled")
		}
		rows := t.find(services)
		if len(rows) == 0 {
			return fmt.Errorf("sim: %s has none of these services", org)
		}
		c.enrolments = append(c.enrolments, enrolment{program: program, date: parseDate(some(date)), services: rows})
		c.status, c.updated = Active, s.stamp()
		return nil
	})
}

// LeaveProgram ends an enrolment; after the last one the child is Accepted. The
// enrolment stays listed.
func (s *System) LeaveProgram(org, slug, program string) error {
	return s.with(org, slug, func(_ *tenant, c *client) error {
		left, open := false, false
		for i := range c.enrolments {
			e := &c.enrolments[i]
			if !left && !e.left && e.program == program {
				e.left, left = true, true
			}
			open = open || !e.left
		}
		if !left {
			return fmt.Errorf("sim: %s is not in programme %q", slug, program)
		}
		if !open {
			c.status = Accepted
		}
		c.updated = s.stamp()
		return nil
	})
}

// EditClient saves the client's form. A changed GlobalID is broken data: the
// row changes, its link does not.
func (s *System) EditClient(org, slug string, edit func(*Child)) error {
	return s.with(org, slug, func(t *tenant, c *client) error {
		form, old := c.form(), c.globalID
		edit(&form)
		c.fill(form)
		t.reindex(c, old)
		s.save(t, c)
		return nil
	})
}

// SaveClient is any later full save of the client, with nothing changed in it.
func (s *System) SaveClient(org, slug string) error {
	return s.EditClient(org, slug, func(*Child) {})
}

// Archive deletes a client softly and silently: lists by day still show it,
// without a mark.
func (s *System) Archive(org, slug string) error {
	return s.with(org, slug, func(_ *tenant, c *client) error {
		c.archived = true
		return nil
	})
}

func wrong(c *client, verb string) error {
	return fmt.Errorf("sim: client %s is %s and cannot be %s", c.slug, c.status, verb)
}
