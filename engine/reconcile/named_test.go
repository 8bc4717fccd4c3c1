package reconcile_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/store"
)

// searchable is a cabinet that can be searched by any field, and notes by which it was.
type searchable struct {
	*cabinet
	asked []string
	fault map[string]*engine.Fault // by field
}

func (s *searchable) Find(_ context.Context, l engine.Lookup) ([]engine.Record, error) {
	s.mu.Lock()
	s.asked = append(s.asked, l.By)
	fault, order := s.fault[l.By], slices.Clone(s.order)
	s.mu.Unlock()
	if fault != nil {
		return nil, fault
	}
	var out []engine.Record
	for _, id := range order {
		if value := s.value(id, l.By); slices.Contains(l.Values, value) {
			rec, _ := s.record(id)
			rec.Found = value
			out = append(out, rec)
		}
	}
	return out, nil
}

func (c *cabinet) value(id, field string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	text, _ := c.cases[id][field].(string)
	return text
}

// families are cases of which two share a family, the id of a household.
func families(i int) map[string]any {
	return map[string]any{"family": []string{"F-1", "F-1", "F-2"}[i]}
}

// A person may name a record by any of its ids, as long as it names one record, and never by something about a person.
func TestARecordIsNamedByAnyOfItsIDs(t *testing.T) {
	s := newStage(t, newCabinet(3, families), newCabinet(0, plainCase))
	s.project.Object("east.case").By = []string{"number", "name", "id", "to", "family"}
	east := &searchable{cabinet: s.east, fault: map[string]*engine.Fault{"to": {Kind: engine.Environment, Op: "search"}}}
	run := func(name string) (reconcile.Summary, error) {
		return s.run("copy", func(j *reconcile.Job) {
			j.Window.Named, j.Readers["east"] = name, east
		})
	}
	for name, reads := range map[string]int{"N0001": 1, "0002": 1, "F-2": 1, "nobody": 0, "Person 0001": 0} {
		if sum, err := run(name); err != nil || sum.Read != reads {
			t.Errorf("%s: read %d, %v", name, sum.Read, err)
		}
	}
	if slices.Contains(east.asked, "name") {
		t.Error("a search by a person's name")
	}
	sum, err := run("F-1")
	if engine.KindOf(err) != engine.Conflict || sum.Read != 0 {
		t.Errorf("an id that two records have: read %d, %v", sum.Read, err)
	}
	east.fault["id"] = &engine.Fault{Kind: engine.Auth, Op: "search"}
	if _, err := run("F-2"); engine.KindOf(err) != engine.Auth {
		t.Errorf("a refused sign-in was passed over: %v", err)
	}
	if c := s.cursor("copy"); !c.Mark.IsZero() {
		t.Errorf("a named record moved the cursor to %v", c.Mark)
	}
}

// An inquiry reads and looks up what a plan would, and writes nothing anywhere.
func TestInquiry(t *testing.T) {
	s := newStage(t, newCabinet(3, families), newCabinet(2, plainCase))
	before := s.west.writes
	st, err := store.Scratch(t.Context(), s.options())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	var asked [][]string
	s.west.onFind = func(l engine.Lookup) { asked = append(asked, l.Fields) }
	q, err := reconcile.Inquire(t.Context(), s.job("copy", st), s.program.Flow("letters"))
	if err != nil {
		t.Fatal(err)
	}
	q.Use("west.case", "stamp")
	n := 0
	for _, err := range q.Records(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 3 || q.Window() != "everything" || q.Start("2026-01-01") != "2026-01-01" {
		t.Errorf("read %d of %s", n, q.Window())
	}
	ask := mapping.Ask{Kind: mapping.AskRead, Object: "west.case", By: "number", Value: "N0001"}
	if _, known := q.Answer(ask); known {
		t.Error("known before it was learned")
	}
	if err := q.Learn(t.Context(), []mapping.Ask{ask}); err != nil {
		t.Fatal(err)
	}
	if a, known := q.Answer(ask); !known || len(a.Records) != 1 {
		t.Errorf("learned %v", a)
	}
	if len(asked) != 1 || !slices.Contains(asked[0], "stamp") || !slices.Contains(asked[0], "remark") {
		t.Errorf("asked for %v", asked)
	}
	q.Forget()
	if _, known := q.Answer(ask); known {
		t.Error("known after it was forgotten")
	}
	if runs, err := st.Runs(t.Context(), "", 1); err != nil || len(runs) != 0 || s.west.writes != before {
		t.Errorf("%d runs, %v", len(runs), errors.Join(err))
	}
}
