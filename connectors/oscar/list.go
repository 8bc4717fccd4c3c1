package oscar

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"iter"
	"net/url"
	"strconv"
	"time"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/connectors/strictjson"
	"github.com/casebridge/casebridge/engine"
	"github.com/tidwall/gjson"
)

const listOp = "read clients"

var errNoClient = errors.New("the list holds something that is not a client")

// reader lists clients.
type reader struct{ c *connection }

// Read implements engine.Reader. OSCaR answers with one body of any size: it is kept
// encrypted on disk, seen to be whole, and then given out client by client. The
// window begins at UTC midnight, because OSCaR compares days of UTC for most clients
// (§6.2); an end is not asked for. With Named, everything is listed and
// only clients with that external_id, global_id, slug or "organization/slug" are given.
func (r reader) Read(ctx context.Context, q engine.Query) iter.Seq2[engine.Record, error] {
	return func(yield func(engine.Record, error) bool) {
		if q.Object != clientObject {
			yield(engine.Record{}, &engine.Fault{Kind: engine.Environment, Op: "read", Ref: q.Object, Err: errNotRead})
			return
		}
		list, err := r.c.list(ctx, q)
		if err != nil {
			yield(engine.Record{}, err)
			return
		}
		defer list.Close()
		r.c.records(ctx, list, q.Named)(yield)
	}
}

// Find implements engine.Reader: OSCaR has no such endpoint.
func (r reader) Find(_ context.Context, l engine.Lookup) ([]engine.Record, error) {
	return nil, &engine.Fault{Kind: engine.Environment, Op: "find", Ref: l.Object, Err: errNoLookup,
		Next: "Read the list, or use what was recalled of it."}
}

// list asks for the clients of q. A list that arrived but is cut off or broken inside
// is asked for once more before anybody sees a part of it.
func (c *connection) list(ctx context.Context, q engine.Query) (*rest.Spooled, error) {
	request := rest.Request{Op: listOp, Path: clientsPath, Query: window(q), Timeout: c.listTimeout}
	for last := false; ; last = true {
		spooled, err := c.spool(ctx, request)
		if err != nil {
			return nil, err
		}
		err = c.whole(ctx, spooled)
		if err == nil {
			return spooled, nil
		}
		_ = spooled.Close()
		if last || engine.KindOf(err) != engine.Transient {
			return nil, err
		}
	}
}

// window is the query of a list. Everything is asked for by leaving since_date out: an
// empty one means the same, but looks like a mistake.
func window(q engine.Query) string {
	if q.Since.IsZero() || q.Named != "" {
		return ""
	}
	return url.Values{"since_date": {midnight(q.Since).Format("2006-01-02T15:04:05Z")}}.Encode()
}

// midnight is the beginning of t's day in UTC.
func midnight(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// whole reads a list to its end without giving anything out.
func (c *connection) whole(ctx context.Context, list *rest.Spooled) error {
	n := 0
	for raw, err := range list.Elements("data", c.maxRecord) {
		n++
		switch {
		case ctx.Err() != nil:
			return stopped(ctx)
		case rest.Spoilt(err):
			if !(row{raw}).isNamed() {
				return namelessFault(n, err)
			}
		case err != nil:
			return listFault(err)
		case raw[0] != '{':
			return listFault(&engine.Fault{Kind: engine.Transient, Err: errNoClient})
		}
	}
	return nil
}

// records gives each client of a list once. One that cannot be used comes with its fault.
func (c *connection) records(ctx context.Context, list *rest.Spooled, named string) iter.Seq2[engine.Record, error] {
	return func(yield func(engine.Record, error) bool) {
		seen := map[fingerprint]struct{}{}
		for raw, err := range list.Elements("data", c.maxRecord) {
			if ctx.Err() != nil {
				err = stopped(ctx)
			}
			if err != nil && !rest.Spoilt(err) {
				yield(engine.Record{}, listFault(err))
				return
			}
			client := row{raw}
			if named != "" && !client.answers(named) || repeats(seen, client.identity()) {
				continue
			}
			if !yield(c.record(client, err), nil) {
				return
			}
		}
	}
}

// record is a client, or its name and why it cannot be used: spoilt says so, or its text does.
func (c *connection) record(client row, spoilt error) engine.Record {
	object, cut := c.name+"."+clientObject, spoilt != nil
	if !cut {
		spoilt = strictjson.Check(client.raw)
	}
	if spoilt == nil {
		return client.record(object)
	}
	name := cmp.Or(client.identity(), client.text("external_id"), client.text("global_id"))
	return engine.Record{Object: object, ID: client.identity(), Known: client.known(cut), Fault: &engine.Fault{
		Kind: engine.Unmapped, Op: listOp, Ref: name, Err: spoilt, Next: "Correct the client in OSCaR."}}
}

// fingerprint stands for an identity in few bytes, however long that is: lists can hold millions.
type fingerprint [16]byte

// repeats says whether identity was seen before, and remembers it. What has none is never a repetition.
func repeats(seen map[fingerprint]struct{}, identity string) bool {
	if identity == "" {
		return false
	}
	sum := sha256.Sum256([]byte(identity))
	key := fingerprint(sum[:16])
	_, before := seen[key]
	seen[key] = struct{}{}
	return before
}

func stopped(ctx context.Context) error {
	return &engine.Fault{Kind: engine.Cancelled, Op: listOp, Err: ctx.Err()}
}

// listFault says what was being done when a list could not be read.
func listFault(err error) error {
	var f *engine.Fault
	if !errors.As(err, &f) {
		return &engine.Fault{Kind: engine.Transient, Op: listOp, Err: errNoClient}
	}
	own := *f
	own.Op = listOp
	return &own
}

// namelessFault is about a client that cannot be used and does not say who it is, so that nothing but
// its place tells it apart: the list cannot be read past it.
func namelessFault(place int, spoilt error) error {
	return &engine.Fault{Kind: engine.Environment, Op: listOp, Ref: "number " + strconv.Itoa(place) + " of the list", Err: spoilt,
		Next: "Correct that client in OSCaR, or allow larger clients with the setting max_record of this connection."}
}

// saved says whether an answer has the form of OSCaR's "Record saved.": an object with a
// message that is a text. The text itself is never compared (§3).
func saved(answer *rest.Response) bool {
	return answer != nil && gjson.GetBytes(answer.Body, "message").Type == gjson.String
}
