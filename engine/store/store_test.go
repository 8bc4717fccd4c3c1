package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// clock is a clock that only the test moves.
type clock struct{ at time.Time }

func newClock() *clock { return &clock{at: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time           { return c.at }
func (c *clock) pass(d time.Duration)     { c.at = c.at.Add(d) }
func (c *clock) options(p string) Options { return Options{Path: p, Project: "valley", Now: c.now} }

func temp(t *testing.T) string { return filepath.Join(t.TempDir(), "state", "valley.db") }

func mustOpen(t *testing.T, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func mustBegin(t *testing.T, s *Store, flow string) *Run {
	t.Helper()
	r, err := s.Begin(t.Context(), Begin{Flow: flow, SpecVersion: "v1", Who: "tester", Ordinary: true, Lease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantFault demands a Fault of the kind whose text holds every word, and returns it.
func wantFault(t *testing.T, err error, kind engine.FaultKind, words ...string) *engine.Fault {
	t.Helper()
	var f *engine.Fault
	if !errors.As(err, &f) {
		t.Fatalf("got %v, want a fault", err)
	}
	if f.Kind != kind {
		t.Errorf("kind %s, want %s (%v)", f.Kind, kind, f)
	}
	for _, w := range words {
		if !strings.Contains(f.Error(), w) {
			t.Errorf("fault %q does not say %q", f, w)
		}
	}
	if kind == engine.Environment && f.Next == "" {
		t.Errorf("fault %q does not say what to do next", f)
	}
	return f
}

func TestOpenMakesPrivateFiles(t *testing.T) {
	path := temp(t)
	s := mustOpen(t, newClock().options(path))
	mustBegin(t, s, "up")
	for name, want := range map[string]os.FileMode{filepath.Dir(path): 0o700, path: 0o600, path + "-wal": 0o600, path + "-shm": 0o600} {
		st, err := os.Stat(name)
		check(t, err)
		if st.Mode().Perm() != want {
			t.Errorf("%s is %o, want %o", filepath.Base(name), st.Mode().Perm(), want)
		}
	}
}

func TestOpenClosesAnOpenFileToOthers(t *testing.T) {
	path := temp(t)
	check(t, mustOpen(t, newClock().options(path)).Close())
	check(t, os.Chmod(path, 0o644))
	mustOpen(t, newClock().options(path))
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", st.Mode(), err)
	}
}

func TestPathWithOddCharacters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b%20?#&=c", "välley.db")
	mustOpen(t, newClock().options(path))
	if st, err := os.Stat(path); err != nil || st.Size() == 0 {
		t.Errorf("the file is elsewhere: %v %v", st, err)
	}
}

func TestDurability(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000"} {
		var got string
		check(t, s.write.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got))
		if got != want {
			t.Errorf("%s is %s, want %s", pragma, got, want)
		}
	}
	if _, err := s.read.ExecContext(t.Context(), `DELETE FROM runs`); err == nil {
		t.Error("the readers can write")
	}
}

func TestURLStamp(t *testing.T) {
	c, path := newClock(), temp(t)
	open := func(url string) error {
		o := c.options(path)
		o.URLs = map[string]string{"west": url, "east": "https://east.example.org"}
		s, err := Open(t.Context(), o)
		if err == nil {
			err = s.Close()
		}
		return err
	}
	check(t, open("https://user:pw@West.example.org:443/api/?token=1"))
	check(t, open("http://west.example.org/api")) // the same system
	f := wantFault(t, open("https://west-test.example.org/api"), engine.Environment, "west.example.org/api", "west-test.example.org/api", "another store")
	if f.Ref != "west" {
		t.Errorf("ref %q does not name the connection", f.Ref)
	}
	wantFault(t, open("https://west.example.org/other"), engine.Environment, "west.example.org/other")
	check(t, open("https://west.example.org/api"))
	raw, err := os.ReadFile(path)
	check(t, err)
	if strings.Contains(string(raw), "pw@") || strings.Contains(string(raw), "token=1") {
		t.Error("credentials of the URL are in the store")
	}
}

func TestAnotherProjectIsRefused(t *testing.T) {
	c, path := newClock(), temp(t)
	check(t, mustOpen(t, c.options(path)).Close())
	o := c.options(path)
	o.Project = "mountain"
	_, err := Open(t.Context(), o)
	wantFault(t, err, engine.Environment, "valley", "mountain")
}

func TestNotAStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.db")
	check(t, os.WriteFile(path, []byte(strings.Repeat("this is a letter, not a store. ", 400)), 0o600))
	_, err := Open(t.Context(), newClock().options(path))
	wantFault(t, err, engine.Environment, "backup")
	_, err = Scratch(t.Context(), newClock().options(path))
	wantFault(t, err, engine.Environment, "backup")
}

func TestDamagedStore(t *testing.T) {
	c, path := newClock(), temp(t)
	check(t, mustOpen(t, c.options(path)).Close())
	raw, err := os.ReadFile(path)
	check(t, err)
	for i := 100; i < len(raw); i++ {
		raw[i] = 0x5a
	}
	check(t, os.WriteFile(path, raw, 0o600))
	_, err = Open(t.Context(), c.options(path))
	wantFault(t, err, engine.Environment, "backup")
}

func TestNewerSchemaIsRefusedAndLeftAlone(t *testing.T) {
	c, path := newClock(), temp(t)
	s := mustOpen(t, c.options(path))
	_, err := s.write.ExecContext(t.Context(), `INSERT INTO schema_versions (version_id, is_applied) VALUES (99, 1)`)
	check(t, err)
	check(t, s.Close())
	_, err = Open(t.Context(), c.options(path))
	wantFault(t, err, engine.Environment, "schema 99", "newer")
}

func TestPlaceThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	check(t, os.WriteFile(file, nil, 0o600))
	for _, path := range []string{filepath.Join(file, "x.db"), dir} {
		_, err := Open(t.Context(), newClock().options(path))
		wantFault(t, err, engine.Environment, "another store")
	}
	if os.Geteuid() == 0 {
		t.Skip("root writes everywhere")
	}
	check(t, os.Chmod(dir, 0o500))
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
	_, err := Open(t.Context(), newClock().options(filepath.Join(dir, "x.db")))
	wantFault(t, err, engine.Environment, "another store")
}

func TestLockedStore(t *testing.T) {
	path := temp(t)
	s := mustOpen(t, newClock().options(path))
	tx, err := s.write.BeginTx(t.Context(), nil)
	check(t, err)
	defer func() { _ = tx.Rollback() }()
	other := mustOpenQuick(t, path)
	_, err = other.Begin(t.Context(), Begin{Flow: "up", Who: "b"})
	wantFault(t, err, engine.Environment, "Another program")
}

// mustOpenQuick opens a store whose writer does not wait for others.
func mustOpenQuick(t *testing.T, path string) *Store {
	t.Helper()
	s, err := fresh(newClock().options(path))
	check(t, err)
	s.write, err = openPool(path, "_txlock=immediate", "_pragma=busy_timeout(20)")
	check(t, err)
	s.read = s.write
	t.Cleanup(func() { _ = s.write.Close() })
	return s
}

func TestCancelledCallIsCancelled(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	ctx, stop := context.WithCancel(t.Context())
	stop()
	_, err := s.Begin(ctx, Begin{Flow: "up"})
	wantFault(t, err, engine.Cancelled)
}

func TestTwoStoresOpenAtOnce(t *testing.T) {
	c, path := newClock(), temp(t)
	check(t, os.MkdirAll(filepath.Dir(path), 0o700))
	results := make(chan error, 4)
	for range cap(results) {
		go func() {
			s, err := Open(context.Background(), c.options(path))
			if err == nil {
				err = s.Close()
			}
			results <- err
		}()
	}
	for range cap(results) {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
}
