package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
	primerosim "github.com/casebridge/casebridge/connectors/primero/sim"
)

// step is one thing that somebody does about a child, once ready says that its time has come.
type step struct {
	what  string
	ready func() bool // nil: at once
	do    func() error
}

// child has a script. Each of its steps waits until what the step before it
// caused has arrived in the other system: so the end is the same whatever happens on
// the way, only later.
type child struct {
	name  string
	steps []step
	next  int
	begin time.Time // when the first step may be done

	caseID  string   // Primero's id; "" until there is one
	reasons []string // of the referrals that its people made in Primero
	never   []string // of these, what must never arrive
	stuck   bool     // its script ends in quarantine on purpose
}

func (c *child) done() bool { return c.next == len(c.steps) }

// people are all the children of a world and those who work for them.
type people struct {
	*storm
	busy     sync.Mutex // people work one after another, also those whom a timer calls
	rng      *rand.Rand // of the scripts: the same for both worlds of a seed
	wild     *rand.Rand
	children []*child
	wildOnes []*child
	twins    []*child          // each a client of two NGOs
	reason   map[string]string // Primero's referral id -> its reason
}

// act lets everybody do what can be done now, and says whether anybody did anything.
func (p *people) act() (bool, error) {
	p.busy.Lock()
	defer p.busy.Unlock()
	worked := false
	for _, c := range p.children {
		for !c.done() && !p.now().Before(c.begin) && (c.steps[c.next].ready == nil || c.steps[c.next].ready()) {
			if err := c.steps[c.next].do(); err != nil {
				return worked, fmt.Errorf("child %s, %s: %w", c.name, c.steps[c.next].what, err)
			}
			c.next++
			worked = true
		}
	}
	return worked, nil
}

// write scripts for n children; those after them are without order.
func newPeople(s *storm, seed uint64, n, wild int) *people {
	p := &people{storm: s, rng: rand.New(rand.NewPCG(seed, 1)), wild: rand.New(rand.NewPCG(seed, 3)), reason: map[string]string{}}
	scripts := []func(*child, int){p.referred, p.referred, p.referred, p.fromNGO, p.fromNGO, p.enrolled, p.consented, p.withheld, p.unknownNGO, p.withoutRisk, p.dangling, p.internal}
	for i := range n {
		c := &child{name: fmt.Sprintf("C%02d", i), begin: p.now().Add(time.Duration(p.rng.IntN(300)) * time.Minute)}
		scripts[p.rng.IntN(len(scripts))](c, i)
		p.children = append(p.children, c)
	}
	for i := range wild {
		p.wildOnes = append(p.wildOnes, &child{name: fmt.Sprintf("W%02d", i)})
	}
	return p
}

// referral is a service that Primero's people ask an NGO for.
type asked struct{ typ, subtype, name string }

var services = []asked{
	{"counselling", "counselling_trauma", "Trauma counselling"},
	{"training_education", "training_education_school_support", "School support"},
	{"family_based_care", "family_based_care_kinship", "Kinship care"},
	{"medical_support", "medical_support_access_care", "Support to access care"},
	{"training_education", "training_education_life_skills", "Life skills"},
}

func (p *people) openCase(c *child, i int, more map[string]any) error {
	fields := childCase(i)
	maps.Copy(fields, map[string]any{"name_first": c.name, "date_of_birth": "2015-06-15", "age": 11})
	maps.Copy(fields, more)
	c.caseID = p.primero.AddCase(fields)
	return nil
}

// ask refers a child's case to an NGO under a reason of its own.
func (p *people) ask(c *child, s asked, ngo string) error {
	reason := fmt.Sprintf("%s reason %d", c.name, len(c.reasons)+1)
	row, err := p.primero.AddService(c.caseID, serviceRow(s.typ, s.subtype, "agency-"+ngo, p.now()))
	if err != nil {
		return err
	}
	id, err := p.primero.Refer(c.caseID, playWorker, "agency-"+ngo+"-user", row, reason)
	if err == nil {
		c.reasons = append(c.reasons, reason)
		p.reason[id] = reason
	}
	return err
}

// askLate is ask in a transaction that others see only so much after its stamp, as a slow server's are.
func (p *people) askLate(c *child, s asked, ngo string, late time.Duration) error {
	p.primero.Switch(func(sw *primerosim.Switches) { sw.CommitLate = late })
	defer p.primero.Switch(func(sw *primerosim.Switches) { sw.CommitLate = 0 })
	return p.ask(c, s, ngo)
}

// arrived are the referrals that OSCaR's NGOs got under a reason.
func (p *people) arrived(reason string) []oscarsim.Referral {
	return slices.DeleteFunc(p.oscar.AllReferrals(), func(r oscarsim.Referral) bool { return r.Reason != reason })
}

func (p *people) hasArrived(c *child, n int) func() bool {
	return func() bool { return len(c.reasons) > n && len(p.arrived(c.reasons[n])) > 0 }
}

// playedCase is the child's case in Primero as it stands now; nil when there is none.
func (p *people) played(c *child) *playedCase {
	raw := json.RawMessage(nil)
	if c.caseID != "" {
		raw = p.primero.Case(c.caseID)
	} else {
		raw = p.primero.CaseBy("name_first", c.name)
	}
	if raw == nil {
		return nil
	}
	var pc playedCase
	if err := json.Unmarshal(raw, &pc); err != nil {
		p.t.Fatal(err)
	}
	return &pc
}

// row is the child's first service row that fits.
func (p *people) row(c *child, fits func(playedService) bool) *playedService {
	if pc := p.played(c); pc != nil {
		if i := slices.IndexFunc(pc.Services, fits); i >= 0 {
			return &pc.Services[i]
		}
	}
	return nil
}

func decided(s asked) func(playedService) bool {
	return func(r playedService) bool {
		return slices.Contains(r.Subtype, s.subtype) && (strings.HasPrefix(r.Status, "accepted") || strings.HasPrefix(r.Status, "rejected"))
	}
}

// referred is referred to an NGO, which decides; then perhaps for a second service, which it decides too.
func (p *people) referred(c *child, i int) {
	ngo := p.ngos[p.rng.IntN(len(p.ngos))]
	order := p.rng.Perm(len(services))
	first, second := services[order[0]], services[order[1]]
	how, again, answer := p.rng.IntN(3), p.rng.IntN(2) == 0, []string{oscarsim.Accepted, oscarsim.Exited}[p.rng.IntN(2)]
	late := time.Duration(max(0, p.rng.IntN(18)-9)) * time.Minute
	slug := ""
	c.steps = []step{
		{"open", nil, func() error { return p.openCase(c, i, nil) }},
		{"refer", nil, func() error { return p.askLate(c, first, ngo, late) }},
		{"take up", p.hasArrived(c, 0), func() (err error) {
			slug, err = p.oscar.TakeUp(ngo, p.arrived(c.reasons[0])[0].ID)
			return err
		}},
		{"decide", func() bool { return p.played(c).Home == slug }, func() error { return p.decide(ngo, slug, how) }},
		{"see decision", func() bool { return p.row(c, decided(first)) != nil }, func() error { return nil }},
	}
	if !again {
		return
	}
	c.steps = append(c.steps,
		step{"refer again", nil, func() error { return p.askLate(c, second, ngo, late) }},
		step{"decide again", p.hasArrived(c, 1), func() error {
			if _, err := p.oscar.LinkPending(ngo); err != nil {
				return err
			}
			return p.oscar.EditReferralStatus(ngo, p.arrived(c.reasons[1])[0].ID, answer)
		}},
		step{"see second decision", func() bool { return p.row(c, decided(second)) != nil }, func() error { return nil }},
	)
}

func (p *people) decide(ngo, slug string, how int) error {
	if how == 2 {
		return p.oscar.Reject(ngo, slug)
	}
	if err := p.oscar.Accept(ngo, slug); err != nil || how == 1 {
		return err // silently: neither stamp nor status of the referral moves
	}
	return p.oscar.SaveClient(ngo, slug)
}

// fromNGO is referred to the government, which decides.
func (p *people) fromNGO(c *child, i int) {
	ngo := p.ngos[p.rng.IntN(len(p.ngos))]
	status := []string{"accepted_340953", "rejected_936484"}[p.rng.IntN(2)]
	var slug string
	var id int64
	c.steps = []step{
		{"enter", nil, func() (err error) { slug, err = p.enter(c, ngo, i); return err }},
		{"refer to government", nil, func() (err error) {
			id, err = p.oscar.ReferToGovernment(ngo, slug, []string{"School support"}, c.name+" asks")
			return err
		}},
		{"decide", func() bool { return p.incomingRow(c) != nil }, func() error {
			return p.primero.DecideRow(p.played(c).ID, p.incomingRow(c).ID, status)
		}},
		{"see decision", func() bool { return p.oscar.Referrals(ngo)[id-1].Status != oscarsim.Referred }, func() error { return nil }},
		{"see link", func() bool { cl, err := p.oscar.Client(ngo, slug); return err == nil && cl.ExternalID != "" }, func() error { return nil }},
	}
}

func (p *people) incomingRow(c *child) *playedService {
	return p.row(c, func(r playedService) bool { return r.Response == "referral_from_oscar" })
}

func (p *people) enter(c *child, ngo string, i int) (string, error) {
	form := ngoChild(i, []string{"19", "02", "08"}[i%3])
	form.GivenName, form.DateOfBirth = c.name, "2014-06-15"
	return p.oscar.AddClient(ngo, form)
}

// enrolled is an NGO's own child, later in a second programme.
func (p *people) enrolled(c *child, i int) {
	ngo := p.ngos[p.rng.IntN(len(p.ngos))]
	var slug string
	rows := func(n int) func() bool {
		return func() bool { pc := p.played(c); return pc != nil && len(pc.Services) >= n }
	}
	c.steps = []step{
		{"enter", nil, func() (err error) { slug, err = p.enter(c, ngo, i); return err }},
		{"enrol", nil, func() error {
			return p.oscar.Enrol(ngo, slug, c.name+" programme", []string{"Life skills"}, "2026-10-01")
		}},
		{"enrol again", rows(1), func() error {
			return p.oscar.Enrol(ngo, slug, c.name+" second programme", []string{"Kinship care"}, "2026-11-01")
		}},
		{"see rows", rows(2), func() error { return nil }},
		{"see link", func() bool { cl, err := p.oscar.Client(ngo, slug); return err == nil && cl.ExternalID != "" }, func() error { return nil }},
	}
}

// consented gets its consent an hour late.
func (p *people) consented(c *child, i int) {
	ngo, s := p.ngos[p.rng.IntN(len(p.ngos))], services[p.rng.IntN(len(services))]
	c.steps = []step{
		{"open", nil, func() error { return p.openCase(c, i, nil) }},
		{"refer", nil, func() error { return p.ask(c, s, ngo) }},
		{"withdraw", nil, func() error { return p.primero.WithdrawConsent(c.caseID) }},
		{"consent", func() bool { return p.now().Sub(c.begin).Hours() >= 1 }, func() error { return p.primero.GiveConsent(c.caseID) }},
		{"see it", p.hasArrived(c, 0), func() error { return nil }},
	}
}

// withheld never gets consent: nothing of it may leave.
func (p *people) withheld(c *child, i int) {
	c.stuck, c.never = true, []string{c.name + " reason 1"}
	c.steps = []step{
		{"open", nil, func() error { return p.openCase(c, i, nil) }},
		{"refer", nil, func() error { return p.ask(c, services[0], p.ngos[0]) }},
		{"withdraw", nil, func() error { return p.primero.WithdrawConsent(c.caseID) }},
	}
}

// unknownNGO is referred to an NGO that nobody has confirmed.
func (p *people) unknownNGO(c *child, i int) {
	c.stuck, c.never = true, []string{c.name + " reason 1"}
	c.steps = []step{
		{"open", nil, func() error { return p.openCase(c, i, nil) }},
		{"refer", nil, func() error { return p.ask(c, services[1], playUnknown) }},
	}
}

// withoutRisk lacks what OSCaR requires until somebody fills it in.
func (p *people) withoutRisk(c *child, i int) {
	c.steps = []step{
		{"open", nil, func() error { return p.openCase(c, i, map[string]any{"risk_level": nil}) }},
		{"refer", nil, func() error { return p.ask(c, services[2], p.ngos[1]) }},
		{"fill in", func() bool { return p.now().Sub(c.begin).Hours() >= 2 }, func() error {
			return p.primero.EditCase(c.caseID, map[string]any{"risk_level": "high"})
		}},
		{"see it", p.hasArrived(c, 0), func() error { return nil }},
	}
}

// dangling is a client whose case Primero does not have.
func (p *people) dangling(c *child, i int) {
	c.stuck = true
	c.steps = []step{{"enter", nil, func() error {
		form := ngoChild(i, "02")
		form.GivenName, form.ExternalID = c.name, "no-case-"+c.name
		_, err := p.oscar.AddClient(p.ngos[2], form)
		return err
	}}}
}

// internal is referred inside the government only.
func (p *people) internal(c *child, i int) {
	c.steps = []step{{"open", nil, func() error { return p.openCase(c, i, nil) }}, {"refer", nil, func() error {
		_, err := p.primero.Refer(c.caseID, playWorker, playManager, "", c.name+" internal")
		return err
	}}}
}
