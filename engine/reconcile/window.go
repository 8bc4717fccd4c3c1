package reconcile

import (
	"fmt"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/store"
)

// Window is what a person asked for. Any field that is set makes the run a
// manual one, which never moves the cursor.
type Window struct {
	Since time.Time
	Until time.Time
	Named string // one record, by the source object's Named field
	Limit int    // stop after so many records; 0: no limit

	Everything bool // all there is, whatever the cursor says
}

// Manual says whether a person chose the window.
func (w Window) Manual() bool { return w != Window{} }

// reading is the window that will be read, and what it means for the cursor.
type reading struct {
	query engine.Query
	sweep bool // wide enough to count as the nightly sweep
	swept bool // wider than usual because a sweep was due
	whole bool // everything there is
}

// readingFor works out what to read: what a person asked for, or from the cursor on, further back when a sweep is due or wanted.
func readingFor(w Window, src spec.Source, obj *engine.Object, cur store.Cursor, zone *time.Location, now time.Time, sweep bool) (reading, error) {
	_, name, _ := engine.SplitObject(src.Read.Text)
	r := reading{query: engine.Query{Object: name, Since: w.Since, Until: w.Until, Named: w.Named}}
	if !w.Until.IsZero() && !obj.Window {
		return r, &engine.Fault{Kind: engine.Environment, Op: "choose the window", Ref: src.Read.Text,
			Err: ErrNoUpperBound, Next: "Leave --until out."}
	}
	if w.Everything {
		r.whole = true
		return r, nil
	}
	if w.Named != "" || !w.Since.IsZero() {
		return r, nil
	}
	start, err := startOf(src, zone)
	if err != nil {
		return r, err
	}
	if cur.Mark.Sub(now) > store.Skew || cur.SweptAt.Sub(now) > store.Skew {
		cur.Mark, cur.SweptAt = time.Time{}, time.Time{} // a clock was ahead and has been put right: these were never true
	}
	r.sweep = sweep || sweepDue(src, cur, zone, now)
	switch {
	case cur.Mark.IsZero():
		r.query.Since = start
		r.whole = start.IsZero() && w.Until.IsZero()
		r.sweep = true
	case r.sweep:
		r.swept = true
		r.query.Since = earlier(cur.Mark.Add(-src.Overlap), now.Add(-src.SweepBack))
	default:
		r.query.Since = cur.Mark.Add(-src.Overlap)
	}
	return r, nil
}

// startOf is where a flow's first window starts; zero means everything.
func startOf(src spec.Source, zone *time.Location) (time.Time, error) {
	if src.Everything || src.Start.Text == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, src.Start.Text, zone)
	if err != nil {
		return t, fmt.Errorf("%s: start is not a date such as 2026-01-01", src.Start.At)
	}
	return t, nil
}

// sweepDue says whether today's sweep time has passed since the last sweep.
func sweepDue(src spec.Source, cur store.Cursor, zone *time.Location, now time.Time) bool {
	at, err := time.Parse("15:04", src.SweepAt.Text)
	if src.SweepAt.Text == "" || err != nil {
		return false
	}
	local := now.In(zone)
	due := time.Date(local.Year(), local.Month(), local.Day(), at.Hour(), at.Minute(), 0, 0, zone)
	if local.Before(due) {
		due = due.AddDate(0, 0, -1)
	}
	return cur.SweptAt.Before(due)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// windowText names a window for people.
func windowText(r reading, w Window, zone *time.Location) string {
	switch {
	case w.Named != "":
		return "the record " + w.Named
	case r.query.Since.IsZero() && r.query.Until.IsZero():
		return "everything"
	}
	text := "changed since " + r.query.Since.In(zone).Format("2006-01-02 15:04")
	if r.query.Since.IsZero() {
		text = "changed"
	}
	if !r.query.Until.IsZero() {
		text += " until " + r.query.Until.In(zone).Format("2006-01-02 15:04")
	}
	if r.swept {
		text += " (sweep)"
	}
	return text
}
