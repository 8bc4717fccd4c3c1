package mapping

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// bothWays looks the map kinds up in both directions.
const bothWays = `kind: Flow
name: ways
source: {read: west.member, as: member, since: {start: everything}}
limits: {creates: 9, sends: 9, updated_percent: 9}
routes:
- name: there
  steps:
  - {name: case, read: east.case, by: {case_id: member.case_id}, none: nothing, several: quarantine, say: several cases}
  - {name: said, table: answers, from: {now: member.kind, said: member.number}, none: nothing}
  - {name: east, expr: 'lookup("kinds", "west", member.kind, "east")'}
  - {name: west, expr: 'lookup("kinds", "east", member.kind, "west")'}
  - {must: given(east) or given(west) or given(said), else: skip, say: nothing found}
  write:
  - {upsert: east.case, target: case, mapping: to-case}
`

// ways compiles the flow with this text in place of the rows of the map, or of the lines of the table;
// nil when it is refused, which must be with a finding.
func ways(t *testing.T, from, to string) (*spec.Project, *Program) {
	t.Helper()
	if !strings.Contains(dataFile, from) {
		t.Fatalf("the data has no %q", from)
	}
	all := fstest.MapFS{"project.yaml": {Data: []byte(projectFile)}, "catalogue.yaml": {Data: []byte(catalogueFile)}, "flow.yaml": {Data: []byte(bothWays)}, "to-case.yaml": {Data: []byte(toCase)}}
	for name, text := range everythingGoes(eastern(), western()) {
		all[name] = &fstest.MapFile{Data: []byte(text)}
	}
	for i, text := range strings.Split(dataFile, "---\n") {
		if at := strings.Index(text, from); at >= 0 {
			text = text[:at] + from + to
		}
		all[fmt.Sprintf("data%d.yaml", i)] = &fstest.MapFile{Data: []byte(text)}
	}
	p, diags := spec.Load(all, []engine.Driver{eastern(), western()})
	if p == nil || engine.HasErrors(diags) {
		if !engine.HasErrors(diags) {
			t.Fatal("refused without a finding")
		}
		t.Log(printed(diags))
		return nil, nil
	}
	program, diags := Compile(p)
	if engine.HasErrors(diags) {
		t.Log(printed(diags))
		return nil, nil
	}
	return p, program
}

// The fuzz targets below prove something only where the data as it stands is taken.
func TestWaysAreSound(t *testing.T) {
	_, rows, _ := strings.Cut(dataFile, "rows:")
	rows, _, _ = strings.Cut(rows, "---")
	p, program := ways(t, "rows:", rows)
	if p == nil {
		t.Fatal("the world's own map is refused")
	}
	for key, writes := range map[string]bool{"phone": true, "talk": true, "visit": true, "no such kind": false} {
		d := decide(program.Flows[0], `{"uid":"m1","place":"alpha","name":"Ann","kind":"`+key+`","number":"Maybe"}`, nil)
		if len(d.Changes) != 1 || d.Changes[0].Verdict.Writes() != writes {
			t.Errorf("%s: %s", key, told(d))
		}
	}
}

// FuzzMap puts any text in the place of a map's rows. What loads is looked up in both directions: what is found
// comes back as the same, or its row says lossy; and an expression finds what the map says.
func FuzzMap(f *testing.F) {
	for _, rows := range []string{
		"\n- {east: visit, west: home visit}\n- {east: call, west: phone}\n- {east: other, west: phone, lossy: nearly always}\n- {east: other, west: talk}\n",
		"\n- {east: visit, west: \"01\"}\n- {east: call, west: 01}\n- {east: other, west: 1e0}\n",
		"\n- {east: visit, west: a, lossy: x}\n- {east: visit, west: a, lossy: y}\n", "\n- {east: visit, west: }\n- {east: visit, west: ''}\n",
		"\n- {east: visit, west: \"a\\0\"}\n- {east: call, west: \"\\ud800\"}\n", "\n- [visit, a]\n", " []\n", "\n- {east: visit, west: a, east: call}\n",
		"\n- &a {east: visit, west: b}\n- *a\n", "\n- {east: visit, west: បាត់}\n- {east: call, west: \"  បាត់\"}\n", "\n- {west: {east: visit}}\n", "\n- {east: visit, west: ~}\n- {east: call, west: null}\n- {east: other, west: no}\n",
	} {
		f.Add(rows)
	}
	f.Fuzz(func(t *testing.T, rows string) {
		if len(rows) > 5000 {
			return
		}
		p, program := ways(t, "rows:", rows)
		if p == nil {
			return
		}
		m := p.Map("kinds")
		if m == nil {
			return // the text ended this document and began another
		}
		east, west := m.Column("east"), m.Column("west")
		if east < 0 || west < 0 {
			return
		}
		thereAndBack(t, m, east, west)
		thereAndBack(t, m, west, east)
		for _, row := range m.Rows {
			found(t, program.Flows[0], m, row.Cells[west].Text, east, west)
		}
	})
}

func thereAndBack(t *testing.T, m *spec.Map, from, to int) {
	t.Helper()
	there, back := m.Index(from, to), m.Index(to, from)
	for key, row := range there {
		if row.Cells[from].Text != key {
			t.Fatalf("%q finds the row of %q", key, row.Cells[from].Text)
		}
		if home := back[row.Cells[to].Text]; row.Lossy == "" && home != row {
			t.Fatalf("%q gives %q, whose way back is another row, and no row says lossy", key, row.Cells[to].Text)
		}
	}
}

// found asks with an expression of the compiled flow.
func found(t *testing.T, flow *Flow, m *spec.Map, key string, east, west int) {
	t.Helper()
	want := ""
	if row := m.Index(west, east)[key]; row != nil {
		want = row.Cells[east].Text
	}
	quoted := string(gjson.AppendJSONString(nil, key))
	d := decide(flow, `{"uid":"m1","place":"alpha","name":"Ann","kind":`+quoted+`}`, nil)
	if len(d.Changes) != 1 || strings.TrimSpace(want) != "" && !d.Changes[0].Verdict.Writes() && gjson.Parse(quoted).Str == key {
		t.Fatalf("%q finds %q in the map, and the flow does not: %s", key, want, told(d))
	}
}

// FuzzTable puts any text in the place of a table's lines and asks with any two values.
func FuzzTable(f *testing.F) {
	for _, lines := range []string{
		"\n- {when: [done, \"*\"], then: [done, 1]}\n- {when: [\"*\", [Yes, Yess]], then: [done, 2]}\n- {when: [\"\", No], then: [refused, 3]}\n",
		"\n- {when: [1, 1.0], then: [\"*\", ~]}\n", "\n- {when: [true, false], then: [[a, b], {c: d}]}\n", "\n- {when: [[], [\"*\"]], then: [a, b]}\n",
		"\n- {when: [1e999, 12345678901234567890], then: [a, 0x1f]}\n", "\n- {when: [a], then: [b]}\n", " []\n", "\n- {when: [*, *], then: [a, b]}\n",
	} {
		f.Add(lines, `"done"`, `1`)
		f.Add(lines, `12345678901234567890`, `null`)
	}
	f.Fuzz(func(t *testing.T, lines, one, two string) {
		if len(lines)+len(one)+len(two) > 5000 || !gjson.Valid(one) || !gjson.Valid(two) {
			return
		}
		p, program := ways(t, "lines:", lines)
		if p == nil || p.Table("answers") == nil {
			return
		}
		first := decide(program.Flows[0], `{"uid":"m1","kind":`+one+`,"number":`+two+`}`, nil)
		if again := decide(program.Flows[0], `{"uid":"m1","kind":`+one+`,"number":`+two+`}`, nil); told(first) != told(again) {
			t.Fatalf("decided differently:\n%s%s", told(first), told(again))
		}
		given := []value{rawValue(one), rawValue(two)}
		if got, _ := compileTable(p.Table("answers")).answer(given); got.given() && got.kind != object {
			t.Fatalf("a table gave %s", got.kind)
		}
	})
}
