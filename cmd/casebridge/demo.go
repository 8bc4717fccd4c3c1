package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/store"
)

func (a *app) demoCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "demo",
		Short: "Watch the three flows at work between two simulated systems",
		Long: "Starts a simulated Primero and a simulated OSCaR inside this process, lets their people work, and shows plans and runs.\n" +
			"Needs no server, no settings and no network; ignores the environment and leaves nothing behind. All children are invented.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.textOnly(); err != nil {
				return err
			}
			return a.demo(cmd.Context())
		},
	}
}

// stage is where the demo plays: a world with its own clock, and a casebridge connected to it.
type stage struct {
	*world
	app     app // settings of its own: nothing of the environment reaches it
	session *session
	skipped atomic.Int64 // how far the demo's clock was put forward; both systems read it
	began   time.Time
	real    func() time.Time
	notes   map[string]string // ids that later scenes need
}

// demoMorning is when the demo's first hour begins: a Monday, 08:00 in Phnom Penh.
var demoMorning = time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)

func (s *stage) clock() time.Time {
	return demoMorning.Add(time.Duration(s.skipped.Load()) + s.real().Sub(s.began))
}

func (a *app) demo(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "casebridge-demo-")
	if err != nil {
		return fmt.Errorf("%w: %w", errEnvironment, err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	s, stop, err := a.setStage(ctx, dir)
	if err != nil {
		return err
	}
	defer stop()
	for i, scene := range scenes {
		s.title(i+1, scene.title)
		if err := scene.play(ctx, s); err != nil {
			return fmt.Errorf("demo, scene %d: %w", i+1, err)
		}
		s.skipped.Add(int64(time.Hour))
	}
	return nil
}

// setStage starts both systems and connects casebridge to them.
func (a *app) setStage(ctx context.Context, dir string) (*stage, func(), error) {
	s := &stage{began: a.now(), real: a.now, notes: map[string]string{}}
	s.app = app{environ: func() []string { return nil }, stdin: strings.NewReader(""), stdout: a.stdout, stderr: a.stderr, now: s.clock, terminal: a.terminal}
	s.app.flags = flags{output: "text", store: filepath.Join(dir, "demo.db")}
	c, err := s.app.ready()
	if err != nil {
		return nil, nil, err
	}
	s.world = newWorld(c.project, s.clock, 0)
	primero, err := serve(ctx, "127.0.0.1:0", s.primero)
	if err != nil {
		return nil, nil, err
	}
	oscar, err := serve(ctx, "127.0.0.1:0", s.oscar)
	if err != nil {
		primero.stop()
		return nil, nil, err
	}
	key, err := store.NewKey()
	if err != nil {
		return nil, nil, err
	}
	s.app.flags.set = append(s.settingsOf(primero, oscar), "key="+key, "connections.primero.lag=0s")
	s.session, err = s.app.open(ctx, readWrite)
	if err != nil {
		primero.stop()
		oscar.stop()
		return nil, nil, err
	}
	return s, func() { s.session.close(); primero.stop(); oscar.stop() }, nil
}

// scene is one hour: people work, casebridge runs.
type scene struct {
	title string
	play  func(ctx context.Context, s *stage) error
}

var scenes = []scene{
	{"Monday, 08:00: social workers refer children to NGOs, NGOs refer children to the government", firstHour},
	{"09:00: the NGO decides, the government decides, a child is referred a second time", secondHour},
	{"10:00: the lost referral turns up in OSCaR's list", thirdHour},
	{"11:00: nobody has worked since: not one write", quietHour},
}

func (s *stage) title(n int, text string) {
	fmt.Fprintf(s.app.stdout, "\n%s\n%d. %s\n\n", strings.Repeat("─", 100), n, text)
}

func (s *stage) say(format string, args ...any) {
	fmt.Fprintf(s.app.stdout, "  • "+format+"\n", args...)
}

// run carries the chain of flows once, as `casebridge run` does.
func (s *stage) run(ctx context.Context) error {
	fmt.Fprintf(s.app.stdout, "\n$ casebridge run\n")
	flows, err := s.session.c.flows(nil)
	if err != nil {
		return err
	}
	err = s.app.chain(ctx, s.session, flows, reconcile.Window{}, viewFlags{}, false, "")
	if exitCode(err) == exitPartial {
		return nil // scenes have records that cannot go; that is what they show
	}
	return err
}

func (s *stage) plan(ctx context.Context, flows ...string) error {
	fmt.Fprintf(s.app.stdout, "\n$ casebridge plan %s\n", strings.Join(flows, " "))
	return s.app.plan(ctx, flows, windowFlags{}, viewFlags{})
}

// aside shows what is in quarantine and what is parked, as the commands of those names do.
func (s *stage) aside(ctx context.Context) error {
	fmt.Fprintf(s.app.stdout, "$ casebridge quarantine list\n")
	entries, err := s.session.store.Quarantine(ctx, store.QuarantineFilter{Open: true})
	if err != nil {
		return err
	}
	q, err := s.app.quarantineOf(s.session.c, s.session.store)
	if err != nil {
		return err
	}
	if err := s.app.listQuarantine(ctx, q, entries, heldFlags{}); err != nil {
		return err
	}
	fmt.Fprintf(s.app.stdout, "\n$ casebridge parked list\n")
	parked, err := s.session.store.Parked(ctx)
	return errors.Join(err, s.app.printWaiting(s.session.c, parked, parkedWords))
}

// writes counts what both systems were asked to write so far.
func (s *stage) writes() int { return s.primero.Writes().Total + s.oscar.Writes() }

func firstHour(ctx context.Context, s *stage) error {
	if err := s.openCases(); err != nil {
		return err
	}
	if err := s.openClients(); err != nil {
		return err
	}
	s.say("A fault is waiting: OSCaR's answer to the referral for %s will be lost on its way back.", s.ngos[1])
	s.oscar.FailNext(upsertsFor(s.ngos[1]), oscarsim.ResetAfter, 1)
	if err := s.plan(ctx, "oscar-ids", "primero-to-oscar"); err != nil {
		return err
	}
	if err := s.run(ctx); err != nil {
		return err
	}
	return s.aside(ctx)
}

// upsertsFor fits the referrals that go to an NGO.
func upsertsFor(ngo string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		if !oscarsim.Upserts(r) {
			return false
		}
		body, err := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		var sent struct {
			Organization struct {
				Name string `json:"organization_name"`
			} `json:"organization"`
		}
		return err == nil && json.Unmarshal(body, &sent) == nil && sent.Organization.Name == ngo
	}
}

// openCases lets social workers work.
func (s *stage) openCases() error {
	ngo := s.ngos[0]
	first := s.primero.AddCase(childCase(1))
	s.notes["first"] = first
	lost := s.primero.AddCase(childCase(2))
	silent := s.primero.AddCase(childCase(3))
	stranger := s.primero.AddCase(childCase(4))
	for _, r := range []struct{ id, typ, subtype, ngo string }{
		{first, "counselling", "counselling_trauma", ngo},
		{first, "training_education", "training_education_school_support", ngo},
		{lost, "family_based_care", "family_based_care_kinship", s.ngos[1]},
		{silent, "counselling", "counselling_family", ngo},
		{stranger, "counselling", "counselling_family", playUnknown},
	} {
		if _, err := s.refer(r.id, r.typ, r.subtype, r.ngo, "Invented reason"); err != nil {
			return err
		}
	}
	if err := s.primero.WithdrawConsent(silent); err != nil {
		return err
	}
	s.say("Primero: a child is referred to %s for two services, another child to %s.", ngo, s.ngos[1])
	s.say("Primero: a child is referred and then the family takes its consent back; another goes to an NGO that nobody has confirmed.")
	return nil
}

// openClients lets NGOs work.
func (s *stage) openClients() error {
	slug, err := s.oscar.AddClient(s.ngos[2], ngoChild(5, "19"))
	if err != nil {
		return err
	}
	if _, err := s.oscar.ReferToGovernment(s.ngos[2], slug, []string{"School support"}, "Invented reason"); err != nil {
		return err
	}
	s.notes["slug"] = slug
	own, err := s.oscar.AddClient(s.ngos[3], ngoChild(6, "02"))
	if err != nil {
		return err
	}
	if err := s.oscar.Enrol(s.ngos[3], own, "Invented programme", []string{"Life skills"}, "2026-10-01"); err != nil {
		return err
	}
	dangling := ngoChild(7, "08")
	dangling.ExternalID, dangling.ExternalIDDisplay = "a-case-that-primero-does-not-have", "unknown"
	if _, err := s.oscar.AddClient(s.ngos[4], dangling); err != nil {
		return err
	}
	s.say("OSCaR: %s refers a child of Stung Treng to the government; %s works with a child of its own.", s.ngos[2], s.ngos[3])
	s.say("OSCaR: a client of %s points to a case that Primero does not have.", s.ngos[4])
	return nil
}

func secondHour(ctx context.Context, s *stage) error {
	if err := s.decideInOSCaR(s.ngos[0]); err != nil {
		return err
	}
	if err := s.decideInPrimero(); err != nil {
		return err
	}
	if _, err := s.refer(s.notes["first"], "training_education", "training_education_life_skills", s.ngos[0], "Invented reason"); err != nil {
		return err
	}
	s.say("Primero: the first child is referred to %s a second time, for another service.", s.ngos[0])
	if err := s.plan(ctx, "oscar-to-primero"); err != nil {
		return err
	}
	return s.run(ctx)
}

// decideInOSCaR takes the first child up, accepts one of its services and rejects the other.
func (s *stage) decideInOSCaR(ngo string) error {
	referrals := s.oscar.Referrals(ngo)
	if len(referrals) < 2 {
		return fmt.Errorf("%s has %d referrals, the scene needs two", ngo, len(referrals))
	}
	slug, err := s.oscar.TakeUp(ngo, referrals[0].ID)
	if err != nil {
		return err
	}
	if err := s.oscar.Accept(ngo, slug); err != nil {
		return err
	}
	if err := s.oscar.EditReferralStatus(ngo, referrals[1].ID, oscarsim.Exited); err != nil {
		return err
	}
	s.say("OSCaR: %s takes the child up, accepts one service and rejects the other.", ngo)
	return nil
}

// decideInPrimero accepts what an NGO referred to the government.
func (s *stage) decideInPrimero() error {
	id, row, err := s.incoming()
	if err != nil {
		return err
	}
	if err := s.primero.DecideRow(id, row, "accepted_340953"); err != nil {
		return err
	}
	s.say("Primero: the manager of Stung Treng accepts the child that %s referred.", s.ngos[2])
	return nil
}

func thirdHour(ctx context.Context, s *stage) error {
	ngo := s.ngos[1]
	for _, r := range s.oscar.Referrals(ngo) {
		if _, err := s.oscar.TakeUp(ngo, r.ID); err != nil {
			return err
		}
	}
	s.say("OSCaR: %s finds the referral whose answer was lost, and takes the child up. It was never sent twice.", ngo)
	return s.run(ctx)
}

func quietHour(ctx context.Context, s *stage) error {
	for range 2 { // the first lets what the last hour wrote come back once; nothing may differ
		before := s.writes()
		if err := s.run(ctx); err != nil {
			return err
		}
		fmt.Fprintf(s.app.stdout, "  Writes to both systems in this run: %d\n", s.writes()-before)
	}
	return nil
}
