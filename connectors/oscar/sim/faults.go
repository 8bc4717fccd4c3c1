package sim

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Failure is something that goes wrong between OSCaR and its caller.
type Failure string

// The failures. Only those named After let OSCaR do the work first.
const (
	HTML500      Failure = "500 page"
	HTML502      Failure = "502 page"
	Unauthorized Failure = "401"
	HTML200      Failure = "200 page"       // a portal or maintenance page
	Empty200     Failure = "200 empty"      // not handled; OSCaR's own empty 200 is its RecordNotFound
	Reset        Failure = "reset"          // closed before OSCaR saw it
	ResetAfter   Failure = "reset after"    // handled, then closed without an answer
	HTML502After Failure = "502 page after" // handled, then the proxy's own page
	slowBefore           = "slow before "
	slowAfter            = "slow after "
	cutAfter             = "cut after "
	echo                 = "echo "
)

// SlowBefore waits, then handles.
func SlowBefore(d time.Duration) Failure { return Failure(slowBefore + d.String()) }

// SlowAfter handles, then waits before the answer is sent.
func SlowAfter(d time.Duration) Failure { return Failure(slowAfter + d.String()) }

// CutAfter handles, sends n bytes of the answer's body and closes.
func CutAfter(n int) Failure { return Failure(cutAfter + strconv.Itoa(n)) }

// Echo refuses with this status and says back what was asked, names of persons included; nothing is
// done. A 429 asks to wait ten minutes.
func Echo(status int) Failure { return Failure(echo + strconv.Itoa(status)) }

type fault struct {
	match   func(*http.Request) bool
	failure Failure
	left    int
}

// FailNext makes the next `times` requests that match fail; a nil match takes
// every request. Orders are kept in turn: the first that matches is used up first. A match is asked about one
// request at a time, so that it may keep counts, and must not ask the System anything itself.
func (s *System) FailNext(match func(*http.Request) bool, failure Failure, times int) {
	if match == nil {
		match = func(*http.Request) bool { return true }
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &fault{match, failure, times})
}

// Heal cancels all ordered failures.
func (s *System) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// due takes one failure for the request, under the lock.
func (s *System) due(r *http.Request) Failure {
	for _, f := range s.faults {
		if f.left > 0 && f.match(r) {
			f.left--
			return f.failure
		}
	}
	return ""
}

// serve answers a request through the failure.
func (f Failure) serve(s *System, w http.ResponseWriter, r *http.Request) {
	if prefab, ok := f.prefab(); ok {
		_, _ = io.Copy(io.Discard, r.Body)
		prefab.write(w)
		return
	}
	if text, ok := strings.CutPrefix(string(f), echo); ok {
		echoed(w, r, text)
		return
	}
	if f == Reset {
		panic(http.ErrAbortHandler)
	}
	sleep(f, slowBefore)
	answer := s.answer(r)
	sleep(f, slowAfter)
	switch {
	case f == ResetAfter:
		panic(http.ErrAbortHandler)
	case f == HTML502After:
		reply{status: http.StatusBadGateway, kind: htmlType, body: page("Bad gateway")}.write(w)
	case strings.HasPrefix(string(f), cutAfter):
		n, _ := strconv.Atoi(strings.TrimPrefix(string(f), cutAfter))
		answer.write(&scissors{w, n})
		panic(http.ErrAbortHandler)
	default:
		answer.write(w)
	}
}

// echoed answers with the request's own body and query.
func echoed(w http.ResponseWriter, r *http.Request, text string) {
	said, _ := io.ReadAll(r.Body)
	status, _ := strconv.Atoi(text) // Echo wrote it
	if status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "600")
	}
	data(status, map[string]any{"error": r.URL.RawQuery, "message": string(said), string(said): "as a key"}).write(w)
}

// prefab is the answer of a failure that OSCaR never sees.
func (f Failure) prefab() (reply, bool) {
	switch f {
	case HTML500:
		return reply{status: http.StatusInternalServerError, kind: htmlType, body: page("Something went wrong")}, true
	case HTML502:
		return reply{status: http.StatusBadGateway, kind: htmlType, body: page("Bad gateway")}, true
	case HTML200:
		return reply{status: http.StatusOK, kind: htmlType, body: page("Back soon")}, true
	case Empty200:
		return reply{status: http.StatusOK, kind: jsonType}, true
	case Unauthorized:
		return unauthenticated(), true
	}
	return reply{}, false
}

func sleep(f Failure, prefix string) {
	if text, ok := strings.CutPrefix(string(f), prefix); ok {
		d, _ := time.ParseDuration(text)
		time.Sleep(d)
	}
}

// scissors let n bytes through, send them, and close the connection.
type scissors struct {
	http.ResponseWriter
	left int
}

func (w *scissors) Write(p []byte) (int, error) {
	n := min(w.left, len(p))
	w.left -= n
	_, _ = w.ResponseWriter.Write(p[:n])
	if n < len(p) {
		_ = http.NewResponseController(w.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, nil
}
