package reconcile

import (
	"context"

	"github.com/casebridge/casebridge/engine"
)

// groups hands on what was read, until the window ends (unread says why it ended early) or going on makes no sense.
func (l *loop) groups(ctx context.Context, q engine.Query, take func([]engine.Record) error) (unread, err error) {
	connection, _, _ := engine.SplitObject(l.spec.Source.Read.Text)
	ahead, stop := context.WithCancel(ctx)
	groups := readAhead(ahead, l.job.Readers[connection].Read(ahead, q), l.job.Window.Limit)
	defer func() { // what was delivered goes on; whoever reads ahead is gone before the connection may be closed
		stop()
		for range groups {
		}
	}()
	for g := range groups {
		if err := take(g.records); err != nil {
			return nil, err
		}
		if g.err != nil {
			return g.err, nil
		}
	}
	return nil, context.Cause(ctx)
}

// mark notes the newest stamp of the window. Records that were looked up do not count: one may have
// changed after the window was read, and others with it that were not seen.
func (l *loop) mark(records []engine.Record) {
	for _, rec := range records {
		if rec.Stamp.After(l.newest) {
			l.newest = rec.Stamp
		}
	}
}

// group is a handful of records that were read; err is how the reading ended.
type group struct {
	records []engine.Record
	err     error
}

// readAhead reads the next group while the last one is being handled.
func readAhead(ctx context.Context, records func(func(engine.Record, error) bool), limit int) <-chan group {
	out := make(chan group)
	go func() {
		defer close(out)
		send := func(g group) bool {
			if ctx.Err() != nil { // somebody may still take what comes, only to see the end of it
				return false
			}
			select {
			case out <- g:
				return true
			case <-ctx.Done():
				return false
			}
		}
		var g group
		read := 0
		for rec, err := range records {
			if err != nil {
				g.err = err
				break
			}
			g.records = append(g.records, rec)
			if read++; limit > 0 && read == limit {
				break
			}
			if len(g.records) == groupSize {
				if !send(g) {
					return
				}
				g = group{}
			}
		}
		send(g)
	}()
	return out
}
