package inspect

import (
	"context"
	"iter"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
)

// Comparison is one flow under two versions of its project.
type Comparison struct {
	Flow     string
	Noun     string        // what a record of its source is called: "case"
	Old, New *mapping.Flow // nil: these specs have no such flow
	Starts   [2]string     // run.start under the old and the new specs
	Known    [2]Knowledge  // what is known to each; may be the same
	Now      time.Time
	Examples int // most examples that are kept of each kind of difference
}

// groupSize is how many records are decided together.
const groupSize = 512

// Compare decides every record under both versions and reports what differs. It keeps
// counts and a few examples, never the records. Its error says why the reading ended
// early; the report counts what was compared until then.
func Compare(ctx context.Context, c Comparison, records iter.Seq2[engine.Record, error]) (FlowImpact, error) {
	t := newTally(c)
	var group []engine.Record
	for rec, err := range records {
		if err != nil {
			return t.report(), err
		}
		if group = append(group, rec); len(group) < groupSize {
			continue
		}
		if err := c.group(ctx, group, t); err != nil {
			return t.report(), err
		}
		group = group[:0]
	}
	err := c.group(ctx, group, t)
	return t.report(), err
}

// group decides some records under both versions and compares what comes of each.
func (c Comparison) group(ctx context.Context, records []engine.Record, t *tally) error {
	var sides [2][]deciding
	for i, flow := range []*mapping.Flow{c.Old, c.New} {
		sides[i] = make([]deciding, len(records))
		for j, rec := range records {
			sides[i][j] = deciding{flow: flow, in: mapping.Input{Record: rec, Now: c.Now, Start: c.Starts[i]}}
		}
	}
	if err := c.decide(ctx, sides); err != nil {
		return err
	}
	for j := range records {
		t.compare(sides[0][j].out, sides[1][j].out)
	}
	return nil
}

// decide asks once for both sides where they know the same.
func (c Comparison) decide(ctx context.Context, sides [2][]deciding) error {
	defer c.Known[0].Forget()
	defer c.Known[1].Forget()
	for i := range sides {
		if err := decideAll(ctx, c.Known[i], sides[i]); err != nil {
			return err
		}
	}
	return nil
}
