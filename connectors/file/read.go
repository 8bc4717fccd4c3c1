package file

import (
	"cmp"
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/engine"
)

// Read streams the records of a file in the order in which their ids first appear.
// Standard input can be read once, and its records cannot be looked up.
func (c *connection) Read(ctx context.Context, q engine.Query) iter.Seq2[engine.Record, error] {
	return func(yield func(engine.Record, error) bool) {
		stopped := false
		give := func(id string, raw []byte) bool {
			r := c.record(id, raw)
			if q.Named != "" && q.Named != id || q.Named == "" && before(r.Stamp, q.Since) {
				return true
			}
			stopped = !yield(r, nil)
			return !stopped
		}
		var err error
		switch {
		case q.Object != recordName || c.read == "":
			err = c.index.fault(q.Object, errors.New("this connection cannot read that"))
		case c.read == "-":
			err = c.stream(ctx, give)
		default:
			err = c.each(ctx, q.Named, give)
		}
		if err != nil && !stopped {
			yield(engine.Record{}, err)
		}
	}
}

// each gives the records of the index, one of them or all.
func (c *connection) each(ctx context.Context, named string, give func(string, []byte) bool) error {
	if err := c.index.refresh(ctx); err != nil {
		return err
	}
	ids := c.index.ids()
	if named != "" {
		ids = []string{named}
	}
	for _, id := range ids {
		if ctx.Err() != nil {
			return cancelled("read")
		}
		raw, err := c.index.load(id)
		if err != nil {
			return err
		}
		if raw != nil && !give(id, raw) {
			return nil
		}
	}
	return ctxFault(ctx, "read")
}

var errEnough = errors.New("enough was read")

var errSecond = errors.New("its id came before")

// stream gives the records of standard input as they come.
func (c *connection) stream(ctx context.Context, give func(string, []byte) bool) error {
	if c.stdin == nil {
		return c.index.fault("standard input", errors.New("there is none"))
	}
	seen := map[string]bool{}
	_, err := eachValue(ctx, untilStopped(ctx, c.stdin), func(raw []byte, _ int64) error {
		id := idOf(raw)
		if id == "" {
			return errNoID
		}
		if seen[id] {
			return errSecond
		}
		seen[id] = true
		if !give(id, slices.Clone(raw)) {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	var bad *badRecord
	if errors.As(err, &bad) || errors.Is(err, errSecond) {
		return c.index.fault("standard input, record "+strconv.Itoa(len(seen)+1), cmp.Or(causeOf(bad), err))
	}
	return err
}

// piece is what one Read gave.
type piece struct {
	bytes []byte
	err   error
}

// untilStopped reads what in gives, until ctx ends. Nobody can be called back who waits for standard input: when
// ctx ends, that is left behind.
func untilStopped(ctx context.Context, in io.Reader) io.Reader {
	return reading(func(p []byte) (int, error) {
		came := make(chan piece, 1)
		go func() {
			own := make([]byte, len(p)) // p is not ours any more when ctx has ended
			n, err := in.Read(own)
			came <- piece{own[:n], err}
		}()
		select {
		case got := <-came:
			return copy(p, got.bytes), got.err
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	})
}

// reading is a function that reads.
type reading func([]byte) (int, error)

func (r reading) Read(p []byte) (int, error) { return r(p) }

func causeOf(bad *badRecord) error {
	if bad == nil {
		return nil
	}
	return bad.cause
}

// Find looks records up by id or external_id.
func (c *connection) Find(ctx context.Context, l engine.Lookup) ([]engine.Record, error) {
	if l.Object != recordName || l.By != "id" && l.By != "external_id" || c.read == "" || c.read == "-" {
		return nil, fault("find in "+c.name+" by "+l.By, l.Object, errors.New("this connection cannot look that up"))
	}
	if err := ctxFault(ctx, "find"); err != nil {
		return nil, err
	}
	if err := c.index.refresh(ctx); err != nil {
		return nil, err
	}
	var found []engine.Record
	for _, value := range l.Values {
		ids := []string{value}
		if l.By == "external_id" {
			ids = c.index.linked(value)
		}
		for _, id := range ids {
			raw, err := c.index.load(id)
			if err != nil {
				return nil, err
			}
			if raw == nil || l.By != "id" && gjson.GetBytes(raw, l.By).String() != value { // it had that value once
				continue
			}
			r := c.record(id, raw)
			r.Found = value
			found = append(found, r)
		}
	}
	return found, nil
}

func (c *connection) record(id string, raw []byte) engine.Record {
	r := engine.Record{Object: c.name + "." + recordName, ID: id, Body: engine.NewBody(raw)}
	if at, err := time.Parse(time.RFC3339Nano, gjson.GetBytes(raw, "updated_at").String()); err == nil {
		r.Stamp = at.UTC()
	}
	return r
}

// before says whether a record was certainly not changed since.
func before(stamp, since time.Time) bool {
	return !stamp.IsZero() && !since.IsZero() && stamp.Before(since.Truncate(time.Second))
}

// ctxFault is a cancelled fault when ctx has ended. The result is an error, so that nil stays nil.
func ctxFault(ctx context.Context, op string) error {
	if ctx.Err() != nil {
		return cancelled(op)
	}
	return nil
}
