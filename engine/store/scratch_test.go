package store

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casebridge/casebridge/engine"
)

func mustScratch(t *testing.T, o Options) *Store {
	t.Helper()
	s, err := Scratch(t.Context(), o)
	check(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// prints are the digests of the files of a folder.
func prints(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	out := map[string][32]byte{}
	entries, err := os.ReadDir(dir)
	check(t, err)
	for _, e := range entries {
		raw, err := os.ReadFile(filepath.Join(dir, e.Name()))
		check(t, err)
		out[e.Name()] = sha256.Sum256(raw)
	}
	return out
}

func TestScratchNeverChangesTheOriginal(t *testing.T) {
	o := newClock().options(temp(t))
	o.Key = key(1)
	s := mustOpen(t, o)
	remember1(t, s, clientOf(1))
	check(t, s.Close())
	before := prints(t, filepath.Dir(o.Path))

	copied := mustScratch(t, o)
	remember1(t, copied, clientOf(2))
	if got := asked(t, copied, engine.Pair{Name: "external_id", Value: "e0"}, engine.Pair{Name: "external_id", Value: "e1"}); len(got) != 2 {
		t.Errorf("the copy holds %d records", len(got))
	}
	dir := filepath.Dir(copied.path)
	if st, err := os.Stat(dir); err != nil || st.Mode().Perm() != 0o700 {
		t.Errorf("%v %v", st.Mode(), err)
	}
	check(t, copied.Close())
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the copy is still there: %v", err)
	}
	after := prints(t, filepath.Dir(o.Path))
	delete(after, "valley.db-shm") // a reader's side files: an index, and an empty log
	if after["valley.db-wal"] == sha256.Sum256(nil) {
		delete(after, "valley.db-wal")
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the original changed:\n%s", diff)
	}
}

func TestScratchDuringARun(t *testing.T) {
	o := newClock().options(temp(t))
	s := mustOpen(t, o)
	r := mustBegin(t, s, "up")
	_, err := r.Intend(t.Context(), []Intent{{Change: sendOf("a")}})
	check(t, err)
	copied := mustScratch(t, o)
	mustBegin(t, copied, "up") // nobody holds the copy
	states, err := copied.SendStates(t.Context(), "west.referral", []string{"a"})
	check(t, err)
	if states["a"] != "parked" {
		t.Errorf("what is on its way reads as %q", states["a"])
	}
	wantStates(t, s, map[string]string{"a": "intended"})
	check(t, r.Renew(t.Context()))
}

func TestScratchOfNothing(t *testing.T) {
	o := newClock().options(temp(t))
	remember1(t, mustScratch(t, o), clientOf(1))
	if _, err := os.Stat(filepath.Dir(o.Path)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was made: %v", err)
	}
}

func TestScratchChecksWhoseStoreItIs(t *testing.T) {
	o := newClock().options(temp(t))
	o.URLs = map[string]string{"west": "https://west.example.org"}
	check(t, mustOpen(t, o).Close())
	o.URLs = map[string]string{"west": "https://other.example.org"}
	_, err := Scratch(t.Context(), o)
	wantFault(t, err, engine.Environment, "west.example.org", "other.example.org")
}

func TestScratchOfAReadOnlyFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root writes everywhere")
	}
	o := newClock().options(temp(t))
	s := mustOpen(t, o)
	remember1(t, s, clientOf(1))
	check(t, s.Close())
	dir := filepath.Dir(o.Path)
	check(t, os.Chmod(dir, 0o500))
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	if got := asked(t, mustScratch(t, o), engine.Pair{Name: "global_id", Value: "g1"}); len(got) != 1 {
		t.Errorf("%d records", len(got))
	}
}
