package primero_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/casebridge/casebridge/engine"
)

func small(_ *sim.Options, s map[string]string) { s["page"] = "3" }

func TestReadGivesEveryCaseOnce(t *testing.T) {
	for _, gap := range []time.Duration{time.Millisecond, 400 * time.Millisecond, time.Second, time.Minute} {
		w := newWorld(t, small)
		var want []string
		for i := range 20 {
			w.clock.forward(gap)
			want = append(want, w.AddCase(map[string]any{"case_id": fmt.Sprintf("c-%d", i)}))
		}
		got, records := w.read(t, engine.Query{})
		if slices.Sort(got); !slices.Equal(got, sorted(want)) {
			t.Errorf("gap %v: got %d cases, want %d, each once", gap, len(got), len(want))
		}
		for _, r := range records {
			if r.Object != "west.case" || r.Stamp.IsZero() || r.Body.Empty() {
				t.Fatalf("incomplete record: %+v", r)
			}
		}
	}
}

// Thirty cases saved in the same millisecond, on pages whose rows swap places.
func TestReadGivesEveryCaseOfOneSecond(t *testing.T) {
	w := newWorld(t, func(o *sim.Options, s map[string]string) { small(o, s); o.Switches.UnstableTies = true })
	var want []string
	for range 30 {
		want = append(want, w.AddCase(map[string]any{}))
	}
	w.clock.forward(time.Hour)
	want = append(want, w.AddCase(map[string]any{}))
	got, _ := w.read(t, engine.Query{})
	if slices.Sort(got); !slices.Equal(got, sorted(want)) {
		t.Errorf("got %d cases, want %d", len(got), len(want))
	}
}

// A case that was read is changed after every page, and so leaves the window: offsets would skip one each time.
func TestReadLosesNothingWhileCasesChange(t *testing.T) {
	var w *world
	pages := 0
	w = newWorld(t, func(o *sim.Options, s map[string]string) {
		small(o, s)
		s["lag"] = "1s"
	})
	var want []string
	for range 30 {
		w.clock.forward(10 * time.Second)
		want = append(want, w.AddCase(map[string]any{"name_first": "A"}))
	}
	w.clock.forward(time.Minute)
	w.Switch(func(s *sim.Switches) {
		s.Fault = func(r *http.Request) sim.Fault {
			if r.URL.Path == "/api/v2/cases" && pages < 10 {
				pages++
				_ = w.EditCase(want[pages-1], map[string]any{"name_first": "B"})
			}
			return sim.Fault{}
		}
	})
	got, _ := w.read(t, engine.Query{})
	missed := 0
	for _, id := range want[10:] {
		if !slices.Contains(got, id) {
			missed++
		}
	}
	if missed > 0 || pages < 3 {
		t.Errorf("%d unchanged cases were skipped over %d pages", missed, pages)
	}
	if slices.Sort(got); len(slices.Compact(got)) != len(got) {
		t.Error("a case was given twice")
	}
}

func TestReadKeepsToTheWindow(t *testing.T) {
	w := newWorld(t, small)
	var ids []string
	start := w.clock.now()
	for range 10 {
		w.clock.forward(time.Minute)
		ids = append(ids, w.AddCase(map[string]any{}))
	}
	got, _ := w.read(t, engine.Query{Since: start.Add(3 * time.Minute), Until: start.Add(6 * time.Minute)})
	if !slices.Equal(got, ids[2:6]) {
		t.Errorf("got %d cases of the window, want 4 in order", len(got))
	}
	if got, _ := w.read(t, engine.Query{Since: start.Add(time.Hour)}); len(got) != 0 {
		t.Errorf("%d cases of the future", len(got))
	}
}

func TestReadStaysBehindTheClock(t *testing.T) {
	w := newWorld(t, func(_ *sim.Options, s map[string]string) { s["lag"] = "10s" })
	w.AddCase(map[string]any{})
	w.clock.forward(8 * time.Second)
	if got, _ := w.read(t, engine.Query{}); len(got) != 0 {
		t.Error("a case within the lag was read")
	}
	w.clock.forward(5 * time.Second)
	if got, _ := w.read(t, engine.Query{}); len(got) != 1 {
		t.Error("the case was not read after the lag")
	}
}

func TestReadOneNamedCase(t *testing.T) {
	w := newWorld(t, nil)
	w.AddCase(map[string]any{"case_id": "c-1"})
	want := w.AddCase(map[string]any{"case_id": "c-2"})
	if got, _ := w.read(t, engine.Query{Named: "c-2"}); !slices.Equal(got, []string{want}) {
		t.Errorf("got %v, want %s", got, want)
	}
	if got, _ := w.read(t, engine.Query{Named: "c-3"}); len(got) != 0 {
		t.Errorf("got %v", got)
	}
}

// An answer that is empty because Primero's query failed is not taken for an empty window.
func TestReadConfirmsAnEmptyAnswer(t *testing.T) {
	w := newWorld(t, nil)
	w.ResetCounters()
	w.read(t, engine.Query{})
	if n := w.Requests().Total; n != 2 {
		t.Errorf("an empty window took %d requests, want 2", n)
	}
}

func TestReadAsksForFieldsWithinOneKilobyte(t *testing.T) {
	w := newWorld(t, nil)
	w.AddCase(map[string]any{"name_first": "A", "name_last": "B"})
	_, records := w.read(t, engine.Query{Fields: []string{"name_first"}})
	if body := string(records[0].Body.Raw()); !strings.Contains(body, "name_first") || strings.Contains(body, "name_last") {
		t.Error("not the fields that were asked for")
	}
	many := []string{"name_last"}
	for i := range 100 {
		many = append(many, fmt.Sprintf("a_rather_long_name_of_a_field_%d", i))
	}
	_, records = w.read(t, engine.Query{Fields: many})
	if !strings.Contains(string(records[0].Body.Raw()), "name_last") {
		t.Error("too many fields for one line: all should come")
	}
}

func TestReadStopsAtFaults(t *testing.T) {
	w := newWorld(t, func(o *sim.Options, s map[string]string) { small(o, s); s["retries"] = "1" })
	for range 9 {
		w.clock.forward(time.Minute)
		w.AddCase(map[string]any{})
	}
	for _, kind := range []sim.FaultKind{sim.Status502, sim.HTML200, sim.Empty200, sim.Cut} {
		w.FailNext(nil, kind, 2) // the attempt and its repetition
		n := 0
		var last error
		for _, err := range w.conn.Reader().Read(t.Context(), engine.Query{Object: "case"}) {
			if last = err; err == nil {
				n++
			}
		}
		if f := faultOf(t, last); f.Kind != engine.Transient || n != 0 {
			t.Errorf("%s: %v after %d", kind, f, n)
		}
	}
}

func TestReadCancelled(t *testing.T) {
	w := newWorld(t, small)
	for range 9 {
		w.clock.forward(time.Minute)
		w.AddCase(map[string]any{})
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var last error
	for _, err := range w.conn.Reader().Read(ctx, engine.Query{Object: "case"}) {
		last = err
		stop()
	}
	if f := faultOf(t, last); f.Kind != engine.Cancelled {
		t.Errorf("%v", f)
	}
}

func TestReadOfOtherObjectsIsRefused(t *testing.T) {
	w := newWorld(t, nil)
	for _, err := range w.conn.Reader().Read(t.Context(), engine.Query{Object: "user"}) {
		if f := faultOf(t, err); f.Kind != engine.Environment {
			t.Errorf("%v", f)
		}
	}
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// A server that ignores the window or the order, as an older or a misconfigured one may.
func TestIgnoredWindowAndOrderAreFaults(t *testing.T) {
	for name, stamps := range map[string][]string{
		"window": {"2020-01-01T00:00:00.000Z"},
		"order":  {"2026-08-01T00:00:05.000Z", "2026-08-01T00:00:01.000Z"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			var rows []string
			for i, s := range stamps {
				rows = append(rows, fmt.Sprintf(`{"id":"c%d","last_updated_at":%q}`, i, s))
			}
			fmt.Fprintf(w, `{"data":[%s],"metadata":{"total":%d,"per":20,"page":1}}`, strings.Join(rows, ","), len(rows))
		}))
		defer server.Close()
		now := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
		conn := dial(t, server.URL, map[string]string{"user": "u", "password": "p"}, nil, func() time.Time { return now })
		for _, err := range conn.Reader().Read(t.Context(), engine.Query{Object: "case", Since: now.AddDate(0, -2, 0)}) {
			if f := faultOf(t, err); f.Kind != engine.Environment || f.Ref != "last_updated_at" {
				t.Errorf("%s: %v", name, f)
			}
		}
	}
}
