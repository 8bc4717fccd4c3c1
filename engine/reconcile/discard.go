package reconcile

import (
	"context"
	"slices"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/store"
)

// discardedCode is the code of the reason under which a part that a person discarded is left out.
const discardedCode = "discarded"

// remember loads what persons decided about the flow's quarantine: what they discarded, and whether re-tries are paused.
func (l *loop) remember(ctx context.Context) (err error) {
	if l.sum.Paused, err = l.job.Store.Paused(ctx); err != nil {
		return err
	}
	entries, err := l.job.Store.Quarantine(ctx, store.QuarantineFilter{Flow: l.spec.Name.Text, Status: store.EntryDiscarded})
	if err != nil {
		return err
	}
	l.discarded = map[store.RecordKey]store.QuarantineEntry{}
	for _, e := range entries {
		if !l.job.retries(e) {
			l.discarded[e.Key()] = e
		}
	}
	l.waiting, err = l.heldOpen(ctx)
	l.met = map[string]bool{}
	for _, e := range slices.Concat(l.waiting, l.job.Retry) {
		l.met[e.Record] = false
	}
	return err
}

// withhold leaves out what a person discarded, as long as its source has not changed. What is held for
// another cause than then comes through: a person has not seen that one.
func (l *loop) withhold(d mapping.Decision, rec engine.Record) mapping.Decision {
	if len(l.discarded) == 0 || !slices.ContainsFunc(d.Changes, l.wasDiscarded) {
		return d
	}
	mark := l.job.Store.Mark(l.used(rec))
	d.Changes = slices.Clone(d.Changes)
	var chains []string
	for i, c := range d.Changes {
		behind := c.Chain != "" && slices.Contains(chains, c.Chain) // what comes after a write that is left out does not go either
		if !behind && (!l.wasDiscarded(c) || !l.discarded[keyOf(c)].Mark.Same(mark)) {
			continue
		}
		if c.Verdict.Writes() && c.Chain != "" {
			chains = append(chains, c.Chain)
		}
		d.Changes[i] = engine.Change{Flow: c.Flow, Route: c.Route, Record: c.Record, Item: c.Item, Object: c.Object, Verdict: engine.Skip,
			Reason: engine.Reason{Code: discardedCode, Text: "a person discarded it; see `casebridge quarantine list --closed`", Place: c.Reason.Place}}
	}
	return d
}

// wasDiscarded says whether a change is what a person discarded, or would be but for something that could not be read.
func (l *loop) wasDiscarded(c engine.Change) bool {
	e, ok := l.discarded[keyOf(c)]
	switch {
	case !ok:
		return false
	case holds(c):
		return c.Reason.Code == e.Code
	}
	return c.Verdict.Writes() || c.Verdict == engine.Unclear
}
