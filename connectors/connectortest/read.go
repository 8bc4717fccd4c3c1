package connectortest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/engine"
)

// many is how many values one lookup is tried with.
const many = 500

func (c try) read(t *testing.T) {
	if !c.object.Listed {
		t.Skip("the object is not listed")
	}
	t.Run("everything, each once", c.readAll)
	t.Run("stopped early", c.readStopped)
	t.Run("cancelled", c.readCancelled)
	t.Run("window", c.readWindow)
	t.Run("named", c.readNamed)
}

// all reads everything and fails the test on a fault.
func (c try) all(t *testing.T, conn engine.Connection, q engine.Query) []engine.Record {
	t.Helper()
	q.Object = c.object.Name
	var records []engine.Record
	for r, err := range conn.Reader().Read(t.Context(), q) {
		if err != nil {
			t.Fatalf("Read: %v", err)
		}
		records = append(records, r)
	}
	return records
}

func (c try) readAll(t *testing.T) {
	records := c.all(t, c.open(t, nil), engine.Query{})
	if len(records) != c.Listed || c.Listed < 2 {
		t.Errorf("got %d records, want %d (at least 2)", len(records), c.Listed)
	}
	seen := map[string]bool{}
	for _, r := range records {
		c.isRecord(t, r)
		key := r.ID
		if key == "" {
			key = string(r.Body.Raw())
		}
		if seen[key] {
			t.Error("a record was given twice")
		}
		seen[key] = true
		if c.object.Mark == engine.MarkStamp && r.Stamp.IsZero() {
			t.Error("the next window starts from stamps, and a record has none")
		}
	}
}

func (c try) readStopped(t *testing.T) {
	conn := c.open(t, nil)
	for _, err := range conn.Reader().Read(t.Context(), engine.Query{Object: c.object.Name}) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if got := len(c.all(t, conn, engine.Query{})); got != c.Listed {
		t.Errorf("after a reading that was stopped, the next gives %d of %d", got, c.Listed)
	}
}

func (c try) readCancelled(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	ended := false
	for _, err := range c.open(t, nil).Reader().Read(ctx, engine.Query{Object: c.object.Name}) {
		if ended = err != nil; ended && engine.KindOf(err) != engine.Cancelled {
			t.Errorf("want a cancelled fault, got %v", err)
		}
	}
	if !ended {
		t.Error("a cancelled reading ended as if it were whole")
	}
}

func (c try) readWindow(t *testing.T) {
	if !c.object.Window {
		t.Skip("the object knows no upper bound of a window")
	}
	conn := c.open(t, nil)
	records := c.all(t, conn, engine.Query{})
	slices.SortFunc(records, func(a, b engine.Record) int { return a.Stamp.Compare(b.Stamp) })
	middle := records[len(records)/2].Stamp
	want := 0
	for _, r := range records {
		if !r.Stamp.Before(c.whole(middle)) {
			want++
		}
	}
	if got := len(c.all(t, conn, engine.Query{Since: middle})); got != want {
		t.Errorf("since %v: %d records, want %d", middle, got, want)
	}
	for _, r := range c.all(t, conn, engine.Query{Until: middle}) {
		if c.whole(r.Stamp).After(middle) {
			t.Errorf("until %v: a record of %v", middle, r.Stamp)
		}
	}
}

// whole widens a stamp to the object's grain.
func (c try) whole(at time.Time) time.Time {
	if c.object.Grain == engine.Day {
		return at.UTC().Truncate(24 * time.Hour)
	}
	return at.UTC().Truncate(time.Second)
}

func (c try) readNamed(t *testing.T) {
	records := c.all(t, c.open(t, nil), engine.Query{Named: c.Named})
	if len(records) != 1 {
		t.Fatalf("%d records of that name, want 1", len(records))
	}
	c.isRecord(t, records[0])
	if value(records[0], c.object.Named) != c.Named {
		t.Error("the record does not have the name that was asked for")
	}
}

func (c try) find(t *testing.T) {
	if len(c.object.By) == 0 && c.object.Of == "" {
		t.Skip("the object cannot be looked up")
	}
	tried := map[string]bool{}
	for _, l := range c.Lookups {
		tried[l.By] = true
		t.Run("by "+l.By, func(t *testing.T) { c.lookup(t, l) })
	}
	for _, by := range c.object.By {
		if !tried[by] {
			t.Errorf("the object says that it is found by %q, and no Lookup proves it", by)
		}
	}
	if c.object.Of != "" && !tried[""] {
		t.Error("the object says that it has an owner, and no Lookup proves it")
	}
}

func (c try) lookup(t *testing.T, l Lookup) {
	conn := c.open(t, nil)
	ask := func(values []string) []engine.Record {
		t.Helper()
		found, err := conn.Reader().Find(t.Context(), engine.Lookup{Object: c.object.Name, By: l.By, Values: values})
		if err != nil {
			t.Fatalf("Find: %v", err)
		}
		for _, r := range found {
			c.answers(t, r, l, values)
		}
		return found
	}
	if found := ask([]string{l.Absent}); len(found) > 0 {
		t.Errorf("%d records for a value that nothing has", len(found))
	}
	for _, v := range l.Present {
		if len(ask([]string{v})) == 0 {
			t.Errorf("nothing found for value number %d", slices.Index(l.Present, v))
		}
	}
	values := slices.Clone(l.Present)
	for i := range many {
		values = append(values, l.Absent+strconv.Itoa(i))
	}
	answered := map[string]bool{}
	for _, r := range ask(values) {
		answered[r.Found] = true
	}
	if len(answered) != len(l.Present) {
		t.Errorf("%d values at once: %d answered, want %d", len(values), len(answered), len(l.Present))
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := conn.Reader().Find(ctx, engine.Lookup{Object: c.object.Name, By: l.By, Values: l.Present}); engine.KindOf(err) != engine.Cancelled {
		t.Errorf("cancelled: %v", err)
	}
}

// answers checks that a found record is one that was asked for.
func (c try) answers(t *testing.T, r engine.Record, l Lookup, asked []string) {
	t.Helper()
	c.isRecord(t, r)
	if !slices.Contains(asked, r.Found) {
		t.Error("Found is none of the values that were asked for")
	}
	if l.By != "" && value(r, l.By) != r.Found {
		t.Errorf("the record's %s is not what Found says", l.By)
	}
}

// isRecord checks what every record must have.
func (c try) isRecord(t *testing.T, r engine.Record) {
	t.Helper()
	if want := c.Connection + "." + c.object.Name; r.Object != want {
		t.Errorf("Object is %q, want %q", r.Object, want)
	}
	if !gjson.ValidBytes(r.Body.Raw()) || !gjson.ParseBytes(r.Body.Raw()).IsObject() {
		t.Error("the body is not a JSON object")
	}
	if c.object.ID != "" && (r.ID == "" || value(r, c.object.ID) != r.ID) {
		t.Error("ID is not the value of the object's ID field")
	}
}

func value(r engine.Record, field string) string {
	return gjson.GetBytes(r.Body.Raw(), gjson.Escape(field)).String()
}

func isFault(t *testing.T, err error) {
	t.Helper()
	var f *engine.Fault
	if !errors.As(err, &f) || f.Kind == "" || f.Op == "" {
		t.Errorf("want a fault with kind and operation, got %s", fmt.Sprint(err))
	}
}
