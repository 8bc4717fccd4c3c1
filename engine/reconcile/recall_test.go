package reconcile_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/engine/reconcile"
)

// recallProject reads the west's cases into recall, and writes letters only about cases that the west has.
var recallProject = map[string]string{
	"project.yaml": `kind: Project
name: test
zone: UTC
schedule: {cron: "0 * * * *", run: [look, letters]}
connections:
  east: {driver: east}
  west: {driver: west}
recall:
- {object: west.case, key: [id], keep: [id, number]}
`,
	"look.yaml": `kind: Flow
name: look
title: What the west has is remembered
source: {read: west.case, as: case, since: {start: everything, overlap: 10m}}
one_at_a_time: [case.number]
routes:
- name: look
  steps:
  - {must: given(case.to), else: nothing}
  - {name: there, read: east.case, by: {number: case.number}, none: nothing, several: quarantine, say: the east has this number twice}
  write:
  - {upsert: east.case, target: there, fields: {id: {from: case.id, policy: on_create}, name: {from: case.name}}}
`,
	"letters.yaml": `kind: Flow
name: letters
title: One letter for each case that the west has
source: {read: east.case, as: case, since: {start: "2026-01-01", overlap: 10m}}
one_at_a_time: [case.number]
routes:
- name: letters
  steps:
  - {name: there, recall: west.case, by_any: {number: case.number}, unswept: block, say: the west was never read whole}
  - {must: len(there) == 1, else: skip, say: not there}
  write:
  - {send: west.letter, once_per: {number: case.number}, fields: {number: {from: case.number}}}
`,
}

// What is blocked only because recall was never filled must be decided again when it is: its source does not change by then.
func TestCursorWaitsForTheFirstSweep(t *testing.T) {
	s := newStageOf(t, recallProject, newCabinet(3, plainCase), newCabinet(3, plainCase))
	s.west.breakRead = 2
	if _, err := s.run("look"); err == nil {
		t.Fatal("the reading did not break")
	}
	sum, err := s.run("letters")
	if err != nil || sum.Blocked.Total() != 3 || !s.cursor("letters").Mark.IsZero() {
		t.Fatalf("%v: blocked %v, cursor %v", err, sum.Blocked.Count, s.cursor("letters").Mark)
	}
	s.east.cases["0002"]["stamp"] = epoch.Add(time.Hour).Format(time.RFC3339)
	s.west.breakRead = 0
	sum, err = s.run("look")
	mustDone(t, sum, err)
	sum, err = s.run("letters")
	mustDone(t, sum, err)
	if len(s.west.letters) != 3 || s.cursor("letters").Mark.IsZero() {
		t.Errorf("%d letters for 3 cases, cursor %v", len(s.west.letters), s.cursor("letters").Mark)
	}
}

// Records whose key is not whole would all have one key, and each would take the place of the one before it.
func TestRecordsWithoutAWholeKeyAreNotRemembered(t *testing.T) {
	texts := maps.Clone(recallProject)
	texts["project.yaml"] = strings.Replace(texts["project.yaml"], "key: [id], keep: [id, number]", "key: [id, to], keep: [id, to, number]", 1)
	s := newStageOf(t, texts, newCabinet(2, plainCase), newCabinet(2, func(i int) map[string]any {
		return map[string]any{"to": []any{"a", ""}[i]}
	}))
	sum, err := s.run("look")
	mustDone(t, sum, err)
	sum, err = s.run("letters")
	mustDone(t, sum, err)
	if len(s.west.letters) != 1 || sum.Skipped.Total() != 1 {
		t.Errorf("%d letters, skipped %v: want one letter, for the record with a whole key", len(s.west.letters), sum.Skipped.Count)
	}
}

// What was read up to a moment only was not read whole.
func TestReadingUpToAMomentIsNoSweep(t *testing.T) {
	s := newStageOf(t, recallProject, newCabinet(3, plainCase), newCabinet(3, plainCase))
	sum, err := s.run("look", func(j *reconcile.Job) { j.Window.Until = longAgo })
	mustDone(t, sum, err)
	if sum, err = s.run("letters"); err != nil || sum.Blocked.Total() != 3 {
		t.Errorf("%v: blocked %v", err, sum.Blocked.Count)
	}
}
