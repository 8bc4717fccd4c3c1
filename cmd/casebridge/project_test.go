package main

import (
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
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
	dir := t.TempDir()
	copySpecs(t, dir)
	for file, edit := range map[string][2]string{
		"maps/provinces.yaml":          {"Stung Treng, user: mgrstg", "Stung Treng, user: "},
		"mappings/client-to-case.yaml": {"client.given_name,", "client.given_nam,"},
		"flows/primero-to-oscar.yaml":  {"mapping: case-to-referral", "mapping: case-to-referal"},
	} {
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
	found := map[string]bool{}
	for _, d := range diags {
		found[d.Code] = true
	}
	if !found["unknown-field"] || !found["unknown-mapping"] || len(diags) < 3 {
		t.Errorf("found %v", diags)
	}
}
