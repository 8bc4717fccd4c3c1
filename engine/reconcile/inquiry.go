package reconcile

import (
	"context"
	"iter"
	"slices"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/store"
)

// Inquiry reads a flow's source and looks up what decisions want to know, exactly as
// Plan does, and leaves the deciding to others. It writes nowhere, not even to the
// store. Its Learn must not be called from several goroutines at once.
type Inquiry struct {
	loop    *loop
	known   *knowledge
	reading reading
	cursor  store.Cursor
}

// Inquire begins an inquiry. Flows under other specs that shall be decided from the same
// answers are named in also, so that the fields which they need are read too.
func Inquire(ctx context.Context, job Job, also ...*mapping.Flow) (*Inquiry, error) {
	l := newLoop(job)
	l.began = job.Now()
	for _, f := range also {
		for _, use := range f.Reads() {
			l.use(use.Object, use.Fields...)
		}
	}
	cur, err := job.Store.Cursor(ctx, l.spec.Name.Text)
	if err != nil {
		return nil, err
	}
	q := &Inquiry{loop: l, cursor: cur}
	q.reading, err = readingFor(job.Window, l.spec.Source, l.source, cur, l.zone, l.began, false)
	q.reading.query.Fields = l.fields[l.spec.Source.Read.Text]
	q.Forget()
	return q, err
}

// use reads more fields of an object than the flow's decisions need.
func (l *loop) use(object string, more ...string) {
	fields := slices.Concat(l.fields[object], more)
	slices.Sort(fields)
	l.fields[object] = slices.Compact(fields)
}

// Use reads more fields of an object that is looked up, beyond those that decisions need.
func (q *Inquiry) Use(object string, fields ...string) { q.loop.use(object, fields...) }

// Window names what is read, for people.
func (q *Inquiry) Window() string { return windowText(q.reading, q.loop.job.Window, q.loop.zone) }

// Cursor says how far the flow's runs have come.
func (q *Inquiry) Cursor() store.Cursor { return q.cursor }

// Next is where the flow's next ordinary window begins, before which nothing is read again by itself; zero: everything is read.
func (q *Inquiry) Next() engine.Query { return q.reading.query }

// Start is run.start for a flow whose specs say start: the later of that and the day before which everything was adopted.
func (q *Inquiry) Start(start string) string { return max(start, q.cursor.AdoptedBefore) }

// Records streams the window; where it names one record, by any of its ids.
func (q *Inquiry) Records(ctx context.Context) iter.Seq2[engine.Record, error] {
	return func(yield func(engine.Record, error) bool) {
		l := q.loop
		connection, _, _ := engine.SplitObject(l.spec.Source.Read.Text)
		n, limit := 0, l.job.Window.Limit
		for rec, err := range l.job.Readers[connection].Read(ctx, q.reading.query) {
			if !yield(rec, err) || err != nil {
				return
			}
			if n++; limit > 0 && n == limit {
				return
			}
		}
		if n > 0 || l.job.Window.Named == "" {
			return
		}
		records, err := l.otherwise(ctx, l.job.Window.Named)
		if err != nil {
			yield(engine.Record{}, err)
			return
		}
		for _, rec := range records {
			if !yield(rec, nil) {
				return
			}
		}
	}
}

// Answer implements mapping.Known.
func (q *Inquiry) Answer(a mapping.Ask) (mapping.Answer, bool) { return q.known.Answer(a) }

// Learn finds the answers to asks, many in one request.
func (q *Inquiry) Learn(ctx context.Context, asks []mapping.Ask) error {
	return q.loop.learn(ctx, q.known, asks)
}

// Forget drops what was learned but for what is small and steady.
func (q *Inquiry) Forget() {
	q.known = &knowledge{answers: map[string]mapping.Answer{}, reference: q.loop.reference}
}
