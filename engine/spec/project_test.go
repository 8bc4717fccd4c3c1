package spec_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

func loadLake(t testing.TB) *spec.Project {
	t.Helper()
	p, diags := spec.Load(lake(t), shores())
	if len(diags) > 0 {
		t.Fatalf("findings:\n%s", render(t, diags))
	}
	return p
}

func at(file string, line, column int) engine.Pos {
	return engine.Pos{File: file, Line: line, Column: column}
}

func TestProjectIsDecoded(t *testing.T) {
	p := loadLake(t)
	if p.Name.Text != "lake" || p.Name.At != at("project.yaml", 2, 7) || p.Title != "Two shores of one lake" || p.Zone.String() != "Africa/Nairobi" {
		t.Errorf("project: %+v %q %v", p.Name, p.Title, p.Zone)
	}
	if p.Schedule.Cron.Text != "0 * * * *" || p.Schedule.Cron.At != at("project.yaml", 5, 19) {
		t.Errorf("schedule: %+v", p.Schedule)
	}
	if c := p.Constant("no_phone"); c == nil || c.Value.Any != "000" || c.Why == "" {
		t.Errorf("constant: %+v", c)
	}
	r := p.Recall[0]
	if r.Object.Text != "west.client" || len(r.Key) != 1 || len(r.Keep) != 2 || r.Sealed[0].Text != "family_name" {
		t.Errorf("recall: %+v", r)
	}
	if len(p.Version) != 64 || len(p.Files) != 12 || p.Excerpt(at("rule.yaml", 2, 1)) != "name: agency" {
		t.Errorf("version %q, %d files", p.Version, len(p.Files))
	}
}

func TestFlowIsDecoded(t *testing.T) {
	f := loadLake(t).Flow("east-to-west")
	s := f.Source
	if s.Read.Text != "east.case" || s.As.Text != "case" || s.Start.Text != "2026-01-01" || s.Everything ||
		s.Overlap != 10*time.Minute || s.SweepAt.Text != "02:00" || s.SweepBack != 30*24*time.Hour {
		t.Errorf("source: %+v", s)
	}
	if f.Limits.Creates != 0 || f.Limits.Sends != 20 || f.Limits.UpdatedPercent != 60 {
		t.Errorf("limits: %+v", f.Limits)
	}
	g := f.Gate[0]
	if g.Kind != spec.MustStep || g.Else != spec.SkipIt || g.Expr.Text != "case.open == true" || g.Say.Text != "the case is closed" {
		t.Errorf("gate: %+v", g)
	}
	w := f.Routes[0].Writes
	if w[0].Verb.Text != "send" || w[0].Mapping.Text != "case-to-referral" || w[0].Once[0].Name.Text != "service" {
		t.Errorf("send: %+v", w[0])
	}
	if w[1].Row.Text != "services" || w[1].Fields[0].Literal.Any != "sent" || w[1].Fields[0].Policy != spec.IfEmpty || w[1].Verify[0].Text != "services" {
		t.Errorf("update: %+v", w[1])
	}
}

// TestSnippetsAreExpanded: a renamed name becomes a first_of step at the use
// line, and the snippet's own lines keep their places in its file.
func TestSnippetsAreExpanded(t *testing.T) {
	var kinds []string
	var bound, lead spec.Step
	for _, s := range loadLake(t).Flow("east-to-west").Routes[0].Steps {
		kinds = append(kinds, string(s.Kind)+" "+s.Name.Text)
		switch s.Name.Text {
		case "row":
			bound = s
		case "lead":
			lead = s
		}
	}
	want := []string{"read notes", "each service", "first_of row", "expr lead", "map place", "rule org", "table verdict", "recall homes", "ledger sent", "read other"}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Error(diff)
	}
	if bound.Names[0].Text != "service" || bound.At.File != "flow.yaml" {
		t.Errorf("bound: %+v", bound)
	}
	if lead.Expr.At != at("shared.yaml", 5, 22) {
		t.Errorf("lead is at %v", lead.Expr.At)
	}
}

func TestMappingIsDecoded(t *testing.T) {
	m := loadLake(t).Mapping("case-to-referral")
	if m.To.Text != "west.referral" || m.WhenBlank == nil || m.WhenBlank.Value.Any != "" || m.WhenBlank.Omit {
		t.Errorf("mapping: %+v", m)
	}
	fields := map[string]*spec.FieldRule{}
	for _, f := range m.Fields {
		fields[f.Name.Text] = f
	}
	if f := fields["org"]; !f.Required || f.Policy != spec.OnChange || f.From[0].At != at("mapping.yaml", 7, 15) {
		t.Errorf("org: %+v", f)
	}
	if f := fields["sex"]; f.Map.Text != "sexes" || f.Key.Text != "east" || f.Give.Text != "west" || f.Missing != spec.UseDefault || f.Default.Any != "other" {
		t.Errorf("sex: %+v", f)
	}
	if f := fields["phone"]; f.WhenBlank.Constant.Text != "no_phone" || f.WhenBlank.Constant.At != at("mapping.yaml", 11, 47) {
		t.Errorf("phone: %+v", f.WhenBlank)
	}
	if f := fields["services"]; len(f.One) != 1 || f.One[0].Expr.Text == "" {
		t.Errorf("services: %+v", f)
	}
}

func TestDataIsDecoded(t *testing.T) {
	p := loadLake(t)
	m := p.Map("places")
	if m.At != at("places.yaml", 6, 1) || m.Column("west") != 1 || m.Rows[2].Cells[1].Text != "reed" || m.Rows[2].Note != "a small one" || !m.Columns[0].Complete {
		t.Errorf("map: %+v", m)
	}
	if r := p.Rule("agency"); r.Form("east").Pattern.Text != "agency-{name}" || len(r.Confirmed) != 2 || r.Form("north") != nil {
		t.Errorf("rule: %+v", r)
	}
	l := p.Table("verdicts").Lines
	if diff := cmp.Diff([]any{"open", true}, []any{l[0].When[0].Any, l[0].When[1].Any}); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]any{"closed", "gone"}, l[1].When[0].Any); diff != "" {
		t.Error(diff)
	}
}

func TestSuiteIsDecoded(t *testing.T) {
	s := loadLake(t).Suites[0]
	c := s.Cases[0]
	if s.Flow.Text != "east-to-west" || s.Given[0].Object.Text != "east.case" || !c.Swept || !c.Sealed || c.Now.UTC().Hour() != 5 || c.Replaces[0].Number != 1 {
		t.Errorf("suite: %+v", s)
	}
	e := c.Expect
	if e[0].Verdict.Text != string(engine.Skip) || e[0].Reason.Text != "the case is closed" || e[0].Object.Text != "" {
		t.Errorf("skip: %+v", e[0])
	}
	if e[1].Verdict.Text != string(engine.Send) || e[1].Object.Text != "west.referral" || e[1].Includes == nil || e[1].Lacks[0].Text != "phone" {
		t.Errorf("send: %+v", e[1])
	}
	if e[2].Verdict.Text != "proves" || e[2].Answer.Text != "12" || c.Sent[0].Known[0].Value.Text != "heron" {
		t.Errorf("proves: %+v", e[2])
	}
}

// TestObjectsAreMerged: driver and catalogue together, and the driver's own objects untouched.
func TestObjectsAreMerged(t *testing.T) {
	drivers := shores()
	p, diags := spec.Load(lake(t), drivers)
	if len(diags) > 0 {
		t.Fatal(render(t, diags))
	}
	o := p.Object("east.case")
	if f := o.Field("id"); f.Class != engine.Code || f.Type != engine.Text {
		t.Errorf("id: %+v", f)
	}
	if f := o.Field("sex"); f.Codes != "east.sex" || p.CodeList(f.Codes) == nil || !p.CodeList(f.Codes).Has("male") {
		t.Errorf("sex: %+v", f)
	}
	if f := o.Field("first"); f.Labels["en"] != "First name" {
		t.Errorf("first: %+v", f)
	}
	if f := o.Field("services"); len(f.Fields) != 3 || f.RowKey != "id" {
		t.Errorf("services: %+v", f)
	}
	if f := p.Object("west.referral").Field("sex"); f.Codes != "west.sex" {
		t.Errorf("the driver's code list: %+v", f)
	}
	if diff := cmp.Diff(shores()[0].Objects(), drivers[0].Objects()); diff != "" {
		t.Errorf("Load changed the driver's objects:\n%s", diff)
	}
	if p.Object("east.nothing") != nil || p.Object("case") != nil {
		t.Error("objects that are not there")
	}
}

func TestVersionChangesWithBehaviourOnly(t *testing.T) {
	base := loadLake(t).Version
	for file, changes := range map[string]bool{"rule.yaml": true, "tests.yaml": false} {
		fsys := lake(t)
		fsys[file].Data = append(fsys[file].Data, "# more\n"...)
		p, _ := spec.Load(fsys, shores())
		if (p.Version != base) != changes {
			t.Errorf("%s changed: version changed is %v", file, p.Version != base)
		}
	}
}

func TestLargeFile(t *testing.T) {
	fsys := lake(t)
	fsys["rule.yaml"].Data = append(fsys["rule.yaml"].Data, ("# " + strings.Repeat("x", 1<<20))...)
	_, diags := spec.Load(fsys, shores())
	if len(diags) != 1 || diags[0].Code != "too-large" || diags[0].At.File != "rule.yaml" {
		t.Errorf("findings:\n%s", render(t, diags))
	}
}

// locked is a project in which one file may not be read.
type locked struct{ fstest.MapFS }

func (l locked) Open(name string) (fs.File, error) {
	if name == "rule.yaml" {
		return nil, fs.ErrPermission
	}
	return l.MapFS.Open(name)
}

// Only files are read: a pipe would be waited for, for ever. A name may end in capitals.
func TestOnlyFilesAreRead(t *testing.T) {
	_, diags := spec.Load(fstest.MapFS{
		"project.YAML": {Data: []byte("kind: Project\nname: lake\n")},
		"map.Yml":      {Data: []byte("kind: Maps\n")},
		"pipe.yaml":    {Mode: fs.ModeNamedPipe, Data: []byte("kind: Map\n")},
	}, nil)
	var got []string
	for _, d := range diags {
		got = append(got, d.At.File+" "+d.Code)
	}
	for _, want := range []string{"pipe.yaml unreadable", "map.Yml unknown-kind", "project.YAML missing-key"} {
		if !slices.Contains(got, want) {
			t.Errorf("no %s in %q", want, got)
		}
	}
}

func TestUnreadable(t *testing.T) {
	_, diags := spec.Load(locked{lake(t)}, shores())
	if len(diags) != 1 || diags[0].Code != "unreadable" {
		t.Errorf("findings:\n%s", render(t, diags))
	}
}

func TestManyFindings(t *testing.T) {
	fsys := lake(t)
	fsys["sexes.yaml"].Data = append(fsys["sexes.yaml"].Data, strings.Repeat("- {east: x, west: 1}\n", 2000)...)
	_, diags := spec.Load(fsys, shores())
	last := 0
	for _, d := range diags {
		if d.Code == "too-many" {
			last++
		}
	}
	if len(diags) > 1100 || last == 0 {
		t.Errorf("%d findings, %d of them too-many", len(diags), last)
	}
}

// longMap returns a map of n rows, and the code list that its first column is in.
func longMap(n int, wrong bool) fstest.MapFS {
	var rows, codes strings.Builder
	rows.WriteString("kind: Map\nname: long\ncolumns: {east: {codes: east.long, complete: true}, west: {}}\nrows:\n")
	codes.WriteString("kind: Catalogue\nconnection: east\ncode_lists:\n  long:\n")
	for i := range n {
		cell := fmt.Sprintf("code %05d", i)
		fmt.Fprintf(&codes, "  - {code: %s, label: Number %d}\n", cell, i)
		if wrong {
			cell += "x"
		}
		fmt.Fprintf(&rows, "- {east: %s, west: \"%05d\"}\n", cell, i)
	}
	return fstest.MapFS{"long.yaml": {Data: []byte(rows.String())}, "codes.yaml": {Data: []byte(codes.String())}}
}

// TestLongMap: what a row of a map costs does not grow with the rows, even when every cell is wrong. The times of
// one machine are compared, of two tries the better.
func TestLongMap(t *testing.T) {
	load := func(rows int, wrong bool) time.Duration {
		fsys := lake(t)
		for name, f := range longMap(rows, wrong) {
			fsys[name] = f
		}
		least := time.Hour
		for range 2 {
			begin := time.Now()
			_, diags := spec.Load(fsys, shores())
			least = min(least, time.Since(begin))
			if engine.HasErrors(diags) != wrong {
				t.Errorf("wrong cells %v: errors %v", wrong, engine.HasErrors(diags))
			}
		}
		return least
	}
	for _, wrong := range []bool{false, true} {
		few, many := load(500, wrong), load(4000, wrong)
		t.Logf("wrong cells %v: 500 rows in %v, 4,000 in %v", wrong, few, many)
		if many > 30*few {
			t.Errorf("wrong cells %v: 8 times the rows took %.1f times as long", wrong, float64(many)/float64(few))
		}
	}
}

func BenchmarkLoadLongMap(b *testing.B) {
	fsys := lake(b)
	for name, f := range longMap(5000, false) {
		fsys[name] = f
	}
	for b.Loop() {
		spec.Load(fsys, shores())
	}
}

func BenchmarkLoadLake(b *testing.B) {
	fsys := lake(b)
	for b.Loop() {
		spec.Load(fsys, shores())
	}
}
