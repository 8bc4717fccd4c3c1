package sim

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"
)

// reply is an answer before it is written.
type reply struct {
	status int
	kind   string // content type
	body   []byte
	stream func(io.Writer) // instead of body; runs without the lock
	header http.Header     // token headers, where the endpoint returns them
}

// call is a request after Rails has parsed it.
type call struct {
	*http.Request
	params  gjson.Result // JSON body; nothing for other bodies
	session session
}

// route is one endpoint. Endpoints run under the lock.
type route struct {
	answer func(*call) reply
	signed bool // needs the AdminUser's token (§2.3)
}

const (
	jsonType = "application/json; charset=utf-8"
	htmlType = "text/html; charset=utf-8"
	textType = "text/plain; charset=utf-8"

	base = "/api/v1"
)

func (s *System) table() map[string]route {
	return map[string]route{
		"POST " + base + "/admin_auth/sign_in":                     {answer: s.signIn},
		"GET " + base + "/admin_auth/sign_in":                      {answer: signInByGet},
		"GET " + base + "/admin_auth/validate_token":               {answer: s.validateToken},
		"DELETE " + base + "/admin_auth/sign_out":                  {answer: s.signOut},
		"GET " + base + "/organizations":                           {answer: s.index},
		"GET " + base + "/organizations/listing":                   {answer: s.listing},
		"GET " + base + "/organizations/clients":                   {answer: s.clients, signed: true},
		"POST " + base + "/organizations/clients/upsert":           {answer: s.upsert, signed: true},
		"PUT " + base + "/organizations/clients/update_links":      {answer: s.updateLinks, signed: true},
		"PUT " + base + "/organizations/referrals/update_statuses": {answer: s.updateStatuses},
		"GET " + base + "/organizations/clients/check_duplication": {answer: s.checkDuplication},
	}
}

// answer finds the endpoint and runs it.
func (s *System) answer(r *http.Request) reply {
	path := strings.TrimRight(r.URL.Path, "/")
	found, ok := s.routes[r.Method+" "+path]
	switch {
	case !s.reachable(r.Host):
		return crash(r)
	case !ok && r.Method == http.MethodGet && strings.HasPrefix(path, base+"/organizations/transactions/"):
		return data(http.StatusInternalServerError, message{recordError})
	case !ok:
		return reply{status: http.StatusNotFound, kind: htmlType, body: page("The page was not found")}
	}
	c, ok := parse(r)
	if !ok {
		return reply{status: http.StatusBadRequest}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !found.signed {
		return found.answer(c)
	}
	if c.session, ok = s.session(r); !ok {
		return unauthenticated()
	}
	answer := found.answer(c)
	answer.header = c.session.header()
	return answer
}

// parse reads a JSON body; a malformed one is refused (§3).
func parse(r *http.Request) (*call, bool) {
	c := &call{Request: r}
	if kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); kind != "application/json" {
		return c, true
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, false
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return c, true
	}
	c.params = gjson.ParseBytes(body)
	return c, gjson.ValidBytes(body)
}

// subdomain is the tenant that a host name asks for, "" where it names none
// (§1).
func subdomain(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	labels := strings.Split(host, ".")
	if net.ParseIP(host) != nil || len(labels) < 3 {
		return ""
	}
	switch labels[0] {
	case "www", "start", "interoperability":
		return ""
	}
	return labels[0]
}

// reachable is false for a subdomain that is no schema: OSCaR crashes on it.
func (s *System) reachable(host string) bool {
	name := subdomain(host)
	return name == "" || s.schemas[name] != nil
}

// recordError is OSCaR's text for most refusals.
const recordError = "Record error. Please check OSCaR logs for details."

type message struct {
	Message string `json:"message"`
}

// data is a JSON answer.
func data(status int, value any) reply {
	body, err := json.Marshal(value)
	if err != nil {
		panic(err) // only our own structs come here
	}
	return reply{status: status, kind: jsonType, body: body}
}

// crash is what an unrescued exception gives: an HTML page, or plain text to a
// caller who accepts JSON only; never JSON (§3).
func crash(r *http.Request) reply {
	accept := r.Header.Get("Accept")
	if strings.Contains(accept, "json") && !strings.Contains(accept, "html") && !strings.Contains(accept, "*/*") {
		return reply{status: http.StatusInternalServerError, kind: textType, body: []byte("500 Internal Server Error\n")}
	}
	return reply{status: http.StatusInternalServerError, kind: htmlType, body: page("Something went wrong")}
}

// recordNotFound is what an escaped RecordNotFound gives: 200 with nothing.
func (s *System) recordNotFound() reply {
	if s.switches.RecordNotFound404 {
		return reply{status: http.StatusNotFound, kind: htmlType, body: page("The page was not found")}
	}
	return reply{status: http.StatusOK, kind: htmlType}
}

func page(text string) []byte {
	return []byte("<!DOCTYPE html>\n<html><head><title>OSCaR</title></head><body><h1>" + text + "</h1></body></html>\n")
}

// write sends a reply.
func (p reply) write(w http.ResponseWriter) {
	for name, values := range p.header {
		w.Header()[name] = values
	}
	if p.kind != "" {
		w.Header().Set("Content-Type", p.kind)
	}
	w.WriteHeader(p.status)
	if p.stream != nil {
		p.stream(w)
		return
	}
	_, _ = w.Write(p.body)
}
