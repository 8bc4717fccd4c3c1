package main

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"github.com/casebridge/casebridge/engine/reconcile"
)

var errDied = errors.New("the process died")

// life is that of one casebridge in a bubble. When it ends, nothing more leaves it and nothing
// more is recorded: its store is as a kill would have left it, its lease included.
type life struct {
	mu     sync.Mutex
	ended  bool
	cancel context.CancelFunc
}

func (l *life) begin(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended, l.cancel = false, cancel
	return ctx, cancel
}

func (l *life) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
	if l.cancel != nil {
		l.cancel()
	}
}

func (l *life) over() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ended
}

// boundary is told where a run is, and ends its life where fate says so.
func (s *storm) boundary(_ context.Context, b reconcile.Boundary) error {
	if s.fate != nil && s.fate(b) {
		s.life.end()
	}
	if s.life.over() {
		return errDied
	}
	return nil
}

// mortal lets nothing leave a dead process.
type mortal struct {
	next http.RoundTripper
	life *life
}

func (m mortal) RoundTrip(r *http.Request) (*http.Response, error) {
	if m.life.over() {
		return nil, errDied
	}
	return m.next.RoundTrip(r)
}

// nth is a fate: to die when a boundary is reached for the nth time, counted from now.
func nth(at reconcile.Boundary, n int) func(reconcile.Boundary) bool {
	var mu sync.Mutex
	return func(b reconcile.Boundary) bool {
		mu.Lock()
		defer mu.Unlock()
		if b != at {
			return false
		}
		n--
		return n == 0
	}
}
