package primero

import (
	"context"
	"errors"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/engine"
)

// sampleSize is how many cases are looked at for one that has an identifier.
const sampleSize = 100

// proveIgnored makes sure that no filter is ignored: asked for what no case has, it must find nothing (§2.3).
func (c *connection) proveIgnored(ctx context.Context) error {
	for _, field := range c.identifiers {
		if err := c.api.probe(ctx, field, nobody(field)); err != nil {
			return err
		}
	}
	return c.api.probe(ctx, stampField, windowText(farAway, farAway))
}

// proveFinding makes sure that the filters find what is there. That one finds nothing proves little: Primero
// answers so as well when its query fails (§2.4), and a case that is not found is made anew.
func (c *connection) proveFinding(ctx context.Context) error {
	some, err := c.api.list(ctx, "check filter", strings.TrimPrefix(fieldsParam(c.identifiers, "id", maxFields), "&"), 1, sampleSize)
	if err != nil || len(some.rows) == 0 {
		return err
	}
	for _, field := range c.identifiers {
		if err := c.proveFinds(ctx, field, some.rows); err != nil {
			return err
		}
	}
	row := some.rows[0]
	p, err := c.api.list(ctx, "check filter", stampField+"="+windowText(row.stamp, farAway)+"&fields=id", 1, 1)
	if err != nil || p.total > 0 {
		return err
	}
	return c.stillThere(ctx, stampField, row, func(gjson.Result) bool { return true })
}

// proveFinds looks the first case that has the identifier up by it. Where none has it, nothing can be proved.
func (c *connection) proveFinds(ctx context.Context, field string, rows []row) error {
	for _, row := range rows {
		value := gjson.GetBytes(row.raw, field)
		if askable, err := askable(field, []string{value.Str}); err != nil || len(askable) == 0 {
			continue
		}
		p, err := c.api.list(ctx, "check filter", filterText(field, []string{value.Str})+"&fields="+field, 1, 1)
		if err != nil || p.total > 0 {
			return err
		}
		return c.stillThere(ctx, field, row, func(now gjson.Result) bool { return now.Get(field).Str == value.Str })
	}
	return nil
}

// stillThere is the fault of a filter that did not find a case, unless somebody changed that case meanwhile.
func (c *connection) stillThere(ctx context.Context, field string, row row, same func(gjson.Result) bool) error {
	now, err := c.api.show(ctx, row.id, "fields=id,"+field)
	if err != nil || now == nil || !same(*now) {
		return err
	}
	return &engine.Fault{Kind: engine.Environment, Op: "check filter", Ref: field,
		Err: errors.New("the filter does not find a case that is there, so that it would be taken for a new one"), Next: nextIgnored(field)}
}
