package reconcile

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

// keysHold refuses a flow whose sends are known by other names (once_per) than those by which the ledger knows
// what was sent: nothing of it would be recognised, and all of it would be sent again. Once a person has adopted
// what was sent under the new names, it goes on.
func keysHold(ctx context.Context, l *loop, routes []*spec.Route) error {
	for _, r := range routes {
		for _, w := range r.Writes {
			if err := keyHolds(ctx, l, r, w); err != nil {
				return err
			}
		}
		if err := keysHold(ctx, l, r.Routes); err != nil {
			return err
		}
	}
	return nil
}

func keyHolds(ctx context.Context, l *loop, r *spec.Route, w spec.Write) error {
	if len(w.Once) == 0 {
		return nil
	}
	once, err := l.job.Store.LastKey(ctx, l.spec.Name.Text, r.Name.Text, w.Object.Text)
	known := mapping.OncePairs(once)
	if err != nil || known == nil {
		return err
	}
	var was, now []string
	for _, p := range known {
		was = append(was, p.Name)
	}
	for _, b := range w.Once {
		now = append(now, b.Name.Text)
	}
	if slices.Equal(was, now) {
		return nil
	}
	return &engine.Fault{Kind: engine.Environment, Op: "start flow", Ref: l.spec.Name.Text,
		Err: fmt.Errorf("what its route %s has sent is known by %s, and the specs now know it by %s, so all of it would be sent again",
			r.Name.Text, strings.Join(was, ", "), strings.Join(now, ", ")),
		Next: fmt.Sprintf("Set once_per back at %s, or record under the new names what was sent: `casebridge state adopt --before DATE`, with the date of today.", w.At)}
}
