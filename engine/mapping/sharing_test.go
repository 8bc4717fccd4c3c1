package mapping

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/casebridge/casebridge/engine"
)

// Each archive of testdata/shared is a flow and what may be shared; its want is
// what Compile says about them, to the letter. One without findings is sound.
func TestShared(t *testing.T) {
	cases, err := filepath.Glob("testdata/shared/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { checkShared(t, path) })
	}
}

func checkShared(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	files, want := map[string]string{}, ""
	for _, f := range archive.Files {
		if f.Name == "want" {
			want = string(f.Data)
			continue
		}
		files[f.Name] = string(f.Data)
	}
	_, diags := Compile(project(t, files))
	got := printed(diags)
	if *update {
		archive.Files = append(withoutWant(archive.Files), txtar.File{Name: "want", Data: []byte(got)})
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func withoutWant(all []txtar.File) []txtar.File {
	var kept []txtar.File
	for _, f := range all {
		if f.Name != "want" {
			kept = append(kept, f)
		}
	}
	return kept
}

// gates is a flow whose one write stands below the gate that a case gives.
func gated(t *testing.T, must string) []engine.Diag {
	t.Helper()
	_, diags := Compile(project(t, map[string]string{"flow.yaml": `kind: Flow
name: out
source: {read: east.case, as: case, since: {start: "2026-01-01"}}
routes:
- name: all
  steps:
  - {name: twin, read: east.case, by: {number: case.number}, none: nothing, several: skip, say: several}
  - {name: notes, read: east.note, of: case, none: nothing}
  - {name: note, each: notes}
  - {name: agrees, expr: 'case.open == true'}
  - {must: '` + must + `', gate: consent, else: block, say: no consent}
  write:
  - {send: west.message, once_per: {id: case.id}, fields: {place: {value: here}}}
`, "sharing-east-west.yaml": `kind: Sharing
from: east
to: west
consent: {needs: [east.case.open, east.case.kind], or: [east.note.state]}
scope: {not_needed: a test}
may_write: {west.message: [place]}
`}))
	return diags
}

// What a gate may look like, and what it must not.
func TestGatesAreProved(t *testing.T) {
	for _, c := range []struct {
		must string
		open string // what the finding says it opens in spite of; "" for a good gate
	}{
		{`case.open == true and case.kind == "visit"`, ""},
		{`case.open and case.kind in ["visit", "call"]`, ""},
		{`not (case.open == false) and case.kind == "visit"`, "east.case.open is not filled in"},
		{`case.open == true and case.kind == "visit" or note.state == "yes"`, ""},
		{`note.state == "yes" or case.kind == "visit" and case.open == true`, ""},
		{`case.open == true and case.kind == "visit" or given(note.state)`, "east.case.open is not filled in"},
		{`agrees and case.kind == "visit"`, ""},
		{`agrees or case.kind == "visit"`, "east.case.open is not filled in"},
		{`case.open == true ? case.kind == "visit" : false`, ""},
		{`case.kind == "visit" ? case.open == true : blank(case.name)`, "east.case.kind is not filled in"},
		{`case.open == true`, "east.case.kind is not filled in"},
		{`case.open == true and not blank(case.kind)`, "east.case.kind has a value that it does not name"},
		{`case.open == true and case.kind != "other"`, "east.case.kind is not filled in"},
		{`case.open == true and case.kind == "visit" or case.name == "x"`, "east.case.open is not filled in"},
		{`case.open != nil and case.kind == "visit"`, "east.case.open is false"},
		{`given(case.open) and case.kind == "visit"`, "east.case.open is false"},
		{`twin.open == true and twin.kind == "visit"`, "east.case.open is not filled in"},
		{`not given(twin) or case.open == true and case.kind == "visit"`, "east.case.open is not filled in"},
		{`any(case.visits, case.open == true and case.kind == .kind)`, "east.case.kind has a value that it does not name"},
		{`any(case.visits, case.open == true and case.kind == "visit")`, ""},
		{`all(case.visits, case.open == true and case.kind == "visit")`, "east.case.open is not filled in"},
		{`or_else(case.open, true) and case.kind == "visit"`, "east.case.open is not filled in"},
		{`(case.open ?? true) and case.kind == "visit"`, "east.case.open is not filled in"},
		{`case.open == true and case.kind == "visit" or true`, "east.case.open is not filled in"},
	} {
		text := printed(gated(t, c.must))
		switch {
		case c.open == "" && strings.Contains(text, "[open-gate]"):
			t.Errorf("%s: refused\n%s", c.must, text)
		case c.open != "" && !strings.Contains(text, "can open although "+c.open):
			t.Errorf("%s: want a finding that it opens although %s, got\n%s", c.must, c.open, text)
		}
	}
}

// Nothing that Compile missed goes out: the document itself is looked at.
func TestDocumentsAreLookedAtOnceMore(t *testing.T) {
	f := flowOf(t, map[string]string{"flow.yaml": `kind: Flow
name: out
source: {read: east.case, as: case, since: {start: "2026-01-01"}}
routes:
- name: all
  write:
  - send: west.message
    once_per: {id: case.id}
    fields: {place: {value: here}, name: {from: case.name}, parts: {one: {uid: {from: case.id}, name: {from: case.case_id}}}}
`})
	body := `{"id":"1","case_id":"c1","name":"Ada"}`
	for _, c := range []struct {
		allowed []string
		stray   string
	}{
		{[]string{"place", "name", "parts"}, ""},
		{[]string{"place", "name", "parts.uid", "parts.name"}, ""},
		{[]string{"place", "parts"}, "name"},
		{[]string{"place", "name"}, "parts"},
		{[]string{"place", "name", "parts.uid"}, "parts.name"},
		{nil, "place"},
	} {
		f.allowed = permits{"west.message": c.allowed}
		got := decide(f, body, nil).Changes[0]
		switch {
		case c.stray == "" && got.Verdict != engine.Send:
			t.Errorf("%v: %s (%s)", c.allowed, got.Verdict, got.Reason.Text)
		case c.stray != "" && (got.Verdict != engine.Quarantined || !got.Document.Empty() || !strings.HasPrefix(got.Reason.Text, "the field "+c.stray+" may not be written")):
			t.Errorf("%v: %s (%s)", c.allowed, got.Verdict, got.Reason.Text)
		}
	}
}
