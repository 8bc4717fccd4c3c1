package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
	primerosim "github.com/casebridge/casebridge/connectors/primero/sim"
)

// asked runs casebridge at debug level, whatever comes of it, and finds no mark in what it says and leaves behind.
func (h *hideout) asked(args ...string) outcome {
	h.t.Helper()
	args = append(args, "--verbose")
	o := h.casebridge(h.t, args...)
	name := "casebridge " + strings.Join(args, " ")
	if found := h.marks.in([]byte(o.all())); len(found) > 0 {
		h.t.Errorf("%s shows %v\n%s", name, found, o.all())
	}
	h.searchFiles("after " + name)
	return o
}

// Servers that put into their errors what they were sent, or the query they were asked.
func TestNothingShowsOfServersThatSayItBack(t *testing.T) {
	h := newHideout(t)
	h.env["PRIMERO_RETRIES"], h.env["OSCAR_RETRIES"] = "0", "0"
	h.env["PRIMERO_TIMEOUT"], h.env["OSCAR_TIMEOUT"], h.env["OSCAR_LIST_TIMEOUT"] = "1s", "1s", "1s"
	h.people()
	writes := func(q *http.Request) bool { return q.Method != http.MethodGet }
	reads := func(q *http.Request) bool { return q.Method == http.MethodGet }
	for _, status := range []int{400, 403, 404, 409, 422, 429, 500, 503} {
		h.primero.FailNext(writes, primerosim.Echo(status), 2)
		h.oscar.FailNext(oscarsim.Upserts, oscarsim.Echo(status), 1)
		h.oscar.FailNext(oscarsim.Links, oscarsim.Echo(status), 1)
		h.asked("run")
		h.clock.later(2 * time.Hour)
	}
	for _, kind := range []primerosim.FaultKind{primerosim.HTML200, primerosim.Empty200, primerosim.Cut, primerosim.ResetAfter, primerosim.Status500, primerosim.Echo(422), primerosim.Echo(500)} {
		h.primero.FailNext(reads, kind, 3)
		h.primero.FailNext(writes, kind, 1)
		h.oscar.FailNext(oscarsim.Upserts, oscarsim.HTML502After, 1)
		h.asked("run")
		h.clock.later(2 * time.Hour)
	}
	h.primero.FailNext(writes, primerosim.Timeout, 1)
	h.oscar.FailNext(reads, oscarsim.CutAfter(300), 1)
	h.asked("run", "--all")
	h.everythingElse()
}

// While a list is being read, what is on disk of it cannot be read, not even by who opens the file that has no name any more.
func TestNothingShowsInASpool(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only there files without a name can be looked into")
	}
	h := newHideout(t)
	h.people()
	front := serveTest(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/organizations/clients") {
			h.oscar.ServeHTTP(w, r)
			return
		}
		whole := httptest.NewRecorder()
		h.oscar.ServeHTTP(whole, r)
		if len(h.marks.in(whole.Body.Bytes())) == 0 {
			t.Error("the list has no marks")
		}
		_, _ = w.Write(append(whole.Body.Bytes(), bytes.Repeat([]byte(" "), 1<<20)...))
		_ = http.NewResponseController(w).Flush()
		for i := 0; i < 20 || h.spools.Load() == 0 && i < 6000; i++ { // until it is on disk, and a while longer
			time.Sleep(10 * time.Millisecond)
			h.search(h.temp, "while a list is read")
		}
	}))
	h.env["OSCAR_URL"] = front.url
	h.asked("run")
	if h.spools.Load() == 0 {
		t.Error("no spool was looked into")
	}
}

// everythingElse asks for all that can be asked without --reveal.
func (h *hideout) everythingElse() {
	h.t.Helper()
	listed := ""
	for _, args := range []string{
		"validate", "validate --output json", "test", "test replaces", "test --output json", "plan --all", "plan --all --output json", "plan --since 2026-01-01 --all", "docs --out " + filepath.Join(h.temp, "docs"), "version",
		"run --output json --since 2026-01-01", "run --all", "quarantine list", "quarantine list --output json", "quarantine list --closed", "quarantine list --closed --output json",
		"parked list", "parked list --output json", "state show", "state show --output json", "state history", "state history --output json", "state runs", "state runs --output json",
		"state check", "state check --output json", "impact --against last", "impact --against last --output json", "state adopt --before 2026-11-01 --why test",
		"plan --case a-case-that-is-not-there", "run oscar-to-primero --case nobody", "plan --config /nowhere", "run --set connections.primero.url=::", "run --store " + filepath.Join(h.temp, "none", "x", "y.db"),
		"state backup " + filepath.Join(h.temp, "copy.db"), "quarantine retry --all", "dry-run oscar-to-primero", "dry-run primero-to-oscar", "dry-run oscar-ids",
	} {
		o := h.asked(strings.Fields(args)...)
		if o.code == exitUsage && !strings.Contains(args, "/nowhere") {
			h.t.Errorf("casebridge %s is not understood:\n%s", args, o.all())
		}
		if strings.HasPrefix(args, "quarantine list") || strings.HasPrefix(args, "parked list") {
			listed += o.out
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^\s*#?([0-9]+)\b`).FindAllStringSubmatch(listed, 40) {
		h.asked("quarantine", "show", m[1])
		h.asked("quarantine", "show", m[1], "--output", "json")
		h.asked("parked", "show", m[1])
		h.asked("parked", "show", m[1], "--output", "json")
	}
}

// Records that cannot be used are put aside without a word of what stands in them.
func TestNothingShowsOfUnusableRecords(t *testing.T) {
	h := newHideout(t)
	bad := `{"data":[{"slug":"b-1","organization_name":"gpc","global_id":"01B","given_name":"` + h.marks.text("twice") + `","given_name":"` + h.marks.text("again") + `"},
		{"slug":"b-2","organization_name":"gpc","global_id":"01C","given_name":"` + h.marks.text("bytes") + "\xff" + `"},
		{"slug":"b-3","organization_name":"gpc","global_id":"01D","given_name":"` + strings.Repeat(h.marks.text("long"), 1<<17) + `"}]}`
	front := serveTest(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/organizations/clients") {
			_, _ = w.Write([]byte(bad)) // the client may be gone
			return
		}
		h.oscar.ServeHTTP(w, r)
	}))
	h.env["OSCAR_URL"] = front.url
	o := h.asked("run")
	for _, why := range []string{"a field stands in it twice", "not UTF-8", "larger than allowed"} {
		if strings.Count(o.out, "the record cannot be used: ") == 0 || !strings.Contains(o.out, why) {
			t.Errorf("the run does not say %q:\n%s", why, o.out)
		}
	}
	for _, args := range []string{"plan --all --output json", "quarantine list --output json", "quarantine show 1", "quarantine show 2", "quarantine show 3", "quarantine retry --all"} {
		h.asked(strings.Fields(args)...)
	}
}

// serveTest answers until the test ends.
func serveTest(t *testing.T, handler http.Handler) served {
	t.Helper()
	s, err := serve(t.Context(), "127.0.0.1:0", handler)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	return s
}
