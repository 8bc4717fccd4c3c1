package mapping

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/casebridge/casebridge/engine"
)

// memberToCase upserts a case with its visits, as two-level routes do.
const memberToCase = `
routes:
- name: cases
  steps:
  - {name: case, read: east.case, by: {case_id: member.case_id}, none: nothing, several: quarantine, say: several cases}
  - {must: given(member.name), else: quarantine, say: no name}
  write:
  - {upsert: east.case, target: case, only_if: 'member.kind != "guest"', mapping: to-case}
  routes:
  - name: items
    steps:
    - {name: item, each: member.items, item: item.uid}
    - {must: 'item.state != "odd"', else: quarantine, say: an odd item}
    - {name: visit, pick: case.visits, where: visit.ref == item.uid, none: nothing, several: quarantine, say: two visits}
    - {name: visit_id, expr: 'or_else(visit.id, item.uid)'}
    write:
    - {upsert: east.case, target: case, row: visits, current: visit, mapping: to-visit}
`

const toCase = `kind: Mapping
name: to-case
uses: [member]
to: east.case
fields:
  id: {expr: 'uuid5(member.uid)', policy: on_create}
  case_id: {from: member.uid, policy: on_create}
  name: {from: member.name}
  born: {from: member.born, policy: if_empty}
  kind: {from: member.kind, map: kinds, by: west, give: east, missing: default, default: other, policy: on_create}
  owner: {from: member.place, clear: true}
  score: {expr: member.extra.score}
`

const toVisit = `kind: Mapping
name: to-visit
uses: [member, item, visit_id]
to: east.case.visits
fields:
  id: {from: visit_id, required: true}
  kind: {value: visit, policy: on_create}
  ref: {from: item.uid}
  day: {from: item.day, policy: if_empty}
  at: {expr: 'given(item.day) ? item.day + "T00:00:00Z" : nil'}
  note: {from: item.name}
`

func upsertFlow(t testing.TB) *Flow {
	return flowOf(t, map[string]string{"to-case.yaml": toCase, "to-visit.yaml": toVisit,
		"flow.yaml": "kind: Flow\nname: in\nsource: {read: west.member, as: member, since: {start: everything}}\nlimits: {creates: 9, sends: 9, updated_percent: 9}\n" + memberToCase})
}

const itemsMember = `{"uid":"m1","case_id":"K1","name":"Ann","born":"2020-01-01","kind":"phone","place":"alpha","extra":{"score":1e2},"items":[
	{"uid":"v1","name":"first","day":"2026-01-02"},{"uid":"v2","state":"odd"},{"uid":"v3","name":"third"}]}`

func TestUpsertCreatesWithRows(t *testing.T) {
	got := decide(upsertFlow(t), itemsMember, nil)
	expect(t, got, `
cases create object=east.case target=a4d9660b-6aa0-5d04-b77e-9141ecf79bac doc={"id":"a4d9660b-6aa0-5d04-b77e-9141ecf79bac","case_id":"m1","name":"Ann","born":"2020-01-01","kind":"call","owner":"alpha","score":1e2,"visits":[{"id":"v1","kind":"visit","ref":"v1","day":"2026-01-02","at":"2026-01-02T00:00:00Z","note":"first"},{"id":"v3","kind":"visit","ref":"v3","note":"third"}]}
items quarantine object=east.case item=item v2 why=an odd item code=items/an-odd-item
`)
	var lines []string
	for _, f := range got.Changes[0].Fields {
		lines = append(lines, fmt.Sprintf("%s %s %s %s %s", f.Path, f.Old.Raw(), f.New.Raw(), f.Class, f.Rule))
	}
	want := `id  "a4d9660b-6aa0-5d04-b77e-9141ecf79bac" code to-case.yaml:6:3
case_id  "m1" code to-case.yaml:7:3
name  "Ann" personal to-case.yaml:8:3
born  "2020-01-01" personal to-case.yaml:9:3
kind  "call" code to-case.yaml:10:3
owner  "alpha" code to-case.yaml:11:3
score  1e2 personal to-case.yaml:12:3
visits[v1].id  "v1" code to-visit.yaml:6:3
visits[v1].kind  "visit" code to-visit.yaml:7:3
visits[v1].ref  "v1" code to-visit.yaml:8:3
visits[v1].day  "2026-01-02" personal to-visit.yaml:9:3
visits[v1].at  "2026-01-02T00:00:00Z" personal to-visit.yaml:10:3
visits[v1].note  "first" personal to-visit.yaml:11:3
visits[v3].id  "v3" code to-visit.yaml:6:3
visits[v3].kind  "visit" code to-visit.yaml:7:3
visits[v3].ref  "v3" code to-visit.yaml:8:3
visits[v3].note  "third" personal to-visit.yaml:11:3`
	if text := strings.Join(lines, "\n"); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}

const knownCase = `{"id":"c1","case_id":"K1","name":"Ann","born":"2019-09-09","kind":"visit","owner":"alpha","score":100.0,"visits":[
	{"id":"x1","ref":"v1","kind":"call","day":"2020-01-01","at":"2026-01-02T00:00:00.000Z","note":"first"},{"id":"x3","ref":"v3","note":"third"}]}`

func TestUpsertWritesOnlyWhatDiffers(t *testing.T) {
	f := upsertFlow(t)
	given := func(body string) map[string]Answer {
		return map[string]Answer{"read east.case case_id=K1": records("east.case", body)}
	}
	expect(t, decide(f, itemsMember, given(knownCase)), `
cases no change object=east.case target=c1 why=nothing differs code=cases/same
items quarantine object=east.case item=item v2 why=an odd item code=items/an-odd-item
`)
	// Absent, null and empty never change a target; only owner clears.
	for _, empty := range []string{`null`, `""`, `" "`} {
		body := `{"uid":"m1","case_id":"K1","name":"Ann","born":` + empty + `,"place":` + empty + `,"items":[{"uid":"v1","name":` + empty + `}]}`
		expect(t, decide(f, body, given(knownCase)), `
cases update object=east.case target=c1 doc={"owner":null}
`)
	}
	// One row differs, one is new.
	expect(t, decide(f, `{"uid":"m1","case_id":"K1","name":"Ann","place":"alpha","items":[{"uid":"v1","name":"first!","day":"2026-02-02"},{"uid":"v9"}]}`, given(knownCase)), `
cases update object=east.case target=c1 doc={"visits":[{"id":"x1","at":"2026-02-02T00:00:00Z","note":"first!"},{"id":"v9","kind":"visit","ref":"v9"}]}
`)
	// A guest's case is not written, its rows are; without a case they have no place.
	guest := `{"uid":"m1","case_id":"K1","name":"Bea","kind":"guest","items":[{"uid":"v9"}]}`
	expect(t, decide(f, guest, given(knownCase)), `
cases update object=east.case target=c1 item=item v9 doc={"visits":[{"id":"v9","kind":"visit","ref":"v9"}]}
`)
	expect(t, decide(f, guest, nil), `
items blocked object=east.case item=item v9 why=its record is not written code=items/record
`)
	// if_empty fills what is empty.
	expect(t, decide(f, `{"uid":"m1","case_id":"K1","name":"Ann","place":"alpha","born":"2020-01-01"}`, given(`{"id":"c1","name":"Ann","owner":"alpha","born":""}`)), `
cases update object=east.case target=c1 doc={"born":"2020-01-01"}
`)
	// A step that ends the route ends the routes inside.
	expect(t, decide(f, `{"uid":"m1","case_id":"K1","items":[{"uid":"v9"}]}`, given(knownCase)), `
cases quarantine object=east.case why=no name code=cases/no-name
`)
}

func TestUpdateKeepsOldAndCurrent(t *testing.T) {
	got := decide(upsertFlow(t), `{"uid":"m1","case_id":"K1","name":"Bea","place":"","items":[{"uid":"v1","name":"n"}]}`,
		map[string]Answer{"read east.case case_id=K1": records("east.case", knownCase)})
	c := got.Changes[0]
	if string(c.Current.Raw()) != knownCase {
		t.Error("Current is not the record as it was read")
	}
	var lines []string
	for _, f := range c.Fields {
		lines = append(lines, fmt.Sprintf("%s %s>%s", f.Path, f.Old.Raw(), f.New.Raw()))
	}
	if text := strings.Join(lines, "; "); text != `name "Ann">"Bea"; owner "alpha">; visits[x1].note "first">"n"` {
		t.Error(text)
	}
}

func TestRowKeys(t *testing.T) {
	f := upsertFlow(t)
	known := map[string]Answer{"read east.case case_id=K1": records("east.case", `{"id":"c1","name":"Ann","visits":[{"id":"v1","ref":"other"}]}`)}
	expect(t, decide(f, `{"uid":"m1","case_id":"K1","name":"Ann","items":[{"uid":"v1"},{"uid":""},{"uid":"v5"},{"uid":"v5"},{"uid":"v5","name":"n"}]}`, known), `
cases update object=east.case target=c1 doc={"visits":[{"id":"v5","kind":"visit","ref":"v5"}]}
items quarantine object=east.case item=item v1 why=the record already has a row with this id code=items/id
items quarantine object=east.case item=item 2 why=the field id is required and has no value code=items/id
items quarantine object=east.case item=item v5 why=this route writes one row twice, differently code=items/id
`)
}

func TestRowsOfOneRouteAreOneChange(t *testing.T) {
	f := caseFlow(t, `
routes:
- name: rows
  steps:
  - {name: visit, each: case.visits, where: blank(visit.kind), item: visit.id}
  write:
  - {update: east.case, target: case, row: visits, current: visit, fields: {id: {from: visit.id}, kind: {value: other, policy: if_empty}}}
- name: keyed
  steps: []
  write:
  - {update: east.case, target: case, row: visits, fields: {id: {value: v2}, ref: {from: case.owner}}, verify: [visits]}
`)
	expect(t, decide(f, `{"id":"c1","owner":"ann","visits":[{"id":"v1"},{"id":"v2","kind":""},{"id":"v3","kind":"call"}]}`, nil), `
rows update object=east.case target=c1 doc={"visits":[{"id":"v1","kind":"other"},{"id":"v2","kind":"other"}]}
keyed update object=east.case target=c1 doc={"visits":[{"id":"v2","ref":"ann"}]} verify=visits
`)
	expect(t, decide(f, `{"id":"c1","owner":"ann","visits":[{"id":"v1"},{"id":"v3","kind":"call"}]}`, nil), `
rows update object=east.case target=c1 item=visit v1 doc={"visits":[{"id":"v1","kind":"other"}]}
`)
}

func TestSeveralWritesAreAChain(t *testing.T) {
	f := caseFlow(t, `
routes:
- name: both
  steps:
  - {name: notes, read: east.note, of: case}
  - {name: visit, each: case.visits, item: visit.id}
  - {name: note, pick: notes, where: note.visit_id == visit.id, none: nothing, several: quarantine, say: two notes}
  write:
  - {update: east.note, target: note, fields: {state: {from: visit.ref, required: true}}, verify: [state]}
  - {update: east.case, target: case, row: visits, current: visit, fields: {id: {from: visit.id}, note: {value: told}}}
`)
	answers := map[string]Answer{"read east.note of c1": records("east.note", `{"id":"n1","visit_id":"v1","state":"new"}`, `{"id":"n2","visit_id":"v2","state":"done"}`, `{"id":"n4","visit_id":"v4"}`)}
	expect(t, decide(f, `{"id":"c1","case_id":"K1","visits":[{"id":"v1","ref":"done"},{"id":"v2","ref":"done"},{"id":"v3","ref":"done"},{"id":"v4"}]}`, answers), `
both update object=east.note target=n1 item=visit v1 doc={"state":"done"} chain=case K1, both 1 verify=state
both update object=east.case target=c1 item=visit v1 doc={"visits":[{"id":"v1","note":"told"}]} chain=case K1, both 1
both no change object=east.note target=n2 item=visit v2 why=nothing differs code=both/same verify=state
both update object=east.case target=c1 item=visit v2 doc={"visits":[{"id":"v2","note":"told"}]} chain=case K1, both 2
both update object=east.case target=c1 item=visit v3 doc={"visits":[{"id":"v3","note":"told"}]}
both quarantine object=east.note item=visit v4 why=the field state is required and has no value code=both/state
`)
}

func TestTwoItemsMustAgreeAboutARecord(t *testing.T) {
	f := caseFlow(t, `
routes:
- name: tags
  steps:
  - {name: visit, each: case.visits, item: visit.id}
  write:
  - {update: east.case, target: case, fields: {number: {from: visit.ref}}}
`)
	expect(t, decide(f, `{"id":"c1","visits":[{"id":"v1","ref":"a"},{"id":"v2","ref":"a"},{"id":"v3","ref":"b"}]}`, nil), `
tags update object=east.case target=c1 doc={"number":"a"}
tags quarantine object=east.case item=visit v3 why=this route wants two values for the field number code=tags/number
`)
}

func TestCreatesOfEachItemStayApart(t *testing.T) {
	f := memberFlow(t, `
routes:
- name: new
  steps:
  - {name: item, each: member.items, item: item.uid}
  write:
  - {create: east.case, fields: {case_id: {from: item.uid}, kinds: {list: {from: item.name, map: kinds, by: west, give: east, missing: omit}}, extra: {from: item.extra}}}
`)
	expect(t, decide(f, `{"uid":"m1","items":[{"uid":"a","name":"phone","extra":{"n":1.50,"t":"é"}},{"uid":"b","name":"none"},{"uid":"c"}]}`, nil), `
new create object=east.case item=item a doc={"case_id":"a","kinds":["call"],"extra":{"n":1.50,"t":"é"}}
new create object=east.case item=item b doc={"case_id":"b"} note=unmapped(the field kinds got a value that has no entrynone)
new create object=east.case item=item c doc={"case_id":"c"}
`)
}

func TestFieldRulesOfASend(t *testing.T) {
	f := caseFlow(t, `
routes:
- name: all
  steps: []
  write:
  - send: west.message
    once_per: {case: case.id}
    when_blank: ""
    fields:
      place: {from: case.owner, required: true}
      name: {from: [case.name, case.number]}
      words: {from: case.pin, when_blank: const.no_words, warn: it has no words}
      kind: {from: case.kind, map: kinds, by: east, give: west, missing: default, default: unknown, when_blank: omit}
      parts: {one: {uid: {from: case.number}, name: {value: ""}}}
      urgent: {value: true}
      case_id: {from: case.case_id, when_blank: omit}
`)
	expect(t, decide(f, `{"id":"c1","owner":"here","number":"7","kind":"odd","pin":"p"}`, nil), `
all send object=west.message doc={"place":"here","name":"7","words":"p","kind":"unknown","parts":[{"uid":"7","name":""}],"urgent":true} once=["case","c1"] note=unmapped(the field kind got a value that has no entryodd)
`)
	expect(t, decide(f, `{"id":"c1","owner":"here"}`, nil), `
all send object=west.message doc={"place":"here","name":"","words":"none given","parts":[{"uid":"","name":""}],"urgent":true} once=["case","c1"] note=all/words(it has no words)
`)
	expect(t, decide(f, `{"id":"c1"}`, nil), `
all quarantine object=west.message why=the field place is required and has no value code=all/place
`)
	got := decide(f, `{"id":"c1","owner":"here","number":"7"}`, nil)
	var paths []string
	for _, change := range got.Changes[0].Fields {
		paths = append(paths, change.Path+":"+string(change.Class))
	}
	if text := strings.Join(paths, " "); text != "place:code name:personal words:personal parts[0].uid:code parts[0].name:code urgent:code" {
		t.Error(text)
	}
}

func TestRequiredByTheSystem(t *testing.T) {
	f := caseFlow(t, "routes:\n- name: all\n  steps: []\n  write:\n  - {send: west.message, once_per: {c: case.id}, fields: {place: {from: case.owner}}}\n")
	expect(t, decide(f, `{"id":"c1"}`, nil), `
all quarantine object=west.message why=the field place is needed and has no value code=all/place
`)
}

func TestFlowTellsWhatItReads(t *testing.T) {
	f := upsertFlow(t)
	want := []Use{
		{"east.case", []string{"born", "case_id", "id", "name", "owner", "score", "visits"}},
		{"west.member", []string{"born", "case_id", "extra", "items", "kind", "name", "number", "place", "uid"}},
	}
	if got := fmt.Sprint(f.Reads()); got != fmt.Sprint(want) {
		t.Errorf("got %s", got)
	}
}

func TestAlone(t *testing.T) {
	f := memberFlow(t, "one_at_a_time: [member.uid, member.number, member.case_id, text(member.extra.n)]\nroutes: [{name: none, steps: [{must: 'false', else: nothing}]}]\n")
	got := f.Alone(engine.Record{Object: "west.member", Body: engine.NewBody([]byte(`{"uid":"m1","number":" ","extra":{"n":1e2}}`))})
	if fmt.Sprint(got) != "[m1 100]" {
		t.Error(got)
	}
	if got := f.Alone(engine.Record{Body: engine.NewBody([]byte(`[`))}); got != nil {
		t.Error(got)
	}
}

func TestFillersFillOnlyWhatIsEmpty(t *testing.T) {
	f := caseFlow(t, `
routes:
- name: all
  steps: []
  write:
  - {update: east.case, target: case, fields: {name: {from: case.number, when_blank: nobody}, owner: {from: case.number, clear: true, when_blank: omit}}}
`)
	expect(t, decide(f, `{"id":"c1","name":"Ann"}`, nil), `
all no change object=east.case target=c1 why=nothing differs code=all/same
`)
	expect(t, decide(f, `{"id":"c1","name":" ","owner":"o"}`, nil), `
all update object=east.case target=c1 doc={"name":"nobody","owner":null}
`)
	expect(t, decide(f, `{"name":"Ann"}`, nil), `
all quarantine object=east.case why=the record to update has no id code=all/target
`)
}

func TestDecideIsSafeForManyAtOnce(t *testing.T) {
	f := upsertFlow(t)
	want := told(decide(f, itemsMember, nil))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				if got := told(decide(f, itemsMember, nil)); got != want {
					t.Error(got)
				}
			}
		})
	}
	group.Wait()
}
