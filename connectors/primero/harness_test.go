package primero_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/connectors/primero"
	"github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/casebridge/casebridge/engine"
)

// clock is a hand-moved clock.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is a simulated Primero and a connection to it.
type world struct {
	*sim.System
	clock *clock
	conn  engine.Connection
	url   string
}

// newWorld builds a simulator; change may adjust its options and the connection's settings.
func newWorld(t *testing.T, change func(*sim.Options, map[string]string)) *world {
	t.Helper()
	w := &world{clock: &clock{at: time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)}}
	o := sim.Options{Now: w.clock.now, Users: []sim.User{
		{UserName: "worker1", FullName: "First Worker", Role: sim.Role{Scope: "all"}},
		{UserName: "worker2", FullName: "Second Worker", Role: sim.Role{Scope: "all"}},
	}}
	settings := map[string]string{"user": sim.DefaultUser, "password": sim.DefaultPassword, "lag": "0s", "rate": "0", "retries": "2"}
	if change != nil {
		change(&o, settings)
	}
	w.System = sim.New(o)
	server := httptest.NewServer(w.System)
	t.Cleanup(server.Close)
	w.url = server.URL
	w.conn = dial(t, server.URL, settings, nil, w.clock.now)
	return w
}

// dial opens a connection named west.
func dial(t *testing.T, url string, settings map[string]string, transport http.RoundTripper, now func() time.Time) engine.Connection {
	t.Helper()
	settings["url"] = url
	conn, err := primero.Driver{}.Open(engine.Opening{Connection: "west", Settings: engine.NewSettings(settings), Transport: transport, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// read reads a window and returns the ids, in order, and the records.
func (w *world) read(t *testing.T, q engine.Query) ([]string, []engine.Record) {
	t.Helper()
	q.Object = "case"
	var ids []string
	var records []engine.Record
	for r, err := range w.conn.Reader().Read(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		ids, records = append(ids, r.ID), append(records, r)
	}
	return ids, records
}

func (w *world) find(t *testing.T, l engine.Lookup) []engine.Record {
	t.Helper()
	found, err := w.conn.Reader().Find(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func (w *world) write(t *testing.T, c engine.Change) engine.Outcome {
	t.Helper()
	if c.Object == "" {
		c.Object = "west.case"
	}
	outcomes := w.conn.Writer().Write(t.Context(), []engine.Change{c})
	if len(outcomes) != 1 {
		t.Fatalf("%d outcomes for one change", len(outcomes))
	}
	return outcomes[0]
}

func (w *world) field(id, path string) gjson.Result { return gjson.GetBytes(w.Case(id), path) }

func document(text string) engine.Body { return engine.NewBody([]byte(text)) }

func faultOf(t *testing.T, err error) *engine.Fault {
	t.Helper()
	var f *engine.Fault
	if !errors.As(err, &f) {
		t.Fatalf("want a *engine.Fault, got %v", err)
	}
	return f
}
