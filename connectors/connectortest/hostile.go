package connectortest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// Mark stands in every hostile answer; no fault and no log may repeat it.
const Mark = "Marked-Name-of-a-Person"

// Hostile is a driver that is held against servers whose answers are broken, endless or enormous.
// Whatever they send, a call ends in time, with a fault of the right kind that repeats nothing of it,
// in bounded memory, and leaves no goroutine behind.
type Hostile struct {
	// Front answers what comes before the question, such as a sign-in; false leaves the request to the hostile answer.
	Front func(w http.ResponseWriter, r *http.Request) bool

	// Open connects with this timeout for every request, no repetitions, and this log.
	Open func(t *testing.T, url string, transport http.RoundTripper, timeout time.Duration, log *slog.Logger) engine.Connection

	Calls []Call
}

// Call is one question or order, and what its sound answer is.
type Call struct {
	Name  string
	Sound string                                                      // a body after which Do succeeds
	Do    func(ctx context.Context, conn engine.Connection) error     // the fault of what was asked
	Lost  func(ctx context.Context, conn engine.Connection) (ok bool) // of a write: instead of Do; says whether the outcome is neither done nor refused
	Large bool                                                        // the answers that take seconds are tried too; once for each way in which a driver reads answers
}

const (
	longest = time.Minute
	// impatient and patient are the timeouts of a connection, for answers that do not end by themselves and for those
	// that do: they may take long on a loaded machine.
	impatient, patient = time.Second, longest / 2
	// mostMemory is what one call may need at most, in bytes: an answer of the size that is held in memory, and its copies.
	mostMemory = 320 << 20
)

// TestHostile holds the driver against every answer.
func TestHostile(t *testing.T, h Hostile) {
	t.Helper()
	answers := hostileAnswers()
	for _, call := range h.Calls {
		for _, a := range slices.Concat(answers, cuts(call.Sound)) {
			if a.big && (testing.Short() || !call.Large) {
				continue
			}
			t.Run(call.Name+"/"+a.name, func(t *testing.T) { h.try(t, call, a) })
		}
		t.Run(call.Name+"/sound answers in odd clothes", func(t *testing.T) { h.oddClothes(t, call) })
		t.Run(call.Name+"/another host", func(t *testing.T) { h.anotherHost(t, call) })
		t.Run(call.Name+"/reset by HTTP2", func(t *testing.T) { h.resetStream(t, call) })
	}
}

// try asks once and looks at everything that may go wrong.
func (h Hostile) try(t *testing.T, call Call, a hostile) {
	t.Helper()
	server := httptest.NewServer(h.behindFront(a.serve))
	defer server.Close()
	defer server.CloseClientConnections()
	timeout := patient
	if a.big {
		timeout = impatient
	}
	h.ask(t, call, door{server.URL, nil, timeout}, a.kinds)
}

// door is where a server is, and how long it is waited for.
type door struct {
	url       string
	transport http.RoundTripper // nil: the driver's own
	timeout   time.Duration
}

// behindFront answers what comes before the question, then hands over.
func (h Hostile) behindFront(serve http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does a server notice a client that leaves
		if !h.Front(w, r) {
			serve(w, r)
		}
	})
}

// ask calls and holds the outcome against the kinds; none means that it must succeed.
func (h Hostile) ask(t *testing.T, call Call, at door, kinds []engine.FaultKind) {
	t.Helper()
	var log lockedText
	before := runtime.NumGoroutine()
	conn := h.Open(t, at.url, at.transport, at.timeout, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	most := watchMemory()
	ctx, stop := context.WithTimeout(context.Background(), longest)
	defer stop()
	err := call.do(ctx, conn)
	if ctx.Err() != nil {
		t.Errorf("it took more than %s", longest)
	}
	if grown := most(); grown > mostMemory {
		t.Errorf("it needed %d MB", grown>>20)
	}
	judge(t, err, kinds)
	for _, text := range []string{fmt.Sprint(err), fmt.Sprintf("%+v", err), log.String()} {
		if strings.Contains(text, Mark) {
			t.Errorf("it repeats what the server said: %.300s", text)
		}
	}
	if err := conn.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	gone(t, before)
}

// lockedText is what was logged; a driver may still log while that is read.
type lockedText struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var (
	errLost    = errors.New("the outcome is unknown")
	errClaimed = errors.New("the outcome claims to know what became of it")
)

func (c Call) do(ctx context.Context, conn engine.Connection) error {
	if c.Lost == nil {
		return c.Do(ctx, conn)
	}
	if !c.Lost(ctx, conn) {
		return errClaimed
	}
	return errLost
}

func judge(t *testing.T, err error, kinds []engine.FaultKind) {
	t.Helper()
	switch kind := engine.KindOf(err); {
	case errors.Is(err, errLost) && len(kinds) > 0, errors.Is(err, errClaimed) && len(kinds) == 0:
	case errors.Is(err, errLost) || errors.Is(err, errClaimed):
		t.Error(err)
	case len(kinds) == 0 && err != nil:
		t.Errorf("a sound answer was not taken: %v", err)
	case len(kinds) > 0 && !slices.Contains(kinds, kind):
		t.Errorf("got %v, want a fault of the kinds %v", err, kinds)
	}
}

// watchMemory samples the heap until the returned function is called, which says by how much it grew.
func watchMemory() func() int64 {
	runtime.GC()
	start := inUse()
	var most atomic.Int64
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				most.Store(max(most.Load(), inUse()-start))
			}
		}
	}()
	return func() int64 { close(stop); <-done; return most.Load() }
}

func inUse() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}

// gone waits until there are no more goroutines than before; those of the test's server may need a moment.
func gone(t *testing.T, before int) {
	t.Helper()
	const ofServer = 3
	for range 3000 {
		if runtime.NumGoroutine() <= before+ofServer {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// oddClothes: what stands around a sound body does not matter.
func (h Hostile) oddClothes(t *testing.T, call Call) {
	for name, serve := range map[string]http.HandlerFunc{
		"another type": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=latin1")
			write(w, call.Sound)
		},
		"byte by byte": func(w http.ResponseWriter, _ *http.Request) {
			for i := range len(call.Sound) {
				write(w, call.Sound[i:i+1])
				_ = http.NewResponseController(w).Flush()
			}
		},
		"trailers": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-End")
			write(w, call.Sound)
			w.Header().Set("X-End", Mark)
		},
		"compressed": func(w http.ResponseWriter, _ *http.Request) { zipped(w, call.Sound) },
		"white space": func(w http.ResponseWriter, _ *http.Request) {
			write(w, " \r\n\t"+call.Sound+strings.Repeat("\n", 1000))
		},
	} {
		server := httptest.NewServer(h.behindFront(serve))
		t.Run(name, func(t *testing.T) { h.ask(t, call, door{server.URL, nil, patient}, nil) })
		server.Close()
	}
}

// anotherHost: a redirect is not followed, so that no credential goes to where it points.
func (h Hostile) anotherHost(t *testing.T, call Call) {
	var visited atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		visited.Add(1)
		write(w, call.Sound)
	}))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		server := httptest.NewServer(h.behindFront(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", other.URL+"/"+Mark)
			w.WriteHeader(status)
		}))
		h.ask(t, call, door{server.URL, nil, patient}, []engine.FaultKind{engine.Environment})
		server.Close()
	}
	if visited.Load() != 0 {
		t.Errorf("the other host was asked %d times", visited.Load())
	}
}

// resetStream: a stream that the server resets after half of the answer.
func (h Hostile) resetStream(t *testing.T, call Call) {
	server := httptest.NewUnstartedServer(h.behindFront(func(w http.ResponseWriter, _ *http.Request) {
		write(w, call.Sound[:len(call.Sound)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	defer server.CloseClientConnections()
	h.ask(t, call, door{server.URL, server.Client().Transport, patient}, []engine.FaultKind{engine.Transient})
}
