package store

import (
	"bytes"
	"os"
	"testing"

	"github.com/casebridge/casebridge/engine"
)

func linkedChange(target, row, value string) engine.Change {
	return engine.Change{Object: "west.case", Target: target, Record: "case K1",
		Links: []engine.Link{{Row: row, Field: "name", Value: engine.NewBody([]byte(value))}}}
}

func mustLink(t *testing.T, r *Run, changes ...engine.Change) {
	t.Helper()
	_, err := r.Settle(t.Context(), Settlement{Linked: changes})
	check(t, err)
}

func linksOf(t *testing.T, s *Store, asks ...Linked) [][]Digest {
	t.Helper()
	got, err := s.LinksMany(t.Context(), "west.case", asks)
	check(t, err)
	return got
}

func TestLinks(t *testing.T) {
	o := newClock().options(temp(t))
	o.Key = bytes.Repeat([]byte{7}, keySize)
	s := mustOpen(t, o)
	r := mustBegin(t, s, "up")
	record, row, other := Linked{"w1", ""}, Linked{"w1", "visits[v1]"}, Linked{"w2", ""}
	mustLink(t, r, linkedChange("w1", "", `"Ann"`), linkedChange("w1", "visits[v1]", `"Ann"`), linkedChange("", "", `"nobody knows where"`))
	got := linksOf(t, s, row, other, record)
	if len(got[0]) != 1 || len(got[1]) != 0 || len(got[2]) != 1 {
		t.Fatalf("got %d, %d and %d links, want 1, 0 and 1", len(got[0]), len(got[1]), len(got[2]))
	}
	if d := s.LinkDigest("west.case", record, "name", []byte(`"Ann"`)); got[2][0] != (Digest{"name", d}) || len(d) != digestSize {
		t.Errorf("the digest is not the one of the value")
	}
	if got[0][0].Digest == got[2][0].Digest {
		t.Error("equal values of two places have equal digests: the store tells who shares a name")
	}
	// What both have in common changes: there is one row all the same.
	mustLink(t, r, linkedChange("w1", "", `"Bea"`))
	if now := linksOf(t, s, record)[0]; len(now) != 1 || now[0].Digest != s.LinkDigest("west.case", record, "name", []byte(`"Bea"`)) {
		t.Errorf("got %d links", len(now))
	}
	check(t, s.Close())
	for _, name := range []string{o.Path, o.Path + "-wal"} {
		if raw, err := os.ReadFile(name); err == nil && (bytes.Contains(raw, []byte("Ann")) || bytes.Contains(raw, []byte("Bea"))) {
			t.Error("the value stands in the store")
		}
	}
}

// Under another key, or none, nothing is known: the digests cannot be compared.
func TestLinksNeedTheirKey(t *testing.T) {
	o := newClock().options(temp(t))
	o.Key = bytes.Repeat([]byte{7}, keySize)
	first := mustOpen(t, o)
	mustLink(t, mustBegin(t, first, "up"), linkedChange("w1", "", `"Ann"`))
	check(t, first.Close())
	for name, key := range map[string][]byte{"another": bytes.Repeat([]byte{8}, keySize), "none": nil} {
		o.Key = key
		s := mustOpen(t, o)
		if got := linksOf(t, s, Linked{"w1", ""}); len(got[0]) != 0 || s.KeepsLinks() != (key != nil) {
			t.Errorf("key %s: %d links", name, len(got[0]))
		}
		check(t, s.Close())
	}
	o.Key = nil
	s := mustOpen(t, o)
	if d := s.LinkDigest("west.case", Linked{"w1", ""}, "name", []byte(`"Ann"`)); d != "" {
		t.Error("a digest without a key")
	}
}
