package reconcile

import (
	"slices"

	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/store"
)

// listed are the objects of sends that reading this flow's source would show, had they arrived; each once.
func listed(routes []*spec.Route) []string {
	var objects []string
	for _, r := range routes {
		for _, s := range r.Steps {
			if s.Kind == spec.ProvesStep {
				objects = append(objects, s.Object.Text)
			}
		}
		objects = append(objects, listed(r.Routes)...)
	}
	slices.Sort(objects)
	return slices.Compact(objects)
}

// showed is listed of a window that was read whole. Of a record that cannot be used nobody knows what it shows; while
// quarantine holds one, what no list shows may have arrived all the same.
func (l *loop) showed() []string {
	held := slices.ContainsFunc(l.waiting, func(e store.QuarantineEntry) bool { return e.Route == "" && e.Code == mapping.CodeUnusable })
	if l.unusable || held {
		return nil
	}
	return listed(l.spec.Routes)
}

// reached says what the reading of a whole window has shown.
func (l *loop) reached(end *store.End, r reading, settled bool) {
	if !l.job.manual() {
		end.Listed = l.showed()
	}
	if !l.job.manual() && settled {
		end.Mark = l.nextMark()
		end.Swept = r.sweep
	}
	if r.whole && l.job.Window.Limit == 0 && !l.unplaced {
		end.Whole = l.spec.Source.Read.Text
	}
}
