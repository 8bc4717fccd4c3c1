package reconcile

import (
	"context"
	"errors"

	"github.com/casebridge/casebridge/engine"
)

var errSeveral = errors.New("several records have this id")

// byOtherName goes on with the record that a person named by another of its ids, when none has the name itself.
func (l *loop) byOtherName(ctx context.Context, d delivery) error {
	name := l.job.Window.Named
	if name == "" || l.read() > 0 {
		return nil
	}
	records, err := l.otherwise(ctx, name)
	if err != nil || len(records) == 0 {
		return err
	}
	return l.group(ctx, records, d)
}

// otherwise looks for the one record of the source that has name as another of its ids: those that the system
// can look up and everybody may see. What a system cannot be asked for is passed over.
func (l *loop) otherwise(ctx context.Context, name string) ([]engine.Record, error) {
	for _, by := range l.source.By {
		if f := l.source.Field(by); by == l.source.Named || f == nil || f.Class.Hidden() {
			continue
		}
		records, err := l.find(ctx, question{object: l.spec.Source.Read.Text, by: by}, []string{name})
		switch kind := engine.KindOf(err); {
		case kind == engine.Auth || kind == engine.Cancelled || kind == engine.Rate:
			return nil, err
		case err != nil:
			continue
		case len(records) > 1:
			return nil, &engine.Fault{Kind: engine.Conflict, Op: "find the record", Ref: by + " " + name, Err: errSeveral,
				Next: "Give its " + l.source.Named + " instead."}
		case len(records) == 1:
			return records, nil
		}
	}
	return nil, nil
}
