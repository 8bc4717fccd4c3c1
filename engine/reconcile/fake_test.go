package reconcile_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// cabinet is a small real system in memory: it lists, finds, creates, updates and takes letters.
type cabinet struct {
	mu       sync.Mutex
	cases    map[string]map[string]any // by id
	order    []string
	letters  []map[string]any
	writes   int
	finds    int
	inFlight map[string]int // cases being written, by id
	clashed  bool           // the same case was written twice at once

	breakRead  int                                   // fail the reading after so many records; 0: never
	breakWith  engine.FaultKind                      // with this kind; transient when it is blank
	findFault  func(value string) *engine.Fault      // fail a lookup that asks for this value
	writeFault func(c engine.Change) *engine.Outcome // answer a write with this, nothing done
	afterWrite func(c engine.Change) *engine.Outcome // do the write, then answer with this
	onlyLists  bool                                  // records of it cannot be looked up
	unusable   map[string]string                     // records in a form that cannot be used, by id, and what can be told of each; "": nothing
	onRead     func(q engine.Query)
	onFind     func(l engine.Lookup)
	takes      func(c engine.Change) time.Duration // how long a write takes; one that is cut off by then has no answer
	oneAtATime sync.Mutex                          // holds while one of these is asked: they may keep counts, and many workers ask
}

// ask calls what a test put into the cabinet, if it did; no two of them at once.
func ask[A, R any](c *cabinet, hook *func(A) R, about A) (answer R) {
	c.oneAtATime.Lock()
	defer c.oneAtATime.Unlock()
	if *hook != nil {
		answer = (*hook)(about)
	}
	return answer
}

// tell is ask of what answers nothing.
func tell[A any](c *cabinet, hook *func(A), about A) {
	c.oneAtATime.Lock()
	defer c.oneAtATime.Unlock()
	if *hook != nil {
		(*hook)(about)
	}
}

func newCabinet(n int, fields func(i int) map[string]any) *cabinet {
	c := &cabinet{cases: map[string]map[string]any{}, inFlight: map[string]int{}}
	for i := range n {
		id := fmt.Sprintf("%04d", i)
		doc := map[string]any{"id": id, "number": "N" + id, "name": "Person " + id, "stamp": "2026-11-01T00:00:00Z"}
		maps.Copy(doc, fields(i))
		c.cases[doc["id"].(string)] = doc
		c.order = append(c.order, doc["id"].(string))
	}
	return c
}

// driver makes the cabinet a Driver, a Connection, a Reader and a Writer under one name.
type driver struct {
	name string
	*cabinet
}

func (d driver) Name() string                                   { return d.name }
func (d driver) Settings() []engine.Setting                     { return nil }
func (d driver) Open(engine.Opening) (engine.Connection, error) { return d, nil }
func (d driver) Reader() engine.Reader                          { return d }
func (d driver) Writer() engine.Writer                          { return d }
func (d driver) Check(context.Context) error                    { return nil }
func (d driver) Close() error                                   { return nil }
func (d driver) Objects() []engine.Object {
	text := func(name string, class engine.Class) engine.Field {
		return engine.Field{Name: name, Type: engine.Text, Class: class}
	}
	by := []string{"number"}
	if d.onlyLists {
		by = nil
	}
	return []engine.Object{
		{Name: "case", ID: "id", By: by, Named: "number", Listed: true, Window: true, Grain: engine.Second, Mark: engine.MarkStamp,
			Verbs: []engine.Verb{engine.CreateVerb, engine.UpdateVerb}, Repeatable: true,
			Fields: []engine.Field{text("id", engine.Code), text("number", engine.Code), text("name", engine.Personal),
				text("remark", engine.Personal), text("to", engine.Code), text("family", engine.Code), text("stamp", engine.Public)}},
		{Name: "letter", Verbs: []engine.Verb{engine.SendVerb},
			Fields: []engine.Field{text("to", engine.Code), text("number", engine.Code), text("name", engine.Personal)}},
	}
}

func (c *cabinet) Read(ctx context.Context, q engine.Query) iter.Seq2[engine.Record, error] {
	return func(yield func(engine.Record, error) bool) {
		tell(c, &c.onRead, q)
		c.mu.Lock()
		order := slices.Clone(c.order)
		c.mu.Unlock()
		for i, id := range order {
			if c.breakRead > 0 && i == c.breakRead {
				yield(engine.Record{}, &engine.Fault{Kind: cmp.Or(c.breakWith, engine.Transient), Op: "read cases"})
				return
			}
			if err := ctx.Err(); err != nil {
				yield(engine.Record{}, &engine.Fault{Kind: engine.Cancelled, Op: "read cases", Err: err})
				return
			}
			rec, number := c.record(id)
			if q.Named != "" && number != q.Named || rec.Stamp.Before(q.Since) {
				continue
			}
			if !yield(rec, nil) {
				return
			}
		}
	}
}

func (c *cabinet) record(id string) (engine.Record, string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	raw, err := json.Marshal(c.cases[id])
	if err != nil {
		panic(err)
	}
	stamp, _ := time.Parse(time.RFC3339, c.cases[id]["stamp"].(string))
	number, _ := c.cases[id]["number"].(string)
	if known, ok := c.unusable[id]; ok {
		fault := &engine.Fault{Kind: engine.Unmapped, Op: "read cases", Ref: number, Err: errors.New("a field stands in it twice")}
		return engine.Record{Object: "case", ID: id, Stamp: stamp, Known: engine.NewBody([]byte(known)), Fault: fault}, number
	}
	return engine.Record{Object: "case", ID: id, Stamp: stamp, Body: engine.NewBody(raw)}, number
}

func (c *cabinet) Find(_ context.Context, l engine.Lookup) ([]engine.Record, error) {
	tell(c, &c.onFind, l)
	c.mu.Lock()
	c.finds++
	order := slices.Clone(c.order)
	c.mu.Unlock()
	var out []engine.Record
	for _, v := range l.Values {
		if f := ask(c, &c.findFault, v); f != nil {
			return nil, f
		}
		for _, id := range order {
			if rec, number := c.record(id); number == v {
				rec.Found = v
				out = append(out, rec)
			}
		}
	}
	return out, nil
}

func (c *cabinet) Write(ctx context.Context, changes []engine.Change) []engine.Outcome {
	out := make([]engine.Outcome, len(changes))
	for i, ch := range changes {
		out[i] = c.write(ctx, ch)
	}
	return out
}

func (c *cabinet) write(ctx context.Context, ch engine.Change) engine.Outcome {
	c.enter(ch.Target)
	defer c.leave(ch.Target)
	if wait := ask(c, &c.takes, ch); wait > 0 {
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return engine.Outcome{State: engine.Unknown, Fault: &engine.Fault{Kind: engine.Cancelled, Op: "write", Err: ctx.Err()}}
		}
	}
	if o := ask(c, &c.writeFault, ch); o != nil {
		return *o
	}
	id := c.store(ch)
	if o := ask(c, &c.afterWrite, ch); o != nil {
		return *o
	}
	return engine.Outcome{State: engine.Done, ID: id}
}

func (c *cabinet) enter(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writes++
	if c.inFlight[id]++; id != "" && c.inFlight[id] > 1 {
		c.clashed = true
	}
}

func (c *cabinet) leave(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inFlight[id]--
}

func (c *cabinet) store(ch engine.Change) string {
	var doc map[string]any
	if err := json.Unmarshal(ch.Document.Raw(), &doc); err != nil {
		panic(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch ch.Verdict {
	case engine.Send:
		c.letters = append(c.letters, doc)
		return ""
	case engine.Create:
		id, _ := doc["id"].(string)
		doc["stamp"] = "2026-11-20T00:00:00Z"
		c.cases[id] = doc
		c.order = append(c.order, id)
		return id
	default:
		maps.Copy(c.cases[ch.Target], doc)
		return ch.Target
	}
}

// shared lets everything of the cabinet go to the other one.
func shared(from string) string {
	to := map[string]string{"east": "west", "west": "east"}[from]
	return fmt.Sprintf(`kind: Sharing
from: %[1]s
to: %[2]s
consent: {not_needed: the cabinets hold nobody's records}
scope: {not_needed: there is one kind of record}
may_leave: {%[1]s.case: [name, remark]}
may_write:
  %[2]s.case: [id, number, name, remark]
  %[2]s.letter: [to, number, name]
`, from, to)
}
