package inspect

import (
	"context"
	"errors"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
)

// Knowledge is what is known of the systems and the store while records are decided:
// a Sample of a file, or an inquiry at the live systems.
type Knowledge interface {
	// Answer must be safe for concurrent use between two calls of Learn.
	mapping.Known
	// Learn finds the answers to asks that Answer did not know.
	Learn(ctx context.Context, asks []mapping.Ask) error
	// Forget drops what was learned about single records, to keep memory small.
	Forget()
}

// rounds bounds how often a decision may ask for more; a flow has far fewer steps that look something up.
const rounds = 32

var errEndless = errors.New("a decision never stopped asking; this is a defect of casebridge")

// deciding is one record to decide under one version of a flow.
type deciding struct {
	flow *mapping.Flow // nil: the flow does not exist there, and nothing comes of the record
	in   mapping.Input
	out  mapping.Decision
	open bool
}

// decideAll decides all of todo, side by side, and asks for what they want to know together.
func decideAll(ctx context.Context, known Knowledge, todo []deciding) error {
	for i := range todo {
		todo[i].open = todo[i].flow != nil
		todo[i].in.Known = known
	}
	for range rounds {
		if err := inParallel(ctx, todo); err != nil {
			return err
		}
		wants := wanted(todo)
		if len(wants) == 0 {
			return nil
		}
		if err := known.Learn(ctx, wants); err != nil {
			return err
		}
	}
	return errEndless
}

// inParallel decides what is open; each worker takes its own part.
func inParallel(ctx context.Context, todo []deciding) error {
	workers := runtime.GOMAXPROCS(0)
	group, ctx := errgroup.WithContext(ctx)
	for w := range workers {
		group.Go(func() error {
			for i := w; i < len(todo); i += workers {
				if ctx.Err() != nil {
					return &engine.Fault{Kind: engine.Cancelled, Op: "decide", Err: ctx.Err()}
				}
				if d := &todo[i]; d.open {
					d.out = d.flow.Decide(d.in)
					d.open = len(d.out.Wants) > 0
				}
			}
			return nil
		})
	}
	return group.Wait()
}

// wanted lists what open decisions still want to know, each ask once, in order.
func wanted(todo []deciding) []mapping.Ask {
	var all []mapping.Ask
	seen := map[string]bool{}
	for i := range todo {
		if !todo[i].open {
			continue
		}
		for _, ask := range todo[i].out.Wants {
			if key := ask.Key(); !seen[key] {
				seen[key] = true
				all = append(all, ask)
			}
		}
	}
	return all
}
