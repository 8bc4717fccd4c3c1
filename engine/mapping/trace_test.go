package mapping

import (
	"fmt"
	"strings"
	"testing"

	"github.com/casebridge/casebridge/engine"
)

// traced decides a record and records how.
func traced(f *Flow, body string, answers map[string]Answer) (Decision, *Trace) {
	record := engine.Record{Object: f.source.full, ID: rawValue(body).member("id").text, Body: engine.NewBody([]byte(body))}
	var trace Trace
	d := f.Decide(Input{Record: record, Now: noon, Start: "2026-01-01", Known: &fakeKnown{answers: answers, closed: true}, Trace: &trace})
	return d, &trace
}

// toldTrace writes a trace in short lines.
func toldTrace(t *Trace) string {
	var b strings.Builder
	for _, s := range t.Steps {
		fmt.Fprintf(&b, "%s [%s] %s %s %s rows=%d found=%d", s.Route, s.Item, s.Step.Kind, s.Step.Name.Text, s.Result, s.Rows, s.Found)
		if s.Reason.Text != "" {
			fmt.Fprintf(&b, " %s (%s)", s.Verdict, s.Reason.Text)
		}
		tellInputs(&b, s.Inputs, s.Lookups)
		b.WriteString("\n")
	}
	for _, w := range t.Writes {
		fmt.Fprintf(&b, "%s [%s] %s %s target=%s row=%s fresh=%t %s\n", w.Route, w.Item, w.Write.Verb.Text, w.Object, w.Target, w.Row, w.Fresh, w.Left)
		for _, f := range w.Fields {
			fmt.Fprintf(&b, "  %s %s wanted=%s current=%s", f.Path, f.Result, f.Wanted.Raw(), f.Current.Raw())
			tellInputs(&b, f.Inputs, f.Lookups)
			b.WriteString("\n")
		}
	}
	return b.String()
}

func tellInputs(b *strings.Builder, inputs []TracedInput, lookups []TracedLookup) {
	for _, in := range inputs {
		fmt.Fprintf(b, " %s=%s", in.Path, in.Value.Raw())
		if in.Rows >= 0 {
			fmt.Fprintf(b, "%d rows", in.Rows)
		}
	}
	for _, l := range lookups {
		fmt.Fprintf(b, " <%s %s -> %s %s>", l.In, l.Key.Raw(), l.Found.Raw(), l.Place)
	}
}

const tracedFlow = `kind: Flow
name: in
source: {read: west.member, as: member, since: {start: "2026-01-01"}}
gate:
- {must: not blank(member.uid), else: skip, say: no uid}
routes:
- name: cases
  steps:
  - {name: case, read: east.case, by: {case_id: member.case_id}, none: nothing, several: quarantine, say: two}
  - {name: item, each: member.items, where: item.state == "new", item: item.uid}
  - {name: place, rule: place, from: member.place, by: west, give: east, missing: quarantine, unconfirmed: warn, say: unknown place}
  - {must: not blank(item.name), else: block, say: no name}
  write:
  - upsert: east.case
    target: case
    row: visits
    fields:
      id: {from: item.uid}
      kind: {from: item.name, map: kinds, by: west, give: east, missing: omit}
      note: {value: seen, policy: on_create}
      ref: {expr: item.extra.ref, policy: if_empty}
      tags: {list: {from: place}}
`

func TestTraceTellsStepsAndFields(t *testing.T) {
	flow := flowOf(t, map[string]string{"flow.yaml": tracedFlow})
	member := `{"uid":"m1","case_id":"K1","place":"alpha","items":[{"uid":"v1","name":"phone","state":"new"},{"uid":"v2","state":"old"},{"uid":"v3","state":"new"}]}`
	known := `{"id":"c1","visits":[{"id":"v1","kind":"visit","note":"old","ref":"r","tags":["org-alpha"]}]}`
	answers := map[string]Answer{"read east.case case_id=K1": records("east.case", known)}
	with, trace := traced(flow, member, answers)
	if told(with) != told(decide(flow, member, answers)) {
		t.Error("tracing changes the decision")
	}
	want := strings.TrimLeft(`
gate [] must  passed rows=0 found=0 member.uid="m1"
cases [] read case passed rows=0 found=1 member.case_id="K1"
cases [] each item passed rows=3 found=2 member.items=3 rows item.state= item.uid=
cases [item v1] rule place passed rows=0 found=1 member.place="alpha" <rule place "alpha" -> "org-alpha" data1.yaml:3:32>
cases [item v1] must  passed rows=0 found=0 item.name="phone"
cases [item v2] each item left out rows=0 found=1 member.items=3 rows item.state="old" item.uid="v2"
cases [item v3] rule place passed rows=0 found=1 member.place="alpha" <rule place "alpha" -> "org-alpha" data1.yaml:3:32>
cases [item v3] must  stopped rows=0 found=0 blocked (no name) item.name=
cases [item v1] upsert east.case target=c1 row=visits[v1] fresh=false 
  visits[v1].kind set wanted="call" current="visit" item.name="phone" <map kinds "phone" -> "call" data0.yaml:8:3>
  visits[v1].note on_create wanted="seen" current="old"
  visits[v1].ref if_empty wanted= current="r" item.extra.ref=
  visits[v1].tags same wanted=["org-alpha"] current=["org-alpha"] place="org-alpha"
`, "\n")
	if got := toldTrace(trace); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTraceOfWhatIsNew(t *testing.T) {
	flow := flowOf(t, map[string]string{"flow.yaml": strings.Replace(tracedFlow, "missing: omit", "missing: quarantine", 1)})
	known := `{"id":"c1","visits":[]}`
	answers := map[string]Answer{"read east.case case_id=K1": records("east.case", known)}
	_, trace := traced(flow, `{"uid":"m1","case_id":"K1","place":"alpha","items":[{"uid":"v1","name":"dream","state":"new"}]}`, answers)
	got := toldTrace(trace)
	for _, want := range []string{"row=visits[v1] fresh=true", `visits[v1].id set wanted="v1"`, "visits[v1].kind not possible", `<map kinds "dream" ->  >`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
	_, trace = traced(flow, `{"uid":"m1","case_id":"K1"}`, answers)
	if got := toldTrace(trace); !strings.Contains(got, "cases [] each item silent rows=0 found=0") {
		t.Errorf("an each without rows: %s", got)
	}
	_, trace = traced(flow, `{"uid":""}`, nil)
	if got := toldTrace(trace); got != "gate [] must  stopped rows=0 found=0 skip (no uid) member.uid=\"\"\n" {
		t.Errorf("the gate: %s", got)
	}
}

// Tracing must not change what is decided, whatever the record holds.
func TestTraceChangesNothing(t *testing.T) {
	flow := upsertFlow(t)
	for _, member := range []string{itemsMember, `{}`, `{"uid":1e999,"items":[1,null,{"uid":["v1"]}]}`, `[]`} {
		answers := map[string]Answer{"read east.case case_id=K1": records("east.case", knownCase)}
		with, _ := traced(flow, member, answers)
		record := engine.Record{Object: flow.source.full, ID: rawValue(member).member("id").text, Body: engine.NewBody([]byte(member))}
		without := flow.Decide(Input{Record: record, Now: noon, Start: "2026-01-01", Known: &fakeKnown{answers: answers, closed: true}})
		if told(with) != told(without) {
			t.Errorf("with\n%swithout\n%s", told(with), told(without))
		}
	}
}

// What is only looked at for the trace may break down: a rule that does not count, the name of a row that is left out.
func TestTracingBreaksNothing(t *testing.T) {
	flow := flowOf(t, map[string]string{"flow.yaml": `kind: Flow
name: in
source: {read: west.member, as: member, since: {start: "2026-01-01"}}
routes:
- name: cases
  steps:
  - {name: case, read: east.case, by: {case_id: member.case_id}, none: skip, several: skip, say: not one}
  - {name: item, each: member.items, where: item.state == "new", item: int(item.uid)}
  write:
  - update: east.case
    target: case
    fields:
      age: {expr: int(member.number), policy: on_create}
      kind: {from: item.name, when_blank: other}
      owner: {from: member.place}
`})
	answers := map[string]Answer{"read east.case case_id=K1": records("east.case", `{"id":"c1","age":3,"kind":"call"}`)}
	member := `{"uid":"m1","case_id":"K1","number":"none","place":"alpha","items":[{"uid":"none","state":"old"},{"uid":"7","state":"new"}]}`
	with, trace := traced(flow, member, answers)
	if told(with) != told(decide(flow, member, answers)) || with.Changes[0].Verdict != engine.Update {
		t.Errorf("with a trace\n%swithout\n%s", told(with), told(decide(flow, member, answers)))
	}
	got := toldTrace(trace)
	for _, want := range []string{"age on_create wanted= current=3", `kind filler wanted="other" current="call"`, `owner set wanted="alpha"`, "[item 1] each item left out"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}

func BenchmarkDecideTraced(b *testing.B) {
	flow := upsertFlow(b)
	record := engine.Record{Object: "west.member", Body: engine.NewBody([]byte(itemsMember))}
	known := &fakeKnown{closed: true, answers: map[string]Answer{"read east.case case_id=K1": records("east.case", knownCase)}}
	var trace Trace
	in := Input{Record: record, Now: noon, Known: known, Trace: &trace}
	b.ReportAllocs()
	for b.Loop() {
		known.asked = known.asked[:0]
		flow.Decide(in)
	}
}
