package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/casebridge/casebridge/engine"
)

func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "map.yaml"), filepath.Join(dir, "link.yaml")
	if err := os.WriteFile(file, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	if err := replaceFile(link, []byte("new")); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	mode, err2 := os.Stat(file)
	at, err3 := os.Lstat(link)
	if err != nil || err2 != nil || err3 != nil || string(text) != "new" || mode.Mode().Perm() != 0o600 || at.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the file is %q, %v; the link is %v", text, mode.Mode(), at.Mode())
	}
}

// What cannot be written leaves what was there, and nothing beside it.
func TestReplaceFileThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "map.yaml", "inside"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "map.yaml"), filepath.Join(dir, "nowhere", "map.yaml")} {
		if err := replaceFile(path, []byte("new")); exitCode(err) != exitEnvironment || engine.KindOf(err) != engine.Environment {
			t.Errorf("%s: %v", path, err)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("%v: %v lie beside it", err, left)
	}
}
