package main

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
	primerosim "github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/casebridge/casebridge/engine"
)

// marks are values of invented persons that nobody could take for anything else.
type marks struct {
	mu    sync.Mutex
	texts int
	all   []string // those without the stem
}

// text makes a mark for a field that takes any text.
func (m *marks) text(field string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.texts++
	return fmt.Sprintf("%s%dx%s", stem, m.texts, field)
}

// known adds a mark for a field that takes only some values: a date, a place.
func (m *marks) known(value string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.all = append(m.all, value)
	return value
}

// in says which mark stands in b, and how it is written there.
func (m *marks) in(b []byte) []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var found []string
	in := seek(b)
	for _, mark := range append([]string{stem}, m.all...) {
		if how := in.how(mark); how != "" {
			found = append(found, mark+" "+how)
		}
	}
	return found
}

// markedCase has a mark in every field about a person that the catalogue and the driver know.
func (m *marks) markedCase(object *engine.Object, i int) map[string]any {
	fields := childCase(i)
	for _, f := range object.Fields {
		if f.Class.Hidden() && f.Type == engine.Text && f.Codes == "" && f.Name != "sex" && !f.ReadOnly {
			fields[f.Name] = m.text(f.Name)
		}
	}
	fields["date_of_birth"] = m.known(fmt.Sprintf("2013-07-%02d", 10+i))
	fields["location_current"] = m.known(fmt.Sprintf("1%d09181", i%10))
	return fields
}

// markedRow is a service row with a mark in every column about a person.
func (m *marks) markedRow(object *engine.Object, ngo string) map[string]any {
	row := serviceRow("counselling", "counselling_trauma", "agency-"+ngo, monday)
	for _, f := range object.Fields {
		for _, column := range f.Fields {
			if f.Name == "services_section" && column.Class.Hidden() && column.Type == engine.Text {
				row[column.Name] = m.text(column.Name)
			}
		}
	}
	return row
}

func (m *marks) markedChild(i int) oscarsim.Child {
	return oscarsim.Child{
		GivenName: m.text("given"), FamilyName: m.text("family"), LocalGivenName: m.text("local"), LocalFamilyName: m.text("localfamily"),
		Gender: "female", DateOfBirth: m.known(fmt.Sprintf("2014-08-%02d", 10+i)), Address: m.known(fmt.Sprintf("19%02d1718", 10+i)),
		MosvyNumber: m.text("mosvy"), Reason: m.text("reason"), Status: oscarsim.Accepted,
		CaseWorkers: []oscarsim.CaseWorker{{Name: m.text("worker"), Mobile: m.text("mobile")}},
	}
}

// hideout is a rig whose children are marked, and everything that could give them away.
type hideout struct {
	*rig
	t     *testing.T
	marks *marks
	temp  string // where everybody's temporary files are

	spools atomic.Int32 // that were looked into
}

// newHideout makes the temporary directory of the whole process its own, and looks into it during every request.
func newHideout(t *testing.T) *hideout {
	t.Helper()
	h := &hideout{t: t, marks: &marks{}, temp: t.TempDir()}
	t.Setenv("TMPDIR", h.temp)
	h.rig = newRig(t, t.TempDir())
	h.primero.Switch(func(s *primerosim.Switches) {
		s.Fault = func(*http.Request) primerosim.Fault { h.search(h.temp, "during a request"); return primerosim.Fault{} }
	})
	return h
}

// people fills both systems: what goes, what is refused, what is parked.
func (h *hideout) people() {
	h.t.Helper()
	object := h.caseObject()
	for i, ngo := range []string{"gpc", "gpc", "tpo", "newngo"} {
		fields := h.marks.markedCase(object, i)
		if i == 1 {
			fields["risk_level"] = h.marks.known("marked-risk") // a code that no map knows, of a field about a person
		}
		id := h.primero.AddCase(fields)
		row, err := h.primero.AddService(id, h.marks.markedRow(object, ngo))
		h.must(err)
		_, err = h.primero.Refer(id, playWorker, "agency-"+ngo+"-user", row, h.marks.text("notes"))
		h.must(err)
	}
	for i, ngo := range []string{"eao", "goh", "sk"} {
		child := h.marks.markedChild(i)
		switch i {
		case 1:
			child.Gender = h.marks.known("marked-gender")
		case 2:
			child.ExternalID, child.ExternalIDDisplay = "a-case-that-is-not-there", "unknown"
		}
		slug, err := h.oscar.AddClient(ngo, child)
		h.must(err)
		h.must(h.oscar.Enrol(ngo, slug, h.marks.text("program"), []string{"Life skills"}, h.marks.known(fmt.Sprintf("2026-09-%02d", 10+i))))
		if i == 0 {
			_, err = h.oscar.ReferToGovernment(ngo, slug, []string{"School support"}, h.marks.text("reason"))
			h.must(err)
		}
	}
	unborn := h.marks.markedChild(5) // Primero refuses this one
	unborn.DateOfBirth = h.marks.known("2031-08-19")
	_, err := h.oscar.AddClient("sk", unborn)
	h.must(err)
}

func (h *hideout) caseObject() *engine.Object {
	h.t.Helper()
	c, err := (&app{environ: func() []string { return nil }}).ready()
	h.must(err)
	return c.project.Object("primero.case")
}

func (h *hideout) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// hidden runs casebridge and finds no mark in what it says.
func (h *hideout) hidden(args ...string) outcome {
	h.t.Helper()
	o := h.casebridge(h.t, args...)
	if found := h.marks.in([]byte(o.all())); len(found) > 0 {
		h.t.Errorf("casebridge %s shows %v\n%s", strings.Join(args, " "), found, o.all())
	}
	if o.code != exitDone && o.code != exitPartial {
		h.t.Fatalf("casebridge %s: exit code %d\n%s", strings.Join(args, " "), o.code, o.all())
	}
	h.searchFiles("after casebridge " + strings.Join(args, " "))
	return o
}

// searchFiles looks for marks in the store and in everything temporary.
func (h *hideout) searchFiles(when string) {
	h.search(h.temp, when)
	h.search(filepath.Dir(h.env["CASEBRIDGE_STORE"]), when)
}

func (h *hideout) search(dir, when string) {
	for _, found := range h.findings(dir) {
		h.t.Errorf("%s: %s", when, found)
	}
}

// findings are the marks in the files of a directory, and in files that were taken out of it and are still open:
// that is where spools are.
func (h *hideout) findings(dir string) []string {
	var all []string
	look := func(path, name string) {
		b, _ := os.ReadFile(path) // a file that went away meanwhile holds nothing
		if found := h.marks.in(b); len(found) > 0 {
			all = append(all, fmt.Sprintf("%s holds %v", name, found))
		}
	}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			look(path, filepath.Base(path))
		}
		return nil
	})
	open, _ := os.ReadDir("/proc/self/fd")
	for _, fd := range open {
		link := "/proc/self/fd/" + fd.Name()
		if target, _ := os.Readlink(link); strings.HasPrefix(target, dir) && strings.HasSuffix(target, " (deleted)") {
			if info, err := os.Stat(link); err == nil && info.Size() > 0 {
				h.spools.Add(1)
			}
			look(link, filepath.Base(target))
		}
	}
	return all
}

// TestNothingOfAPersonShows lets people work for some hours, asks for everything that can be asked
// without --reveal, and finds no mark on a screen, in a log, in the store or in a temporary file.
func TestNothingOfAPersonShows(t *testing.T) {
	for _, key := range []string{"with a store key", "without one"} {
		t.Run(key, func(t *testing.T) {
			h := newHideout(t)
			if key == "without one" {
				delete(h.env, "CASEBRIDGE_KEY")
			}
			h.people()
			h.hidden("plan", "--all", "--verbose")
			h.hidden("plan", "--all", "--output", "json")
			h.oscar.FailNext(oscarsim.Upserts, oscarsim.HTML502After, 1)
			h.primero.FailNext(isCaseWrite, primerosim.Status500, 1) // its answer holds a text of its own
			h.hidden("run", "--verbose")
			h.hidden("quarantine", "list")
			h.hidden("quarantine", "show", "1")

			h.clock.later(time.Hour)
			h.decide()
			h.hidden("plan", "--all")
			h.hidden("run", "--verbose", "--all")
			h.hidden("run", "--output", "json", "--since", "2026-11-01")
			h.hidden("state", "adopt", "--verbose")
			h.askForEverything()
		})
	}
}

// decide lets NGOs take up what they were sent, with marks of their own.
func (h *hideout) decide() {
	h.t.Helper()
	for _, ngo := range []string{"gpc", "tpo"} {
		for _, ref := range h.received(ngo) {
			slug, err := h.oscar.TakeUp(ngo, ref.ID)
			h.must(err)
			h.must(h.oscar.EditClient(ngo, slug, func(c *oscarsim.Child) {
				c.GivenName, c.LocalGivenName, c.MosvyNumber = h.marks.text("edited"), h.marks.text("editedlocal"), h.marks.text("editedmosvy")
			}))
			h.must(h.oscar.Accept(ngo, slug))
		}
	}
}

// askForEverything asks for all that the store can tell.
func (h *hideout) askForEverything() {
	h.t.Helper()
	h.hidden("state", "show")
	h.hidden("state", "show", "--output", "json")
	h.hidden("quarantine", "list", "--closed")
	h.hidden("quarantine", "list", "--closed", "--output", "json") // all that `show` knows
}

// TestRevealShowsMarks makes sure that the marks are where a screen could show them.
func TestRevealShowsMarks(t *testing.T) {
	h := newHideout(t)
	h.people()
	o := h.casebridge(t, "plan", "--reveal")
	for _, field := range []string{"name_first", "name_last", "mosvy_number", "owned_by_phone", "notes", "given", "family", "worker", "mobile"} {
		if !regexp.MustCompile(stem + "[0-9]+x" + field + `\b`).MatchString(o.out) {
			t.Errorf("plan --reveal shows no mark of %s", field)
		}
	}
	if t.Failed() {
		t.Log(o.out)
	}
	// What was revealed on a screen is kept nowhere.
	h.searchFiles("after plan --reveal")
}

// TestDryRunHidesRecords is about records of a file, which need no system.
func TestDryRunHidesRecords(t *testing.T) {
	h := newHideout(t)
	c, err := (&app{environ: func() []string { return nil }}).ready()
	h.must(err)
	for _, f := range c.program.Flows {
		shown := h.casebridge(t, "dry-run", f.Name(), "--reveal")
		masked := h.casebridge(t, "dry-run", f.Name())
		if shown.out == masked.out || !strings.Contains(masked.out, mask) {
			t.Errorf("%s: --reveal makes no difference", f.Name())
		}
	}
}
