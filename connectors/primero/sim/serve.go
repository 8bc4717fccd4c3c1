package sim

import (
	"bytes"
	"io"
	"net/http"
	"strings"
)

// maxLine is what nginx takes as a request line (§1.3).
const maxLine = 1024

// ServeHTTP answers one request as the server with its proxy does.
func (s *System) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	when := s.now()
	r.Body = buffered(r.Body)
	pause(r, s.latency)
	a, cut := s.proxied(r)
	if cut < 0 {
		s.watch.note(r, a.status, when)
		a.send(w, r)
		return
	}
	s.watch.note(r, 0, when)
	if cut > 0 {
		w.Header().Set("Content-Type", a.header.Get("Content-Type"))
		w.WriteHeader(a.status)
		_, _ = w.Write(a.body[:cut])
		_ = http.NewResponseController(w).Flush() // a recorder cannot, and need not
	}
	panic(http.ErrAbortHandler) // closes the connection
}

// buffered reads a body whole, as the proxy does; only then does net/http
// notice a client that leaves. A body that breaks off is an empty one.
func buffered(body io.ReadCloser) io.ReadCloser {
	raw, err := io.ReadAll(body)
	if err != nil {
		raw = nil
	}
	return io.NopCloser(bytes.NewReader(raw))
}

// proxied is the nginx in front: it refuses some requests by itself.
func (s *System) proxied(r *http.Request) (a answer, cut int) {
	s.mu.RLock()
	long := s.switches.LongLines
	s.mu.RUnlock()
	agent := r.UserAgent()
	switch {
	case !long && len(r.Method)+len(r.URL.RequestURI())+len(" HTTP/1.1 ") > maxLine:
		return proxyPage(http.StatusRequestURITooLong, "Request-URI Too Large"), -1
	case !strings.Contains(" GET PUT POST PATCH DELETE ", " "+r.Method+" "):
		return answer{}, 0
	case strings.Contains(agent, "wget") || strings.Contains(agent, "LWP::Simple") || strings.Contains(agent, "msnbot"):
		return proxyPage(http.StatusForbidden, "Forbidden"), -1
	}
	return s.under(s.fault(r), r)
}

// call is a request on its way to a handler.
type call struct {
	*http.Request
	user *account
	path []string       // the segments that the route leaves open: ids
	body map[string]any // nil without one
}

// handle is the application: route, config lock, body, sign-in, handler.
func (s *System) handle(r *http.Request) answer {
	if r.URL.Path == "/health/api" && r.Method == http.MethodGet {
		return s.health()
	}
	route, path := find(r)
	if route == nil {
		return htmlAnswer(http.StatusNotFound, "")
	}
	if s.isLocked() {
		return locked(r)
	}
	body, ok := read(r)
	if !ok {
		return htmlAnswer(http.StatusBadRequest, "")
	}
	a := s.enter(route, call{Request: r, path: path, body: body})
	s.mint(r, &a)
	if isWrite(r.Method) && a.status < 300 {
		s.watch.wrote(r.Method)
	}
	return a
}

// enter runs a handler, under the lock that it needs.
func (s *System) enter(route *route, c call) answer {
	if route.open != nil {
		return route.open(s, c.Request, c.body)
	}
	s.mu.RLock()
	u, refusal := s.admit(c.Request)
	s.mu.RUnlock()
	if refusal != nil {
		return *refusal
	}
	c.user = u
	if isWrite(c.Method) || s.hasLate() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.settle()
		return route.do(s, c)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return route.do(s, c)
}

func (s *System) hasLate() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.late) > 0
}

func (s *System) isLocked() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.switches.ConfigLock
}

func (s *System) health() answer {
	if s.isLocked() {
		return answer{status: http.StatusServiceUnavailable, header: http.Header{}}
	}
	return answer{status: http.StatusNoContent, header: http.Header{}}
}

// read parses a JSON body with its dates converted; a body of another kind is
// parsed as a form, in which every value is text.
func read(r *http.Request) (map[string]any, bool) {
	raw, err := io.ReadAll(r.Body)
	if err != nil || len(raw) == 0 {
		return nil, err == nil
	}
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		return formBody(string(raw)), true
	}
	v, ok := decodeBody(raw)
	if !ok {
		return nil, false
	}
	body, isObject := coerce(v).(map[string]any)
	if !isObject {
		return map[string]any{"_json": v}, true
	}
	return body, true
}

func formBody(raw string) map[string]any {
	body := map[string]any{}
	for name, node := range parseParams(raw).kids {
		body[name] = node.plain()
	}
	return body
}

// data returns the "data" of the body; {} where there is none (§3.2).
func (c call) data() map[string]any {
	d, _ := c.body["data"].(map[string]any)
	return d
}
