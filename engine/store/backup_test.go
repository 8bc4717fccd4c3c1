package store

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casebridge/casebridge/engine"
)

func TestBackup(t *testing.T) {
	c := newClock()
	s, o := full(t, c, temp(t))
	run := mustBegin(t, s, "down") // goes on meanwhile
	_, err := run.Intend(t.Context(), []Intent{{Change: sendOf("c")}})
	check(t, err)
	to := filepath.Join(t.TempDir(), "copy.db")
	got, err := Backup(t.Context(), o, to)
	check(t, err)
	if wrong := faulty(got.Findings); len(wrong) > 0 || len(got.Findings) == 0 {
		t.Errorf("%+v", got.Findings)
	}
	st, err := os.Stat(to)
	check(t, err)
	if st.Mode().Perm() != 0o600 {
		t.Errorf("mode %o", st.Mode().Perm())
	}
	got.Findings = nil
	if diff := cmp.Diff(Copied{Path: to, Size: st.Size(), Sends: 3, Parked: 1, Held: 1, Recalled: 2, Audited: 1}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantAlone(t, to)
	o.Path = to
	copied := mustOpen(t, o)
	wantStates(t, copied, map[string]string{"a": "sent", "b": "parked", "c": "intended"})
	sent(t, run, engine.Done, "d") // the original goes on as before
}

// wantAlone demands that nothing else lies beside a file.
func wantAlone(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	check(t, err)
	for _, e := range entries {
		if e.Name() != filepath.Base(path) {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}

func TestBackupNeverOverwrites(t *testing.T) {
	s, o := full(t, newClock(), temp(t))
	check(t, s.Close())
	to := filepath.Join(t.TempDir(), "letter.txt")
	check(t, os.WriteFile(to, []byte("a letter"), 0o600))
	_, err := Backup(t.Context(), o, to)
	wantFault(t, err, engine.Environment, "already")
	_, err = Backup(t.Context(), o, o.Path)
	wantFault(t, err, engine.Environment, "already")
	if raw, err := os.ReadFile(to); err != nil || string(raw) != "a letter" {
		t.Errorf("%q %v", raw, err)
	}
	// Nor one that came while the copy was made.
	part := filepath.Join(t.TempDir(), "part")
	check(t, os.WriteFile(part, []byte("a copy"), 0o600))
	wantFault(t, publish(part, to), engine.Environment, "already")
	if raw, err := os.ReadFile(to); err != nil || string(raw) != "a letter" {
		t.Errorf("%q %v", raw, err)
	}
}

func TestBackupRefusals(t *testing.T) {
	s, o := full(t, newClock(), temp(t))
	check(t, s.Close())
	dir := t.TempDir()
	to := filepath.Join(dir, "copy.db")
	nowhere := filepath.Join(dir, "none", "copy.db")
	_, err := Backup(t.Context(), o, nowhere)
	wantFault(t, err, engine.Environment, "directory that this user can write")
	damage(t, o.Path)
	_, err = Backup(t.Context(), o, to)
	wantFault(t, err, engine.Environment)
	o.Path = filepath.Join(dir, "none.db")
	_, err = Backup(t.Context(), o, to)
	wantFault(t, err, engine.Environment, "no store")
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v %v", entries, err)
	}
}

// On a disk that is full half-way, nothing is left that looks like a backup.
func TestBackupOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64k", "casebridge-test", dir).Run(); err != nil {
		t.Skip("no right to mount a small disk")
	}
	defer func() { _ = exec.Command("umount", dir).Run() }()
	s, o := full(t, newClock(), temp(t))
	check(t, s.Close())
	to := filepath.Join(dir, "copy.db")
	_, err := Backup(t.Context(), o, to)
	f := wantFault(t, err, engine.Environment)
	if !strings.Contains(f.Next, "disk space") {
		t.Errorf("%v", f)
	}
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("half a backup: %v", err)
	}
	wantAlone(t, to)
}
