package mapping

import (
	"slices"
	"strings"
	"testing"

	"github.com/casebridge/casebridge/engine"
)

// A list where one value is due, or the other way round, is never written: a target may drop it in silence.
func TestWhatDoesNotFitItsFieldIsNotWritten(t *testing.T) {
	f := caseFlow(t, `
routes:
- name: all
  steps: []
  write:
  - send: west.message
    once_per: {case: case.id}
    fields:
      place: {value: here}
      name: {from: case.name}
      words: {from: case.extra}
      parts: {from: case.extra}
`)
	for body, why := range map[string]string{
		`{"id":"c1","name":["A"]}`:    "the field name takes a text, and this is a list",
		`{"id":"c1","name":{"a":1}}`:  "the field name takes a text, and this is a record",
		`{"id":"c1","extra":{"a":1}}`: "the field words takes a text, and this is a record",
		`{"id":"c1","extra":"one"}`:   "the field parts takes a list, and this is a text",
	} {
		got := decide(f, body, nil)
		if len(got.Changes) != 1 || got.Changes[0].Verdict != "quarantine" || got.Changes[0].Reason.Text != why+": "+offType {
			t.Errorf("%s: %s", body, told(got))
		}
	}
	expect(t, decide(f, `{"id":"c1","name":[],"extra":null}`, nil), `
all send object=west.message doc={"place":"here"} once=["case","c1"]
`)
}

// What is no list has no rows to go through: to pass it over would lose what it holds.
func TestWhatIsNoListIsNotPassedOver(t *testing.T) {
	f := caseFlow(t, `
routes:
- name: all
  steps:
  - {name: visit, each: case.visits}
  write:
  - {send: west.message, once_per: {case: case.id, visit: visit.id}, fields: {place: {value: here}}}
`)
	for body, kind := range map[string]string{`{"id":"c1","visits":{"id":"v1"}}`: "a record", `{"id":"c1","visits":"v1"}`: "a text"} {
		expect(t, decide(f, body, nil), `
all quarantine object=west.message why=case.visits is `+kind+` where a list is needed: `+offType+` code=mapping
`)
	}
	for _, body := range []string{`{"id":"c1","visits":null}`, `{"id":"c1","visits":""}`, `{"id":"c1","visits":[]}`} {
		expect(t, decide(f, body, nil), ``)
	}
}

// A list that is made of others has no path to be named by.
func TestAListIsNamedByItsStep(t *testing.T) {
	f := caseFlow(t, `
routes:
- name: all
  steps:
  - {name: thing, each: 'or_else(case.extra, case.extra)', item: case.id}
  write:
  - {send: west.message, once_per: {case: case.id}, fields: {place: {value: here}}}
`)
	expect(t, decide(f, `{"id":"c1","extra":"one"}`, nil), `
all quarantine object=west.message why=the list of thing is a text where a list is needed: `+offType+` code=mapping
`)
}

// A key that broke down says so, and not what a later step thinks of the record.
func TestABrokenKeyIsSaidFirst(t *testing.T) {
	f := caseFlow(t, `
routes:
- name: all
  steps:
  - {name: key, expr: case.owner}
  - {name: notes, read: east.note, of: case, none: block, say: no notes}
  write:
  - {send: west.message, once_per: {owner: key}, fields: {place: {value: here}}}
`)
	expect(t, decide(f, `{"id":"c1","owner":["o"]}`, nil), `
all quarantine object=west.message why=owner must be one value, and this is a list: `+offType+` code=mapping
`)
}

// A list has no text to be looked up by; the empty text would fit records that have nothing there.
func TestKeysAreOneValue(t *testing.T) {
	f := caseFlow(t, `
routes:
- name: all
  steps:
  - {name: homes, recall: west.member, by_any: {case_id: case.case_id}, unswept: block, say: not read whole}
  - {name: sent, ledger: west.message, by: {number: case.number}, only: unanswered}
  write:
  - {send: west.message, once_per: {owner: case.owner}, known_as: {number: case.number}, fields: {place: {value: here}}}
`)
	for _, body := range []string{`{"id":"c1","owner":"o","case_id":["K1"]}`, `{"id":"c1","owner":"o","number":{"a":1}}`, `{"id":"c1","owner":["o"]}`} {
		known := &fakeKnown{closed: true}
		got := f.Decide(Input{Record: engine.Record{Object: "east.case", ID: "c1", Body: engine.NewBody([]byte(body))}, Now: noon, Start: "2026-01-01", Known: known})
		if slices.ContainsFunc(known.asked, func(ask string) bool { return strings.HasSuffix(ask, "=") }) {
			t.Errorf("%s: was looked up by nothing: %q", body, known.asked)
		}
		if len(got.Changes) != 1 || got.Changes[0].Verdict != "quarantine" || got.Changes[0].Reason.Code != "mapping" {
			t.Errorf("%s: %s", body, told(got))
		}
	}
}
