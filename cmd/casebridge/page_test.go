package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// player is a person at the sandbox's page.
type player struct {
	t      *testing.T
	world  *world
	server *httptest.Server
}

func newPlayer(t *testing.T) player {
	t.Helper()
	a := app{environ: func() []string { return nil }, stdout: io.Discard, stderr: io.Discard, now: time.Now}
	c, err := a.ready()
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(c.project, time.Now, 0)
	server := httptest.NewServer(newPage(w, c.project))
	t.Cleanup(server.Close)
	return player{t, w, server}
}

// act presses a button and returns the page that follows.
func (p player) act(name string, fields ...string) string {
	p.t.Helper()
	form := url.Values{"act": {name}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	answer, err := p.server.Client().PostForm(p.server.URL+"/act", form)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %d %v", name, answer.StatusCode, err)
	}
	if text := string(body); strings.Contains(text, "That did not work") {
		return text[strings.Index(text, "That did not work"):][:200]
	}
	return string(body)
}

func (p player) cases() []playedCase {
	p.t.Helper()
	all, err := p.world.cases()
	if err != nil {
		p.t.Fatal(err)
	}
	return all
}

func TestPagePlaysPrimerosPeople(t *testing.T) {
	p := newPlayer(t)
	p.act("open-case")
	p.act("refer", "case", p.cases()[0].ID, "subtype", "disability_support_respite-care", "ngo", p.world.ngos[1])
	c := p.cases()[0]
	if len(c.Services) != 1 || c.Services[0].Type != "disability_support" || c.Services[0].Agency != "agency-"+p.world.ngos[1] {
		t.Fatalf("services: %+v", c.Services)
	}
	if n := len(p.world.primero.Referrals(c.ID)); n != 1 {
		t.Errorf("%d referrals", n)
	}
	p.act("decide", "case", c.ID, "row", c.Services[0].ID, "status", "rejected_936484")
	p.act("reassign", "case", c.ID, "owner", "mgrstg")
	c = p.cases()[0]
	if c.Services[0].Status != "rejected_936484" || c.Owner != "mgrstg" {
		t.Errorf("status %q, owner %q", c.Services[0].Status, c.Owner)
	}
	if text := p.act("lock"); !strings.Contains(text, "answers 503") {
		t.Error("the page does not say that Primero is locked")
	}
	if text := p.act("withdraw", "case", "no-such-case"); !strings.HasPrefix(text, "That did not work") {
		t.Errorf("an impossible act says nothing: %.80s", text)
	}
}

func TestPagePlaysOSCaRsPeople(t *testing.T) {
	p := newPlayer(t)
	ngo := p.world.ngos[0]
	p.act("open-client", "ngo", ngo)
	slug := p.world.oscar.Clients(ngo)[0].Slug
	p.act("to-government", "ngo", ngo, "slug", slug, "service", "School support")
	p.act("enrol", "ngo", ngo, "slug", slug, "service", "Life skills")
	client := p.world.oscar.Clients(ngo)[0]
	if len(client.Enrolments) != 1 || !client.ReferredExternal {
		t.Errorf("enrolments %v, referred %v", client.Enrolments, client.ReferredExternal)
	}
	if n := len(p.world.oscar.Referrals(ngo)); n != 1 {
		t.Errorf("%d referrals", n)
	}
	if text := p.act("take-up", "ngo", ngo, "referral", strconv.Itoa(4711)); !strings.HasPrefix(text, "That did not work") {
		t.Errorf("an impossible act says nothing: %.80s", text)
	}
}

func TestPageRefusesOtherSites(t *testing.T) {
	p := newPlayer(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.server.URL+"/act", strings.NewReader("act=open-case"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", "http://elsewhere.invalid")
	answer, err := p.server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusForbidden || len(p.cases()) != 0 {
		t.Errorf("answered %d, %d cases", answer.StatusCode, len(p.cases()))
	}
}

// TestPageShowsTheNewestOfEveryNGO fills the page with more clients than it shows: somebody opens one more, and finds it.
func TestPageShowsTheNewestOfEveryNGO(t *testing.T) {
	p := newPlayer(t)
	if err := p.world.fill(0, 2*pageRows); err != nil {
		t.Fatal(err)
	}
	text := p.act("open-client", "ngo", p.world.ngos[0])
	for _, ngo := range p.world.ngos {
		if !strings.Contains(text, " in "+ngo+"<") {
			t.Errorf("the page shows no client of %s", ngo)
		}
	}
	all := p.world.oscar.Clients(p.world.ngos[0])
	if slug := all[len(all)-1].Slug; !strings.Contains(text, slug) {
		t.Errorf("the page does not show %s, which was opened last", slug)
	}
}
