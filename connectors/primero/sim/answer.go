package sim

import (
	"bytes"
	"compress/gzip"
	"hash/fnv"
	"net/http"
	"strconv"
	"strings"
)

// answer is what a handler gives back; it is sent when the locks are free.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func jsonAnswer(status int, body []byte) answer {
	return answer{status, http.Header{"Content-Type": {"application/json; charset=utf-8"}}, body}
}

// data answers {"data": value}.
func data(value any) answer {
	return jsonAnswer(http.StatusOK, []byte(encode(map[string]any{"data": value})))
}

func htmlAnswer(status int, body string) answer {
	return answer{status, http.Header{"Content-Type": {"text/html"}}, []byte(body)}
}

// proxyPage is the error page of the nginx in front of the server.
func proxyPage(status int, title string) answer {
	head := strconv.Itoa(status) + " " + title
	return htmlAnswer(status, "<html>\r\n<head><title>"+head+"</title></head>\r\n<body>\r\n<center><h1>"+head+"</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n")
}

// problem is one item of an errors answer (§6).
type problem struct {
	Status   int    `json:"status"`
	Resource string `json:"resource"`
	Detail   any    `json:"detail,omitempty"`
	Message  any    `json:"message"`
}

func problems(status int, all ...problem) answer {
	return jsonAnswer(status, []byte(encode(map[string]any{"errors": all})))
}

func refuse(r *http.Request, status int, message, detail any) answer {
	return problems(status, problem{status, r.URL.Path, detail, message})
}

func forbidden(r *http.Request) answer { return refuse(r, http.StatusForbidden, "Forbidden", nil) }

func missing(r *http.Request, what, id string) answer {
	return refuse(r, http.StatusNotFound, "Not Found", "Couldn't find "+what+" with 'id'="+id)
}

func conflict(r *http.Request) answer {
	return refuse(r, http.StatusConflict, "Conflict: A record with this id already exists", nil)
}

// broken is the answer to an exception that nobody caught.
func broken(r *http.Request, text string) answer {
	return refuse(r, http.StatusInternalServerError, text, nil)
}

func locked(r *http.Request) answer {
	a := refuse(r, http.StatusServiceUnavailable, "Service Unavailable", "Retry-After: 60")
	a.header.Set("Retry-After", "60")
	return a
}

func unauthorized(text string) answer {
	a := jsonAnswer(http.StatusUnauthorized, []byte(encode(map[string]any{"error": text})))
	a.header.Set("WWW-Authenticate", `Bearer realm="Primero" charset="UTF8"`)
	return a
}

// send writes the answer, compressed when the client takes gzip, with a weak
// ETag on what was read (§3.1).
func (a answer) send(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	for name, values := range a.header {
		h[name] = values
	}
	if r.Method == http.MethodGet && a.status == http.StatusOK && len(a.body) > 0 {
		sum := fnv.New64a()
		sum.Write(a.body)
		tag := `W/"` + strconv.FormatUint(sum.Sum64(), 16) + `"`
		h.Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	body := a.body
	if len(body) > 0 && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = zipped(body)
	}
	h.Set("Vary", "Accept-Encoding, Origin")
	if a.status != http.StatusNoContent {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(body) // the client may be gone, which is its own affair
}

func zipped(body []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed) // the level is a valid one
	_, _ = z.Write(body)                            // a buffer takes everything
	_ = z.Close()
	return b.Bytes()
}
