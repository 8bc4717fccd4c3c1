package reconcile

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/store"
)

// againAfter is how long an open quarantine entry rests before its record is looked at again by itself.
const againAfter = 24 * time.Hour

// The reasons to look at a record again.
const (
	sinceMended = "the specs changed since"
	sinceRested = "a day has passed"
	sinceLetGo  = "a person let it go again"
	sinceRead   = "all there is was read for others"
)

// Again counts records in quarantine that were looked at again though they had not changed.
type Again struct {
	Why     string
	Records int
	Through int // of these, records of which nothing is held any more
}

// again looks once more at records in quarantine that this window did not bring: what a person let go again,
// what is held under other specs than now, since a mended map may let it through, and what was not looked at for
// a day. What has waited for longer than the job allows, and everything while a person has paused it, is left alone.
// What cannot be read now waits for the next run: it keeps no other from going.
func (l *loop) again(ctx context.Context, r reading, d delivery) error {
	if l.job.manual() || l.sum.Paused.On() {
		return nil
	}
	var due []store.QuarantineEntry
	for _, e := range l.waiting {
		why := l.asks(e)
		if why == "" {
			continue
		}
		l.look(why, e)
		if !l.met[e.Record] { // else the window has brought it
			due = append(due, e)
		}
	}
	due = l.beside(due)
	if len(due) > 0 && !l.findable() && !r.whole {
		l.tally(func(sum *Summary) {
			sum.Window += ", then all there is for " + countRecords(len(namesOf(due))) + " in quarantine"
		})
	}
	unread, err := l.bring(ctx, r, due, d)
	if unread != nil {
		l.job.Log.Warn("some records in quarantine could not be read; the next run tries again", "flow", l.spec.Name.Text, "error", unread)
	}
	return err
}

// beside adds to what is due all else that waits, where records must be sought in all there is: what is looked at
// together rests together, so that there is one such reading a day, however many are held.
func (l *loop) beside(due []store.QuarantineEntry) []store.QuarantineEntry {
	if len(due) == 0 || l.findable() {
		return due
	}
	for _, e := range l.waiting {
		if l.met[e.Record] || l.expired(e) || l.isGone(e) || l.asks(e) != "" {
			continue
		}
		l.look(sinceRead, e)
		due = append(due, e)
	}
	return due
}

// isGone says whether an entry's record was looked for under these specs wherever it can be, and not found.
func (l *loop) isGone(e store.QuarantineEntry) bool { return e.Sought == l.job.Project.Version }

// asks is why an open entry wants its record to be looked at again by itself, or "".
func (l *loop) asks(e store.QuarantineEntry) string {
	gone := l.isGone(e)
	switch {
	case l.expired(e), gone && !l.findable():
		return ""
	case e.Code == store.CodeLetGo:
		return sinceLetGo
	case l.mended(e) && !gone:
		return sinceMended
	case l.began.Sub(e.Last) >= againAfter:
		return sinceRested
	}
	return ""
}

// findable says whether records of the source can be looked up one by one.
func (l *loop) findable() bool { return slices.Contains(l.source.By, l.source.Named) }

// namesOf are the names under which the source knows the records of entries.
func namesOf(entries []store.QuarantineEntry) []string {
	var names []string
	for _, e := range entries {
		if _, name, ok := strings.Cut(e.Record, " "); ok {
			names = append(names, name)
		}
	}
	return distinctTexts(names)
}

func distinctTexts(texts []string) []string {
	seen := make(map[string]bool, len(texts))
	return slices.DeleteFunc(texts, func(t string) bool {
		was := seen[t]
		seen[t] = true
		return was
	})
}

func (l *loop) heldOpen(ctx context.Context) ([]store.QuarantineEntry, error) {
	return l.job.Store.Quarantine(ctx, store.QuarantineFilter{Flow: l.spec.Name.Text, Open: true})
}

// mended says whether the specs have changed since the entry was made.
func (l *loop) mended(e store.QuarantineEntry) bool { return e.SpecVersion != l.job.Project.Version }

// expired says whether the entry is no longer tried again by itself.
func (l *loop) expired(e store.QuarantineEntry) bool { return e.Expired(l.began, l.job.RetryFor) }

// sweepAgain says whether records in quarantine ask for a sweep: the specs have changed since,
// and the source cannot be asked for single records.
func (l *loop) sweepAgain(cur store.Cursor) bool {
	if l.job.manual() || l.sum.Paused.On() || l.spec.Source.SweepBack == 0 || l.findable() {
		return false
	}
	for _, e := range l.waiting {
		// What the last sweep did not meet, the next one will not meet either: it is sought further back.
		if why := l.asks(e); (why == sinceMended || why == sinceLetGo) && !e.Last.Before(cur.SweptAt) {
			l.look(why, e)
		}
	}
	return len(l.looks) > 0
}

// looked are the entries that are looked at again for one reason.
type looked struct {
	why     string
	entries []store.QuarantineEntry
}

func (l *loop) look(why string, e store.QuarantineEntry) {
	i := slices.IndexFunc(l.looks, func(s looked) bool { return s.why == why })
	if i < 0 {
		i, l.looks = len(l.looks), append(l.looks, looked{why: why})
	}
	if !slices.ContainsFunc(l.looks[i].entries, func(known store.QuarantineEntry) bool { return known.ID == e.ID }) {
		l.looks[i].entries = append(l.looks[i].entries, e)
	}
}

// countAgain tells what became of the records that were looked at again. A plan settles nothing, so it has none.
func (l *loop) countAgain(ctx context.Context) error {
	if len(l.looks) == 0 {
		return nil
	}
	entries, err := l.heldOpen(ctx)
	if err != nil {
		return err
	}
	open := make(map[int64]store.QuarantineEntry, len(entries))
	for _, e := range entries {
		open[e.ID] = e
	}
	for _, s := range l.looks {
		if a := l.countLook(s, open); a.Records > 0 {
			l.tally(func(sum *Summary) { sum.Again = append(sum.Again, a) })
		}
	}
	return nil
}

// countLook counts records: one was met if an entry of it closed or was held again by this run.
func (l *loop) countLook(s looked, open map[int64]store.QuarantineEntry) Again {
	met, stuck := map[string]bool{}, map[string]bool{}
	for _, e := range s.entries {
		now, still := open[e.ID]
		met[e.Record] = met[e.Record] || !still || now.Run == l.run_.ID
		stuck[e.Record] = stuck[e.Record] || still
	}
	a := Again{Why: s.why}
	for record, was := range met {
		if was {
			a.Records++
		}
		if was && !stuck[record] {
			a.Through++
		}
	}
	return a
}

// holds says whether a decided change is kept in quarantine: what cannot be decided, and what is
// blocked, because nothing in its source may ever change to bring it back. A parked send is kept in the ledger.
func holds(c engine.Change) bool {
	return c.Verdict == engine.Quarantined || c.Verdict == engine.Blocked && c.Once == ""
}
