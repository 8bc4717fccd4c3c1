package sim

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// System is one simulated OSCaR. It is an http.Handler and safe for concurrent
// use; its people may act while it is being read.
type System struct {
	now     func() time.Time
	admin   Admin
	latency time.Duration
	routes  map[string]route

	requests, writes atomic.Int64

	mu         sync.Mutex // guards everything below
	switches   Switches
	tenants    []*tenant          // in order of organisation id
	schemas    map[string]*tenant // by short name, with the hidden `public` and `shared`
	identities map[string]*identity
	minted     int64 // identities made so far
	ids        *rand.Rand
	secrets    *rand.Rand
	tokens     map[string]session // by client
	faults     []*fault
	log        []*Request
}

// New makes an OSCaR with its organisations and no children.
func New(o Options) *System {
	o = o.withDefaults()
	s := &System{
		now: o.Now, admin: o.Admin, latency: o.Latency, switches: o.Switches,
		schemas:    map[string]*tenant{},
		identities: map[string]*identity{},
		ids:        rand.New(rand.NewPCG(uint64(o.Seed), 1)),
		secrets:    rand.New(rand.NewPCG(uint64(o.Seed), 2)),
		tokens:     map[string]session{},
	}
	s.routes = s.table()
	for i, org := range o.Organizations {
		if org.ID == 0 {
			org.ID = int64(i + 1)
		}
		s.add(org, o.Services)
	}
	for _, name := range []string{"public", "shared"} {
		s.schemas[name] = newTenant(Organization{ShortName: name, FullName: name}, o.Services)
	}
	return s
}

func (s *System) add(org Organization, services []Service) {
	if org.CreatedAt.IsZero() {
		org.CreatedAt = s.stamp()
	}
	if org.Workers == nil {
		org.Workers = []CaseWorker{{Name: "Case Worker", Mobile: "000000001"}}
	}
	t := newTenant(org, services)
	s.tenants = append(s.tenants, t)
	s.schemas[org.ShortName] = t
}

// stamp is now as PostgreSQL keeps it: UTC, whole microseconds.
func (s *System) stamp() time.Time { return s.now().UTC().Truncate(time.Microsecond) }

// today is the server's calendar date, in the zone of its operating system.
func (s *System) today() string { return s.now().In(s.zone()).Format(time.DateOnly) }

func (s *System) zone() *time.Location {
	if s.switches.OSZone == nil {
		return time.UTC
	}
	return s.switches.OSZone
}

// external is the name of the caller's external system, "" when none belongs to it.
func (s *System) external() string {
	if s.switches.NoExternalSystem {
		return ""
	}
	return s.admin.ExternalSystem
}

// org finds the tenant of an NGO for its people.
func (s *System) org(name string) (*tenant, error) {
	if t := s.schemas[name]; t != nil {
		return t, nil
	}
	return nil, fmt.Errorf("sim: no organisation %q", name)
}

// SetSwitches changes the behaviour of a running system.
func (s *System) SetSwitches(change func(*Switches)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.switches)
}

// EditOrganization changes an NGO's row or settings: integrated, deleted, address.
// Its name and number stay as they are.
func (s *System) EditOrganization(name string, change func(*Organization)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.org(name)
	if err != nil {
		return err
	}
	id, short := t.org.ID, t.org.ShortName
	change(&t.org)
	t.org.ID, t.org.ShortName = id, short
	return nil
}

var _ http.Handler = (*System)(nil)
