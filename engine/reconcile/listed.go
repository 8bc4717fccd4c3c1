package reconcile

import (
	"slices"

	"github.com/casebridge/casebridge/engine/spec"
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
