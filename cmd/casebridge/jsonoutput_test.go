package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
	"github.com/casebridge/casebridge/specs"
)

// neverMet are objects that this test does not bring about.
var neverMet = []string{
	"hold", // stands in `state show` while a run is under way
}

// jsonScene is a project of its own, and casebridge between two systems, checked against the help with each command.
type jsonScene struct {
	*rig
	t    *testing.T
	page *jsonPage
	dir  string
}

// says runs a command with --output json, and checks what it prints.
func (s *jsonScene) says(args ...string) {
	s.t.Helper()
	o := s.casebridge(s.t, append(args, "--output", "json")...)
	if o.code != exitDone && o.code != exitPartial && o.code != exitUsage || o.out == "" {
		s.t.Fatalf("casebridge %s: exit code %d\n%s", strings.Join(args, " "), o.code, o.all())
	}
	if err := s.page.check(args, o.out); err != nil {
		s.t.Error(err)
	}
}

// edit replaces a text in a spec file.
func (s *jsonScene) edit(file, old, now string) {
	s.t.Helper()
	path := filepath.Join(s.dir, filepath.FromSlash(file))
	b, err := os.ReadFile(path)
	if err != nil || strings.Count(string(b), old) != 1 {
		s.t.Fatalf("%s: %q stands %d times, %v", file, old, strings.Count(string(b), old), err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(b), old, now, 1)), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// offered makes an NGO's client with a service that no map knows.
func (s *jsonScene) offered(i int, ngo string) string {
	s.t.Helper()
	slug, err := s.oscar.AddClient(ngo, ngoChild(i, "19"))
	if err == nil {
		_, err = s.oscar.ReferToGovernment(ngo, slug, []string{"Respite (new)"}, "Invented reason")
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return slug
}

// What the commands really print has no field that the help does not name, and every field that it says is always there.
func TestJSONIsAsTheHelpSays(t *testing.T) {
	s := &jsonScene{t: t, page: readJSONPage(t), dir: filepath.Join(t.TempDir(), "mine")}
	s.rig = newRig(t, t.TempDir())
	if err := os.CopyFS(s.dir, specs.FS); err != nil {
		t.Fatal(err)
	}
	s.env["CASEBRIDGE_PROJECT"] = s.dir
	s.decided()
	s.held()
	s.changed()
	s.looked()
	for name := range s.page.objects {
		if s.page.met[name] == slices.Contains(neverMet, name) {
			t.Errorf("object %q: met %v, and neverMet says otherwise", name, s.page.met[name])
		}
	}
}

// decided: plans and runs, with all that can come of a record.
func (s *jsonScene) decided() {
	s.edit("rules/agency.yaml", "- colt", "# - colt")
	first := s.referred(s.t, 1, "counselling_trauma", "gpc")
	s.referred(s.t, 2, "counselling_family", "tpo")
	s.referred(s.t, 3, "counselling_trauma", "colt")
	carried := s.offered(51, "eao")
	s.says("plan", "--all")
	s.oscar.FailNext(oscarsim.Upserts, oscarsim.ResetAfter, 1)
	s.says("run")
	s.says("parked", "list")
	s.says("parked", "show", "1")
	s.says("explain", first.CaseID)
	s.clock.later(time.Hour)
	s.says("run")
	s.says("plan", "--reveal", "--all")
	s.says("explain", carried, "name_first")
}

// held: what is in quarantine, and what a person does about it.
func (s *jsonScene) held() {
	dangling := ngoChild(90, "08")
	dangling.ExternalID, dangling.ExternalIDDisplay = "a-case-that-is-not-there", "unknown"
	if _, err := s.oscar.AddClient("sk", dangling); err != nil {
		s.t.Fatal(err)
	}
	s.edit("mappings/service-to-row.yaml", "service_type: {from: service.name, map: services, by: oscar, give: type, missing: default, default: other,",
		"service_type: {from: service.name, map: services, by: oscar, give: type, missing: quarantine,")
	second := s.offered(52, "goh")
	s.says("run")
	s.says("maps", "suggest")
	s.says("quarantine", "list")
	s.says("quarantine", "show", "1")
	s.says("quarantine", "show", "1", "--reveal")
	s.says("explain", second)
	s.says("quarantine", "retry", "1", "--plan")
	s.says("quarantine", "retry", "--all")
	s.run(s.t, exitDone, "quarantine", "pause", "--why", "to look")
	s.says("run")
	s.says("state", "show")
	s.run(s.t, exitDone, "quarantine", "resume")
}

// changed: the specs learn, and what that does.
func (s *jsonScene) changed() {
	s.edit("rules/agency.yaml", "# - colt", "- colt")
	s.edit("mappings/case-to-referral.yaml", "given_name: {from: [member.given_name, case.name_first]}", "given_name: {from: [member.given_name, case.name_last]}")
	const known, row = "Disability respite care", "- {oscar: Disability respite care, type: disability_support, subtype: disability_support_respite-care}"
	const option = "  - {code: disability_support_respite-care, label: Disability respite care}"
	s.edit("catalogues/oscar.yaml", "  - "+known, "  - "+known+"\n  - Respite (new)")
	s.edit("catalogues/primero.yaml", option, option+"\n  - {code: disability_support_respite_new, label: Respite (new)}")
	s.edit("maps/services.yaml", row, row+"\n- {oscar: Respite (new), type: disability_support, subtype: disability_support_respite_new}")
	s.says("quarantine", "list")
	s.says("impact", "primero-to-oscar", "--against", "last")
	s.says("impact", "--against", "last", "--reveal")
	s.says("test", "--coverage")
	s.says("check", "--live", "--all")
	s.edit("maps/provinces.yaml", "user: mgrkdl", "user: mgrkld")
	s.says("check", "--live")
	s.says("validate")
}

// looked: what needs neither system.
func (s *jsonScene) looked() {
	s.says("dry-run", "oscar-ids")
	s.says("settings")
	s.says("explain-code")
	s.says("state", "history", "--last", "0")
	s.says("state", "runs", "--last", "0")
	s.says("state", "check")
	s.says("state", "backup", filepath.Join(s.t.TempDir(), "copy.db"))
}
