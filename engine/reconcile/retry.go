package reconcile

import (
	"cmp"
	"context"
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
// cannot be asked for single records: as far back as sweeps can have found them. The first run reads further.
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
		where = "what changed since " + r.query.Since.In(l.zone).Format(time.DateOnly) + ", then in all there is"
	}
	return fmt.Sprintf("%s, looked for in %s, because %s cannot be asked for single records", text, where, l.spec.Source.Read.Text)
}

func countRecords(n int) string {
	if n == 1 {
		return "1 record"
	}
	return fmt.Sprintf("%d records", n)
}

// retry hands on the records of the entries that a person asked for. Where they must be sought, that is done
// first where most of them are, and in all there is only for those that are not there.
func (l *loop) retry(ctx context.Context, r reading, d delivery) error {
	entries := l.job.Retry
	if !l.findable() && !r.query.Since.IsZero() {
		unread, err := l.seek(ctx, r.query, entries, d)
		if err = cmp.Or(err, unread); err != nil {
			return err
		}
		entries = slices.DeleteFunc(slices.Clone(entries), func(e store.QuarantineEntry) bool { return l.met[e.Record] })
	}
	unread, err := l.bring(ctx, r, entries, d)
	return cmp.Or(err, unread)
}

// nameOf is a record as entries name it.
func (l *loop) nameOf(rec engine.Record) string {
	return l.job.Flow.Decide(mapping.Input{Record: rec, Now: l.began, Start: l.start}).Record
}
