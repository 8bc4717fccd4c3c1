package main

import (
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/specs"
)

// copySpecs copies the project inside the binary to dir and returns its files.
func copySpecs(t testing.TB, dir string) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(specs.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(specs.FS, name)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		names = append(names, path)
		return os.WriteFile(path, text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// spoil makes a mistake in a file, as a tired person would: a line lost, a word cut, a letter swapped.
func spoil(text string, r *rand.Rand) string {
	lines := strings.Split(text, "\n")
	i := r.IntN(len(lines))
	switch words := strings.Fields(lines[i]); {
	case r.IntN(3) == 0 || len(words) == 0:
		lines = append(lines[:i], lines[i+1:]...)
	case r.IntN(2) == 0:
		lines[i] = strings.Replace(lines[i], words[r.IntN(len(words))], "", 1)
	default:
		at := r.IntN(len(lines[i]))
		lines[i] = lines[i][:at] + string(rune('a'+r.IntN(26))) + lines[i][at+1:]
	}
	return strings.Join(lines, "\n")
}

// Whatever is wrong with the specs, all of it is found in one go, each with a place, and nothing panics.
func TestSpoiltSpecsGiveFindingsWithPlaces(t *testing.T) {
	dir := t.TempDir()
	names := copySpecs(t, dir)
	a := app{environ: func() []string { return nil }, stdout: io.Discard, stderr: io.Discard}
	a.flags.project = dir
	broken := 0
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		name := names[r.IntN(len(names))]
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(spoil(string(whole), r)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, diags, err := a.compile()
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if engine.HasErrors(diags) {
			broken++
		}
		for _, d := range diags {
			if d.At.Line == 0 || d.Message == "" || d.Code == "" {
				t.Errorf("seed %d: a finding without a place: %+v", seed, d)
			}
		}
		if err := os.WriteFile(name, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if broken < 10 {
		t.Errorf("only %d of 40 mistakes were found: the test makes no mistakes any more", broken)
	}
}

func TestFindingsOfEveryStageComeTogether(t *testing.T) {
	found := codesAfter(t, map[string][2]string{
		"maps/provinces.yaml":          {"Stung Treng, user: mgrstg", "Stung Treng, user: "},
		"mappings/client-to-case.yaml": {"client.given_name,", "client.given_nam,"},
		"flows/primero-to-oscar.yaml":  {"mapping: case-to-referral", "mapping: case-to-referal"},
	})
	if !slices.Contains(found, "mappings/client-to-case.yaml unknown-field") || !slices.Contains(found, "flows/primero-to-oscar.yaml unknown-mapping") || len(found) < 3 {
		t.Errorf("found %v", found)
	}
}

// A misspelt column is found beside a mistake in another file; not beside one in a map, of which it may be the consequence.
func TestMisspeltColumnsAreFoundBesideOtherMistakes(t *testing.T) {
	column := [2]string{`lookup("services", "oscar"`, `lookup("services", "ocsar"`}
	form := [2]string{`rule("agency", "primero"`, `rule("agency", "pirmero"`}
	for _, tt := range []struct {
		file         string
		edit         [2]string
		column, form bool
	}{
		{"tables/verdicts.yaml", [2]string{"in:", "inn:"}, true, true},
		{"maps/risk.yaml", [2]string{"columns:", "colums:"}, false, true},
		{"rules/agency.yaml", [2]string{"forms:", "froms:"}, true, false},
	} {
		found := codesAfter(t, map[string][2]string{"mappings/service-to-row.yaml": column, "steps/our-row.yaml": form, tt.file: tt.edit})
		if slices.Contains(found, "mappings/service-to-row.yaml unknown-column") != tt.column || slices.Contains(found, "steps/our-row.yaml unknown-form") != tt.form {
			t.Errorf("%s: found %v", tt.file, found)
		}
	}
}

// codesAfter gives the files and codes of all findings after a copy of the specs was edited.
func codesAfter(t *testing.T, edits map[string][2]string) []string {
	t.Helper()
	dir := t.TempDir()
	copySpecs(t, dir)
	for file, edit := range edits {
		path := filepath.Join(dir, file)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), edit[0]) {
			t.Fatalf("%s has no %q any more", file, edit[0])
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), edit[0], edit[1], 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a := app{environ: func() []string { return nil }, stdout: io.Discard, stderr: io.Discard}
	a.flags.project = dir
	_, diags, err := a.compile()
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, d := range diags {
		file, err := filepath.Rel(dir, d.At.File)
		if err != nil {
			t.Fatal(err)
		}
		codes = append(codes, filepath.ToSlash(file)+" "+d.Code)
	}
	return codes
}
