package mapping

import "testing"

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
	for _, body := range []string{`{"id":"c1","visits":{"id":"v1"}}`, `{"id":"c1","visits":"v1"}`} {
		got := decide(f, body, nil)
		if len(got.Changes) != 1 || got.Changes[0].Verdict != "quarantine" || got.Changes[0].Reason.Code != "mapping" {
			t.Errorf("%s: %s", body, told(got))
		}
	}
	for _, body := range []string{`{"id":"c1","visits":null}`, `{"id":"c1","visits":""}`, `{"id":"c1","visits":[]}`} {
		expect(t, decide(f, body, nil), ``)
	}
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
		got := decide(f, body, nil)
		if len(got.Changes) != 1 || got.Changes[0].Verdict != "quarantine" || got.Changes[0].Reason.Code != "mapping" {
			t.Errorf("%s: %s", body, told(got))
		}
	}
}
