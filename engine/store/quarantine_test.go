package store

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casebridge/casebridge/engine"
)

// wantsAgency is a part of a record that the specs cannot decide, from a source record with this text in it.
func wantsAgency(text string) Held {
	return Held{
		Change: engine.Change{Route: "letters", Record: "case 1", Item: "letter 5", Verdict: engine.Quarantined,
			Reason: engine.Reason{Code: "letters/agency", Text: "no such agency", Value: "ngo-x"}},
		Source: engine.Record{Object: "east.case", Body: engine.NewBody([]byte(`{"name":"` + text + `"}`))},
		Lookup: "agency", By: "east",
	}
}

// refusedBy is a write that its target refused.
func refusedBy(document string) Held {
	return Held{Change: engine.Change{Route: "cases", Record: "case 2", Verdict: engine.Update, Object: "west.case", Document: engine.NewBody([]byte(document))},
		Fault:  &engine.Fault{Kind: engine.Rejected, Op: "update case", Status: 422},
		Source: engine.Record{Object: "east.case", Body: engine.NewBody([]byte(`{"name":"the source of it"}`))}}
}

func testKey(n byte) []byte { return bytes.Repeat([]byte{n}, keySize) }

// keeping opens a store that keeps documents for ten days, under the key of that number; 0 is none.
func keeping(t *testing.T, c *clock, path string, key byte) *Store {
	t.Helper()
	o := c.options(path)
	o.PayloadFor = 10 * 24 * time.Hour
	if key > 0 {
		o.Key = testKey(key)
	}
	return mustOpen(t, o)
}

func mustSettle(t *testing.T, r *Run, st Settlement) {
	t.Helper()
	_, err := r.Settle(t.Context(), st)
	check(t, err)
}

func entry(t *testing.T, s *Store, id int64) QuarantineEntry {
	t.Helper()
	found, err := s.Quarantine(t.Context(), QuarantineFilter{ID: id})
	check(t, err)
	if len(found) != 1 {
		t.Fatalf("%d entries with id %d", len(found), id)
	}
	return found[0]
}

// bytesOnDisk is all that stands in the store's file and its side files.
func bytesOnDisk(t *testing.T, path string) []byte {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	check(t, err)
	var all []byte
	for _, f := range files {
		b, err := os.ReadFile(f)
		check(t, err)
		all = append(all, b...)
	}
	return all
}

func TestDocumentsAreKeptSealed(t *testing.T) {
	c, path := newClock(), temp(t)
	s := keeping(t, c, path, 1)
	r := mustBegin(t, s, "up")
	mustSettle(t, r, Settlement{Held: []Held{wantsAgency("a-name-in-the-source"), refusedBy(`{"name":"a-name-in-the-document"}`)}})
	for id, want := range map[int64]Payload{
		1: {Object: "east.case", Source: true, Body: engine.NewBody([]byte(`{"name":"a-name-in-the-source"}`)), Kept: c.at},
		2: {Object: "west.case", Body: engine.NewBody([]byte(`{"name":"a-name-in-the-document"}`)), Kept: c.at},
	} {
		e := entry(t, s, id)
		got, none, err := s.Payload(t.Context(), e)
		if err != nil || none || e.Payload != PayloadKept || string(got.Body.Raw()) != string(want.Body.Raw()) ||
			got.Object != want.Object || got.Source != want.Source || !got.Kept.Equal(want.Kept) {
			t.Errorf("entry %d: %+v none %v err %v, state %q", id, got, none, err, e.Payload)
		}
	}
	if all := bytesOnDisk(t, path); bytes.Contains(all, []byte("a-name-in-the")) || !bytes.Contains(all, []byte("letters/agency")) {
		t.Error("clear text of a document is in the file, or the file is elsewhere")
	}
}

func TestDocumentsOpenOnlyInTheirPlace(t *testing.T) {
	c, path := newClock(), temp(t)
	s := keeping(t, c, path, 1)
	r := mustBegin(t, s, "up")
	mustSettle(t, r, Settlement{Held: []Held{wantsAgency("x"), refusedBy(`{"name":"y"}`)}})
	other := keeping(t, c, path, 2)
	_, _, err := other.Payload(t.Context(), entry(t, s, 1))
	wantFault(t, err, engine.Environment, "another store key")
	without := keeping(t, c, path, 0)
	_, _, err = without.Payload(t.Context(), entry(t, s, 1))
	wantFault(t, err, engine.Environment, "Give the store key")

	_, err = s.write.ExecContext(t.Context(), `UPDATE payloads SET (object, source, sealed) = (SELECT object, source, sealed FROM payloads WHERE entry = 2) WHERE entry = 1`)
	check(t, err)
	_, _, err = s.Payload(t.Context(), entry(t, s, 1))
	wantFault(t, err, engine.Environment, "changed since")
}

func TestWhatIsNotKeptOfAnEntry(t *testing.T) {
	large := `{"name":"` + strings.Repeat("x", payloadLimit) + `"}`
	for want, open := range map[string]func(*clock, string) (*Store, Held){
		PayloadNoKey: func(c *clock, p string) (*Store, Held) { return keeping(t, c, p, 0), wantsAgency("x") },
		PayloadLarge: func(c *clock, p string) (*Store, Held) { return keeping(t, c, p, 1), refusedBy(large) },
		PayloadNone:  func(c *clock, p string) (*Store, Held) { return mustOpen(t, c.options(p)), wantsAgency("x") },
	} {
		t.Run(want, func(t *testing.T) {
			s, h := open(newClock(), temp(t))
			mustSettle(t, mustBegin(t, s, "up"), Settlement{Held: []Held{h}})
			e := entry(t, s, 1)
			if _, none, err := s.Payload(t.Context(), e); err != nil || !none || e.Payload != want {
				t.Errorf("none %v, %v, state %q", none, err, e.Payload)
			}
		})
	}
}

// A document of before is gone when the next one of the same entry cannot be kept: it is no longer what was refused.
func TestDocumentOfBeforeIsNotLeftBehind(t *testing.T) {
	c, path := newClock(), temp(t)
	mustSettle(t, mustBegin(t, keeping(t, c, path, 1), "up"), Settlement{Held: []Held{wantsAgency("x")}})
	c.pass(time.Hour)
	s := keeping(t, c, path, 0)
	mustSettle(t, mustBegin(t, s, "up"), Settlement{Held: []Held{wantsAgency("y")}})
	if e := entry(t, s, 1); e.Payload != PayloadNoKey || e.Times != 2 {
		t.Errorf("%+v", e)
	}
	if _, none, err := s.Payload(t.Context(), entry(t, s, 1)); !none {
		t.Errorf("the old document is there (%v)", err)
	}
}

// sealedOf is the sealed document as it stands in the file.
func sealedOf(t *testing.T, s *Store, id int64) []byte {
	t.Helper()
	var sealed []byte
	check(t, s.read.QueryRowContext(t.Context(), `SELECT sealed FROM payloads WHERE entry = $1`, id).Scan(&sealed))
	return sealed
}

func TestDocumentsArePurged(t *testing.T) {
	for name, how := range map[string]struct {
		purge func(*testing.T, *clock, *Store, *Run)
		state string
	}{
		"by their clock": {func(t *testing.T, c *clock, s *Store, _ *Run) {
			c.pass(10*24*time.Hour - time.Second)
			if n, err := s.PurgePayloads(t.Context()); n != 0 || err != nil {
				t.Errorf("%d purged too early, %v", n, err)
			}
			c.pass(time.Second)
			if n, err := s.PurgePayloads(t.Context()); n != 1 || err != nil {
				t.Errorf("%d purged, %v", n, err)
			}
		}, PayloadPurged},
		"when the entry closes": {func(t *testing.T, _ *clock, s *Store, r *Run) {
			mustSettle(t, r, Settlement{Cleared: []RecordKey{{Record: "case 2"}}})
			check(t, s.cutLog(t.Context()))
		}, PayloadOver},
		"when it is discarded": {func(t *testing.T, _ *clock, s *Store, _ *Run) {
			check(t, s.Discard(t.Context(), Discarding{IDs: []int64{1}, Who: "tester", Why: "moved away"}))
		}, PayloadOver},
	} {
		t.Run(name, func(t *testing.T) {
			c, path := newClock(), temp(t)
			s := keeping(t, c, path, 1)
			r := mustBegin(t, s, "up")
			mustSettle(t, r, Settlement{Held: []Held{refusedBy(`{"name":"` + strings.Repeat("long ", 5000) + `"}`)}})
			sealed := sealedOf(t, s, 1)
			check(t, s.cutLog(t.Context())) // it now stands in the file itself
			// SQLite parts a long text over pages: any piece of it shows that it is there.
			piece := sealed[len(sealed)/2 : len(sealed)/2+64]
			if !bytes.Contains(bytesOnDisk(t, path), piece) {
				t.Fatal("the sealed document is not where this test looks")
			}
			how.purge(t, c, s, r)
			if e := entry(t, s, 1); e.Payload != how.state {
				t.Errorf("state %q", e.Payload)
			}
			if bytes.Contains(bytesOnDisk(t, path), piece) {
				t.Error("the sealed document is still in the file")
			}
		})
	}
}

func TestDiscardedStaysUntilSomethingChanges(t *testing.T) {
	same := wantsAgency("x")
	otherCause, otherSource := wantsAgency("x"), wantsAgency("changed")
	otherCause.Change.Reason.Code = "letters/home"
	stamped, later := wantsAgency("x"), wantsAgency("changed")
	stamped.Source.Stamp, later.Source.Stamp = newClock().at, newClock().at.Add(time.Minute)
	restamped := stamped // the system touched its stamp only
	restamped.Source.Stamp = later.Source.Stamp
	for name, how := range map[string]struct {
		key         byte
		first, next Held
		opens       bool
	}{
		"the same":                          {1, same, same, false},
		"another cause":                     {1, same, otherCause, true},
		"another source":                    {1, same, otherSource, true},
		"no key, the same stamp":            {0, stamped, stamped, false},
		"no key, a later stamp":             {0, stamped, later, true},
		"no key, no stamp":                  {0, same, otherSource, false},
		"no key, no stamp, another cause":   {0, same, otherCause, true},
		"the digest counts, not the stamp":  {1, stamped, restamped, false},
		"the digest counts, stamps or none": {1, stamped, later, true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			s := keeping(t, c, temp(t), how.key)
			r := mustBegin(t, s, "up")
			mustSettle(t, r, Settlement{Held: []Held{how.first}})
			check(t, s.Discard(t.Context(), Discarding{IDs: []int64{1}, Who: "tester", Why: "moved away"}))
			before := entry(t, s, 1)
			if before.Status != EntryDiscarded || before.Why != "moved away" || !before.Closed.Equal(c.at) {
				t.Errorf("%+v", before)
			}
			c.pass(10 * time.Second)
			mustSettle(t, r, Settlement{Cleared: []RecordKey{{Record: "case 1"}}, Held: []Held{how.next}})
			after := entry(t, s, 1)
			switch {
			case !how.opens:
				if diff := cmp.Diff(before, after); diff != "" {
					t.Errorf("it changed:\n%s", diff)
				}
			case after.Status != EntryOpen || after.Why != "" || !after.First.Equal(c.at) || after.Times != 1:
				t.Errorf("%+v", after)
			}
		})
	}
}

// Under another key nothing can be said about a digest: then the stamps decide.
func TestMarksOfTwoKeys(t *testing.T) {
	c, path := newClock(), temp(t)
	rec := engine.Record{Object: "east.case", Stamp: c.at, Body: engine.NewBody([]byte(`{}`))}
	a, b := keeping(t, c, path, 1).Mark(rec), keeping(t, c, path, 2).Mark(rec)
	if a.Digest == b.Digest || !a.Same(b) || !a.Tells() || (Mark{}).Tells() {
		t.Errorf("%+v %+v", a, b)
	}
	b.Stamp = b.Stamp.Add(time.Second)
	if a.Same(b) {
		t.Error("another stamp counts as the same")
	}
	if strings.Contains(a.Digest, "{}") {
		t.Error("a digest shows the record")
	}
}

func TestDiscardedClosesWhenThatPartGoesThrough(t *testing.T) {
	s := keeping(t, newClock(), temp(t), 1)
	r := mustBegin(t, s, "up")
	mustSettle(t, r, Settlement{Held: []Held{wantsAgency("x")}})
	check(t, s.Discard(t.Context(), Discarding{IDs: []int64{1}, Who: "tester", Why: "moved away"}))
	mustSettle(t, r, Settlement{Cleared: []RecordKey{{Record: "case 1"}}})
	if e := entry(t, s, 1); e.Status != EntryDiscarded {
		t.Errorf("another part of its record made it %s", e.Status)
	}
	mustSettle(t, r, Settlement{Cleared: []RecordKey{{Record: "case 1", Route: "letters", Item: "letter 5"}}})
	if e := entry(t, s, 1); e.Status != EntryClosed {
		t.Errorf("it is %s", e.Status)
	}
}

// What joined another part's write closes when all of its record is written, but not what this run holds.
func TestRecordIsThrough(t *testing.T) {
	s := keeping(t, newClock(), temp(t), 1)
	earlier := mustBegin(t, s, "up")
	mustSettle(t, earlier, Settlement{Held: []Held{wantsAgency("x"), refusedBy(`{}`)}})
	check(t, earlier.End(t.Context(), End{State: "partial"}))
	r := mustBegin(t, s, "up")
	again := refusedBy(`{}`)
	again.Change.Record = "case 1"
	mustSettle(t, r, Settlement{Held: []Held{again}})
	mustSettle(t, r, Settlement{Through: []string{"case 1"}})
	for id, want := range map[int64]string{1: EntryClosed, 2: EntryOpen, 3: EntryOpen} {
		if e := entry(t, s, id); e.Status != want {
			t.Errorf("entry %d is %s, want %s", id, e.Status, want)
		}
	}
}

func TestExpired(t *testing.T) {
	e := QuarantineEntry{Status: EntryOpen, First: newClock().at}
	day := 24 * time.Hour
	if e.Expired(e.First.Add(day-1), day) || !e.Expired(e.First.Add(day), day) || e.Expired(e.First.Add(9*day), 0) {
		t.Error("it expires at another time")
	}
	if e.Status = EntryClosed; e.Expired(e.First.Add(day), day) {
		t.Error("a closed entry expires")
	}
}

func TestDiscardIsAllOrNothing(t *testing.T) {
	s := keeping(t, newClock(), temp(t), 1)
	r := mustBegin(t, s, "up")
	mustSettle(t, r, Settlement{Held: []Held{wantsAgency("x"), refusedBy(`{}`)}})
	wantFault(t, s.Discard(t.Context(), Discarding{IDs: []int64{1}, Who: "tester"}), engine.Environment, "why")
	wantFault(t, s.Discard(t.Context(), Discarding{IDs: []int64{1, 9}, Who: "tester", Why: "w"}), engine.Environment, "no such entry")
	if e := entry(t, s, 1); e.Status != EntryOpen || e.Payload != PayloadKept {
		t.Errorf("%+v", e)
	}
	check(t, s.Discard(t.Context(), Discarding{IDs: []int64{1, 2}, Who: "tester", Why: "w"}))
	wantFault(t, s.Discard(t.Context(), Discarding{IDs: []int64{2}, Who: "tester", Why: "w"}), engine.Environment, "discarded, not open")
}

func TestHistoryOfAnEntry(t *testing.T) {
	s := keeping(t, newClock(), temp(t), 1)
	r := mustBegin(t, s, "up")
	mustSettle(t, r, Settlement{Held: []Held{wantsAgency("x"), refusedBy(`{}`)}})
	check(t, s.NoteDeed(t.Context(), DeedReveal, "tester", []QuarantineEntry{entry(t, s, 1)}))
	check(t, s.NoteDeed(t.Context(), DeedRetry, "tester", []QuarantineEntry{entry(t, s, 1), entry(t, s, 2)}))
	check(t, s.Discard(t.Context(), Discarding{IDs: []int64{1}, Who: "tester", Why: "moved away"}))
	lines, err := s.EntryHistory(t.Context(), entry(t, s, 1))
	check(t, err)
	var got []string
	for _, l := range lines {
		got = append(got, fmt.Sprintf("%s by %s: %s -> %s, %s", l.What, l.Who, l.Was, l.Became, l.Why))
	}
	want := []string{"quarantine reveal 1 by tester: open -> open, ", "quarantine retry 1 by tester: open -> open, ",
		"quarantine discard 1 by tester: open -> discarded, moved away"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPause(t *testing.T) {
	c := newClock()
	s := mustOpen(t, c.options(temp(t)))
	want := func(p Pause) {
		t.Helper()
		if got, err := s.Paused(t.Context()); err != nil || got != p || got.On() != (p != Pause{}) {
			t.Errorf("%+v %v, want %+v", got, err, p)
		}
	}
	flip := func(do func() (bool, error), changes bool) {
		t.Helper()
		if changed, err := do(); err != nil || changed != changes {
			t.Errorf("changed %v, %v", changed, err)
		}
	}
	want(Pause{})
	pause := func() (bool, error) { return s.PauseRetries(t.Context(), "tester", "the other side is down") }
	resume := func() (bool, error) { return s.ResumeRetries(t.Context(), "tester", "") }
	flip(resume, false)
	flip(pause, true)
	paused := Pause{Since: c.at, Who: "tester", Why: "the other side is down"}
	c.pass(time.Hour)
	flip(pause, false) // it stays the pause that it was
	want(paused)
	flip(resume, true)
	want(Pause{})
	lines, err := s.Audit(t.Context(), "", 10)
	check(t, err)
	if len(lines) != 2 || lines[1].What != "quarantine pause" || lines[1].Why != "the other side is down" || lines[0].What != "quarantine resume" {
		t.Errorf("%+v", lines)
	}
}

func TestUnmappedValues(t *testing.T) {
	c := newClock()
	s := keeping(t, c, temp(t), 1)
	r := mustBegin(t, s, "up")
	carried := UnmappedValue{Lookup: "services", By: "east", Value: "Respite (new)", Carried: "type other", Record: "case 7"}
	start := c.at
	mustSettle(t, r, Settlement{Unmapped: []UnmappedValue{carried}, Held: []Held{wantsAgency("x")}})
	c.pass(time.Hour)
	carried.Record = "case 8"
	again := wantsAgency("x")
	again.Change.Record = "case 0"
	mustSettle(t, r, Settlement{Unmapped: []UnmappedValue{carried}, Held: []Held{wantsAgency("x"), again}})
	carried.Flow, carried.First, carried.Last, carried.Times = "up", start, c.at, 2
	held := UnmappedValue{Flow: "up", Lookup: "agency", By: "east", Value: "ngo-x", Record: "case 1", First: start, Last: c.at, Times: 3, Held: 2}
	for flow, want := range map[string][]UnmappedValue{"": {held, carried}, "up": {held, carried}, "down": nil} {
		got, err := s.Unmapped(t.Context(), flow)
		check(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q: %s", flow, diff)
		}
	}
}

func TestFilterQuarantine(t *testing.T) {
	c := newClock()
	s := mustOpen(t, c.options(temp(t)))
	r := mustBegin(t, s, "up")
	mustSettle(t, r, Settlement{Held: []Held{wantsAgency("x")}})
	c.pass(time.Hour)
	mustSettle(t, r, Settlement{Held: []Held{refusedBy(`{}`), wantsAgency("x")}})
	for _, f := range []struct {
		filter QuarantineFilter
		want   string
	}{
		{QuarantineFilter{Code: "letters/agency"}, "[1]"}, {QuarantineFilter{Kind: "rejected"}, "[2]"},
		{QuarantineFilter{Since: c.at}, "[2]"}, {QuarantineFilter{Status: EntryClosed}, "[]"}, {QuarantineFilter{Open: true}, "[2 1]"},
	} {
		found, err := s.Quarantine(t.Context(), f.filter)
		check(t, err)
		ids := []int64{}
		for _, e := range found {
			ids = append(ids, e.ID)
		}
		if got := fmt.Sprint(ids); got != f.want {
			t.Errorf("%+v: %s, want %s", f.filter, got, f.want)
		}
	}
}
