package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
)

// These variables make the test binary a casebridge whose clock starts at a moment.
const (
	asProgram  = "CASEBRIDGE_TEST_NOW"
	smallFiles = "CASEBRIDGE_TEST_SMALL_FILES" // a write beyond the limit of file sizes is an error, not the end
)

// heard is what such a program says at once when it is told to stop.
const heard = "the signal was heard"

func TestMain(m *testing.M) {
	if text := os.Getenv(asProgram); text != "" {
		os.Exit(program(text))
	}
	os.Exit(m.Run())
}

// program is main with another clock.
func program(from string) int {
	at, err := time.Parse(time.RFC3339Nano, from)
	if err != nil {
		panic(err)
	}
	if os.Getenv(smallFiles) != "" {
		signal.Ignore(syscall.SIGXFSZ)
	}
	began := time.Now()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, func() { fmt.Fprintln(os.Stderr, heard) })()
	a := app{environ: os.Environ, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, who: who(), now: func() time.Time { return at.Add(time.Since(began)) }}
	return a.run(ctx, os.Args[1:])
}

// atSockets starts both systems on this machine, for programs of their own.
func atSockets(t *testing.T, latency time.Duration) *storm {
	t.Helper()
	if testing.Short() {
		t.Skip("starts processes")
	}
	s := newStormy(t, cambodia(t), t.TempDir(), latency)
	for i, system := range []http.Handler{s.primero, s.oscar} {
		s.at[i] = serveTest(t, system)
	}
	return s
}

// before has programs that start from now on meet do before each of their requests to OSCaR; these come side by side.
func (s *storm) before(t *testing.T, do func(*http.Request)) {
	t.Helper()
	s.at[1] = serveTest(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		do(r)
		s.oscar.ServeHTTP(w, r)
	}))
}

// holdSends keeps the referrals of programs that start from now on waiting, once more than n have arrived, until
// goOn; waits is closed when the first of them waits.
func (s *storm) holdSends(t *testing.T, p *people, n int) (waits <-chan struct{}, goOn func()) {
	t.Helper()
	reached, free := make(chan struct{}), make(chan struct{})
	var first sync.Once
	s.before(t, func(r *http.Request) {
		select {
		case <-free:
			return
		default:
		}
		if oscarsim.Upserts(r) && p.arrivals() > n {
			first.Do(func() { close(reached) })
			<-free
		}
	})
	goOn = sync.OnceFunc(func() { close(free) })
	t.Cleanup(goOn)
	return reached, goOn
}

// process is a running casebridge.
type process struct {
	*exec.Cmd
	out   lockedBuffer
	ended chan struct{}
}

// start starts `casebridge run` as a process of its own; through is a program that starts it, such as a shell with limits.
func (s *storm) start(env []string, through ...string) *process {
	s.t.Helper()
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	args := append(slices.Clone(through), self, "run", "--store", s.db)
	for _, set := range s.settings() {
		args = append(args, "--set", set)
	}
	p := &process{Cmd: exec.Command(args[0], args[1:]...), ended: make(chan struct{})}
	p.Env = append(append(os.Environ(), asProgram+"="+s.now().Format(time.RFC3339Nano)), env...)
	p.Stdout, p.Stderr = &p.out, &p.out
	if err := p.Start(); err != nil {
		s.t.Fatal(err)
	}
	go func() {
		_ = p.Wait() // its exit code says it
		close(p.ended)
	}()
	return p
}

// wait returns the exit code, -1 for a process that was killed.
func (p *process) wait() int {
	<-p.ended
	return p.ProcessState.ExitCode()
}
