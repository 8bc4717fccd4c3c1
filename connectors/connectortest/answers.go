package connectortest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// hostile is one answer that no sound server gives, and what may be said of it.
type hostile struct {
	name  string
	kinds []engine.FaultKind
	serve http.HandlerFunc
	big   bool // does not end, or not before it would be enormous: a connection must be impatient to end it
}

const (
	nested = 100_000
	mega   = 1 << 20
)

var (
	transient = []engine.FaultKind{engine.Transient}
	either    = []engine.FaultKind{engine.Transient, engine.Environment} // too large is a matter of settings
)

// hostileAnswers are those that do not depend on what was asked.
func hostileAnswers() []hostile {
	text := func(name, body string) hostile {
		return hostile{name: name, kinds: either, serve: func(w http.ResponseWriter, _ *http.Request) { write(w, body) }}
	}
	return []hostile{
		text("empty", ""), text("page", "<!DOCTYPE html><html><title>Sign in</title>"+Mark), text("byte order mark", "\xef\xbb\xbf{}"),
		text("deep arrays", strings.Repeat("[", nested)+strings.Repeat("]", nested)),
		text("deep objects", strings.Repeat(`{"data":`, nested)+`"`+Mark+`"`+strings.Repeat("}", nested)),
		text("deep and open", strings.Repeat(`{"data":[`, nested)),
		text("null", "null"), text("a text", `"`+Mark+`"`), text("a number", "1e999"), text("two values", `{} {}`), text("NUL bytes", "\x00\x00"),
		text("a raw NUL in a text", "{\"data\":\"\x00\"}"), text("other bytes", "\xff\xfe{\x00}\x00"), text("no list", `{"data":"`+Mark+`"}`),
		text("an error of its own", `{"status":500,"error":"`+Mark+`"}`),
		{"less than promised", transient, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10000")
			write(w, `{"data":["`+Mark)
		}, false},
		{"cut in a chunk", transient, func(w http.ResponseWriter, _ *http.Request) {
			write(w, `{"data":["`+Mark)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}, false},
		{"not compressed", transient, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			write(w, `{"data":["`+Mark+`"]}`)
		}, false},
		{"huge headers", transient, func(w http.ResponseWriter, _ *http.Request) {
			for i := range 1000 {
				w.Header().Set(fmt.Sprintf("X-%d", i), strings.Repeat(Mark, 100))
			}
		}, false},
		{"drip", transient, func(w http.ResponseWriter, r *http.Request) { drip(w, r, time.Millisecond) }, true},
		{"silence", transient, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, true},
		{"endless", either, func(w http.ResponseWriter, r *http.Request) { drip(w, r, 0) }, true},
		{"100 MB of white space", either, repeated("", " ", 100*mega, ""), true},
		{"100 MB in one text", either, repeated(`{"data":"`, "x", 100*mega, `"}`), true},
		{"a bomb of zeros", either, bomb("", "\x00"), true},
		{"a bomb in a text", either, bomb(`{"data":["`, "x"), true},
	}
}

// cuts are a sound body, cut at sixteen places, with its length and without.
func cuts(sound string) []hostile {
	var all []hostile
	for i := range 16 {
		part := sound[:len(sound)*i/16]
		all = append(all, hostile{fmt.Sprintf("cut %d of 16", i), transient, func(w http.ResponseWriter, _ *http.Request) {
			if i%2 == 0 {
				w.Header().Set("Content-Length", fmt.Sprint(len(sound)))
			}
			write(w, part)
		}, false})
	}
	return all
}

func write(w io.Writer, text string) { _, _ = io.WriteString(w, text) } // who does not read it has seen enough

// drip sends a list without an end, some at a time, until the client leaves.
func drip(w http.ResponseWriter, r *http.Request, pause time.Duration) {
	write(w, `{"data":[`)
	some := strings.Repeat(`{"note":"`+Mark+`"},`, 1+int(50*time.Millisecond/(pause+time.Microsecond)))
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, some); err != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		time.Sleep(pause)
	}
}

// repeated is a body with a middle of so many bytes.
func repeated(head, what string, size int, tail string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		write(w, head)
		block := strings.Repeat(what, mega/len(what))
		for sent := 0; sent < size; sent += len(block) {
			if _, err := io.WriteString(w, block); err != nil {
				return
			}
		}
		write(w, tail)
	}
}

// zipped is a compressed body.
func zipped(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Encoding", "gzip")
	compress(w, text, 0, "")
}

func compress(w io.Writer, head string, size int, what string) {
	z := gzip.NewWriter(w)
	write(z, head)
	block := strings.Repeat(what, mega)
	for sent := 0; sent < size; sent += len(block) {
		write(z, block)
	}
	_ = z.Close()
}

// bomb is a gigabyte, compressed to a megabyte: one piece of it again and again, which costs next to nothing to make.
func bomb(head, what string) http.HandlerFunc {
	packed := sync.OnceValue(func() []byte {
		var all, piece bytes.Buffer
		compress(&all, head, mega, what)
		compress(&piece, "", mega, what)
		for range 1023 {
			all.Write(piece.Bytes())
		}
		return all.Bytes()
	})
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed())
	}
}
