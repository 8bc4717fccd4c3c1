package main

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"sync/atomic"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
	primerosim "github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/casebridge/casebridge/engine/spec"
)

//go:embed page.html
var pageHTML string

// pageRows is how many cases and clients the page shows: the newest.
const pageRows = 40

// page lets a person play the people of both systems.
type page struct {
	world    *world
	template *template.Template
	subtypes []string
	types    []string // of the subtypes, one for one
	services []string
	owners   []string
	acts     map[string]func(*http.Request) error
	locked   atomic.Bool
}

func newPage(w *world, p *spec.Project) http.Handler {
	pg := &page{world: w, template: template.Must(template.New("page").Parse(pageHTML)),
		subtypes: columnOf(p, "services", "subtype"), types: columnOf(p, "services", "type"), services: columnOf(p, "services", "oscar"), owners: columnOf(p, "provinces", "user")}
	pg.acts = map[string]func(*http.Request) error{
		"open-case": pg.openCase, "refer": pg.refer, "decide": pg.decide, "reassign": pg.reassign, "withdraw": pg.withdraw, "lock": pg.lock,
		"open-client": pg.openClient, "take-up": pg.takeUp, "accept": pg.accept, "reject": pg.reject, "enrol": pg.enrol, "to-government": pg.toGovernment, "lose": pg.lose,
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", pg.show)
	mux.HandleFunc("POST /act", pg.act)
	return http.NewCrossOriginProtection().Handler(mux)
}

// pageView is what the page shows.
type pageView struct {
	Cases                     []playedCase
	MoreCases, MoreClients    int
	Waiting                   []oscarsim.Referral
	Clients                   []oscarsim.Client
	NGOs, Subtypes, Services  []string
	Owners                    []string
	PrimeroReads, OSCaRReads  int
	PrimeroWrites, OSCaRWrite int
	Locked                    bool
	Message                   string
}

func (p *page) show(w http.ResponseWriter, r *http.Request) {
	cases, err := p.world.cases()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	d := pageView{NGOs: p.world.ngos, Subtypes: p.subtypes, Services: p.services, Owners: p.owners, Locked: p.locked.Load(), Message: r.URL.Query().Get("say"),
		PrimeroReads: p.world.primero.Requests().Total, PrimeroWrites: p.world.primero.Writes().Total,
		OSCaRReads: p.world.oscar.Requests(), OSCaRWrite: p.world.oscar.Writes()}
	d.Cases, d.MoreCases = newest(cases)
	var clients []oscarsim.Client
	for _, ngo := range p.world.ngos {
		clients = append(clients, p.world.oscar.Clients(ngo)...)
	}
	// In the order in which they came, else the page would show those of the last NGO alone.
	slices.SortStableFunc(clients, func(a, b oscarsim.Client) int { return cmp.Compare(a.ID, b.ID) })
	d.Clients, d.MoreClients = newest(clients)
	for _, ref := range p.world.oscar.AllReferrals() {
		if ref.Direction == "received" && ref.ClientSlug == "" && len(d.Waiting) < pageRows {
			d.Waiting = append(d.Waiting, ref)
		}
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := p.template.Execute(w, d); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

// newest are the last few of a list, newest first, and how many are not shown.
func newest[T any](all []T) (shown []T, more int) {
	more = max(0, len(all)-pageRows)
	shown = slices.Clone(all[more:])
	slices.Reverse(shown)
	return shown, more
}

func (p *page) act(w http.ResponseWriter, r *http.Request) {
	do, ok := p.acts[r.FormValue("act")]
	if !ok {
		http.Error(w, "there is no such act", http.StatusBadRequest)
		return
	}
	say := "Done: " + r.FormValue("act") + ". casebridge sees it in its next run."
	if err := do(r); err != nil {
		say = "That did not work: " + err.Error()
	}
	http.Redirect(w, r, "/?say="+template.URLQueryEscaper(say), http.StatusSeeOther)
}

func (p *page) openCase(*http.Request) error {
	p.world.primero.AddCase(childCase(len(p.world.primero.Cases())))
	return nil
}

func (p *page) refer(r *http.Request) error {
	_, err := p.world.refer(r.FormValue("case"), p.typeOf(r.FormValue("subtype")), r.FormValue("subtype"), r.FormValue("ngo"), "Invented reason")
	return err
}

// typeOf is the service type that the map of services files a subtype under.
func (p *page) typeOf(subtype string) string {
	if i := slices.Index(p.subtypes, subtype); i >= 0 {
		return p.types[i]
	}
	return ""
}

func (p *page) decide(r *http.Request) error {
	return p.world.primero.DecideRow(r.FormValue("case"), r.FormValue("row"), r.FormValue("status"))
}

func (p *page) reassign(r *http.Request) error {
	return p.world.primero.Reassign(r.FormValue("case"), r.FormValue("owner"))
}

func (p *page) withdraw(r *http.Request) error {
	return p.world.primero.WithdrawConsent(r.FormValue("case"))
}

func (p *page) lock(*http.Request) error {
	p.world.primero.Switch(func(s *primerosim.Switches) { // one press at a time
		s.ConfigLock = !s.ConfigLock
		p.locked.Store(s.ConfigLock)
	})
	return nil
}

func (p *page) openClient(r *http.Request) error {
	n := 0
	for _, ngo := range p.world.ngos {
		n += len(p.world.oscar.Clients(ngo))
	}
	_, err := p.world.oscar.AddClient(r.FormValue("ngo"), ngoChild(n, fmt.Sprintf("%02d", 1+n%25)))
	return err
}

func (p *page) takeUp(r *http.Request) error {
	var id int64
	if _, err := fmt.Sscan(r.FormValue("referral"), &id); err != nil {
		return err
	}
	_, err := p.world.oscar.TakeUp(r.FormValue("ngo"), id)
	return err
}

func (p *page) accept(r *http.Request) error {
	return p.world.oscar.Accept(r.FormValue("ngo"), r.FormValue("slug"))
}

func (p *page) reject(r *http.Request) error {
	return p.world.oscar.Reject(r.FormValue("ngo"), r.FormValue("slug"))
}

func (p *page) enrol(r *http.Request) error {
	return p.world.oscar.Enrol(r.FormValue("ngo"), r.FormValue("slug"), "Invented programme", []string{r.FormValue("service")}, p.world.now().Format("2006-01-02"))
}

func (p *page) toGovernment(r *http.Request) error {
	_, err := p.world.oscar.ReferToGovernment(r.FormValue("ngo"), r.FormValue("slug"), []string{r.FormValue("service")}, "Invented reason")
	return err
}

// lose lets OSCaR take the next referral and lose its answer.
func (p *page) lose(*http.Request) error {
	p.world.oscar.FailNext(oscarsim.Upserts, oscarsim.ResetAfter, 1)
	return nil
}
