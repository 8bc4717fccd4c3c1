package primero

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"time"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
)

// patience is how often a list may stand still or contradict itself before reading gives up.
const patience = 5

var (
	errMoving  = errors.New("the list kept moving while it was read")
	errOrder   = errors.New("the list is not sorted as asked")
	errStopped = errors.New("told to stop")
)

// reader implements engine.Reader.
type reader struct{ api *api }

// Read streams the cases of a closed window. It does not trust offsets: the list is sorted by
// last_updated_at and each request starts again at the last second seen, so that a case which is
// changed while we read moves nothing past us (§10.3). A case that is changed and still falls into
// the window, because the server's clock is behind, is given again as it now is.
func (r *reader) Read(ctx context.Context, q engine.Query) iter.Seq2[engine.Record, error] {
	return func(yield func(engine.Record, error) bool) {
		give := func(row row) bool { return yield(r.api.record(row, ""), nil) }
		var err error
		switch {
		case q.Object != cases:
			err = notThere("read", q.Object)
		case q.Named != "":
			err = r.named(ctx, q, give)
		default:
			err = newWalk(r.api, q).run(ctx, give)
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(engine.Record{}, err)
		}
	}
}

// named reads the case of one case_id.
func (r *reader) named(ctx context.Context, q engine.Query, give func(row) bool) error {
	found, err := r.findCases(ctx, "case_id", []string{q.Named}, q.Fields)
	if err != nil {
		return err
	}
	for _, f := range found {
		if !give(f.row) {
			return errStopped
		}
	}
	return nil
}

// walk reads one window of the moving list of cases.
type walk struct {
	api         *api
	fields      string
	from, until time.Time // whole seconds, both inclusive
	seen        map[string]time.Time
	stalls      int
}

func newWalk(a *api, q engine.Query) *walk {
	w := &walk{api: a, from: q.Since, until: q.Until, seen: map[string]time.Time{}, fields: fieldsParam(q.Fields, "", maxWindowFields)}
	if w.from.IsZero() {
		w.from = time.Unix(0, 0)
	}
	if w.until.IsZero() {
		w.until = a.now().Add(-a.lag)
	}
	w.from, w.until = w.from.UTC().Truncate(time.Second), w.until.UTC().Truncate(time.Second)
	return w
}

// run gives every row of the window, in order of last_updated_at.
func (w *walk) run(ctx context.Context, give func(row) bool) error {
	for !w.from.After(w.until) {
		p, err := w.page(ctx)
		if err != nil {
			return err
		}
		if len(p.rows) == 0 && p.total == 0 && w.stalls > 0 {
			return nil // confirmed: an error inside Primero is answered like an empty list (§2.4)
		}
		if !w.give(p.rows, give) {
			return errStopped
		}
		if len(p.rows) > 0 && p.total <= len(p.rows) {
			return nil
		}
		if err := w.advance(ctx, p, give); err != nil {
			return err
		}
	}
	return nil
}

// page reads the first page from where the walk stands.
func (w *walk) page(ctx context.Context) (page, error) {
	p, err := w.ask(ctx, w.until, "&order_by="+stampField+"&order=asc", 1, w.api.per)
	if err != nil {
		return page{}, err
	}
	for i := 1; i < len(p.rows); i++ {
		if p.rows[i].second().Before(p.rows[i-1].second()) {
			return page{}, &engine.Fault{Kind: engine.Environment, Op: "read cases", Ref: stampField, Err: errOrder, Next: "Check the version of Primero."}
		}
	}
	return p, nil
}

// ask reads a page of the seconds from w.from to until and makes sure that the filter was applied.
func (w *walk) ask(ctx context.Context, until time.Time, order string, number, per int) (page, error) {
	query := stampField + "=" + windowText(w.from, until) + order + w.fields
	p, err := w.api.list(ctx, "read cases", query, number, per)
	if err != nil {
		return page{}, err
	}
	for _, r := range p.rows {
		if s := r.second(); s.Before(w.from) || s.After(until) {
			return page{}, ignored("read cases", stampField)
		}
	}
	return p, nil
}

// advance moves the walk to the last second of the page.
func (w *walk) advance(ctx context.Context, p page, give func(row) bool) error {
	last := w.from
	if len(p.rows) > 0 {
		last = p.rows[len(p.rows)-1].second()
	}
	switch {
	case last.After(w.from):
		w.moveTo(last)
	case len(p.rows) >= p.per && len(p.rows) > 0: // more rows in this second than fit on a page
		if err := w.settle(ctx, give); err != nil {
			return err
		}
		w.moveTo(w.from.Add(time.Second))
	default:
		if w.stalls++; w.stalls > patience {
			return moving()
		}
	}
	return nil
}

// moveTo forgets the rows before a second: they cannot come again.
func (w *walk) moveTo(second time.Time) {
	w.from, w.stalls = second, 0
	for id, stamp := range w.seen {
		if stamp.Before(second) {
			delete(w.seen, id)
		}
	}
}

// settle gives every row of one second that has more rows than a page. Equal stamps may swap between
// pages (§2.2), so it asks for pages as large as they get, sorted by another field, until as many
// different rows were seen as Primero counts.
func (w *walk) settle(ctx context.Context, give func(row) bool) error {
	ids := map[string]bool{}
	for pass := range patience {
		order := "&order_by=created_at&order=" + []string{"asc", "desc"}[pass%2]
		total, before := 0, -1
		// A page that brings nobody new ends the pass: what a server counts is not to be trusted for ever.
		for number := 1; number == 1 || (number-1)*maxPer < total && len(ids) > before; number++ {
			before = len(ids)
			p, err := w.ask(ctx, w.from, order, number, maxPer)
			if err != nil {
				return err
			}
			if !w.give(p.rows, give) {
				return errStopped
			}
			for _, r := range p.rows {
				ids[r.id] = true
			}
			total = p.total
		}
		if len(ids) >= total {
			return nil
		}
	}
	return moving()
}

// give passes on the rows that were not given with this stamp before.
func (w *walk) give(rows []row, give func(row) bool) bool {
	for _, r := range rows {
		if stamp, known := w.seen[r.id]; known && stamp.Equal(r.stamp) {
			continue
		}
		w.seen[r.id] = r.stamp
		if !give(r) {
			return false
		}
	}
	return true
}

// windowText is a range that Primero understands: seconds are mandatory, both ends are included (§2.4, §2.5).
func windowText(from, until time.Time) string {
	const layout = "2006-01-02T15:04:05Z"
	return url.QueryEscape(from.UTC().Format(layout)) + ".." + url.QueryEscape(until.UTC().Format(layout))
}

func moving() *engine.Fault {
	return &engine.Fault{Kind: engine.Transient, Op: "read cases", Err: errMoving, Next: "Read a smaller window, or at a quieter time."}
}

func notThere(op, object string) *engine.Fault {
	return &engine.Fault{Kind: engine.Environment, Op: op, Ref: object, Err: errors.New("this connection cannot do that with this object")}
}

// show reads one case; nil when there is none.
func (a *api) show(ctx context.Context, id, fields string) (*gjson.Result, error) {
	answer, err := a.door.do(ctx, rest.Request{Op: "read case", Ref: id, Path: casesPath + "/{id}", Args: []string{id}, Query: fields})
	if gone(answer) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	data := gjson.GetBytes(answer.Body, "data")
	if !data.IsObject() {
		return nil, &engine.Fault{Kind: engine.Transient, Op: "read case", Ref: id, Err: errShape}
	}
	return &data, nil
}
