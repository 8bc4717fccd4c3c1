package rest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
)

// canary stands for what must never show in an error or a log.
const canary = "Canary-Name"

// waits notes how long the client wanted to wait, and does not.
type waits struct {
	mu  sync.Mutex
	all []time.Duration
}

func (w *waits) sleep(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.all = append(w.all, d)
	return ctx.Err()
}

func client(t *testing.T, base string, change func(*rest.Options)) *rest.Client {
	t.Helper()
	o := rest.Options{Base: base, Retries: 3, Timeout: time.Minute, Now: time.Now, Sleep: (&waits{}).sleep}
	if change != nil {
		change(&o)
	}
	c, err := rest.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func fault(t *testing.T, err error) *engine.Fault {
	t.Helper()
	var f *engine.Fault
	if !errors.As(err, &f) {
		t.Fatalf("want a *engine.Fault, got %v", err)
	}
	if strings.Contains(f.Error(), canary) {
		t.Fatalf("a fault repeats what the system said: %v", f)
	}
	return f
}

func TestAnswersAreClassified(t *testing.T) {
	for _, tc := range []struct {
		name        string
		status      int
		body        string
		kind        engine.FaultKind
		read, write engine.State // outcome of a GET and of a POST that may not be repeated
		asked       int          // of the GET, with three retries
	}{
		{"bad credentials", 401, `{"error":"` + canary + `"}`, engine.Auth, engine.Unsent, engine.Unsent, 1},
		{"no right", 403, `{}`, engine.Auth, engine.Refused, engine.Refused, 1},
		{"refused record", 422, `{"errors":["` + canary + `"]}`, engine.Rejected, engine.Refused, engine.Refused, 1},
		{"conflict", 409, `{}`, engine.Conflict, engine.Refused, engine.Refused, 1},
		{"too many", 429, `Retry later`, engine.Rate, engine.Unsent, engine.Unsent, 4},
		{"too slow for it", 408, ``, engine.Transient, engine.Unknown, engine.Unknown, 4},
		{"server error", 500, `{"e":"` + canary + `"}`, engine.Transient, engine.Unknown, engine.Unknown, 4},
		{"gateway page", 502, `<html>` + canary, engine.Transient, engine.Unknown, engine.Unknown, 4},
		{"page for JSON", 200, `<html>` + canary, engine.Transient, engine.Unknown, engine.Unknown, 4},
		{"empty 200", 200, ``, engine.Transient, engine.Unknown, engine.Unknown, 4},
		{"cut JSON", 200, `{"name":"` + canary, engine.Transient, engine.Unknown, engine.Unknown, 4},
		{"nested bomb", 200, strings.Repeat("[", 100000) + strings.Repeat("]", 100000), engine.Transient, engine.Unknown, engine.Unknown, 4},
		{"the proxy wants a sign-in", 407, `<html>` + canary, engine.Environment, engine.Unsent, engine.Unsent, 1},
		{"moved", 302, ``, engine.Environment, engine.Unknown, engine.Unknown, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var asked atomic.Int32
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				if tc.status == 302 {
					w.Header().Set("Location", "/elsewhere")
				}
				w.WriteHeader(tc.status)
				_, _ = io.WriteString(w, tc.body)
			})
			c := client(t, s.URL, nil)
			_, err := c.Do(t.Context(), rest.Request{Op: "read things", Path: "/things"})
			if f := fault(t, err); f.Kind != tc.kind || f.Op != "read things" {
				t.Errorf("kind %s, want %s: %v", f.Kind, tc.kind, f)
			}
			if got := rest.Outcome(err); got.State != tc.read && tc.asked == 1 {
				t.Errorf("a GET ended %s, want %s", got.State, tc.read)
			}
			if int(asked.Load()) != tc.asked {
				t.Errorf("asked %d times, want %d", asked.Load(), tc.asked)
			}
			asked.Store(0)
			_, err = c.Do(t.Context(), rest.Request{Op: "send thing", Method: "POST", Path: "/things", Body: []byte(`{}`)})
			if got := rest.Outcome(err); got.State != tc.write {
				t.Errorf("a write ended %s, want %s", got.State, tc.write)
			}
			if asked.Load() != 1 {
				t.Errorf("a write that may not be repeated was sent %d times", asked.Load())
			}
		})
	}
}

func TestRefusedAnswerIsGivenToTheDriver(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(422)
		_, _ = io.WriteString(w, `{"errors":[{"detail":["/age"]}]}`)
	})
	answer, err := client(t, s.URL, nil).Do(t.Context(), rest.Request{Op: "write", Method: "PATCH", Path: "/x", Body: []byte(`{}`)})
	if err == nil || answer == nil || !strings.Contains(string(answer.Body), "/age") {
		t.Fatalf("want the answer beside the fault, got %v", answer)
	}
}

func TestRepeatedUntilItWorks(t *testing.T) {
	var asked atomic.Int32
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		switch asked.Add(1) {
		case 1:
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(503)
		case 2:
			w.WriteHeader(500)
		default:
			_, _ = io.WriteString(w, `{"data":[]}`)
		}
	})
	slept := &waits{}
	c := client(t, s.URL, func(o *rest.Options) { o.Sleep = slept.sleep })
	answer, err := c.Do(t.Context(), rest.Request{Op: "write", Method: "PATCH", Path: "/x", Body: []byte(`{}`), Repeatable: true})
	if err != nil || string(answer.Body) != `{"data":[]}` {
		t.Fatalf("%v %v", answer, err)
	}
	if len(slept.all) != 2 || slept.all[0] != time.Minute {
		t.Errorf("Retry-After was not honoured: waited %v", slept.all)
	}
	if second := slept.all[1]; second < 250*time.Millisecond || second > time.Second {
		t.Errorf("backoff %v is out of range", second)
	}
}

func TestTooLongRetryAfterIsNotWaitedFor(t *testing.T) {
	var asked atomic.Int32
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Retry-After", "600")
		w.WriteHeader(503)
	})
	_, err := client(t, s.URL, nil).Do(t.Context(), rest.Request{Op: "read", Path: "/x"})
	if f := fault(t, err); f.RetryAfter != 10*time.Minute || f.Kind != engine.Transient || asked.Load() != 1 {
		t.Errorf("%v after %d requests", f, asked.Load())
	}
}

// Retry-After comes as seconds or as a date. What is absurd is not waited for, and not taken for "at once" either.
func TestRetryAfterInEveryForm(t *testing.T) {
	now := time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC) // the server's; ours is slow
	for _, tc := range []struct {
		text  string
		wait  time.Duration // of the first repetition; 0: a backoff of our own
		asked int32         // with one retry
	}{
		{"60", time.Minute, 2},
		{" 7 ", 7 * time.Second, 2},
		{now.Add(30 * time.Second).Format(http.TimeFormat), 30 * time.Second, 2},
		{now.Add(-time.Hour).Format(http.TimeFormat), 0, 2},
		{now.Add(time.Hour).Format(http.TimeFormat), 0, 1},
		{"Fri, 31 Dec 9999 23:59:59 GMT", 0, 1},
		{"99999999999999999999", 0, 1},
		{"-5", 0, 2},
		{"0", 0, 2},
		{"soon", 0, 2},
		{"", 0, 2},
	} {
		var asked atomic.Int32
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			w.Header().Set("Retry-After", tc.text)
			w.Header().Set("Date", now.Format(http.TimeFormat))
			w.WriteHeader(503)
		})
		slept := &waits{}
		c := client(t, s.URL, func(o *rest.Options) {
			o.Sleep, o.Retries, o.Now = slept.sleep, 1, func() time.Time { return now.Add(-time.Hour) }
		})
		_, err := c.Do(t.Context(), rest.Request{Op: "read", Path: "/x"})
		fault(t, err)
		if asked.Load() != tc.asked {
			t.Errorf("%q: asked %d times, want %d", tc.text, asked.Load(), tc.asked)
			continue
		}
		if tc.asked == 2 && (tc.wait > 0 && slept.all[0] != tc.wait || tc.wait == 0 && (slept.all[0] <= 0 || slept.all[0] > time.Second)) {
			t.Errorf("%q: waited %v, want %v", tc.text, slept.all, tc.wait)
		}
	}
}

// A write that did not leave the first time and then is refused by a dead server is unsent;
// one whose first attempt arrived is not.
func TestUnsentIsSaidOnlyWhenNothingLeft(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := "http://" + l.Addr().String()
	_ = l.Close()
	_, err = client(t, dead, nil).Do(t.Context(), rest.Request{Op: "send", Method: "POST", Path: "/x", Body: []byte(`{}`)})
	if got := rest.Outcome(err); got.State != engine.Unsent || got.Fault.Kind != engine.Transient {
		t.Errorf("a refused connection: %s %v", got.State, got.Fault)
	}

	var server *httptest.Server
	server = serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = server.Listener.Close() // the next attempt finds nobody
		server.Config.SetKeepAlivesEnabled(false)
		w.WriteHeader(500)
	})
	_, err = client(t, server.URL, nil).Do(t.Context(), rest.Request{Op: "send", Method: "POST", Path: "/x", Body: []byte(`{}`), Repeatable: true})
	if got := rest.Outcome(err); got.State != engine.Unknown || !rest.Sent(err) {
		t.Errorf("an earlier attempt arrived, and yet: %s %v", got.State, got.Fault)
	}
}

func TestConnectionBrokenAfterRequestIsUnknown(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		_ = conn.Close()
	})
	_, err := client(t, s.URL, nil).Do(t.Context(), rest.Request{Op: "send", Method: "POST", Path: "/x", Body: []byte(`{}`)})
	if got := rest.Outcome(err); got.State != engine.Unknown || got.Fault.Kind != engine.Transient {
		t.Errorf("%s %v", got.State, got.Fault)
	}
}

// silence is a server that answers nobody until the test ends, and says who has come.
func silence(t *testing.T) (url string, came <-chan struct{}) {
	t.Helper()
	all, hold := make(chan struct{}, 99), make(chan struct{})
	s := serve(t, func(http.ResponseWriter, *http.Request) { all <- struct{}{}; <-hold })
	t.Cleanup(func() { close(hold) }) // before the server is closed, which waits for its answers
	return s.URL, all
}

func TestTimeout(t *testing.T) {
	url, came := silence(t)
	for timeout := 30 * time.Millisecond; ; timeout *= 3 { // until it is long enough for a request to leave
		c := client(t, url, func(o *rest.Options) { o.Timeout, o.Retries = timeout, 0 })
		_, err := c.Do(t.Context(), rest.Request{Op: "send", Method: "POST", Path: "/x", Body: []byte(`{}`)})
		got := rest.Outcome(err)
		if got.Fault == nil || got.Fault.Kind != engine.Transient {
			t.Fatalf("a timeout: %s %v", got.State, got.Fault)
		}
		if len(came) > 0 {
			if got.State != engine.Unknown {
				t.Errorf("it had left, and yet: %s", got.State)
			}
			return
		}
	}
}

func TestCancel(t *testing.T) {
	url, came := silence(t)
	c := client(t, url, func(o *rest.Options) { o.Timeout, o.Retries, o.Connections = time.Minute, 0, 1 })
	ctx, stop := context.WithCancel(t.Context())
	go func() { <-came; stop() }()
	_, err := c.Do(ctx, rest.Request{Op: "send", Method: "POST", Path: "/x", Body: []byte(`{}`)})
	if got := rest.Outcome(err); got.State != engine.Unknown || got.Fault.Kind != engine.Cancelled {
		t.Errorf("cancelled under way: %s %v", got.State, got.Fault)
	}
	_, err = c.Do(ctx, rest.Request{Op: "send", Method: "POST", Path: "/x", Body: []byte(`{}`)})
	if got := rest.Outcome(err); got.State != engine.Unsent || got.Fault.Kind != engine.Cancelled {
		t.Errorf("cancelled before: %s %v", got.State, got.Fault)
	}
}

func TestConnectionsAreLimited(t *testing.T) {
	const limit = 3
	var now, most, came atomic.Int32
	full := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		if came.Add(1) == limit {
			close(full)
		}
		<-full                           // as many as may come are here at once
		time.Sleep(5 * time.Millisecond) // room for one too many
		now.Add(-1)
		_, _ = io.WriteString(w, `{}`)
	})
	c := client(t, s.URL, func(o *rest.Options) { o.Connections, o.Timeout = limit, time.Minute })
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() { _, _ = c.Do(t.Context(), rest.Request{Op: "read", Path: "/x"}) })
	}
	wg.Wait()
	if most.Load() != limit {
		t.Errorf("%d requests at the same time, want %d", most.Load(), limit)
	}
}

func TestRateIsLimited(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, `{}`) })
	c := client(t, s.URL, func(o *rest.Options) { o.Connections = 1; o.RatePerSecond = 50 })
	began := time.Now()
	for range 11 {
		_, _ = c.Do(t.Context(), rest.Request{Op: "read", Path: "/x"})
	}
	if took := time.Since(began); took < 190*time.Millisecond {
		t.Errorf("11 requests at 50/s took %v", took)
	}
}

func TestAnswerSizeIsLimited(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `["`+strings.Repeat("x", 1000)+`"]`)
	})
	c := client(t, s.URL, func(o *rest.Options) { o.MaxBody = 500 })
	_, err := c.Do(t.Context(), rest.Request{Op: "read", Path: "/x"})
	if f := fault(t, err); f.Kind != engine.Environment {
		t.Errorf("%v", f)
	}
	if _, err := c.Do(t.Context(), rest.Request{Op: "read", Path: "/x", MaxBody: 5000}); err != nil {
		t.Error(err)
	}
}

func TestGzipIsReadAndCutGzipIsSeen(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(`{"data":["` + strings.Repeat("abc", 1000) + `"]}`))
	_ = z.Close()
	var cut atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes()[:packed.Len()-int(cut.Load())])
	})
	c := client(t, s.URL, nil)
	if _, err := c.Do(t.Context(), rest.Request{Op: "read", Path: "/x"}); err != nil {
		t.Error(err)
	}
	cut.Store(20)
	_, err := c.Do(t.Context(), rest.Request{Op: "read", Path: "/x"})
	if f := fault(t, err); f.Kind != engine.Transient {
		t.Errorf("%v", f)
	}
}

func TestUntrustedServerIsAnEnvironmentFault(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ErrorLog = nil
	t.Cleanup(s.Close)
	_, err := client(t, s.URL, nil).Do(t.Context(), rest.Request{Op: "send", Method: "POST", Path: "/x", Body: []byte(`{}`)})
	if f := fault(t, err); f.Kind != engine.Environment || rest.Sent(err) {
		t.Errorf("%v", f)
	}
	_, err = client(t, s.URL, func(o *rest.Options) { o.Transport = s.Client().Transport }).Do(t.Context(), rest.Request{Op: "read", Path: "/x"})
	if f := fault(t, err); f.Kind != engine.Transient { // an empty 200
		t.Errorf("%v", f)
	}
}

func TestServerWithoutTLSIsAnEnvironmentFault(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	_, err := client(t, strings.Replace(s.URL, "http:", "https:", 1), nil).Do(t.Context(), rest.Request{Op: "send", Method: "POST", Path: "/x", Body: []byte(`{}`)})
	if f := fault(t, err); f.Kind != engine.Environment || f.Next == "" || rest.Sent(err) {
		t.Errorf("%v", f)
	}
}

// An answer that comes byte by byte and never ends is given up in time, in memory and on disk.
func TestSlowDripIsGivenUp(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"data":["`)
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, "x")
			_ = http.NewResponseController(w).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	})
	c := client(t, s.URL, func(o *rest.Options) { o.Timeout, o.Retries = 50*time.Millisecond, 0 })
	_, err := c.Do(t.Context(), rest.Request{Op: "read", Path: "/x"})
	if f := fault(t, err); f.Kind != engine.Transient || !strings.Contains(f.Error(), "in time") {
		t.Errorf("%v", f)
	}
	dir := t.TempDir()
	_, err = c.Spool(t.Context(), rest.Request{Op: "read", Path: "/x"}, dir, 0)
	if f := fault(t, err); f.Kind != engine.Transient || !strings.Contains(f.Error(), "in time") {
		t.Errorf("%v", f)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("%d files are left", len(left))
	}
}

func TestLogsHoldNoValues(t *testing.T) {
	var out bytes.Buffer
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.EscapedPath() != "/cases/a%2Fb%3Fc/referrals" || r.URL.RawQuery != "name="+canary {
			t.Errorf("asked for %s?%s", r.URL.EscapedPath(), r.URL.RawQuery)
		}
		_, _ = io.WriteString(w, `{"name":"`+canary+`"}`)
	})
	c := client(t, s.URL, func(o *rest.Options) {
		o.Log = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	_, err := c.Do(t.Context(), rest.Request{Op: "read", Path: "/cases/{id}/referrals", Args: []string{"a/b?c"}, Query: "name=" + canary})
	if err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "/cases/{id}/referrals") || strings.Contains(text, canary) || strings.Contains(text, "a/b") {
		t.Errorf("log: %s", text)
	}
}

func TestReadOnlyLetsNoWriteOut(t *testing.T) {
	var asked atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { asked.Add(1); _, _ = io.WriteString(w, `{}`) })
	for name, transport := range map[string]http.RoundTripper{"own": rest.ReadOnly(nil), "given": rest.ReadOnly(http.DefaultTransport)} {
		asked.Store(0)
		c := client(t, s.URL, func(o *rest.Options) { o.Transport = transport })
		for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
			_, err := c.Do(t.Context(), rest.Request{Op: "write", Method: method, Path: "/x", Body: []byte(`{}`), Repeatable: true})
			if got := rest.Outcome(err); got.State != engine.Unsent || got.Fault.Kind != engine.Environment {
				t.Errorf("%s %s: %s %v", name, method, got.State, got.Fault)
			}
		}
		if asked.Load() != 0 {
			t.Errorf("%s: %d writes left", name, asked.Load())
		}
		if _, err := c.Do(t.Context(), rest.Request{Op: "read", Path: "/x"}); err != nil {
			t.Error(name, err)
		}
		if _, err := c.Do(rest.SignIn(t.Context()), rest.Request{Op: "sign in", Method: "POST", Path: "/x", Body: []byte(`{}`)}); err != nil {
			t.Error(name, err)
		}
	}
}

func TestBaseIsChecked(t *testing.T) {
	for _, base := range []string{"", "host", "ftp://host", "https://user:secret@host", "https://host?x=1", "https://host/%zz", "https://:443", "http:///api"} {
		_, err := rest.New(rest.Options{Base: base, Now: time.Now})
		if f := fault(t, err); f.Kind != engine.Environment || f.Ref != "url" || strings.Contains(f.Error(), "secret") {
			t.Errorf("%q: %v", base, f)
		}
	}
}

// Passwords and records of children would go in the clear; on this machine nobody is in between.
func TestOpenWayIsWarnedOf(t *testing.T) {
	for base, warned := range map[string]bool{
		"http://west.example": true, "http://192.0.2.7:8080/api": true, "https://west.example": false,
		"http://localhost:7701": false, "http://127.0.0.1:7701": false, "http://[::1]:7701": false,
	} {
		var out bytes.Buffer
		client(t, base, func(o *rest.Options) { o.Log = slog.New(slog.NewTextHandler(&out, nil)) })
		if got := strings.Contains(out.String(), "not encrypted"); got != warned {
			t.Errorf("%s: %q", base, out.String())
		}
	}
}

func TestSettingsAreRead(t *testing.T) {
	known := rest.Settings("5", "40", "60s")
	o, err := rest.From(engine.Opening{Settings: engine.NewSettings(map[string]string{"url": "http://h", "rate": "2.5"})}, known)
	if err != nil || o.Base != "http://h" || o.Connections != 5 || o.RatePerSecond != 2.5 || o.Timeout != time.Minute || o.Retries != 4 {
		t.Errorf("%+v %v", o, err)
	}
	_, err = rest.From(engine.Opening{Settings: engine.NewSettings(map[string]string{"timeout": "soon"})}, known)
	if f := fault(t, err); f.Kind != engine.Environment || f.Ref != "timeout" {
		t.Errorf("%v", f)
	}
}

func TestSettingsThatMakeNoSenseAreRefused(t *testing.T) {
	known := rest.Settings("5", "40", "60s")
	for name, bad := range map[string][]string{
		"connections": {"0", "-1", "2.5", "1e18", "NaN", "101"},
		"rate":        {"-1", "NaN", "Inf", "1e18", "0.0001"},
		"retries":     {"-1", "1.5", "1e18", "NaN", "21"},
		"timeout":     {"0s", "-5s", "10ms", "2000h"},
	} {
		for _, value := range bad {
			_, err := rest.From(engine.Opening{Settings: engine.NewSettings(map[string]string{"url": "http://h", name: value})}, known)
			if err == nil {
				t.Errorf("%s: %s was accepted", name, value)
				continue
			}
			if f := fault(t, err); f.Kind != engine.Environment || f.Ref != name || !strings.Contains(f.Error(), "must be") {
				t.Errorf("%s: %s: %v", name, value, f)
			}
		}
	}
	for name, good := range map[string][]string{"connections": {"1", "100"}, "rate": {"0", "0.001", "10000"}, "retries": {"0", "20"}, "timeout": {"1s", "1h"}} {
		for _, value := range good {
			if _, err := rest.From(engine.Opening{Settings: engine.NewSettings(map[string]string{"url": "http://h", name: value})}, known); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// Who is told to stop while it waits for the next try says so: the last failure is not why it ended. What became of a
// write is what the tries before it left.
func TestCancelBetweenTries(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	for _, tc := range []struct {
		base    string
		request rest.Request
		state   engine.State
	}{
		{s.URL, rest.Request{Op: "read"}, engine.Unknown},
		{s.URL, rest.Request{Op: "update", Method: "PATCH", Body: []byte(`{}`), Repeatable: true}, engine.Unknown},
		{"http://127.0.0.1:1", rest.Request{Op: "send", Method: "POST", Body: []byte(`{}`)}, engine.Unsent},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		c := client(t, tc.base, func(o *rest.Options) {
			o.Sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
		})
		tc.request.Path, tc.request.Ref = "/x", "7"
		_, err := c.Do(ctx, tc.request)
		if f := fault(t, err); f.Kind != engine.Cancelled || f.Op != tc.request.Op || f.Ref != "7" {
			t.Errorf("%s: %v", tc.request.Op, f)
		}
		if out := rest.Outcome(err); out.State != tc.state {
			t.Errorf("%s: %s, want %s", tc.request.Op, out.State, tc.state)
		}
	}
}
