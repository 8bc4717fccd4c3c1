package sim

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Client is a client as it stands in an NGO's tenant.
type Client struct {
	Child
	Organization     string
	ID               int64
	Slug             string
	Archived         bool
	ReferredExternal bool
	FromReferral     int64 // the referral it was made from, 0 for none
	WorkerName       string
	SyncedDate       string
	Enrolments       []Enrolment
}

// Enrolment is a child's time in a programme.
type Enrolment struct {
	Program, Date string
	Services      []string
	Left          bool
}

// Referral is a referral as it stands in an NGO's tenant. ID is unique in that
// tenant only.
type Referral struct {
	Organization         string
	ID                   int64
	Direction            string // received or delivered
	From, To             string
	ClientSlug           string // "": not linked to a client
	ClientName           string
	GlobalID             string
	ExternalID           string
	ExternalIDDisplay    string
	MosvyNumber          string
	Gender, DateOfBirth  string
	VillageCode          string
	LevelOfRisk          string
	Reason               string
	WorkerName, Phone    string
	Services             []string // one name per service row: an ambiguous name stands twice
	Status               string
	Date                 string
	Saved, Deleted       bool
	CreatedAt, UpdatedAt time.Time
}

// Identity is a global identity and where its clients are.
type Identity struct {
	GlobalID string
	Homes    []Home // none: a stray one, left by an upsert
}

// Home is one client of an identity.
type Home struct{ Organization, Slug string }

// Clients are an NGO's clients by number, archived ones included; nil for an
// unknown NGO.
func (s *System) Clients(org string) []Client {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.schemas[org]
	if t == nil {
		return nil
	}
	views := make([]Client, len(t.clients))
	for i, c := range t.clients {
		views[i] = c.view(t)
	}
	return views
}

// Client is one of them.
func (s *System) Client(org, slug string) (Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.org(org)
	if err != nil {
		return Client{}, err
	}
	if c := t.slugs[slug]; c != nil {
		return c.view(t), nil
	}
	return Client{}, fmt.Errorf("sim: %s has no client %q", org, slug)
}

func (c *client) view(t *tenant) Client {
	v := Client{
		Child: c.form(), Organization: t.org.ShortName, ID: c.id, Slug: c.slug, Archived: c.archived,
		ReferredExternal: c.referredExternal, FromReferral: c.fromReferral, WorkerName: c.workerName.text, SyncedDate: c.synced,
	}
	for _, e := range c.enrolments {
		v.Enrolments = append(v.Enrolments, Enrolment{e.program, e.date.text, serviceNames(e.services), e.left})
	}
	return v
}

// Referrals are all referrals of an NGO's tenant by number, both ways, deleted
// ones included.
func (s *System) Referrals(org string) []Referral {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.schemas[org]; t != nil {
		return t.views()
	}
	return nil
}

// AllReferrals are those of every tenant, in order of organisation.
func (s *System) AllReferrals() []Referral {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Referral
	for _, t := range s.tenants {
		all = append(all, t.views()...)
	}
	return all
}

func (t *tenant) views() []Referral {
	views := make([]Referral, len(t.referrals))
	for i, r := range t.referrals {
		views[i] = r.view(t)
	}
	return views
}

func (r *referral) view(t *tenant) Referral {
	v := Referral{
		Organization: t.org.ShortName, ID: r.id, Direction: "delivered", From: r.from, To: r.to,
		ClientName: r.clientName, GlobalID: r.globalID, ExternalID: r.externalID.text, ExternalIDDisplay: r.display.text,
		MosvyNumber: r.mosvy.text, Gender: r.gender.text, DateOfBirth: r.birth.text, VillageCode: r.village.text,
		LevelOfRisk: r.level.text, Reason: r.reason, WorkerName: r.referee, Phone: r.phone,
		Services: serviceNames(r.services), Status: r.status, Date: r.date,
		Saved: r.saved, Deleted: r.deleted, CreatedAt: r.created, UpdatedAt: r.updated,
	}
	if r.to == t.org.ShortName {
		v.Direction = "received"
	}
	if r.client != nil {
		v.ClientSlug = r.client.slug
	}
	return v
}

func serviceNames(services []*Service) []string {
	var names []string
	for _, service := range services {
		names = append(names, service.Name)
	}
	return names
}

// Identities are the global identities in the order in which they were made.
func (s *System) Identities() []Identity {
	s.mu.Lock()
	defer s.mu.Unlock()
	ordered := make([]*identity, 0, len(s.identities))
	for _, id := range s.identities {
		ordered = append(ordered, id)
	}
	slices.SortFunc(ordered, func(a, b *identity) int { return cmp.Compare(a.order, b.order) })
	views := make([]Identity, len(ordered))
	for i, id := range ordered {
		views[i].GlobalID = id.ulid
		for _, h := range id.homes {
			views[i].Homes = append(views[i].Homes, Home{h.tenant.org.ShortName, h.client.slug})
		}
	}
	return views
}

// Log are the requests since New or the last ResetCounters, in order of arrival.
func (s *System) Log() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := make([]Request, len(s.log))
	for i, entry := range s.log {
		log[i] = *entry
	}
	return log
}

// Requests counts what arrived, signing in included.
func (s *System) Requests() int { return int(s.requests.Load()) }

// Writes counts the upserts, links and statuses that arrived, those included
// that a failure kept from being handled.
func (s *System) Writes() int { return int(s.writes.Load()) }

// ResetCounters sets both counters to zero and empties the log.
func (s *System) ResetCounters() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests.Store(0)
	s.writes.Store(0)
	s.log = nil
}
