package mapping

import (
	"strings"
	"testing"

	"github.com/casebridge/casebridge/engine"
)

// caseFlow reads east.case; the routes are given.
func caseFlow(t testing.TB, rest string) *Flow {
	t.Helper()
	return flowOf(t, map[string]string{"flow.yaml": "kind: Flow\nname: out\nsource: {read: east.case, as: case, since: {start: \"2026-01-01\"}}\nlimits: {creates: 9, sends: 9, updated_percent: 9}\n" + rest})
}

// memberFlow reads west.member.
func memberFlow(t testing.TB, rest string) *Flow {
	t.Helper()
	return flowOf(t, map[string]string{"flow.yaml": "kind: Flow\nname: in\nsource: {read: west.member, as: member, since: {start: everything}}\nlimits: {creates: 9, sends: 9, updated_percent: 9}\n" + rest})
}

const sendName = `
  write:
  - {send: west.message, once_per: {case: case.case_id}, fields: {place: {value: here}, name: {from: case.name}}}
`

func TestGate(t *testing.T) {
	f := caseFlow(t, `
gate:
- {must: case.kind == "visit", else: skip, say: no visit}
- {must: case.open == true, else: block, say: not open}
- {must: case.age > 3, else: nothing}
routes:
- name: all
  steps: []`+sendName)
	expect(t, decide(f, `{"id":"c1","kind":"call"}`, nil), `
gate skip why=no visit code=gate/no-visit
`)
	expect(t, decide(f, `{"id":"c1","kind":"visit","open":null}`, nil), `
gate blocked why=not open code=gate/not-open
`)
	expect(t, decide(f, `{"id":"c1","kind":"visit","open":true,"age":3}`, nil), ``)
	expect(t, decide(f, `{"id":"c1","case_id":"K1","kind":"visit","open":true,"age":4,"name":"N"}`, nil), `
all send object=west.message doc={"place":"here","name":"N"} once=["case","K1"]
`)
}

func TestWrongRecords(t *testing.T) {
	f := caseFlow(t, "routes:\n- name: all\n  steps: []"+sendName)
	for _, body := range []string{``, `nul`, `{"id":"c1"`, `[]`, `"text"`, `{"a":[{]}`} {
		got := decide(f, body, nil)
		if len(got.Changes) != 1 || got.Changes[0].Verdict != engine.Quarantined || got.Changes[0].Reason.Code != "record" {
			t.Errorf("%q: %s", body, told(got))
		}
	}
	got := f.Decide(Input{Record: engine.Record{Object: "east.case", ID: "c9", Body: engine.NewBody([]byte(` {"name":"x"} `))}, Now: noon})
	if got.Record != "case c9" || len(got.Wants) != 0 {
		t.Errorf("%s: %s", got.Record, told(got)) // a blank once_per needs no asking
	}
}

func TestReadSteps(t *testing.T) {
	f := memberFlow(t, `
routes:
- name: one
  steps:
  - {name: case, read: east.case, by: {case_id: member.case_id}, only_if: 'member.kind != "alone"', none: quarantine, several: block, say: the case is not one}
  - {name: notes, read: east.note, of: case}
  - {name: note, each: notes, where: note.state == "new", item: note.id}
  write:
  - {update: east.note, target: note, fields: {state: {value: seen}}}
`)
	member := `{"uid":"m1","case_id":"K1"}`
	one := map[string]Answer{
		"read east.case case_id=K1": records("east.case", `{"id":"c1"}`),
		"read east.note of c1":      records("east.note", `{"id":"n1","state":"new"}`, `{"id":"n2","state":"old"}`, `{"id":"n3","state":"new"}`),
	}
	expect(t, decide(f, member, one), `
one update object=east.note target=n1 item=note n1 doc={"state":"seen"}
one update object=east.note target=n3 item=note n3 doc={"state":"seen"}
`)
	expect(t, decide(f, member, nil), `
one quarantine object=east.note why=the case is not one code=one/case
`)
	expect(t, decide(f, `{"uid":"m1","case_id":" "}`, one), `
one quarantine object=east.note why=the case is not one code=one/case
`)
	expect(t, decide(f, member, map[string]Answer{"read east.case case_id=K1": records("east.case", `{"id":"c1"}`, `{"id":"c2"}`)}), `
one blocked object=east.note why=the case is not one code=one/case
`)
	expect(t, decide(f, `{"uid":"m1","kind":"alone"}`, one), ``)
	expect(t, decide(f, member, map[string]Answer{"read east.case case_id=K1": {Fault: &engine.Fault{Kind: engine.Transient}}}), `
one cannot tell object=east.note why=east.case could not be asked: transient fault code=one/case
`)
	expect(t, decide(f, member, map[string]Answer{"read east.case case_id=K1": records("east.case", `[1]`)}), `
one quarantine object=east.note why=a record of east.case is not one JSON object code=one/case
`)
}

func TestWantsAreGatheredInRounds(t *testing.T) {
	f := caseFlow(t, `
routes:
- name: notes
  steps:
  - {name: notes, read: east.note, of: case}
  - {name: note, each: notes, item: note.id}
  - {name: worker, read: east.worker, by: {login: note.state}, none: nothing, several: quarantine, say: several workers}
  write:
  - {send: west.message, once_per: {note: note.id}, fields: {place: {value: here}, words: {from: worker.login}}}
- name: owner
  steps:
  - {name: worker, read: east.worker, by: {login: case.owner}, none: nothing, several: quarantine, say: several workers}
  - {proves: west.message, once_per: {note: case.id}, answer: case.id}
`)
	known := &fakeKnown{answers: map[string]Answer{}}
	in := Input{Record: engine.Record{Object: "east.case", ID: "c1", Body: engine.NewBody([]byte(`{"id":"c1","owner":"ann"}`))}, Now: noon, Known: known}
	expect(t, f.Decide(in), `
wants read east.note of c1
wants read east.worker login=ann
`)
	known.answers["read east.note of c1"] = records("east.note", `{"id":"n1","state":"ann"}`, `{"id":"n2","state":"bob"}`, `{"id":"n3","state":"bob"}`)
	known.answers["read east.worker login=ann"] = records("east.worker", `{"id":"w1","login":"ann"}`)
	expect(t, f.Decide(in), `
wants once west.message ["note","n1"]
wants once west.message ["note","n2"]
wants once west.message ["note","n3"]
`)
	for _, n := range []string{"n1", "n2", "n3"} {
		known.answers[`once west.message ["note","`+n+`"]`] = Answer{}
	}
	expect(t, f.Decide(in), `
wants read east.worker login=bob
`)
	known.answers["read east.worker login=bob"] = Answer{}
	want := `
proves west.message known=[] once=["note","c1"] answer=c1
notes send object=west.message item=note n1 doc={"place":"here","words":"ann"} once=["note","n1"]
notes send object=west.message item=note n2 doc={"place":"here"} once=["note","n2"]
notes send object=west.message item=note n3 doc={"place":"here"} once=["note","n3"]
`
	expect(t, f.Decide(in), want)
	expect(t, f.Decide(in), want)
	if in.Known = nil; len(f.Decide(in).Wants) != 2 {
		t.Error("without Known everything is wanted")
	}
}

func TestRecallAndLedger(t *testing.T) {
	f := caseFlow(t, `
routes:
- name: homes
  steps:
  - {name: homes, recall: west.member, by_any: {case_id: case.case_id, number: case.number}, unswept: block, say: not read whole}
  - {name: home, pick: homes, where: home.place == "alpha", none: skip, several: quarantine, say: not one home}
  - {name: sent, ledger: west.message, by: {place: home.place, number: case.number}, only: unanswered}
  - {must: not given(sent), else: skip, say: already under way}
  write:
  - {send: west.message, once_per: {case: case.case_id}, known_as: {place: home.place, number: case.number}, await: true, fields: {place: {from: home.place}, name: {from: [home.name, case.name]}}}
`)
	body := `{"id":"c1","case_id":"K1","number":"7","name":"N"}`
	ask := "recall west.member case_id=K1 number=7"
	homes := records("west.member", `{"uid":"m1","place":"alpha"}`, `{"uid":"m2","place":"beta"}`)
	expect(t, decide(f, body, map[string]Answer{ask: homes}), `
homes send object=west.message doc={"place":"alpha","name":"N"} once=["case","K1"] known=place=alpha number=7 awaiting
`)
	expect(t, decide(f, body, map[string]Answer{ask: {Records: homes.Records}}), `
homes blocked object=west.message why=not read whole code=homes/homes
`)
	expect(t, decide(f, body, map[string]Answer{ask: records("west.member", `{"place":"alpha"}`, `{"place":"alpha"}`)}), `
homes quarantine object=west.message why=not one home code=homes/home
`)
	expect(t, decide(f, body, nil), `
homes skip object=west.message why=not one home code=homes/home
`)
	ledger := "ledger west.message place=alpha number=7"
	for state, want := range map[string]string{`{"state":"parked"}`: "skip", `{"state":"done","answer":"99"}`: "send", `{"state":"shown"}`: "send"} {
		got := decide(f, body, map[string]Answer{ask: homes, ledger: records("west.message", state)})
		if string(got.Changes[0].Verdict) != want {
			t.Errorf("%s: %s", state, told(got))
		}
	}
	// Nothing to ask with: nothing recalled, and no question.
	expect(t, f.Decide(Input{Record: engine.Record{Object: "east.case", Body: engine.NewBody([]byte(`{}`))}}), `
homes skip object=west.message why=not one home code=homes/home
`)
}

func TestLedgerByAnswer(t *testing.T) {
	f := caseFlow(t, `
routes:
- name: all
  steps:
  - {name: ours, ledger: west.message, by: {place: case.case_id, answer: case.number}}
  - {must: not given(ours), else: skip, say: it answers ours}
  write:
  - {send: west.message, once_per: {case: case.case_id}, known_as: {place: case.case_id}, fields: {place: {from: case.name}}}
`)
	entries := map[string]Answer{"ledger west.message place=K1": records("west.message", `{"state":"shown","answer":"6"}`, `{"state":"shown","answer":"7"}`, `{"state":"parked","answer":""}`)}
	for number, want := range map[string]string{"7": "skip", "8": "send", "": "send"} {
		got := decide(f, `{"id":"c1","case_id":"K1","name":"N","number":"`+number+`"}`, entries)
		if string(got.Changes[0].Verdict) != want {
			t.Errorf("%q: %s", number, told(got))
		}
	}
}

// All that was sent can be counted, also when there is none.
func TestLedgerOfAll(t *testing.T) {
	f := caseFlow(t, `
routes:
- name: all
  steps:
  - {name: said, ledger: west.message, by: {case: case.case_id}, all: true}
  - {name: turn, expr: 'text(count(said, .place != case.number))'}
  write:
  - {send: west.message, once_per: {turn: turn}, known_as: {case: case.case_id, place: case.number}, fields: {place: {from: case.name}}}
`)
	entries := records("west.message", `{"case":"K1","place":"6","state":"shown"}`, `{"case":"K1","place":"7","state":"shown"}`, `{"case":"K1","place":"6","state":"parked"}`)
	for body, want := range map[string]string{
		`{"id":"c1","case_id":"K1","name":"N","number":"7"}`: `["turn","2"]`,
		`{"id":"c1","case_id":"K1","name":"N","number":"6"}`: `["turn","1"]`,
		`{"id":"c1","case_id":"K2","name":"N","number":"6"}`: `["turn","0"]`,
	} {
		got := decide(f, body, map[string]Answer{"ledger west.message case=K1": entries, "ledger west.message case=K2": {}})
		if len(got.Changes) != 1 || got.Changes[0].Once != want {
			t.Errorf("%s: want %s, got %s", body, want, told(got))
		}
	}
}

func TestSendsGoOnce(t *testing.T) {
	f := caseFlow(t, "routes:\n- name: all\n  steps: []"+sendName)
	body := `{"id":"c1","case_id":"K\"1"}`
	for state, want := range map[SendState]string{
		NeverSent: "all send object=west.message doc={\"place\":\"here\"} once=[\"case\",\"K\\\"1\"]\n",
		Sent:      "all no change object=west.message why=already sent code=all/once_per once=[\"case\",\"K\\\"1\"]\n",
		Awaiting:  "all no change object=west.message why=already sent code=all/once_per once=[\"case\",\"K\\\"1\"]\n",
		Shown:     "all no change object=west.message why=already sent code=all/once_per once=[\"case\",\"K\\\"1\"]\n",
		Parked:    "all blocked object=west.message why=maybe sent: waiting until it is seen or a person decides code=all/once_per once=[\"case\",\"K\\\"1\"]\n",
	} {
		expect(t, decide(f, body, map[string]Answer{`once west.message ["case","K\"1"]`: {State: state}}), want)
	}
	expect(t, decide(f, `{"id":"c1","case_id":"  "}`, nil), `
all quarantine object=west.message why=a value that tells this send apart is blank code=all/once_per
`)
	expect(t, decide(f, body, map[string]Answer{`once west.message ["case","K\"1"]`: {Fault: &engine.Fault{Kind: engine.Environment}}}), `
all cannot tell object=west.message why=west.message could not be asked: environment fault code=all/once_per
`)
}

func TestEachPickFirstTable(t *testing.T) {
	f := caseFlow(t, `
routes:
- name: visits
  steps:
  - {warn: case.age > 90, say: very old}
  - {name: visit, each: case.visits, where: given(visit.kind), distinct: [visit.kind, visit.count], item: visit.id, none: skip, say: no visit at all}
  - {name: twin, pick: case.visits, where: twin.id != visit.id, try: [twin.ref == visit.id, 'blank(twin.ref) and twin.kind == visit.kind'], none: nothing, several: quarantine, say: two twins}
  - {name: either, first_of: [twin, visit]}
  - {name: answer, table: answers, from: {now: visit.ref, said: visit.note}, none: nothing}
  - {name: place, rule: place, from: visit.ref, by: east, give: west, missing: nothing, unconfirmed: warn, say: unknown place}
  - {name: kind, map: kinds, from: visit.kind, by: east, give: west, missing: skip, say: no such kind}
  write:
  - {send: west.message, once_per: {visit: visit.id}, fields: {place: {value: here}, case_id: {from: either.id}, kind: {from: kind}, words: {from: answer.state}, name: {from: place}}}
`)
	expect(t, decide(f, `{"id":"c1","age":91,"visits":[
		{"id":"v1","kind":"visit","ref":"org-gamma"},
		{"id":"v2","kind":"visit","ref":"org-alpha","note":"Yes"},
		{"id":"v3"},
		{"id":"v4","kind":"call","count":1,"ref":"","note":"No"},
		{"id":"v5","kind":"call","count":1.0},
		{"id":"v6","kind":"call","count":2,"ref":"v4"},
		{"id":"v7","kind":"nonsense"}]}`, nil), `
visits send object=west.message item=visit v1 doc={"place":"here","case_id":"v1","kind":"home visit","name":"gamma"} once=["visit","v1"] note=visits/very-old(very old) note=visits/place(unknown placeorg-gamma)
visits send object=west.message item=visit v4 doc={"place":"here","case_id":"v6","kind":"phone","words":"refused"} once=["visit","v4"] note=visits/very-old(very old)
visits quarantine object=west.message item=visit v6 why=two twins code=visits/twin note=visits/very-old(very old)
visits skip object=west.message item=visit v7 why=no such kind code=visits/kind value=nonsense note=visits/very-old(very old)
`)
	expect(t, decide(f, `{"id":"c1","visits":null}`, nil), `
visits skip object=west.message why=no visit at all code=visits/visit
`)
}

func TestUnmappedValuesAreShownOnlyWhenTheyAreCodes(t *testing.T) {
	f := caseFlow(t, `
routes:
- name: kind
  steps:
  - {name: kind, map: kinds, from: case.kind, by: east, give: west, missing: quarantine, say: no such kind}
- name: name
  steps:
  - {name: kind, map: kinds, from: case.name, by: east, give: west, missing: quarantine, say: no such kind}
`)
	expect(t, decide(f, `{"id":"c1","kind":"odd","name":"Ann"}`, nil), `
kind quarantine why=no such kind code=kind/kind value=odd
name quarantine why=no such kind code=name/kind
`)
}

func TestProves(t *testing.T) {
	f := memberFlow(t, `
routes:
- name: seen
  steps:
  - {name: item, each: member.items, item: item.uid}
  - {proves: west.message, known_as: {place: member.place, name: item.name}, answer: text(item.ref)}
- name: sends
  steps:
  - {must: member.kind == "none", else: nothing}
  write:
  - {send: west.message, once_per: {m: member.uid}, known_as: {place: member.place, name: member.kind}, fields: {place: {value: here}}}
`)
	expect(t, decide(f, `{"uid":"m1","place":"alpha","items":[{"uid":"1","name":"a","ref":12},{"uid":"2","name":"","ref":13},{"uid":"3","name":"b"}]}`, nil), `
proves west.message known=[place=alpha name=a] once= answer=12
`)
}

func TestBrokenExpressionsEndOnlyTheirItem(t *testing.T) {
	f := caseFlow(t, `
routes:
- name: visits
  steps:
  - {name: visit, each: case.visits, item: visit.id}
  - {name: number, expr: int(visit.ref)}
  write:
  - {send: west.message, once_per: {visit: visit.id}, fields: {place: {value: here}, ref: {from: number}}}
`)
	got := decide(f, `{"id":"c1","visits":[{"id":"v1","ref":"secret words"},{"id":"v2","ref":"12"}]}`, nil)
	expect(t, got, `
visits quarantine object=west.message item=visit v1 why=visit.ref is no whole number: correct it in the system that it comes from code=mapping
visits send object=west.message item=visit v2 doc={"place":"here","ref":12} once=["visit","v2"]
`)
	if place := got.Changes[0].Reason.Place; place != "flow.yaml:10:26" {
		t.Errorf("place is %s", place)
	}
	if strings.Contains(told(got), "secret") {
		t.Error("a value stands in a reason")
	}
}
