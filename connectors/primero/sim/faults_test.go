package sim_test

import (
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/tidwall/gjson"
)

func TestConfigLock(t *testing.T) {
	w := newWorld(t)
	w.ask(204, "GET", "/health/api", "")
	w.Switch(func(s *sim.Switches) { s.ConfigLock = true })
	got := w.as("", "").send("GET", anyCall, "")
	equal(t, "status", got.Code, 503)
	equal(t, "Retry-After", got.Header().Get("Retry-After"), "60")
	equal(t, "detail", gjson.Get(got.Body.String(), "errors.0.detail").Str, "Retry-After: 60")
	w.ask(503, "GET", "/health/api", "")
	w.Switch(func(s *sim.Switches) { s.ConfigLock = false })
	w.ask(200, "GET", anyCall, "")
}

func TestTheProxyRefusesLongLines(t *testing.T) {
	w := newWorld(t)
	long := "/api/v2/cases?fields=" + strings.Repeat("x", 1000)
	got := w.send("GET", long, "")
	equal(t, "status", got.Code, 414)
	equal(t, "type", got.Header().Get("Content-Type"), "text/html")
	w.Switch(func(s *sim.Switches) { s.LongLines = true })
	w.ask(200, "GET", long, "")
	equal(t, "wget", w.send("GET", anyCall, "", "User-Agent", "wget/1").Code, 403)
}

// online serves the world over a real connection.
func online(t *testing.T, w *world) func(ctx context.Context, method, path, body string) (int, string, error) {
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return func(ctx context.Context, method, path, body string) (int, string, error) {
		r, err := http.NewRequestWithContext(ctx, method, server.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.SetBasicAuth(w.cred[0], w.cred[1])
		r.Header.Set("Content-Type", "application/json")
		answer, err := client.Do(r)
		if err != nil {
			return 0, "", err
		}
		defer answer.Body.Close()
		got, err := io.ReadAll(answer.Body)
		return answer.StatusCode, string(got), err
	}
}

func TestFaultsOfOneRequest(t *testing.T) {
	for kind, want := range map[sim.FaultKind]struct {
		status  int
		done    bool
		isError bool
	}{
		sim.Status500:  {500, false, false},
		sim.Status502:  {502, false, false},
		sim.Status504:  {504, false, false},
		sim.After504:   {504, true, false},
		sim.Status401:  {401, false, false},
		sim.HTML200:    {200, false, false},
		sim.Empty200:   {200, false, false},
		sim.Reset:      {0, false, true},
		sim.ResetAfter: {0, true, true},
	} {
		t.Run(string(kind), func(t *testing.T) {
			w := newWorld(t)
			id := w.child(nil)
			call := online(t, w)
			w.FailNext(func(r *http.Request) bool { return r.Method == "PATCH" }, kind, 1)
			status, body, err := call(context.Background(), "PATCH", "/api/v2/cases/"+id, `{"data":{"age":7}}`)
			equal(t, "status", status, want.status)
			equal(t, "error", err != nil, want.isError)
			equal(t, "done", w.stored(id).Get("age").Exists(), want.done)
			equal(t, "writes", w.Writes().Total == 1, want.done)
			equal(t, "is JSON", strings.HasPrefix(body, "{"), kind == sim.Status500 || kind == sim.Status401)
			status, _, err = call(context.Background(), "PATCH", "/api/v2/cases/"+id, `{"data":{"age":7}}`)
			equal(t, "the next one", status, 200)
			equal(t, "its error", err, nil)
		})
	}
}

func TestCutAnswersEndInTheMiddle(t *testing.T) {
	w := newWorld(t)
	id := w.child(nil)
	w.FailNext(nil, sim.Cut, 1)
	_, body, err := online(t, w)(context.Background(), "GET", "/api/v2/cases/"+id, "")
	equal(t, "error", err != nil, true)
	equal(t, "half", strings.HasPrefix(body, `{"data":`), true)
}

func TestTimeoutsLeaveWhenTheClientDoes(t *testing.T) {
	for kind, done := range map[sim.FaultKind]bool{sim.Timeout: false, sim.TimeoutAfter: true} {
		w := newWorld(t)
		id := w.child(nil)
		ctx, cancel := context.WithCancel(context.Background())
		came := make(chan struct{})
		w.FailNext(func(*http.Request) bool { close(came); return true }, kind, 1)
		go func() { // the client leaves as soon as it has caused what it will
			<-came
			for done && w.Writes().Total == 0 {
				time.Sleep(time.Millisecond)
			}
			cancel()
		}()
		_, _, err := online(t, w)(ctx, "PATCH", "/api/v2/cases/"+id, `{"data":{"age":7}}`)
		equal(t, "error", err != nil, true)
		equal(t, string(kind), w.stored(id).Get("age").Exists(), done)
	}
}

func TestSlowAndHookedFaults(t *testing.T) {
	w := newWorld(t)
	w.Inject(nil, sim.Fault{Kind: sim.SlowBefore, Wait: 30 * time.Millisecond}, 1)
	start := time.Now()
	w.ask(200, "GET", anyCall, "")
	equal(t, "slow", time.Since(start) >= 30*time.Millisecond, true)
	w.Switch(func(s *sim.Switches) {
		s.Fault = func(r *http.Request) sim.Fault {
			if strings.Contains(r.URL.RawQuery, "page=2") {
				return sim.Fault{Kind: sim.Status502}
			}
			return sim.Fault{}
		}
	})
	w.ask(200, "GET", anyCall, "")
	w.ask(502, "GET", anyCall+"&page=2", "")
}

// Requests come side by side; what a test is asked about them may keep counts all the same.
func TestHookIsAskedAboutOneRequestAtATime(t *testing.T) {
	w := newWorld(t)
	asked, within, most := 0, 0, 0
	w.Switch(func(s *sim.Switches) {
		s.Fault = func(*http.Request) sim.Fault {
			asked, within = asked+1, within+1
			most = max(most, within)
			runtime.Gosched()
			within--
			return sim.Fault{}
		}
	})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				w.send("GET", anyCall, "")
			}
		})
	}
	all.Wait()
	equal(t, "asked", asked, 160)
	equal(t, "at once", most, 1)
}

func TestPeopleOfOneAccountAtOnce(t *testing.T) {
	w := newWorld(t)
	var all sync.WaitGroup
	all.Go(func() { equal(t, "password", w.SetPassword("worker1", "another"), nil) })
	all.Go(func() { equal(t, "removed", w.RemoveUser("worker2"), nil) })
	all.Wait()
	w.as("worker1", "another").ask(200, "GET", anyCall, "")
}

func TestCommitLate(t *testing.T) {
	w := newWorld(t)
	w.Switch(func(s *sim.Switches) { s.CommitLate = 5 * time.Second })
	id := w.child(nil)
	w.ask(404, "GET", "/api/v2/cases/"+id, "")
	w.clock.pass(4 * time.Second)
	w.total("", 0)
	w.clock.pass(time.Second)
	w.total("last_updated_at=2026-08-20T00:00:00Z..2026-08-20T00:00:00Z", 1) // with the stamp of its start
}

func TestAnswersAreZippedWhenAskedAndTagged(t *testing.T) {
	w := newWorld(t)
	w.child(nil)
	got := w.send("GET", anyCall, "", "Accept-Encoding", "gzip")
	equal(t, "encoding", got.Header().Get("Content-Encoding"), "gzip")
	z, err := gzip.NewReader(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	equal(t, "error", err, nil)
	equal(t, "body", string(plain), w.list("per=1").Raw)
	equal(t, "not modified", w.send("GET", anyCall, "", "If-None-Match", got.Header().Get("ETag")).Code, 304)
}

func TestLogAndCounters(t *testing.T) {
	w := newWorld(t)
	id := w.child(nil)
	w.patch(id, `{"age":1}`)
	w.ask(422, "PATCH", "/api/v2/cases/"+id, `{"data":{"age":"x"}}`)
	w.list("per=1")
	equal(t, "log", w.Log(), []sim.Request{
		{Method: "PATCH", Path: "/api/v2/cases/" + id, Status: 200, When: w.clock.now()},
		{Method: "PATCH", Path: "/api/v2/cases/" + id, Status: 422, When: w.clock.now()},
		{Method: "GET", Path: "/api/v2/cases", RawQuery: "per=1", Status: 200, When: w.clock.now()},
	})
	equal(t, "requests", w.Requests(), sim.Counts{Total: 3, ByMethod: map[string]int{"GET": 1, "PATCH": 2}})
	equal(t, "writes", w.Writes(), sim.Counts{Total: 1, ByMethod: map[string]int{"PATCH": 1}})
	w.ResetCounters()
	equal(t, "after reset", len(w.Log())+w.Requests().Total+w.Writes().Total, 0)
}

func TestManyAtOnce(t *testing.T) {
	w := newWorld(t)
	id := w.child(map[string]any{"services_section": services(rowA)})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				w.send("PATCH", "/api/v2/cases/"+id, `{"data":{"services_section":[{"service_provider":"p"}]}}`)
				w.send("GET", "/api/v2/cases?order_by=last_updated_at&per=5", "")
				w.AddCase(map[string]any{"name_first": "B"})
				w.Snapshot()
			}
		})
	}
	all.Wait()
	equal(t, "rows", w.stored(id).Get("services_section.#").Int(), 161)
	w.total("", 161)
}
