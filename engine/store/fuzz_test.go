package store

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casebridge/casebridge/engine"
)

// FuzzStored puts any bytes where the store expects what it wrote: decoding ends in an error or in what
// can be used, and never shows sealed fields that the key does not open.
func FuzzStored(f *testing.F) {
	key, err := NewKey()
	if err != nil {
		f.Fatal(err)
	}
	raw, err := ParseKey(key)
	if err != nil {
		f.Fatal(err)
	}
	seal, err := newSealer(raw)
	if err != nil {
		f.Fatal(err)
	}
	sound := seal.seal(recallPlace("west.member", "k"), []byte(`{"name":"x"}`))
	for _, keep := range []string{`[["place","alpha"]]`, `[]`, `null`, `[["a"]]`, `[["a","b","c"]]`, `{}`, ``, `[["\ud800","\u0000"]]`, "[[\"\xff\",\"b\"]]"} {
		f.Add(keep, sound, "k")
		f.Add(keep, sound[:len(sound)-1], "k")
		f.Add(keep, []byte{}, "")
	}
	f.Fuzz(func(t *testing.T, keep string, sealed []byte, at string) {
		for _, s := range []*Store{{seal: seal}, {}} {
			body, err := s.body("west.member", at, keep, sealed)
			if err == nil && !json.Valid(body) {
				t.Fatalf("a record that is no JSON: %q", body)
			}
		}
		if pairs, err := listsAsPairs(keep); err == nil {
			text, err := json.Marshal(pairsAsLists(pairs))
			if err != nil {
				t.Fatal(err)
			}
			if again, err := listsAsPairs(string(text)); err != nil || !cmp.Equal(pairs, again) {
				t.Fatalf("%v came back as %v, %v", pairs, again, err)
			}
		}
	})
}

// FuzzRecall remembers any record and asks for it again.
func FuzzRecall(f *testing.F) {
	f.Add("k1", "alpha", []byte(`{"name":"An invented name"}`))
	f.Add("", "a\x1fb", []byte(`{ }`))
	f.Add("\xff", "\u0000", []byte(`{"name":"\ud800","name":1e999}`))
	f.Add("k", " ", []byte(`[1]`))
	f.Add("k", "x", []byte(`{"a":1} {"b":2}`))
	f.Add("ក", "\U0001f600", []byte(` {"a":[[[[{}]]]]} `))
	key, err := NewKey()
	if err != nil {
		f.Fatal(err)
	}
	raw, err := ParseKey(key)
	if err != nil {
		f.Fatal(err)
	}
	c := newClock()
	o := c.options(f.TempDir() + "/valley.db")
	o.Key = raw
	s, err := Open(f.Context(), o)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = s.Close() })
	n := 0
	f.Fuzz(func(t *testing.T, name, value string, sealed []byte) {
		n++
		object := fmt.Sprintf("west.member%d", n)
		r, err := s.Begin(t.Context(), Begin{Flow: object, SpecVersion: "v1", Who: "tester", Lease: 1})
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Settle(t.Context(), Settlement{Recalled: []Recalled{{Object: object, Key: name, Keep: []engine.Pair{{Name: "place", Value: value}}, Sealed: sealed}}})
		if err != nil {
			return // refused: no JSON object
		}
		found, _, err := s.RecalledMany(t.Context(), object, [][]engine.Pair{{{Name: "place", Value: value}}})
		if err != nil {
			t.Fatal(err)
		}
		var want int
		if value != "" {
			want = 1
		}
		// Text that is no UTF-8 cannot come out of a record: it was put aside before.
		if kept, err := json.Marshal(value); err != nil || string(kept) == "" || len(found) != 1 || len(found[0]) != want {
			t.Fatalf("%q found %d records", value, len(found[0]))
		}
		for _, rec := range found[0] {
			if !json.Valid(rec.Body.Raw()) {
				t.Fatalf("a record that is no JSON: %q", rec.Body.Raw())
			}
		}
	})
}
