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

// again looks once more at records in quarantine that this window did not bring: those held under
// other specs than now, since a mended map may let them through, and those that were not looked at for a day.
// Sources whose records cannot be looked up are read further back instead; see readingFor.
func (l *loop) again(ctx context.Context, d delivery) error {
	if l.job.Window.Manual() || !slices.Contains(l.source.By, l.source.Named) {
		return nil
	}
	entries, err := l.heldOpen(ctx)
	if err != nil {
		return err
	}
	var names []string
	for _, e := range entries {
		if _, name, ok := strings.Cut(e.Record, " "); ok && e.Run != l.run_.ID && l.rested(e) && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for some := range slices.Chunk(names, groupSize) {
		records, err := l.find(ctx, question{object: l.spec.Source.Read.Text, by: l.source.Named}, some)
		if err != nil {
			return err
		}
		if err := l.group(ctx, records, d); err != nil {
			return err
		}
	}
	return nil
}

func (l *loop) heldOpen(ctx context.Context) ([]store.QuarantineEntry, error) {
	return l.job.Store.Quarantine(ctx, store.QuarantineFilter{Flow: l.spec.Name.Text, Open: true})
}

func (l *loop) rested(e store.QuarantineEntry) bool {
	return l.mended(e) || l.began.Sub(e.Last) >= againAfter
}

// mended says whether the specs have changed since the entry was made.
func (l *loop) mended(e store.QuarantineEntry) bool { return e.SpecVersion != l.job.Project.Version }

// sweepAgain says whether records in quarantine ask for a sweep: the specs have changed since,
// and the source cannot be asked for single records.
func (l *loop) sweepAgain(ctx context.Context, cur store.Cursor) (bool, error) {
	if l.job.Window.Manual() || l.spec.Source.SweepBack == 0 || slices.Contains(l.source.By, l.source.Named) {
		return false, nil
	}
	entries, err := l.heldOpen(ctx)
	// An entry that the last sweep did not meet is of a record that is no longer listed: it asks for no other.
	return slices.ContainsFunc(entries, func(e store.QuarantineEntry) bool { return l.mended(e) && !e.Last.Before(cur.SweptAt) }), err
}

// holds says whether a decided change is kept in quarantine: what cannot be decided, and what is
// blocked, because nothing in its source may ever change to bring it back. A parked send is kept in the ledger.
func holds(c engine.Change) bool {
	return c.Verdict == engine.Quarantined || c.Verdict == engine.Blocked && c.Once == ""
}
