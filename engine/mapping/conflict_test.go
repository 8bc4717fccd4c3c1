package mapping

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/casebridge/casebridge/engine"
)

// shared carries a member's name into its case: POLICY stands for the conflict policy.
const shared = `kind: Flow
name: in
source: {read: west.member, as: member, since: {start: everything}}
routes:
- name: cases
  steps:
  - {name: case, read: east.case, by: {case_id: member.case_id}, none: nothing, several: quarantine, say: several cases}
  write:
  - upsert: east.case
    target: case
    fields:
      id: {from: member.uid, policy: on_create}
      name: {from: member.name, conflict: POLICY}
`

// linked answers what both sides last had in common, in clear: fields are pairs of a name and JSON.
func linked(fields ...string) Answer {
	a := Answer{Digest: func(_ string, value []byte) string { return string(value) }}
	for i := 0; i < len(fields); i += 2 {
		a.Agreed = append(a.Agreed, Agreed{fields[i], fields[i+1]})
	}
	return a
}

// TestConflict is the whole table: who changed the field since both sides had the same, and what each policy makes of it.
func TestConflict(t *testing.T) {
	const (
		goes  = `update east.case name="source"`
		stays = "no change"
		aside = "quarantine"
	)
	for _, c := range []struct {
		changed                string
		last, now              string // JSON; last "": never in common
		source, target, review string
	}{
		{"nobody, and both have the same", `"source"`, `"source"`, stays, stays, stays},
		{"both, to the same", `"before"`, `"source"`, stays, stays, stays},
		{"only the source", `"before"`, `"before"`, goes, goes, goes},
		{"only the source; the target has always been empty", `null`, `""`, goes, goes, goes},
		{"only the target", `"source"`, `"target"`, goes, stays, stays},
		{"only the target: somebody emptied it", `"source"`, `""`, goes, stays, stays},
		{"both, differently", `"before"`, `"target"`, goes, stays, aside},
		{"both: somebody emptied the target", `"before"`, `null`, goes, stays, aside},
		{"never the same, and the target is empty", ``, `" "`, goes, goes, goes},
		{"never the same, and both have the same now", ``, `"source"`, stays, stays, stays},
		{"never the same, and both have a value", ``, `"target"`, goes, stays, aside},
	} {
		for policy, want := range map[string]string{"source": c.source, "target": c.target, "review": c.review} {
			f := flowOf(t, map[string]string{"flow.yaml": strings.Replace(shared, "POLICY", policy, 1)})
			known := linked()
			if c.last != "" {
				known = linked("name", c.last)
			}
			got := decide(f, `{"uid":"m1","case_id":"K1","name":"source"}`, map[string]Answer{
				"read east.case case_id=K1": records("east.case", `{"id":"c1","case_id":"K1","name":`+c.now+`}`),
				"link east.case c1":         known,
			})
			if text := outcome(got.Changes[0]); text != want {
				t.Errorf("changed: %s; policy %s: got %s, want %s", c.changed, policy, text, want)
			}
		}
	}
}

func outcome(c engine.Change) string {
	text := string(c.Verdict)
	if c.Verdict.Writes() {
		text += " " + c.Object
	}
	for _, f := range c.Fields {
		text += fmt.Sprintf(" %s=%s", f.Path, f.New.Raw())
	}
	return text
}

// decideShared decides the member against a case of which last is what both sides had in common.
func decideShared(t *testing.T, policy, member, known string, last Answer) engine.Change {
	t.Helper()
	f := flowOf(t, map[string]string{"flow.yaml": strings.Replace(shared, "POLICY", policy, 1)})
	answers := map[string]Answer{"link east.case c1": last}
	if known != "" {
		answers["read east.case case_id=K1"] = records("east.case", known)
	}
	return decide(f, member, answers).Changes[0]
}

const (
	memberNew = `{"uid":"m1","case_id":"K1","name":"new"}`
	caseOther = `{"id":"c1","case_id":"K1","name":"other"}`
)

// What a person reads names the field and its place, and no value.
func TestConflictReasons(t *testing.T) {
	for _, c := range []struct {
		policy string
		last   Answer
		code   string
		text   string
	}{
		{"review", linked("name", `"old"`), "cases/name/conflict", "the field name of east.case was changed on both sides since both had the same: make both the same, or discard this entry"},
		{"review", linked(), "cases/name/conflict", "the field name of east.case has another value in the source, and which one is newer is not known: make both the same, or discard this entry"},
		{"review", linked("name", `"new"`), "cases/name/kept", "the field name was changed in east.case and stays as it is there"},
		{"target", linked("name", `"old"`), "cases/name/kept", "the field name was changed on both sides, and east.case keeps its own"},
		{"target", linked(), "cases/name/kept", "the field name has another value in east.case and stays as it is there: which one is newer is not known"},
		{"target", Answer{}, "cases/name/kept", "the field name has another value in east.case and stays as it is there: which one is newer is not known"},
	} {
		got := decideShared(t, c.policy, memberNew, caseOther, c.last).Reason
		if got.Code != c.code || got.Text != c.text || got.Place != "flow.yaml:13:7" {
			t.Errorf("%s: got %+v", c.policy, got)
		}
	}
}

// What both sides have in common is told when it is news, and only then: an unchanged record costs the store nothing.
func TestLinksAreToldOnce(t *testing.T) {
	same := `{"id":"c1","case_id":"K1","name":"new"}`
	for _, c := range []struct {
		what   string
		member string
		known  string
		last   Answer
		want   string
	}{
		{"written over an older value", memberNew, caseOther, linked("name", `"other"`), `update name="new"`},
		{"the same for the first time", memberNew, same, linked(), `no change name="new"`},
		{"the same again", memberNew, same, linked("name", `"new"`), `no change`},
		{"both changed to the same", memberNew, same, linked("name", `"old"`), `no change name="new"`},
		{"kept", memberNew, caseOther, linked("name", `"new"`), `no change`},
		{"a blank source says nothing", `{"uid":"m1","case_id":"K1"}`, same, linked("name", `"old"`), `no change`},
		{"a new record", memberNew, "", Answer{}, `create name="new"`},
		{"no store key", memberNew, same, Answer{}, `no change`},
		{"no store key, and the target is empty", memberNew, `{"id":"c1","case_id":"K1"}`, Answer{}, `update name="new"`},
	} {
		got := decideShared(t, "review", c.member, c.known, c.last)
		text := string(got.Verdict)
		for _, l := range got.Links {
			text += fmt.Sprintf(" %s%s=%s", l.Row, l.Field, l.Value.Raw())
		}
		if text != c.want {
			t.Errorf("%s: got %s, want %s", c.what, text, c.want)
		}
	}
}

// Each row has its own history, and one that is kept does not keep the others.
func TestConflictInRows(t *testing.T) {
	f := flowOf(t, map[string]string{"to-case.yaml": toCase, "to-visit.yaml": strings.Replace(toVisit, "note: {from: item.name}", "note: {from: item.name, conflict: target}", 1),
		"flow.yaml": "kind: Flow\nname: in\nsource: {read: west.member, as: member, since: {start: everything}}\nlimits: {creates: 9, sends: 9, updated_percent: 9}\n" + memberToCase})
	member := `{"uid":"m1","case_id":"K1","name":"Ann","items":[{"uid":"v1","name":"one"},{"uid":"v3","name":"two"},{"uid":"v9","name":"nine"}]}`
	got := decide(f, member, map[string]Answer{
		"read east.case case_id=K1":       records("east.case", knownCase),
		"link east.case visits[x1] of c1": linked("note", `"one"`),
		"link east.case visits[x3] of c1": linked("note", `"third"`),
	})
	expect(t, got, `
cases update object=east.case target=c1 doc={"owner":null,"visits":[{"id":"x3","note":"two"},{"id":"v9","kind":"visit","ref":"v9","note":"nine"}]}
`)
	c := got.Changes[0]
	var links []string
	for _, l := range c.Links {
		links = append(links, l.Row+"."+l.Field)
	}
	if strings.Join(links, " ") != "visits[x3].note visits[v9].note" || len(c.Kept) != 1 || c.Kept[0].Place != "to-visit.yaml:11:3" {
		t.Errorf("links %v, kept %+v", links, c.Kept)
	}
}

// A write without contended fields asks for nothing more.
func TestLinksAreAskedForOnlyWhereNeeded(t *testing.T) {
	for policy, want := range map[string]bool{"source": false, "target": true, "review": true} {
		f := flowOf(t, map[string]string{"flow.yaml": strings.Replace(shared, "POLICY", policy, 1)})
		known := &fakeKnown{closed: true, answers: map[string]Answer{"read east.case case_id=K1": records("east.case", caseOther)}}
		f.Decide(Input{Record: engine.Record{Object: "west.member", Body: engine.NewBody([]byte(memberNew))}, Now: noon, Known: known})
		if asked := strings.Contains(strings.Join(known.asked, "\n"), "link "); asked != want {
			t.Errorf("policy %s: asked %q", policy, known.asked)
		}
	}
}

// Equal values have equal bytes, so that they have equal digests.
func TestNormal(t *testing.T) {
	text, instant := &engine.Field{Type: engine.Any}, &engine.Field{Type: engine.Instant}
	for _, same := range [][]string{
		{`null`, `""`, `" "`, `[]`, ``, `no JSON`},
		{`"ann"`, `"\u0061nn"`},
		{`1`, `1.0`, `10e-1`, `0.1e1`},
		{`0`, `-0`, `0.00`, `0e9`},
		{`-12.50`, `-1.25e1`},
		{`{"a":1,"b":[2]}`, ` {"b" : [2.0], "a": 1e0}`},
		{`true`}, {`false`}, {`"true"`}, {`["a","b"]`}, {`["b","a"]`}, {`12345678901234567890`}, {`12345678901234567891`},
	} {
		for _, raw := range same {
			a, b := Normal(text, engine.NewBody([]byte(same[0]))), Normal(text, engine.NewBody([]byte(raw)))
			if string(a.Raw()) != string(b.Raw()) {
				t.Errorf("%s is %s, and %s is %s", same[0], a.Raw(), raw, b.Raw())
			}
		}
	}
	day := []string{`"2026-01-02T00:00:00Z"`, `"2026-01-02T00:00:00.000Z"`, `"2026-01-02T09:00:00+09:00"`}
	for _, raw := range day {
		if got := string(Normal(instant, engine.NewBody([]byte(raw))).Raw()); got != day[0] {
			t.Errorf("%s is %s", raw, got)
		}
	}
}

// Whatever both sides have: what is written or left alone now is left alone the next time, and nothing is told twice.
func TestConflictSettles(t *testing.T) {
	flows := map[string]*Flow{}
	for _, policy := range []string{"target", "review"} {
		flows[policy] = flowOf(t, map[string]string{"flow.yaml": strings.Replace(shared, "POLICY", policy+", clear: true", 1)})
	}
	rapid.Check(t, func(t *rapid.T) {
		f := flows[rapid.SampledFrom([]string{"target", "review"}).Draw(t, "policy")]
		values := rapid.SampledFrom([]string{`"a"`, `"\u0061"`, `"b"`, `""`, `" "`, `null`, `"c\u00e9"`})
		member := `{"uid":"m1","case_id":"K1","name":` + values.Draw(t, "wanted") + `}`
		now, last := values.Draw(t, "now"), linked()
		if rapid.Bool().Draw(t, "linked") {
			last = linked("name", string(Normal(&engine.Field{Type: engine.Text}, engine.NewBody([]byte(values.Draw(t, "last")))).Raw()))
		}
		again := func(now string, last Answer) engine.Change {
			return decide(f, member, map[string]Answer{"link east.case c1": last,
				"read east.case case_id=K1": records("east.case", `{"id":"c1","case_id":"K1","name":`+now+`}`)}).Changes[0]
		}
		first := again(now, last)
		if first.Verdict == engine.Update {
			now = string(first.Fields[0].New.Raw())
		}
		for _, l := range first.Links {
			last = linked("name", string(l.Value.Raw()))
		}
		if second := again(now, last); second.Verdict.Writes() || len(second.Links) > 0 {
			t.Fatalf("%s with %d links, then %s with %d", outcome(first), len(first.Links), outcome(second), len(second.Links))
		}
	})
}
