// Package sim is a simulator of a Primero v2 server: an http.Handler that
// answers as the real one does, traps included, and its people as methods. It
// serves tests, demonstrations and the training of administrators.
//
// It keeps everything in memory and knows cases, referrals and the reference
// data around them; it has no webhooks, exports, incidents or families.
//
// Section numbers in comments (§2.4) are of the fact sheet on Primero's API that is
// kept with the integration's requirements. It was read from Primero's source, 2.15:
// §1 signing in; §2 the list of cases (app/services/search_filter_service.rb,
// destringify_service.rb); §3 writing a case (record_json_validator_service.rb,
// record_merge_data_hash_service.rb); §4 referrals (app/models/referral.rb,
// transition.rb); §6 errors (error_service.rb); §7 reference data; §9 times and limits.
package sim

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// Options say what a System is made of. Only Now is required.
type Options struct {
	Now          func() time.Time    // the server's clock
	Users        []User              // besides the default one, DefaultUser
	Agencies     []Agency            // in the order of their numeric ids
	Locations    []Location          // the places that case fields may name
	Modules      []string            // nil: primeromodule-cp and primeromodule-gbv
	Fields       []engine.Field      // added to the default case form; columns of known rows are added to them
	Codes        map[string][]string // option lists by engine.Field.Codes; a field whose list is not here takes any code
	FilterFields []string            // form fields that work as a filter (§2.3); nil: all of them
	Version      string              // "" means DefaultVersion
	Switches     Switches
	Latency      time.Duration // added to every request
	Seed         int64         // of the ids that the server makes up
}

// The account and version that a System has unless told otherwise.
const (
	DefaultUser     = "casebridge"
	DefaultPassword = "casebridge-demo"
	DefaultVersion  = "2.15.2"
)

// Switches change how a System behaves while it runs; see System.Switch.
type Switches struct {
	// ConfigLock answers every call with 503 and Retry-After 60 (§1.3).
	ConfigLock bool
	// LongLines takes request lines of more than 1 KB, as a server without the shipped nginx does.
	LongLines bool
	// DeafFilters are parameters with which the database fails: the list is then 200 and empty (§2.4).
	DeafFilters []string
	// UnstableTies makes rows with equal sort keys swap places on every second page (§2.2).
	// Without it they stand as the database last wrote them, which moves whenever one is saved.
	UnstableTies bool
	// ServicesImplemented is the module option of that name: a case whose services are all
	// implemented gets the workflow service_implemented (§3.5).
	ServicesImplemented bool
	// LostUpdate, when set, runs in every PATCH of a case between loading and saving, without
	// any lock: whatever it or another request writes to that case is then lost (§3.6). It is
	// not called for writes that it makes itself.
	LostUpdate func(caseID string)
	// CommitLate makes what people do visible only that long after its stamp.
	CommitLate time.Duration
	// Fault, when set, is asked about every request, before the queue of FailNext: about one at a time, so
	// that it may keep counts and let people act meanwhile. It must not send a request itself.
	Fault func(*http.Request) Fault
}

// System is one simulated server. It is safe for concurrent use.
type System struct {
	now     func() time.Time
	latency time.Duration
	version version
	modules []string
	codes   map[string][]string
	form    form
	places  []Location

	mu       sync.RWMutex // guards all below, and codes
	agencies []Agency
	setup    setup
	switches Switches
	users    []*account
	random   *rand.Rand
	records  cabinet
	links    ledger
	late     []lateWork

	door  door    // who is signed in
	watch watcher // log, counters and queued faults
}

// New returns a System with its people and forms but without cases.
func New(o Options) *System {
	if o.Version == "" {
		o.Version = DefaultVersion
	}
	if o.Modules == nil {
		o.Modules = []string{"primeromodule-cp", "primeromodule-gbv"}
	}
	s := &System{
		now: o.Now, latency: o.Latency, version: parseVersion(o.Version), modules: o.Modules, codes: ownCodes(o.Codes),
		agencies: slices.Clone(o.Agencies), setup: setup{disabled: map[string]bool{}, hidden: map[string]bool{}}, places: o.Locations, switches: o.Switches,
		form:    newForm(o.Fields, o.FilterFields),
		random:  rand.New(rand.NewPCG(uint64(o.Seed), 0x5eed)),
		records: newCabinet(), links: newLedger(), door: newDoor(), watch: newWatcher(),
	}
	s.users = newAccounts(append([]User{{UserName: DefaultUser, FullName: "Casebridge", Password: DefaultPassword, Role: Role{Scope: "all"}}}, o.Users...))
	return s
}

// ownCodes copies the lists, which its people may change.
func ownCodes(lists map[string][]string) map[string][]string {
	own := make(map[string][]string, len(lists))
	for name, codes := range lists {
		own[name] = slices.Clone(codes)
	}
	return own
}

// Switch changes the switches under the lock.
func (s *System) Switch(change func(*Switches)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.switches)
}

// moment is the server's clock in the precision that it stores.
func (s *System) moment() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// newID makes up a random-looking UUID; the caller holds the lock.
func (s *System) newID() string {
	var b [16]byte
	for i, hi, lo := 0, s.random.Uint64(), s.random.Uint64(); i < 8; i++ {
		b[i], b[8+i] = byte(hi>>(8*i)), byte(lo>>(8*i))
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	const digits = "0123456789abcdef"
	text := make([]byte, 0, 36)
	for i, c := range b {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			text = append(text, '-')
		}
		text = append(text, digits[c>>4], digits[c&15])
	}
	return string(text)
}

// lateWork is something a person did whose transaction has not committed yet.
type lateWork struct {
	at time.Time
	do func()
}

// settle commits the late work whose time has come; the caller holds the lock.
func (s *System) settle() {
	now, kept := s.now(), s.late[:0]
	due := make([]lateWork, 0, len(s.late))
	for _, w := range s.late {
		if w.at.After(now) {
			kept = append(kept, w)
		} else {
			due = append(due, w)
		}
	}
	s.late = kept
	for _, w := range due {
		w.do()
	}
}
