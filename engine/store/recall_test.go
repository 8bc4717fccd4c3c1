package store

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casebridge/casebridge/engine"
)

const marker = "Zorblatt-Marker"

// clientOf is an invented client as a system lists it.
func clientOf(i int) Recalled {
	return Recalled{Object: "west.client", Key: fmt.Sprintf("ngo-a\x1f%d", i),
		Keep:   []engine.Pair{{Name: "organization", Value: "ngo-a"}, {Name: "global_id", Value: fmt.Sprintf("g%d", i)}, {Name: "external_id", Value: fmt.Sprintf("e%d", i/2)}},
		Sealed: []byte(` {"family_name": "` + marker + `", "visits": 9007199254740993} `)}
}

func remember1(t *testing.T, s *Store, records ...Recalled) {
	t.Helper()
	r := mustBegin(t, s, "up")
	_, err := r.Settle(t.Context(), Settlement{Recalled: records})
	check(t, err)
	check(t, r.End(t.Context(), End{State: "done"}))
}

func asked(t *testing.T, s *Store, pairs ...engine.Pair) []string {
	t.Helper()
	records, _, err := s.RecalledMany(t.Context(), "west.client", [][]engine.Pair{pairs})
	check(t, err)
	bodies := []string{}
	for _, r := range records[0] {
		if r.Object != "west.client" {
			t.Errorf("object %q", r.Object)
		}
		bodies = append(bodies, string(r.Body.Raw()))
	}
	return bodies
}

func key(n byte) []byte { return bytes.Repeat([]byte{n}, 32) }

func TestRecall(t *testing.T) {
	o := newClock().options(temp(t))
	o.Key = key(1)
	s := mustOpen(t, o)
	remember1(t, s, clientOf(2), clientOf(3), clientOf(4))
	client := func(g, e string) string {
		return `{"organization":"ngo-a","global_id":"` + g + `","external_id":"` + e + `","family_name": "` + marker + `", "visits": 9007199254740993}`
	}
	external, global := engine.Pair{Name: "external_id", Value: "e1"}, engine.Pair{Name: "global_id", Value: "g4"}
	for _, tt := range []struct {
		ask  []engine.Pair
		want []string
	}{
		{[]engine.Pair{external}, []string{client("g2", "e1"), client("g3", "e1")}},
		{[]engine.Pair{global, external}, []string{client("g2", "e1"), client("g3", "e1"), client("g4", "e2")}},
		{[]engine.Pair{external, {Name: "global_id", Value: "g2"}}, []string{client("g2", "e1"), client("g3", "e1")}},
		{[]engine.Pair{{Name: "external_id", Value: "g4"}}, []string{}},
		{[]engine.Pair{{Name: "external_id", Value: ""}}, []string{}},
		{nil, []string{}},
	} {
		if diff := cmp.Diff(tt.want, asked(t, s, tt.ask...)); diff != "" {
			t.Errorf("%v (-want +got):\n%s", tt.ask, diff)
		}
	}
}

func TestRecallOfAnotherObject(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	remember1(t, s, clientOf(1))
	found, swept, err := s.RecalledMany(t.Context(), "west.family", [][]engine.Pair{clientOf(1).Keep})
	check(t, err)
	if len(found[0]) != 0 || swept {
		t.Errorf("%v %v", found, swept)
	}
}

func TestRecallIsWhatWasLastListed(t *testing.T) {
	o := newClock().options(temp(t))
	o.Key = key(1)
	s := mustOpen(t, o)
	remember1(t, s, clientOf(2))
	moved := clientOf(2)
	moved.Keep = []engine.Pair{{Name: "organization", Value: "ngo-a"}, {Name: "external_id", Value: ""}, {Name: "global_id", Value: `g"9`}}
	moved.Sealed = []byte(`{}`)
	remember1(t, s, moved)
	if got := asked(t, s, engine.Pair{Name: "external_id", Value: ""}); len(got) != 0 {
		t.Errorf("found by a blank: %v", got)
	}
	if got := asked(t, s, engine.Pair{Name: "external_id", Value: "e1"}, engine.Pair{Name: "global_id", Value: "g2"}); len(got) != 0 {
		t.Errorf("found under its old codes: %v", got)
	}
	want := []string{`{"organization":"ngo-a","external_id":"","global_id":"g\"9"}`}
	if diff := cmp.Diff(want, asked(t, s, engine.Pair{Name: "global_id", Value: `g"9`})); diff != "" {
		t.Error(diff)
	}
}

// A record of which something is not known is counted, and holds up no other. What was kept of it before stays known.
func TestGaps(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	r := mustBegin(t, s, "down")
	check(t, r.End(t.Context(), End{State: "done", Whole: "west.client"}))
	gaps := func(when string, want int) {
		t.Helper()
		_, swept, err := s.RecalledMany(t.Context(), "west.client", nil)
		check(t, err)
		o, err := s.Overview(t.Context())
		check(t, err)
		if !swept || len(o.Recall) != 1 || o.Recall[0].Gaps != want {
			t.Errorf("%s: swept %v, %+v; want %d gaps", when, swept, o.Recall, want)
		}
	}
	half := clientOf(2)
	half.Keep, half.Unknown = half.Keep[:2], []string{"external_id"}
	global, external := engine.Pair{Name: "global_id", Value: "g2"}, engine.Pair{Name: "external_id", Value: "e1"}
	without, whole := `{"organization":"ngo-a","global_id":"g2"}`, `{"organization":"ngo-a","global_id":"g2","external_id":"e1"}`
	for _, step := range []struct {
		when   string
		record Recalled
		gaps   int
		body   string
	}{{"first listed in half", half, 1, without}, {"listed so again", half, 1, without}, {"listed whole", clientOf(2), 0, whole}, {"in half once more", half, 0, whole}} {
		remember1(t, s, step.record)
		gaps(step.when, step.gaps)
		if diff := cmp.Diff([]string{step.body}, asked(t, s, global, external)); diff != "" {
			t.Errorf("%s: %s", step.when, diff)
		}
	}
}

func TestSweptOnlyAfterAWholeReading(t *testing.T) {
	for state, want := range map[string]bool{"done": true, "partial": true, "stopped": false, "held": false} {
		s := mustOpen(t, newClock().options(temp(t)))
		remember1(t, s, clientOf(1))
		if _, swept, err := s.RecalledMany(t.Context(), "west.client", nil); err != nil || swept {
			t.Errorf("before: %v %v", swept, err)
		}
		r, err := s.Begin(t.Context(), Begin{Flow: "down", Who: "tester"})
		check(t, err)
		check(t, r.End(t.Context(), End{State: state, Whole: "west.client"}))
		if _, swept, err := s.RecalledMany(t.Context(), "west.client", nil); err != nil || swept != want {
			t.Errorf("%s: %v %v", state, swept, err)
		}
	}
}

func TestRecalledMany(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	const n = 900
	var records []Recalled
	asks := make([][]engine.Pair, n)
	for i := range n {
		records = append(records, clientOf(i))
		asks[i] = []engine.Pair{{Name: "global_id", Value: fmt.Sprintf("g%d", i)}, {Name: "external_id", Value: fmt.Sprintf("e%d", i/2)}}
	}
	remember1(t, s, records...)
	found, _, err := s.RecalledMany(t.Context(), "west.client", asks)
	check(t, err)
	for i := range n {
		if len(found[i]) != 2 {
			t.Fatalf("ask %d: %d records", i, len(found[i]))
		}
	}
}

func TestPersonalFieldsAreNeverInTheClear(t *testing.T) {
	for _, k := range [][]byte{nil, key(1)} {
		path := temp(t)
		o := newClock().options(path)
		o.Key = k
		s := mustOpen(t, o)
		r := mustBegin(t, s, "up")
		secret := engine.NewBody([]byte(`"` + marker + `"`))
		c := sendOf("a")
		c.Document, c.Current = secret, secret
		c.Fields = []engine.FieldChange{{Path: "family_name", Old: secret, New: secret}}
		_, err := r.Intend(t.Context(), []Intent{{Change: c}})
		check(t, err)
		_, err = r.Settle(t.Context(), Settlement{Recalled: []Recalled{clientOf(1)}, Held: []Held{{Change: c}}})
		check(t, err)
		if got := asked(t, s, engine.Pair{Name: "global_id", Value: "g1"}); bytes.Contains([]byte(got[0]), []byte(marker)) != (k != nil) {
			t.Errorf("with key %v: %d bytes", k != nil, len(got[0]))
		}
		for _, end := range []string{"", "-wal"} {
			raw, err := os.ReadFile(path + end)
			check(t, err)
			if bytes.Contains(raw, []byte(marker)) {
				t.Errorf("personal data in %s", filepath.Base(path)+end)
			}
			if k != nil && end == "-wal" && !bytes.Contains(raw, []byte("ngo-a")) {
				t.Error("the search would find nothing: no code is in the file either")
			}
		}
	}
}

func TestAnotherKey(t *testing.T) {
	o := newClock().options(temp(t))
	o.Key = key(1)
	check(t, func() error { s := mustOpen(t, o); remember1(t, s, clientOf(1), clientOf(2)); return s.Close() }())
	bare := `{"organization":"ngo-a","global_id":"g1","external_id":"e0"}`
	for name, k := range map[string][]byte{"other": key(2), "none": nil} {
		o.Key = k
		s := mustOpen(t, o)
		if got := asked(t, s, engine.Pair{Name: "global_id", Value: "g1"}); !slices.Equal(got, []string{bare}) {
			t.Errorf("%s: %v", name, got)
		}
		state, err := s.KeyState(t.Context())
		check(t, err)
		if state.Unreadable != 2 || state.Mismatch() != (k != nil) {
			t.Errorf("%s: %+v", name, state)
		}
		check(t, s.Close())
	}
	o.Key = key(2)
	s := mustOpen(t, o)
	remember1(t, s, clientOf(1), clientOf(2))
	if state, err := s.KeyState(t.Context()); err != nil || state.Mismatch() {
		t.Errorf("after listing again: %+v %v", state, err)
	}
}

func TestWithoutAKeyOldSealedFieldsAreDropped(t *testing.T) {
	o := newClock().options(temp(t))
	o.Key = key(1)
	check(t, func() error { s := mustOpen(t, o); remember1(t, s, clientOf(1)); return s.Close() }())
	o.Key = nil
	check(t, func() error { s := mustOpen(t, o); remember1(t, s, clientOf(1)); return s.Close() }())
	o.Key = key(1)
	s := mustOpen(t, o)
	if got := asked(t, s, engine.Pair{Name: "global_id", Value: "g1"}); bytes.Contains([]byte(got[0]), []byte(marker)) {
		t.Error("what an earlier reading said is taken for what was last said")
	}
}

func TestSealedFieldsOpenOnlyInTheirRow(t *testing.T) {
	o := newClock().options(temp(t))
	o.Key = key(1)
	s := mustOpen(t, o)
	remember1(t, s, clientOf(1), clientOf(2))
	_, err := s.write.ExecContext(t.Context(), `UPDATE recall SET sealed = (SELECT sealed FROM recall WHERE id = 2) WHERE id = 1`)
	check(t, err)
	if got := asked(t, s, engine.Pair{Name: "global_id", Value: "g1"}); bytes.Contains([]byte(got[0]), []byte(marker)) {
		t.Error("sealed fields of another client were opened")
	}
}

func TestSealedMustBeAnObject(t *testing.T) {
	o := newClock().options(temp(t))
	o.Key = key(1)
	s := mustOpen(t, o)
	r := mustBegin(t, s, "up")
	for _, bad := range []string{`[1]`, `{"a":`, `x`} {
		rec := clientOf(1)
		rec.Sealed = []byte(bad)
		_, err := r.Settle(t.Context(), Settlement{Recalled: []Recalled{rec}})
		wantFault(t, err, engine.Environment, "JSON object")
	}
}

func TestKeys(t *testing.T) {
	text, err := NewKey()
	check(t, err)
	other, err := NewKey()
	check(t, err)
	k, err := ParseKey(" " + text + "\n")
	check(t, err)
	if len(k) != 32 || text == other {
		t.Errorf("%d bytes; the same twice: %v", len(k), text == other)
	}
	for _, bad := range []string{"", "short", base64.StdEncoding.EncodeToString(make([]byte, 31)), text + text} {
		_, err := ParseKey(bad)
		f := wantFault(t, err, engine.Environment)
		if bad != "" && bytes.Contains([]byte(f.Error()), []byte(bad)) {
			t.Error("the fault repeats the key")
		}
	}
	o := newClock().options(temp(t))
	o.Key = []byte("too short")
	_, err = Open(t.Context(), o)
	wantFault(t, err, engine.Environment, "32 bytes")
}
