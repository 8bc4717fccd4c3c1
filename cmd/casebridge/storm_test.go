package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/store"
)

// storm is both systems and casebridge inside a synctest bubble: they talk over
// pipes in memory, and time passes only when everybody waits. A minute of
// waiting for a locked server costs nothing, and the settings are the usual ones.
type storm struct {
	*world
	compiled *compiled
	t        rapid.TB
	shift    atomic.Int64 // from the clock of this process to the world's
	net      *pipes       // nil: sockets, and time passes as it does
	at       [2]served    // Primero and OSCaR
	db       string
	key      string
	set      []string // settings of the next runs, besides the usual ones

	gremlins gremlins                      // between casebridge and both systems
	fate     func(reconcile.Boundary) bool // says where the next runs die; nil: nowhere
	life     life                          // of the run at work
	jumps    bool                          // its own clock is set in the middle of runs
	skew     atomic.Int64                  // how far casebridge's own clock is ahead of the world's
}

// newStorm starts both systems; dir must be made outside the bubble. stop ends every goroutine.
func newStorm(t rapid.TB, c *compiled, dir string, latency time.Duration) (s *storm, stop func()) {
	t.Helper()
	s = newStormy(t, c, dir, latency)
	s.at = [2]served{{url: "http://primero.invalid"}, {url: "http://oscar.invalid"}}
	s.net = &pipes{listeners: map[string]*pipeListener{}}
	s.gremlins.strike = s.life.end
	primero := s.net.serve("primero.invalid", s.gremlins.before("primero", s.primero))
	oscar := s.net.serve("oscar.invalid", s.gremlins.before("oscar", s.oscar))
	return s, func() { primero(); oscar() }
}

// newStormy is a storm that nobody can reach yet.
func newStormy(t rapid.TB, c *compiled, dir string, latency time.Duration) *storm {
	t.Helper()
	s := &storm{t: t, compiled: c, db: filepath.Join(dir, "store.db")}
	s.shift.Store(int64(time.Until(time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC))))
	key, err := store.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	s.key = key
	s.world = newWorld(c.project, s.now, latency)
	return s
}

// own is the time on casebridge's own clock.
func (s *storm) own() time.Time { return s.now().Add(time.Duration(s.skew.Load())) }

func (s *storm) now() time.Time { return time.Now().Add(time.Duration(s.shift.Load())) }

// pass lets time pass: in a bubble by waiting, elsewhere by putting the clock forward.
func (s *storm) pass(d time.Duration) {
	if s.net == nil {
		s.shift.Add(int64(d))
		return
	}
	time.Sleep(d)
	synctest.Wait()
}

// app is a casebridge that starts anew, as cron would start it.
func (s *storm) app(out *lockedBuffer) (*app, func()) {
	t := &http.Transport{MaxIdleConnsPerHost: 8, DisableCompression: s.net != nil} // zipping is most of the work of a small run
	if s.net != nil {
		t.DialContext = s.net.dial
	}
	a := &app{environ: func() []string { return nil }, stdin: strings.NewReader(""), stdout: out, stderr: out, now: s.own, at: s.boundary,
		transport: &oneAtATime{t: s.t, next: mortal{t, &s.life}, saving: map[string]int{}}}
	a.flags = flags{output: "text", store: s.db, set: s.settings()}
	return a, t.CloseIdleConnections
}

// oneAtATime reports a case that is written twice at once: Primero would lose one of the two.
type oneAtATime struct {
	t      rapid.TB
	next   http.RoundTripper
	mu     sync.Mutex
	saving map[string]int // by case
}

func (o *oneAtATime) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodPatch {
		return o.next.RoundTrip(r)
	}
	_, id, _ := strings.Cut(r.URL.Path, "/cases/")
	id, _, _ = strings.Cut(id, "/")
	if o.add(id, 1) > 1 {
		o.t.Errorf("case %s is written twice at once", id)
	}
	defer o.add(id, -1)
	return o.next.RoundTrip(r)
}

func (o *oneAtATime) add(id string, n int) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.saving[id] += n
	return o.saving[id]
}

// settings connect casebridge to both systems.
func (s *storm) settings() []string {
	usual := []string{"key=" + s.key, "connections.primero.page=3"} // many pages
	if s.net == nil {
		usual = []string{"key=" + s.key, "connections.primero.rate=0"} // a limit for other people's servers
	}
	return slices.Concat(s.settingsOf(s.at[0], s.at[1]), usual, s.set)
}

// casebridge is `casebridge run`: all flows, or one with a window. The specs are not compiled
// anew each time; all else is.
func (s *storm) casebridge(ctx context.Context, flow string, window reconcile.Window) (code int, text string) {
	var out lockedBuffer
	a, done := s.app(&out)
	defer done()
	ctx, stop := s.life.begin(ctx)
	defer stop()
	err := s.runFlows(ctx, a, flow, window)
	if err != nil {
		fmt.Fprintln(&out, "casebridge: "+err.Error())
	}
	return exitCode(err), out.String()
}

func (s *storm) runFlows(ctx context.Context, a *app, flow string, window reconcile.Window) error {
	ss, err := a.openCompiled(ctx, s.compiled, readWrite, false)
	if err != nil {
		return err
	}
	defer ss.close()
	var names []string
	if flow != "" {
		names = []string{flow}
	}
	flows, err := ss.c.flows(names)
	if err != nil {
		return err
	}
	return a.chain(ctx, ss, flows, window, viewFlags{}, false, "")
}

// pending is one change that a plan of everything would still make or cannot decide.
type pending struct {
	flow string
	engine.Change
}

// everything plans all there is, in every flow, and returns all changes.
func (s *storm) everything(ctx context.Context) []pending {
	var out lockedBuffer
	a, done := s.app(&out)
	defer done()
	ctx, stop := s.life.begin(ctx)
	defer stop()
	ss, err := a.openCompiled(ctx, s.compiled, readOnly, true)
	if err != nil {
		s.t.Fatalf("open for a plan: %v", err)
	}
	defer ss.close()
	flows, err := ss.c.flowsOnce(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	var all []pending
	for _, f := range flows {
		tell := &gathering{}
		job, err := a.job(ss, f, reconcile.Window{Everything: true}, tell)
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err := reconcile.Plan(ctx, job); err != nil {
			s.t.Fatalf("plan %s: %v", f.Name(), err)
		}
		for _, c := range tell.changes {
			all = append(all, pending{f.Name(), c})
		}
	}
	return all
}

// gathering keeps what a plan tells.
type gathering struct{ changes []engine.Change }

func (g *gathering) Decided(d mapping.Decision)          { g.changes = append(g.changes, d.Changes...) }
func (*gathering) Settled(engine.Change, engine.Outcome) {}
func (*gathering) Progress(reconcile.Summary)            {}

// open opens the store as a person's command would.
func (s *storm) open(ctx context.Context) *store.Store {
	key, err := store.ParseKey(s.key)
	if err != nil {
		s.t.Fatal(err)
	}
	st, err := store.Open(ctx, store.Options{Path: s.db, Key: key, Now: s.own})
	if err != nil {
		s.t.Fatal(err)
	}
	return st
}

// writes counts what both systems were asked to write so far.
func (s *storm) writes() int { return s.primero.Writes().Total + s.oscar.Writes() }

// lockedBuffer takes what a program says on both its outputs.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// pipes are a network in memory: sockets would keep a bubble's clock from moving.
type pipes struct {
	mu        sync.Mutex
	listeners map[string]*pipeListener
}

// serve answers for a host until the returned function is called.
func (p *pipes) serve(host string, h http.Handler) (stop func()) {
	l := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	p.mu.Lock()
	p.listeners[host] = l
	p.mu.Unlock()
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	var done sync.WaitGroup
	done.Go(func() { _ = server.Serve(l) })
	return func() { _ = server.Close(); done.Wait() }
}

func (p *pipes) dial(ctx context.Context, _, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	l := p.listeners[host]
	p.mu.Unlock()
	if l == nil {
		return nil, &net.DNSError{Name: host, IsNotFound: true}
	}
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Err: errors.New("nobody listens")}
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddress{} }

type pipeAddress struct{}

func (pipeAddress) Network() string { return "pipe" }
func (pipeAddress) String() string  { return "pipe" }
