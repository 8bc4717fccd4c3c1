package mapping

import "testing"

// What went already is said to have gone, whatever a later step says now; what did not meets that step.
func TestWhatWentBeforeMeetsNoGate(t *testing.T) {
	f := caseFlow(t, `
routes:
- name: all
  steps:
  - {name: notes, read: east.note, of: case}
  - {name: note, each: notes, item: note.id}
  - {name: key, expr: 'note.id + "!"'}
  - {must: given(case.owner), else: block, say: nobody owns it}
  write:
  - {send: west.message, once_per: {note: key}, fields: {place: {value: here}}}
`)
	known := map[string]Answer{
		"read east.note of c1":             records("east.note", `{"id":"n1"}`, `{"id":"n2"}`, `{"id":"n3"}`),
		`once west.message ["note","n1!"]`: {State: Sent},
		`once west.message ["note","n2!"]`: {State: Parked},
		`once west.message ["note","n3!"]`: {},
	}
	expect(t, decide(f, `{"id":"c1"}`, known), `
all no change object=west.message item=note n1 why=already sent code=all/once_per once=["note","n1!"]
all blocked object=west.message item=note n2 why=maybe sent: waiting until it is seen or a person decides code=all/once_per once=["note","n2!"]
all blocked object=west.message item=note n3 why=nobody owns it code=all/nobody-owns-it
`)
	if _, trace := traced(f, `{"id":"c1"}`, known); len(trace.Writes) != 2 {
		t.Errorf("%d writes were told of, not the two that went", len(trace.Writes))
	}
	expect(t, decide(f, `{"id":"c1","owner":"ann"}`, known), `
all no change object=west.message item=note n1 why=already sent code=all/once_per once=["note","n1!"]
all blocked object=west.message item=note n2 why=maybe sent: waiting until it is seen or a person decides code=all/once_per once=["note","n2!"]
all send object=west.message item=note n3 doc={"place":"here"} once=["note","n3!"]
`)
}

// Where a write has a condition, or other routes continue, what its steps say still counts: there is more to decide
// than whether it went.
func TestWhatWentBeforeMeetsTheGateOfOthers(t *testing.T) {
	const inner = "  routes:\n  - {name: inner, steps: [], write: [{update: east.case, target: case, fields: {number: {value: one}}}]}\n"
	for _, tt := range []struct{ what, condition, routes string }{{what: "a condition", condition: ", only_if: case.open == true"}, {what: "more routes", routes: inner}} {
		f := caseFlow(t, `
routes:
- name: all
  steps:
  - {name: key, expr: case.id}
  - {must: given(case.owner), else: block, say: nobody owns it}
  write:
  - {send: west.message, once_per: {case: key}, fields: {place: {value: here}}`+tt.condition+"}\n"+tt.routes)
		got := decide(f, `{"id":"c1"}`, map[string]Answer{`once west.message ["case","c1"]`: {State: Sent}})
		if len(got.Changes) != 1 || got.Changes[0].Reason.Text != "nobody owns it" {
			t.Errorf("%s: %s", tt.what, told(got))
		}
	}
}

// Rows are told apart before it is said of each that its send went already.
func TestWhatWentBeforeIsSaidOfEveryRow(t *testing.T) {
	f := caseFlow(t, `
routes:
- name: all
  steps:
  - {name: key, expr: case.id}
  - {name: visit, each: case.visits, item: visit.id}
  write:
  - {send: west.message, once_per: {case: key}, fields: {place: {value: here}}}
`)
	expect(t, decide(f, `{"id":"c1","visits":[{"id":"v1"},{"id":"v2"}]}`, map[string]Answer{`once west.message ["case","c1"]`: {State: Sent}}), `
all no change object=west.message item=visit v1 why=already sent code=all/once_per once=["case","c1"]
all no change object=west.message item=visit v2 why=already sent code=all/once_per once=["case","c1"]
`)
}
