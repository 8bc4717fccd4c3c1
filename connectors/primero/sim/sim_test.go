package sim_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/casebridge/casebridge/engine"
	"github.com/tidwall/gjson"
)

// clock is a hand-moved clock.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 8, 20, 0, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// world is a system with a few people and a clock.
type world struct {
	*sim.System
	t     testing.TB
	clock *clock
	cred  [2]string
}

func newWorld(t testing.TB, change ...func(*sim.Options)) *world {
	c := newClock()
	o := sim.Options{
		Now: c.now,
		Users: []sim.User{
			{UserName: "worker1", FullName: "Worker One", Password: "pw1", Agency: "agency-a", Groups: []string{"g1"}},
			{UserName: "worker2", FullName: "Worker Two", Password: "pw2", Agency: "agency-b", Groups: []string{"g2"}},
			{UserName: "lead", FullName: "Lead", Password: "pw3", Agency: "agency-a", Groups: []string{"g1"}, Role: sim.Role{Scope: "agency"}},
		},
		Agencies: []sim.Agency{{UniqueID: "agency-a", Name: "A"}, {UniqueID: "agency-b", Name: "B"}},
		Fields: []engine.Field{
			{Name: "custom_text", Type: engine.Text},
			{Name: "languages", Type: engine.CodeMany, Codes: "languages"},
			{Name: "seen_at", Type: engine.Instant},
			{Name: "services_section", Type: engine.Rows, RowKey: "unique_id", Fields: []engine.Field{
				{Name: "service_subtype", Type: engine.CodeMany},
				{Name: "referral_status_x", Type: engine.CodeOne},
			}},
		},
		Codes: map[string][]string{"lookup-gender": {"male", "female"}, "languages": {"km", "en"}},
	}
	for _, f := range change {
		f(&o)
	}
	return &world{sim.New(o), t, c, [2]string{sim.DefaultUser, sim.DefaultPassword}}
}

// as returns the same world seen by another user.
func (w *world) as(name, password string) *world {
	other := *w
	other.cred = [2]string{name, password}
	return &other
}

// do sends one request with Basic and returns status and body.
func (w *world) do(method, target, body string) (int, string) {
	rec := w.send(method, target, body)
	return rec.Code, rec.Body.String()
}

func (w *world) send(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if w.cred[0] != "" {
		r.SetBasicAuth(w.cred[0], w.cred[1])
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	return rec
}

// ask sends a request that must be answered with want, and returns the body.
func (w *world) ask(want int, method, target, body string) gjson.Result {
	w.t.Helper()
	status, got := w.do(method, target, body)
	if status != want {
		w.t.Fatalf("%s %s: status %d, want %d: %s", method, target, status, want, got)
	}
	return gjson.Parse(got)
}

func (w *world) list(query string) gjson.Result {
	w.t.Helper()
	return w.ask(200, "GET", "/api/v2/cases?"+query, "")
}

func (w *world) total(query string, want int64) {
	w.t.Helper()
	if got := w.list(query).Get("metadata.total").Int(); got != want {
		w.t.Errorf("?%s: total %d, want %d", query, got, want)
	}
}

func (w *world) patch(id, data string) gjson.Result {
	w.t.Helper()
	return w.ask(200, "PATCH", "/api/v2/cases/"+id, `{"data":`+data+`}`)
}

func (w *world) stored(id string) gjson.Result { return gjson.ParseBytes(w.Case(id)) }

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

const (
	rowA = "020d0000-0000-4000-8000-00000000000a"
	rowB = "020d0000-0000-4000-8000-00000000000b"
)

func (w *world) child(fields map[string]any) string {
	all := map[string]any{"name_first": "A", "owned_by": "worker1", "consent_for_services": true, "disclosure_other_orgs": true}
	for k, v := range fields {
		all[k] = v
	}
	return w.AddCase(all)
}

func services(ids ...string) []any {
	var rows []any
	for _, id := range ids {
		rows = append(rows, map[string]any{"unique_id": id, "service_type": "x", "service_response_type": "referral_to_oscar",
			"service_response_day_time": "2026-08-20T00:10:00Z"})
	}
	return rows
}

// seeded makes n cases with two services each, a second apart.
func seeded(t testing.TB, n int) *world {
	w := newWorld(t)
	for i := range n {
		w.clock.pass(time.Second)
		w.child(map[string]any{"oscar_number": fmt.Sprintf("OS-%d", i), "name_last": "B", "sex": "male", "age": 9,
			"date_of_birth": "2015-02-03", "risk_level": "high", "location_current": "010203", "services_section": services(rowA, rowB)})
	}
	return w
}

// readAll pages through everything and returns the numbers found.
func (w *world) readAll() []string {
	var keys []string
	for page := 1; ; page++ {
		got := w.list(fmt.Sprintf("last_updated_at=2026-08-20T00:00:00Z..2026-09-20T00:00:00Z&order_by=last_updated_at&order=asc"+
			"&per=1000&page=%d&fields=case_id,oscar_number,services_section", page)).Get("data.#.oscar_number").Array()
		for _, v := range got {
			keys = append(keys, v.Str)
		}
		if len(got) == 0 {
			return keys
		}
	}
}

func (w *world) findTwenty(from int) {
	q := url.Values{"fields": {"case_id"}}
	for j := range 20 {
		q.Set(fmt.Sprintf("oscar_number[%d]", j), fmt.Sprintf("OS-%d", from+j))
	}
	w.total(q.Encode(), 20)
}

func TestManyCasesAreReadWhole(t *testing.T) {
	w := seeded(t, 2500)
	keys := w.readAll()
	equal(t, "cases read", len(keys), 2500)
	equal(t, "the last", keys[2499], "OS-2499")
	w.findTwenty(1200)
	first := gjson.GetBytes(w.CaseBy("oscar_number", "OS-0"), "id").Str
	w.clock.pass(time.Second)
	w.patch(first, `{"age":10}`)
	equal(t, "a change moves to the end", w.readAll()[2499], "OS-0")
}

func BenchmarkSeed30000(b *testing.B) {
	for b.Loop() {
		seeded(b, 30_000)
	}
}

func BenchmarkRead30000(b *testing.B) {
	w := seeded(b, 30_000)
	for b.Loop() {
		w.readAll()
	}
}

func BenchmarkFindTwentyIn30000(b *testing.B) {
	w := seeded(b, 30_000)
	for b.Loop() {
		w.findTwenty(15_000)
	}
}

func BenchmarkSortedPageOf30000(b *testing.B) {
	w := seeded(b, 30_000)
	for b.Loop() {
		w.list("order_by=case_id&per=1000&page=7&fields=case_id")
	}
}

func BenchmarkPatchIn30000(b *testing.B) {
	w := seeded(b, 30_000)
	id := gjson.GetBytes(w.CaseBy("oscar_number", "OS-15000"), "id").Str
	for b.Loop() {
		w.patch(id, `{"age":10}`)
	}
}
