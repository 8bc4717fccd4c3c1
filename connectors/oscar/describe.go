package oscar

import (
	"context"
	"maps"
	"slices"

	"github.com/casebridge/casebridge/engine"
)

// Describe implements engine.Describer: the organizations (§5.3). OSCaR has no way to ask for its services,
// its options or the rights of an account; what it fixes stands in Objects.
func (c *connection) Describe(ctx context.Context, names []string) (engine.Description, error) {
	if !slices.Contains(names, organizationObject+".short_name") {
		return engine.Description{}, nil
	}
	has, err := c.organizations(ctx)
	if err != nil {
		return engine.Description{}, err
	}
	list := engine.SetNames{Object: organizationObject, Field: "short_name"}
	for _, name := range slices.Sorted(maps.Keys(has)) {
		list.Codes = append(list.Codes, engine.SetCode{Code: name})
	}
	return engine.Description{Names: []engine.SetNames{list}}, nil
}
