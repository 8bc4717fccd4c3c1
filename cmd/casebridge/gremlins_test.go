package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"
)

// mishap is what goes wrong with one request. Those named after happen when the system has done its work.
type mishap string

const (
	noMishap      mishap = ""
	timeoutBefore mishap = "timeout before"
	timeoutAfter  mishap = "timeout after"
	resetBefore   mishap = "reset before"
	resetAfter    mishap = "reset after"
	crashBefore   mishap = "500 before"
	crashAfter    mishap = "500 after"
	lockedBefore  mishap = "503 with Retry-After"
	tooMany       mishap = "429"
	pageBefore    mishap = "html 200 before"
	pageAfter     mishap = "html 200 after"
	emptyBefore   mishap = "empty 200 before"
	emptyAfter    mishap = "empty 200 after"
	cutAfter      mishap = "cut after"
	refusedOnce   mishap = "401"
	diesBefore    mishap = "kill before" // of casebridge, not of the system
	diesAfter     mishap = "kill after"
)

// mishaps are all that can happen to one request.
var mishaps = []mishap{
	timeoutBefore, timeoutAfter, resetBefore, resetAfter, crashBefore, crashAfter, lockedBefore, tooMany,
	pageBefore, pageAfter, emptyBefore, emptyAfter, cutAfter, refusedOnce, diesBefore, diesAfter,
}

// gremlins stand between casebridge and both systems. They count every request, show it to watch,
// and spoil those that spoil names.
type gremlins struct {
	mu     sync.Mutex // holds while watch or spoil is asked: they keep counts, and requests come side by side
	seen   int
	watch  watch
	spoil  func(n int, system string, r *http.Request) mishap
	strike func() // ends the life of casebridge
}

// watch sees every request. What it wants done before the request goes on, it returns: that may take a while, and
// send requests itself.
type watch func(system string, r *http.Request) (meanwhile func())

// before is a system behind gremlins.
func (g *gremlins) before(system string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what broke off is the client's death
		r.Body = io.NopCloser(bytes.NewReader(body))
		if meanwhile := g.show(system, r); meanwhile != nil {
			meanwhile()
		}
		switch m := g.meet(system, r); m {
		case noMishap:
			h.ServeHTTP(w, r)
		case timeoutAfter, resetAfter, crashAfter, pageAfter, emptyAfter, cutAfter, diesAfter:
			answer := httptest.NewRecorder()
			h.ServeHTTP(answer, r)
			g.after(m, answer, w, r)
		default:
			g.instead(m, w, r)
		}
	})
}

func (g *gremlins) show(system string, r *http.Request) (meanwhile func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.watch == nil {
		return nil
	}
	return g.watch(system, r)
}

// showTo has somebody watch from now on.
func (g *gremlins) showTo(w watch) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.watch = w
}

func (g *gremlins) meet(system string, r *http.Request) mishap {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen++
	if g.spoil == nil {
		return noMishap
	}
	return g.spoil(g.seen, system, r)
}

// instead answers, or not, without the system.
func (g *gremlins) instead(m mishap, w http.ResponseWriter, r *http.Request) {
	switch m {
	case timeoutBefore:
		untilLeft(r)
	case diesBefore:
		g.strike()
	case crashBefore:
		answerPage(w, http.StatusInternalServerError)
		return
	case lockedBefore:
		w.Header().Set("Retry-After", "60")
		answerPage(w, http.StatusServiceUnavailable)
		return
	case tooMany:
		answerPage(w, http.StatusTooManyRequests)
		return
	case pageBefore:
		answerPage(w, http.StatusOK)
		return
	case emptyBefore:
		w.WriteHeader(http.StatusOK)
		return
	case refusedOnce:
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error":"no"}`)
		return
	}
	panic(http.ErrAbortHandler)
}

// after spoils the answer of a system that did its work.
func (g *gremlins) after(m mishap, answer *httptest.ResponseRecorder, w http.ResponseWriter, r *http.Request) {
	switch m {
	case timeoutAfter:
		untilLeft(r)
	case diesAfter:
		g.strike()
	case crashAfter:
		answerPage(w, http.StatusInternalServerError)
		return
	case pageAfter:
		answerPage(w, http.StatusOK)
		return
	case emptyAfter:
		w.WriteHeader(http.StatusOK)
		return
	case cutAfter:
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		body := answer.Body.Bytes()
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1)) // an empty answer is cut too
		w.WriteHeader(answer.Code)
		_, _ = w.Write(body[:len(body)/2])
		_ = http.NewResponseController(w).Flush()
	}
	panic(http.ErrAbortHandler) // closes the connection
}

// untilLeft waits until the client has given up.
func untilLeft(r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-time.After(20 * time.Minute):
	}
}

func answerPage(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "<!DOCTYPE html><html><body>%d</body></html>", status)
}

// once spoils the nth request, counted from now.
func (g *gremlins) once(nth int, m mishap) {
	g.play(func(n int, _ string, _ *http.Request) mishap {
		if n == nth {
			return m
		}
		return noMishap
	})
}

// play counts from one again and spoils requests; nil: none.
func (g *gremlins) play(spoil func(n int, system string, r *http.Request) mishap) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen, g.spoil = 0, spoil
}
