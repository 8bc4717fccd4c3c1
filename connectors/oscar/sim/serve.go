package sim

import (
	"net/http"
	"strings"
	"time"
)

// Request is one line of the log: what came in and how it was answered. Status
// is 0 while it runs and when the connection was cut. Bodies are never kept.
type Request struct {
	Method, Path, RawQuery string
	Status                 int
	When                   time.Time
	Failure                Failure // what FailNext made of it, "" for nothing
}

// ServeHTTP answers one request, through the faults that were ordered.
func (s *System) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	entry, ordered := s.arrive(r)
	if s.latency > 0 {
		time.Sleep(s.latency)
	}
	watched := &watcher{ResponseWriter: w}
	defer func() { s.leave(entry, watched.status) }()
	ordered.serve(s, watched, r)
}

// arrive counts a request, notes it and takes the fault that awaits it.
func (s *System) arrive(r *http.Request) (*Request, Failure) {
	s.requests.Add(1)
	if Writes(r) {
		s.writes.Add(1)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	entry := &Request{Method: r.Method, Path: r.URL.Path, RawQuery: r.URL.RawQuery, When: s.now(), Failure: s.due(r)}
	s.log = append(s.log, entry)
	return entry, entry.Failure
}

func (s *System) leave(entry *Request, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	entry.Status = status
}

// watcher remembers the status that was sent.
type watcher struct {
	http.ResponseWriter
	status int
}

func (w *watcher) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Writes matches what changes OSCaR: upserts, links and statuses; not signing in.
func Writes(r *http.Request) bool {
	return Upserts(r) || Links(r) || Statuses(r)
}

// Upserts matches POST clients/upsert.
func Upserts(r *http.Request) bool { return to(r, http.MethodPost, "/organizations/clients/upsert") }

// Links matches PUT clients/update_links.
func Links(r *http.Request) bool {
	return to(r, http.MethodPut, "/organizations/clients/update_links")
}

// Statuses matches PUT referrals/update_statuses.
func Statuses(r *http.Request) bool {
	return to(r, http.MethodPut, "/organizations/referrals/update_statuses")
}

// Lists matches GET clients.
func Lists(r *http.Request) bool { return to(r, http.MethodGet, "/organizations/clients") }

func to(r *http.Request, method, path string) bool {
	return r.Method == method && strings.TrimRight(r.URL.Path, "/") == base+path
}

// Unwrap lets http.ResponseController reach the connection.
func (w *watcher) Unwrap() http.ResponseWriter { return w.ResponseWriter }
