package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/specs"
)

// writeCases writes n invented cases, each with a service and a referral of it, in the
// form that --from takes.
func writeCases(w io.Writer, n int) error {
	out := bufio.NewWriter(w)
	fmt.Fprint(out, `{"primero.case":[`)
	comma := func(i int) {
		if i > 0 {
			fmt.Fprint(out, ",\n")
		}
	}
	subtypes := []string{"counselling_trauma", "counselling_family", "family_support_family_support", "training_education_life_skills"}
	for i := range n {
		comma(i)
		fmt.Fprintf(out, `{"id":"00000000-0000-4000-8000-%012d","case_id":"c-%d","case_id_display":"d-%d","module_id":"primeromodule-cp","enabled":true,`+
			`"status":%q,"consent_for_services":%t,"disclosure_other_orgs":true,"risk_level":"high","name_first":"Invented %d","name_last":"Sample",`+
			`"sex":"female","date_of_birth":"2015-02-03","location_current":"1201%02d01","owned_by":"worker1","owned_by_agency_id":"agency-government",`+
			`"services_section":[{"unique_id":"s-%d","service_type":"counselling","service_response_type":"referral_to_oscar",`+
			`"service_implementing_agency":"agency-%s","service_subtype":[%q]},{"unique_id":"t-%d","service_type":"other","service_response_type":"action_plan"}]}`,
			i, i, i, []string{"open", "open", "open", "closed"}[i%4], i%7 > 0, i, i%100, i, []string{"gpc", "tpo", "eao"}[i%3], subtypes[i%len(subtypes)], i)
	}
	fmt.Fprint(out, `],"primero.referral":[`)
	for i := range n {
		comma(i)
		fmt.Fprintf(out, `{"of":"00000000-0000-4000-8000-%012d","id":"r-%d","status":"in_progress","created_at":"2026-11-01T08:00:00.000Z",`+
			`"service_record_id":"s-%d","notes":"Invented reason"}`, i, i, i)
	}
	fmt.Fprint(out, `]}`)
	return out.Flush()
}

// changedSpecs writes the project's specs with one service and one rule changed.
func changedSpecs(tb testing.TB) string {
	tb.Helper()
	dir := tb.TempDir()
	if err := os.CopyFS(dir, specs.FS); err != nil {
		tb.Fatal(err)
	}
	for _, e := range [][3]string{{"rules/agency.yaml", "- tpo", "# - tpo"}, {"mappings/case-to-referral.yaml", "is_referred: {value: true}", "is_referred: {expr: case.enabled}"},
		{"mappings/case-to-referral.yaml", "external_case_worker_name: {from: case.owned_by}", "external_case_worker_name: {from: case.owned_by_agency_id}"}} {
		path := filepath.Join(dir, filepath.FromSlash(e[0]))
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), e[1]) {
			tb.Fatalf("%s: no %q (%v)", path, e[1], err)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), e[1], e[2], 1)), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

// impactOver runs the command as a person would, and returns what it prints.
func impactOver(tb testing.TB, project, old, cases string) string {
	tb.Helper()
	var out, errs bytes.Buffer
	a := app{environ: func() []string { return nil }, stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: func() time.Time { return monday }}
	if code := a.run(context.Background(), []string{"impact", "primero-to-oscar", "--project", project, "--against", old, "--from", cases}); code != exitDone {
		tb.Fatalf("exit code %d: %s", code, errs.String())
	}
	return out.String()
}

func casesFile(tb testing.TB, n int) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "cases.json")
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	if err := writeCases(f, n); err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
	return path
}

func plainSpecs(tb testing.TB) string {
	tb.Helper()
	dir := tb.TempDir()
	if err := os.CopyFS(dir, specs.FS); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// Ten thousand cases are compared while a person waits: what one costs does not grow with how many there are. The
// times of one machine are compared; how fast it is is nobody's fault.
func TestImpactOverManyCases(t *testing.T) {
	old, project := plainSpecs(t), changedSpecs(t)
	compare := func(n int) (string, time.Duration) {
		cases := casesFile(t, n)
		began := time.Now()
		out := impactOver(t, project, old, cases)
		return out, time.Since(began)
	}
	_, first := compare(1000)
	_, second := compare(1000)
	few := min(first, second)
	out, took := compare(10_000)
	if want := "primero-to-oscar: 6785 of 10000 cases change: external_case_worker_name 4285; 2143 newly quarantined (the service names no confirmed NGO); 357 quarantined instead of blocked"; !strings.Contains(out, want) {
		t.Errorf("want %q in\n%s", want, out)
	}
	if strings.Contains(out, "Invented") {
		t.Errorf("a name is shown:\n%s", out)
	}
	t.Logf("1,000 cases in %v, 10,000 in %v", few, took)
	if took > 30*few {
		t.Errorf("10 times the cases took %.1f times as long", float64(took)/float64(few))
	}
}

func BenchmarkImpact(b *testing.B) {
	old, project, cases := plainSpecs(b), changedSpecs(b), casesFile(b, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		impactOver(b, project, old, cases)
	}
}
