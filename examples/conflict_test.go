package examples_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/casebridge/casebridge/engine/store"
)

// TestBothChangedTheAdvice plays what the README of two-registers proposes: a field that people change in both files.
func TestBothChangedTheAdvice(t *testing.T) {
	const dir = "two-registers"
	project, program := compiled(t, dir)
	work := t.TempDir()
	if err := os.CopyFS(work, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	w := open(t, work, project)
	w.run(t, program)
	hospital, school := filepath.Join(work, "data", "hospital.ndjson"), filepath.Join(work, "data", "school.ndjson")
	pupil := lastOf(t, school, "external_id", "P-001")["id"].(string)
	advise := func(file, id, advice string) {
		t.Helper()
		appendLine(t, file, map[string]string{"id": id, "advice": advice})
	}

	advise(school, pupil, "By the window")
	if n := w.run(t, program); n != 0 || w.conflicts(t) != 0 || lastOf(t, school, "id", pupil)["advice"] != "By the window" {
		t.Errorf("a teacher's advice was not simply kept: %d writes, %d conflicts", n, w.conflicts(t))
	}
	advise(hospital, "P-001", "At the back")
	if n := w.run(t, program); n != 0 || w.conflicts(t) != 1 || lastOf(t, school, "id", pupil)["advice"] != "By the window" {
		t.Errorf("advice that both changed: %d writes, %d conflicts, want 0 and 1", n, w.conflicts(t))
	}
	advise(school, pupil, "At the back")
	if n := w.run(t, program); n != 0 || w.conflicts(t) != 0 {
		t.Errorf("advice that is the same again: %d writes, %d conflicts", n, w.conflicts(t))
	}
	// From here on the hospital's changes go again.
	advise(hospital, "P-001", "In the middle")
	if n := w.run(t, program); n != 1 || lastOf(t, school, "id", pupil)["advice"] != "In the middle" {
		t.Errorf("new advice: %d writes, want 1", n)
	}
}

// conflicts counts the open entries of fields that both sides changed.
func (w *world) conflicts(t *testing.T) int {
	t.Helper()
	st, err := store.Open(t.Context(), w.options)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := st.Quarantine(t.Context(), store.QuarantineFilter{Open: true})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		if strings.HasSuffix(e.Code, "/conflict") {
			n++
		}
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	return n
}

// lastOf merges the lines of a file whose field has this value in some line, as the connector does: by their id.
func lastOf(t *testing.T, file, field, value string) map[string]any {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	byID := map[string]map[string]any{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var line map[string]any
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		id, _ := line["id"].(string)
		if byID[id] == nil {
			byID[id] = map[string]any{}
		}
		for k, v := range line {
			byID[id][k] = v
		}
	}
	for _, record := range byID {
		if record[field] == value {
			return record
		}
	}
	t.Fatalf("%s has no record with %s %s", file, field, value)
	return nil
}

func appendLine(t *testing.T, file string, record map[string]string) {
	t.Helper()
	raw, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(append(raw, '\n')); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
