package reconcile

import (
	"cmp"
	"context"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/store"
)

// learnLinks asks the store what both sides of records and rows last had in common.
func (l *loop) learnLinks(ctx context.Context, k *knowledge, asks []mapping.Ask) error {
	for object, group := range byObject(asks) {
		places := make([]store.Linked, len(group))
		for i, a := range group {
			places[i] = store.Linked{Target: a.Value, Row: a.By}
		}
		found, err := l.job.Store.LinksMany(ctx, object, places)
		if err != nil {
			return err
		}
		for i, a := range group {
			k.answers[a.Key()] = l.agreed(object, places[i], found[i])
		}
	}
	return nil
}

// agreed is what a decision needs to compare values with what both sides last had: nothing without a store key.
func (l *loop) agreed(object string, at store.Linked, digests []store.Digest) mapping.Answer {
	if !l.job.Store.KeepsLinks() {
		return mapping.Answer{}
	}
	ans := mapping.Answer{Digest: func(field string, value []byte) string { return l.job.Store.LinkDigest(object, at, field, value) }}
	for _, d := range digests {
		ans.Agreed = append(ans.Agreed, mapping.Agreed{Field: d.Field, Digest: d.Digest})
	}
	return ans
}

// inCommon are the changes of a decision that write nothing and say what both sides have in common as they are.
func inCommon(d mapping.Decision) []engine.Change {
	var out []engine.Change
	for _, c := range d.Changes {
		if c.Verdict == engine.NoChange && len(c.Links) > 0 {
			out = append(out, c)
		}
	}
	return out
}

// written are the changes by which both sides now have something in common: none of an item of which the target did not take all.
func written(it *item) []engine.Change {
	if it.outcome.State != engine.Done || len(it.outcome.Ignored) > 0 || len(it.change.Links) == 0 {
		return nil
	}
	c := it.change
	if c.Verdict == engine.Create {
		c.Target = cmp.Or(it.outcome.ID, c.Target)
	}
	return []engine.Change{c}
}
