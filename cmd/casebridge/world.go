package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
	primerosim "github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// world is both simulated systems with the people, agencies and forms that the
// project's own specs speak of. The demo and the sandbox play in it.
type world struct {
	primero *primerosim.System
	oscar   *oscarsim.System
	ngos    []string // short names of the NGOs that are played: the first that the naming rule confirms
	quiet   []string // the other confirmed ones: they exist and do nothing
	now     func() time.Time
}

// worldNGOs is how many of the confirmed NGOs are played; a handful is enough.
const worldNGOs = 6

func newWorld(p *spec.Project, now func() time.Time, latency time.Duration) *world {
	w := &world{now: now}
	w.ngos, w.quiet = confirmedNGOs(p)
	w.primero = primerosim.New(primerosim.Options{
		Now: now, Users: w.users(p), Agencies: w.agencies(), Locations: places(p), Fields: shortLists(p.Object("primero.case").Fields, "primero."), Codes: codesOf(p, "primero."), Latency: latency,
	})
	w.oscar = oscarsim.New(oscarsim.Options{Now: now, Organizations: w.organizations(), Latency: latency,
		Admin: oscarsim.Admin{Email: oscarEmail, Password: oscarPassword}})
	return w
}

// places are the provinces; the villages in them are not played.
func places(p *spec.Project) []primerosim.Location {
	var all []primerosim.Location
	names := columnOf(p, "provinces", "name")
	for i, code := range columnOf(p, "provinces", "location") {
		all = append(all, primerosim.Location{Code: code, Name: names[i], Type: "province"})
	}
	return all
}

func confirmedNGOs(p *spec.Project) (played, quiet []string) {
	var names []string
	for _, r := range p.Rules {
		names = append(names, spec.Texts(r.Confirmed)...)
	}
	n := min(worldNGOs, len(names))
	return names[:n:n], names[n:]
}

// shortLists are fields whose code lists have the names that codesOf gives them.
func shortLists(fields []engine.Field, prefix string) []engine.Field {
	short := slices.Clone(fields)
	for i := range short {
		short[i].Codes = strings.TrimPrefix(short[i].Codes, prefix)
		short[i].Fields = shortLists(short[i].Fields, prefix)
	}
	return short
}

// codesOf are the code lists of one connection, by their short names.
func codesOf(p *spec.Project, prefix string) map[string][]string {
	lists := map[string][]string{}
	for _, l := range p.Codes {
		if name, ok := strings.CutPrefix(l.Name, prefix); ok {
			for _, c := range l.Codes {
				lists[name] = append(lists[name], c.Code.Text)
			}
		}
	}
	return lists
}

const (
	playWorker    = "worker1"  // the social worker that the world's people play
	playManager   = "manager1" // who reassigns
	playUnknown   = "newngo"   // an NGO that nobody has confirmed
	oscarEmail    = "casebridge@example.org"
	oscarPassword = "casebridge-demo"
)

func (w *world) users(p *spec.Project) []primerosim.User {
	all := primerosim.Role{Scope: "all"}
	users := []primerosim.User{
		{UserName: playWorker, FullName: "Invented Worker", Agency: "agency-government", Role: all},
		{UserName: playManager, FullName: "Invented Manager", Agency: "agency-government", Role: all},
	}
	for _, ngo := range append([]string{playUnknown}, w.ngos...) {
		users = append(users, primerosim.User{UserName: "agency-" + ngo + "-user", FullName: "Invented user of " + ngo, Agency: "agency-" + ngo, Role: all})
	}
	for _, name := range columnOf(p, "provinces", "user") {
		users = append(users, primerosim.User{UserName: name, FullName: "Invented manager of a province", Agency: "agency-government", Role: all})
	}
	for _, ngo := range w.quiet {
		users = append(users, primerosim.User{UserName: "agency-" + ngo + "-user", FullName: "Invented user of " + ngo, Agency: "agency-" + ngo, Role: all})
	}
	return users
}

// columnOf are the cells of one column of a map.
func columnOf(p *spec.Project, name, column string) []string {
	m := p.Map(name)
	if m == nil {
		return nil
	}
	var cells []string
	for i, c := range m.Columns {
		if c.Name.Text != column {
			continue
		}
		for _, row := range m.Rows {
			cells = append(cells, row.Cells[i].Text)
		}
	}
	return cells
}

func (w *world) agencies() []primerosim.Agency {
	agencies := []primerosim.Agency{{UniqueID: "agency-government", Name: "Government"}, {UniqueID: "agency-" + playUnknown, Name: "New NGO"}}
	for _, ngo := range slices.Concat(w.ngos, w.quiet) {
		agencies = append(agencies, primerosim.Agency{UniqueID: "agency-" + ngo, Name: "NGO " + ngo})
	}
	return agencies
}

// districts are where the world's NGOs have their offices, one after another.
var districts = []struct{ province, district string }{{"12", "1201"}, {"02", "0202"}, {"17", "1710"}, {"19", "1902"}, {"08", "0801"}, {"03", "0305"}}

// madeUpService is one that every NGO of the world has added by itself; no map knows it.
const madeUpService = "Respite (new)"

func (w *world) organizations() []oscarsim.Organization {
	var orgs []oscarsim.Organization
	for i, ngo := range w.ngos {
		at := districts[i%len(districts)]
		orgs = append(orgs, oscarsim.Organization{ShortName: ngo, FullName: "NGO " + ngo, Country: "cambodia", Integrated: true, Province: at.province, District: at.district,
			ExtraServices: []oscarsim.Service{{Name: madeUpService}}})
	}
	for _, ngo := range w.quiet {
		orgs = append(orgs, oscarsim.Organization{ShortName: ngo, FullName: "NGO " + ngo, Country: "cambodia", Integrated: true, Province: "12", District: "1201"})
	}
	return orgs
}

// served is a running server on this machine's loopback.
type served struct {
	url  string
	stop func()
}

// serve answers on address (127.0.0.1:0 picks a port) until stop is called.
func serve(ctx context.Context, address string, h http.Handler) (served, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return served{}, fmt.Errorf("%w: %w", errEnvironment, err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		// Serve always returns an error; after Close it only says that.
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return
		}
	}()
	return served{url: "http://" + listener.Addr().String(), stop: func() { _ = server.Close() }}, nil
}

// settingsOf are the settings that connect casebridge to a world, as `--set` takes them.
func (w *world) settingsOf(primero, oscar served) []string {
	return []string{
		"connections.primero.url=" + primero.url, "connections.primero.user=" + primerosim.DefaultUser, "connections.primero.password=" + primerosim.DefaultPassword,
		"connections.oscar.url=" + oscar.url, "connections.oscar.email=" + oscarEmail, "connections.oscar.password=" + oscarPassword,
	}
}
