package sim

import (
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// FaultKind is one way in which a request goes wrong.
type FaultKind string

// The kinds of fault. Those named After happen when the request has been handled.
const (
	NoFault      FaultKind = ""
	Status500    FaultKind = "500"          // an errors answer with an exception's text
	Page404      FaultKind = "404 page"     // the proxy's page: it does not know the way to the server
	Status502    FaultKind = "502"          // the proxy's page
	Status504    FaultKind = "504"          // the proxy's page
	After504     FaultKind = "504 after"    // the same, but the request was handled
	Status401    FaultKind = "401"          // as if the credentials were refused
	HTML200      FaultKind = "html 200"     // a page where JSON is expected
	Empty200     FaultKind = "empty 200"    // nothing where JSON is expected
	Reset        FaultKind = "reset"        // connection closed, nothing done
	ResetAfter   FaultKind = "reset after"  // connection closed, but the request was handled
	Cut          FaultKind = "cut"          // handled, half of the answer, then closed
	SlowBefore   FaultKind = "slow before"  // waits Fault.Wait, then handles
	SlowAfter    FaultKind = "slow after"   // handles, waits Fault.Wait, then answers
	Timeout      FaultKind = "timeout"      // no answer until the client leaves; nothing done
	TimeoutAfter FaultKind = "timeout late" // no answer until the client leaves, but handled
)

// echo is how the kinds that Echo makes begin.
const echo = "echo "

// Echo is a fault that refuses with this status and says back what was asked, names of persons included;
// nothing is done. A 429 asks to wait ten minutes.
func Echo(status int) FaultKind { return FaultKind(echo + strconv.Itoa(status)) }

// echoed is the answer of an Echo, as an error and as whatever a proxy or an exception makes of it.
func echoed(r *http.Request, status int) answer {
	said, _ := io.ReadAll(r.Body) // it is in memory already
	a := refuse(r, status, "Refused: "+r.URL.RawQuery+" "+string(said), []string{"/age", string(said)})
	if status == http.StatusTooManyRequests {
		a.header.Set("Retry-After", "600")
	}
	return a
}

// longest ends a Timeout for a client that never leaves.
const longest = time.Minute

// Fault is a FaultKind with its time.
type Fault struct {
	Kind FaultKind
	Wait time.Duration // of SlowBefore and SlowAfter
}

// Request is one line of the log.
type Request struct {
	Method, Path, RawQuery string
	Status                 int // 0: no answer was given
	When                   time.Time
}

// Counts counts requests.
type Counts struct {
	Total    int
	ByMethod map[string]int
}

// watcher sees every request: it logs, counts and picks faults.
type watcher struct {
	hook     sync.Mutex // holds while Switches.Fault is asked
	mu       sync.Mutex // guards the rest; held too while a match of FailNext is asked
	log      []Request
	requests map[string]int
	writes   map[string]int
	queue    []queued
}

type queued struct {
	match func(*http.Request) bool
	fault Fault
	times int
}

func newWatcher() watcher {
	return watcher{requests: map[string]int{}, writes: map[string]int{}}
}

// FailNext makes the next times requests that match go wrong; a nil match fits every request. It is asked about
// one request at a time, so that it may keep counts, and must not ask the System anything itself.
func (s *System) FailNext(match func(*http.Request) bool, kind FaultKind, times int) {
	s.Inject(match, Fault{Kind: kind}, times)
}

// Inject is FailNext for a fault that takes time.
func (s *System) Inject(match func(*http.Request) bool, f Fault, times int) {
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	s.watch.queue = append(s.watch.queue, queued{match, f, times})
}

// fault picks what goes wrong with a request.
func (s *System) fault(r *http.Request) Fault {
	s.mu.RLock()
	hook := s.switches.Fault
	s.mu.RUnlock()
	if hook != nil {
		if f := s.ask(hook, r); f.Kind != NoFault {
			return f
		}
	}
	s.watch.mu.Lock()
	defer s.watch.mu.Unlock()
	for i := range s.watch.queue {
		q := &s.watch.queue[i]
		if q.times > 0 && (q.match == nil || q.match(r)) {
			q.times--
			return q.fault
		}
	}
	return Fault{}
}

func (s *System) ask(hook func(*http.Request) Fault, r *http.Request) Fault {
	s.watch.hook.Lock()
	defer s.watch.hook.Unlock()
	return hook(r)
}

// under handles a request under a fault. cut is how many bytes of the answer
// get out before the connection is closed; -1 means all of them.
func (s *System) under(f Fault, r *http.Request) (a answer, cut int) {
	if text, ok := strings.CutPrefix(string(f.Kind), echo); ok {
		status, _ := strconv.Atoi(text) // Echo wrote it
		return echoed(r, status), -1
	}
	switch f.Kind {
	case Status500:
		return broken(r, "could not obtain a connection from the pool within 5.000 seconds"), -1
	case Page404:
		return proxyPage(http.StatusNotFound, "Not Found"), -1
	case Status502:
		return proxyPage(http.StatusBadGateway, "Bad Gateway"), -1
	case Status504:
		return proxyPage(http.StatusGatewayTimeout, "Gateway Time-out"), -1
	case Status401:
		return unauthorized("Invalid User name or password."), -1
	case HTML200:
		return htmlAnswer(http.StatusOK, "<!DOCTYPE html><html><body>Maintenance</body></html>"), -1
	case Empty200:
		return jsonAnswer(http.StatusOK, nil), -1
	case Reset:
		return answer{}, 0
	case Timeout:
		pause(r, longest)
		return answer{}, 0
	case SlowBefore:
		pause(r, f.Wait)
	}
	a = s.handle(r)
	switch f.Kind {
	case After504:
		a = proxyPage(http.StatusGatewayTimeout, "Gateway Time-out")
	case ResetAfter:
		return answer{}, 0
	case TimeoutAfter:
		pause(r, longest)
		return answer{}, 0
	case Cut:
		return a, len(a.body) / 2
	case SlowAfter:
		pause(r, f.Wait)
	}
	return a, -1
}

// pause waits, at most until the client leaves; the server works on without it.
func pause(r *http.Request, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
	}
}

func (w *watcher) note(r *http.Request, status int, when time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.log = append(w.log, Request{r.Method, r.URL.Path, r.URL.RawQuery, status, when})
	w.requests[r.Method]++
}

// wrote counts a write that took effect, whether its answer arrives or not.
func (w *watcher) wrote(method string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writes[method]++
}

func counts(by map[string]int) Counts {
	c := Counts{ByMethod: maps.Clone(by)}
	for _, n := range by {
		c.Total += n
	}
	return c
}
