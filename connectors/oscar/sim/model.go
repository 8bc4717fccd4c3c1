package sim

import (
	"slices"
	"strings"
	"time"
)

// Statuses of clients and referrals (§7).
const (
	Referred = "Referred"
	Accepted = "Accepted"
	Active   = "Active"
	Exited   = "Exited"
)

// null is a text column that may be NULL; the zero null is NULL.
type null struct {
	text string
	set  bool
}

func some(text string) null { return null{text, true} }

// filled is NULL for an empty text.
func filled(text string) null { return null{text, text != ""} }

func (n null) blank() bool { return strings.TrimSpace(n.text) == "" }

// pointer is how a row shows the column: nil is null.
func (n null) pointer() *string {
	if !n.set {
		return nil
	}
	return &n.text
}

// column is the key of an index over the column; NULL differs from every text.
func (n null) column() string {
	if !n.set {
		return "\x00"
	}
	return n.text
}

// tenant is one NGO's schema.
type tenant struct {
	org      Organization
	services []*Service
	named    map[string][]*Service

	clients  []*client // by id, archived ones included
	slugs    map[string]*client
	children map[string][]*client // by global id

	referrals []*referral // by id, deleted ones included
	received  map[string][]*referral
	pending   map[string][]*referral // by global id, not linked to a client
}

// client is a row of a tenant's clients, with what hangs on it.
type client struct {
	id                      int64
	slug                    string
	globalID                null
	externalID, display     null
	mosvy                   null
	given, family           null
	localGiven, localFamily null
	gender, birth           null
	address                 address
	workerID, workerName    null
	reason, information     null
	status                  string
	referredExternal        bool
	incomplete              bool // lacks what OSCaR requires of every update
	synced                  string
	fromReferral            int64
	created, updated        time.Time
	archived                bool

	workers    []CaseWorker
	enrolments []enrolment
	referrals  []*referral // linked ones
}

type enrolment struct {
	program  string
	date     null
	services []*Service
	left     bool
}

// referral is a row of a tenant's referrals. It is received when `to` is the
// tenant itself, else delivered.
type referral struct {
	id                                int64
	slug                              null
	date                              string
	from, to, ngo                     string
	clientName, reason, referee       string
	phone                             string
	refereeID                         int64
	email, village                    null
	workerID, workerName              null
	gender, birth                     null
	externalID, display, mosvy, level null
	globalID                          string
	status                            string
	consent                           []string
	services                          []*Service
	client                            *client
	saved, deleted                    bool
	created, updated                  time.Time
}

func newTenant(org Organization, services []Service) *tenant {
	t := &tenant{
		org: org, named: map[string][]*Service{},
		slugs: map[string]*client{}, children: map[string][]*client{},
		received: map[string][]*referral{}, pending: map[string][]*referral{},
	}
	for _, service := range slices.Concat(services, org.ExtraServices) {
		if slices.Contains(org.Lacks, service.Name) {
			continue
		}
		t.services = append(t.services, &service)
		t.named[service.Name] = append(t.named[service.Name], &service)
	}
	return t
}

// find turns names into service rows, by exact name; unknown names vanish and
// an ambiguous one gives both its rows (§4.6, §8).
func (t *tenant) find(names []string) []*Service {
	var rows []*Service
	for _, service := range t.services {
		if slices.Contains(names, service.Name) {
			rows = append(rows, service)
		}
	}
	return rows
}

// crashes says whether Organization.current is nil inside this schema.
func (t *tenant) crashes() bool { return t.org.Deleted || t.org.ShortName == "public" }

// live finds the child of a global id, archived ones excluded.
func (t *tenant) live(globalID string) *client {
	for _, c := range t.children[globalID] {
		if !c.archived {
			return c
		}
	}
	return nil
}

// first is the referral that a look-up by external id hits.
func (t *tenant) first(externalID null) *referral {
	for _, r := range t.received[externalID.column()] {
		if !r.deleted {
			return r
		}
	}
	return nil
}

// taken is the referral's client as OSCaR sees it: an archived one is none.
func (r *referral) taken() *client {
	if r.client == nil || r.client.archived {
		return nil
	}
	return r.client
}

func (t *tenant) insert(r *referral, now time.Time) {
	r.id = int64(len(t.referrals) + 1)
	r.created, r.updated = now, now
	t.referrals = append(t.referrals, r)
	key := r.externalID.column()
	t.received[key] = append(t.received[key], r)
	if r.client != nil {
		r.client.referrals = append(r.client.referrals, r)
		return
	}
	t.pending[r.globalID] = append(t.pending[r.globalID], r)
}

// link gives a pending referral its client; the caller removes it from pending.
func (t *tenant) link(r *referral, c *client) {
	r.client, r.saved, r.slug = c, true, some(c.slug)
	c.referrals = append(c.referrals, r)
	slices.SortFunc(c.referrals, func(a, b *referral) int { return int(a.id - b.id) })
}

func (t *tenant) referral(id int64) *referral {
	if id < 1 || id > int64(len(t.referrals)) || t.referrals[id-1].deleted {
		return nil
	}
	return t.referrals[id-1]
}

func (t *tenant) reindex(c *client, old null) {
	if old == c.globalID {
		return
	}
	t.children[old.text] = slices.DeleteFunc(t.children[old.text], func(x *client) bool { return x == c })
	if c.globalID.set {
		t.children[c.globalID.text] = append(t.children[c.globalID.text], c)
	}
}

// enrolled says whether the child was ever in a programme.
func (c *client) enrolled() bool { return len(c.enrolments) > 0 }

// ofSystem are the child's referrals from or to one external system.
func (c *client) ofSystem(name string) []*referral {
	var rows []*referral
	for _, r := range c.referrals {
		if r.ngo == name && !r.deleted {
			rows = append(rows, r)
		}
	}
	return rows
}
