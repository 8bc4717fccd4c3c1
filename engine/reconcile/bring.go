package reconcile

import (
	"context"
	"slices"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/store"
)

// bring reads the records of entries anew and hands them on as those of a window. unread is why some could not
// be read, which says nothing about the others.
func (l *loop) bring(ctx context.Context, r reading, entries []store.QuarantineEntry, d delivery) (unread, err error) {
	names := namesOf(entries)
	switch {
	case len(names) == 0:
		return nil, nil
	case l.findable():
		unread, err = l.lookUp(ctx, names, d)
	case !r.whole:
		unread, err = l.seek(ctx, engine.Query{Object: r.query.Object, Fields: r.query.Fields}, entries, d)
	}
	if unread == nil && err == nil {
		l.noteGone(entries)
	}
	return unread, err
}

// lookUp reads records of the source by name.
func (l *loop) lookUp(ctx context.Context, names []string, d delivery) (unread, err error) {
	q := question{object: l.spec.Source.Read.Text, by: l.source.Named}
	for some := range slices.Chunk(names, groupSize) {
		found, err := l.findAll(ctx, q, some)
		if stops(engine.KindOf(err)) {
			return nil, err
		}
		var records []engine.Record
		for _, name := range some {
			records = append(records, found[name].Records...)
			if fault := found[name].Fault; fault != nil && unread == nil {
				unread = fault
			}
		}
		if err := l.group(ctx, records, d); err != nil {
			return unread, err
		}
		if err != nil { // none of them could be read: the others will not either
			return err, nil
		}
	}
	return unread, nil
}

// seek reads a window for the records of entries alone. It does not count for the cursor.
func (l *loop) seek(ctx context.Context, q engine.Query, entries []store.QuarantineEntry, d delivery) (unread, err error) {
	l.only = make(map[string]bool, len(entries))
	for _, e := range entries {
		l.only[e.Record] = true
	}
	defer func() { l.only = nil }()
	unread, err = l.groups(ctx, q, func(records []engine.Record) error { return l.group(ctx, records, d) })
	if stops(engine.KindOf(unread)) {
		return nil, unread
	}
	return unread, err
}

// noteGone remembers which entries' records were looked for wherever they can be, and not found.
func (l *loop) noteGone(entries []store.QuarantineEntry) {
	for _, e := range entries {
		if !l.met[e.Record] {
			l.gone = append(l.gone, e.ID)
		}
	}
}

// chosen are the records that are looked for; all of them when the window is read for its own sake.
func (l *loop) chosen(records []engine.Record) []engine.Record {
	if l.only == nil {
		return records
	}
	return slices.DeleteFunc(records, func(rec engine.Record) bool { return !l.only[l.nameOf(rec)] })
}
