package mapping

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/casebridge/casebridge/engine"
)

// Whatever stands in an expression, compiling and running it ends, without a panic.
func FuzzExpr(f *testing.F) {
	for _, seed := range []string{`case.name == "a"`, `any(case.visits, .id in ["a"] and # != nil)`, `let a = 1; a + x.big`, `or_else(member.name, "é"[0:1])`, `1e400 > -x.exp`,
		`text(1e300) matches "^1"`, `lookup("kinds", "east", x, "west")`, `x?.a?.["b"]`, `if case.open { 1 } else { 2 }`, `map(x.list, {#})`, "case.name\n  .b", `not not true`, `1 | text()`, `::given(x)`, `#`, `{}`} {
		f.Add(seed)
	}
	b := newBench(f)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 2000 {
			b.run(t, text)
		}
	})
}

// Whatever a record holds, it is decided: the same way twice, in valid JSON.
func FuzzDecide(f *testing.F) {
	f.Add(itemsMember, knownCase)
	f.Add(`{"uid":1e999,"case_id":"K1","name":{"a":[]},"items":[1,null,{"uid":["v1"]},{"uid":{"a":1}}]}`, `{"id":"c1","visits":[{"id":7,"ref":"v1"},null]}`)
	f.Add(`{"uid":"m1","case_id":"K1","name":true,"items":{"uid":"v1"},"extra":7}`, `{"id":null,"id":"c2","visits":"none"}`)
	flow := upsertFlow(f)
	f.Fuzz(func(t *testing.T, member, known string) {
		checkDecision(t, flow, member, known)
	})
}

func checkDecision(t interface{ Fatalf(string, ...any) }, flow *Flow, member, known string) {
	answers := map[string]Answer{"read east.case case_id=K1": {Swept: true, Records: []engine.Record{{Object: "east.case", ID: "c1", Body: engine.NewBody([]byte(known))}}}}
	first := decide(flow, member, answers)
	if second := decide(flow, member, answers); told(first) != told(second) {
		t.Fatalf("decided differently:\n%s%s", told(first), told(second))
	}
	for _, c := range first.Changes {
		if doc := c.Document.Raw(); len(doc) > 0 && !json.Valid(doc) {
			t.Fatalf("the document is not JSON: %s", doc)
		}
		if c.Verdict.Writes() != (len(c.Document.Raw()) > 0) || c.Verdict.Writes() == (c.Reason.Code != "") {
			t.Fatalf("a change that is half a write: %s", told(first))
		}
	}
}

// What is written once is not written again: deciding anew against the record
// as the document would leave it changes nothing.
func TestWritingSettles(t *testing.T) {
	flow := upsertFlow(t)
	rapid.Check(t, func(t *rapid.T) {
		member := drawMember(t)
		checkDecision(t, flow, member, knownCase)
		answers := map[string]Answer{"read east.case case_id=K1": records("east.case", knownCase)}
		first := decide(flow, member, answers)
		if len(first.Changes) == 0 || first.Changes[0].Verdict != engine.Update {
			return
		}
		after := merged(t, knownCase, string(first.Changes[0].Document.Raw()))
		second := decide(flow, member, map[string]Answer{"read east.case case_id=K1": records("east.case", after)})
		if second.Changes[0].Verdict != engine.NoChange {
			t.Fatalf("%s\nthen %s", told(first), told(second))
		}
	})
}

func drawMember(t *rapid.T) string {
	words := rapid.SampledFrom([]string{`"a"`, `"b\u00e9"`, `""`, `null`, `" "`, `"2026-01-02"`, `"first"`})
	item := rapid.Custom(func(t *rapid.T) string {
		return `{"uid":` + rapid.SampledFrom([]string{`"v1"`, `"v3"`, `"n1"`, `"n2"`}).Draw(t, "uid") + `,"name":` + words.Draw(t, "name") + `,"day":` + rapid.SampledFrom([]string{`null`, `"2026-01-02"`}).Draw(t, "day") + `}`
	})
	items := rapid.SliceOfN(item, 0, 5).Draw(t, "items")
	return `{"uid":"m1","case_id":"K1","name":"Bea","born":` + words.Draw(t, "born") + `,"place":` + words.Draw(t, "place") + `,"extra":{"score":` +
		rapid.SampledFrom([]string{`1`, `1.50`, `1e3`, `null`, `12345678901234567890`}).Draw(t, "score") + `},"items":[` + strings.Join(items, ",") + `]}`
}

// merged applies a document the way a system does: fields replace, rows by their key.
func merged(t *rapid.T, record, document string) string {
	var have, change map[string]json.RawMessage
	if json.Unmarshal([]byte(record), &have) != nil || json.Unmarshal([]byte(document), &change) != nil {
		t.Fatalf("no JSON")
	}
	for name, raw := range change {
		if name == "visits" {
			raw = mergedRows(t, have[name], raw)
		}
		have[name] = raw
	}
	out, err := json.Marshal(have)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func mergedRows(t *rapid.T, have, change json.RawMessage) json.RawMessage {
	var rows, changes []map[string]json.RawMessage
	if json.Unmarshal(have, &rows) != nil || json.Unmarshal(change, &changes) != nil {
		t.Fatalf("no rows")
	}
next:
	for _, c := range changes {
		for _, row := range rows {
			if string(row["id"]) == string(c["id"]) {
				for k, v := range c {
					row[k] = v
				}
				continue next
			}
		}
		rows = append(rows, c)
	}
	out, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// A record means the same however its JSON is written.
func TestSpellingOfJSONDoesNotMatter(t *testing.T) {
	flow := upsertFlow(t)
	var b strings.Builder
	for _, r := range itemsMember {
		switch r {
		case 'A':
			b.WriteString(`\u0041`)
		case ',', ':':
			b.WriteString(" \n" + string(r) + "\t")
		default:
			b.WriteRune(r)
		}
	}
	answers := map[string]Answer{"read east.case case_id=K1": records("east.case", strings.ReplaceAll(knownCase, "Ann", "Bea"))}
	if a, b := told(decide(flow, itemsMember, answers)), told(decide(flow, b.String(), answers)); a != b {
		t.Errorf("%s%s", a, b)
	}
}

func BenchmarkDecide(b *testing.B) {
	flow := upsertFlow(b)
	record := engine.Record{Object: "west.member", Body: engine.NewBody([]byte(itemsMember))}
	known := &fakeKnown{closed: true, answers: map[string]Answer{"read east.case case_id=K1": records("east.case", knownCase)}}
	in := Input{Record: record, Now: noon, Known: known}
	b.ReportAllocs()
	for b.Loop() {
		known.asked = known.asked[:0]
		flow.Decide(in)
	}
}
