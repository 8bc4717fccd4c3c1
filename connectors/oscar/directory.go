package oscar

import (
	"context"
	"errors"
	"sync"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
)

var errNoOrganization = errors.New("not sent: OSCaR has no organization of this name")

const nextNoOrganization = "Ask OSCaR's administrators for the short name of the NGO, and correct the agency of the service or the rule that names it."

// directory is the short names of the organizations that OSCaR has, read once per connection. OSCaR
// answers 500 to a referral for any other name (§4.2), which cannot be told from one that arrived.
// Its index leaves out what was deleted, and deleted ones fail alike. Safe for concurrent use.
type directory struct {
	mu    sync.Mutex
	names map[string]bool // nil: not read yet
}

// has says whether OSCaR has an organization of that short name. An error is a *engine.Fault.
func (c *connection) has(ctx context.Context, name string) (bool, error) {
	c.directory.mu.Lock()
	defer c.directory.mu.Unlock()
	if c.directory.names == nil {
		names, err := c.organizations(ctx)
		if err != nil {
			return false, err
		}
		c.directory.names = names
	}
	return c.directory.names[name], nil
}

// organizations reads the index (§5.3). Not the listing, which is for a tenant's own pages and fails on the API's host.
func (c *connection) organizations(ctx context.Context) (map[string]bool, error) {
	const op = "check organizations"
	answer, err := c.do(ctx, rest.Request{Op: op, Path: indexPath})
	if err != nil {
		return nil, err
	}
	names, ok := shortNames(answer.Body)
	if !ok {
		return nil, &engine.Fault{Kind: engine.Environment, Op: op, Status: answer.Status, Err: errNotOSCaR, Next: "Check the url of this connection."}
	}
	return names, nil
}

// shortNames reads `{"organizations":[{"short_name":…}]}`; ok is false when it is something else.
func shortNames(body []byte) (names map[string]bool, ok bool) {
	list := gjson.GetBytes(body, "organizations")
	if !list.IsArray() {
		return nil, false
	}
	names = map[string]bool{}
	list.ForEach(func(_, o gjson.Result) bool {
		if short := o.Get("short_name"); short.Type == gjson.String {
			names[short.Str] = true
		}
		return true
	})
	return names, true
}

// known is the outcome of a referral for an organization that OSCaR does not have, or that could not
// be asked about; sound is true when it may be sent.
func (w writer) known(ctx context.Context, d document, ref string) (out engine.Outcome, sound bool) {
	found, err := w.c.has(ctx, d.field("organization_name").Str)
	switch {
	case err != nil:
		fault := rest.Unsent(*faultOf(err))
		fault.Ref = ref
		return engine.Outcome{State: engine.Unsent, Fault: fault}, false
	case !found:
		return engine.Outcome{State: engine.Refused, Fault: &engine.Fault{Kind: engine.Rejected, Op: referralOp, Ref: ref,
			Fields: []string{"organization_name"}, Err: errNoOrganization, Next: nextNoOrganization}}, false
	}
	return engine.Outcome{}, true
}
