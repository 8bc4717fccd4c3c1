package reconcile

import (
	"fmt"
	"slices"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/store"
)

// manual says whether a person chose what is read: such a job never moves the cursor.
func (j Job) manual() bool { return j.Window.Manual() || len(j.Retry) > 0 }

// retries says whether a person asked for this entry.
func (j Job) retries(e store.QuarantineEntry) bool {
	return slices.ContainsFunc(j.Retry, func(r store.QuarantineEntry) bool { return r.ID == e.ID })
}

// readingBack is the window in which the records that a person asked for are looked for, when their source
// cannot be asked for single records: as far back as any run can have found them.
func (l *loop) readingBack() reading {
	_, name, _ := engine.SplitObject(l.spec.Source.Read.Text)
	r := reading{query: engine.Query{Object: name}}
	back := l.spec.Source.SweepBack
	if back == 0 {
		return r // it is not known how far back they are
	}
	first := l.began
	for _, e := range l.job.Retry {
		first = earlier(first, e.First)
	}
	r.query.Since = first.Add(-back - l.spec.Source.Overlap)
	return r
}

// retryText says where the records that a person asked for are looked for.
func (l *loop) retryText(r reading) string {
	text := countRecords(len(namesOf(l.job.Retry))) + " in quarantine"
	if l.findable() {
		return text
	}
	where := "all there is"
	if !r.query.Since.IsZero() {
		where = "what changed since " + r.query.Since.In(l.zone).Format(time.DateOnly)
	}
	return fmt.Sprintf("%s, looked for in %s, because %s cannot be asked for single records", text, where, l.spec.Source.Read.Text)
}

func countRecords(n int) string {
	if n == 1 {
		return "1 record"
	}
	return fmt.Sprintf("%d records", n)
}

// chosen are the records that a person asked for; all of them when nobody asked for any.
func (l *loop) chosen(records []engine.Record) []engine.Record {
	if len(l.job.Retry) == 0 || l.findable() {
		return records
	}
	return slices.DeleteFunc(records, func(rec engine.Record) bool {
		name := l.job.Flow.Decide(mapping.Input{Record: rec, Now: l.began, Start: l.start}).Record
		return !slices.ContainsFunc(l.job.Retry, func(e store.QuarantineEntry) bool { return e.Record == name })
	})
}
