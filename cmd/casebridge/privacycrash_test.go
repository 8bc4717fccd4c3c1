package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
)

// crashing makes TestAsCrashing a casebridge with this defect: "panic", or "wait" for somebody who ends it.
const crashing = "CASEBRIDGE_TEST_CRASH"

// TestAsCrashing is no test: it is a run that breaks down, or stands still, with a child's data in its hands.
func TestAsCrashing(t *testing.T) {
	how := os.Getenv(crashing)
	if how == "" {
		t.Skip("only as a process of another test")
	}
	a := app{environ: os.Environ, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, now: newClock().now, transport: &defect{how: how, next: http.DefaultTransport}}
	os.Exit(a.run(context.Background(), []string{"run", "--verbose"}))
}

// defect is a transport that breaks down at the first referral, when lists were read and documents made.
type defect struct {
	how  string
	next http.RoundTripper
	met  atomic.Bool
}

func (d *defect) RoundTrip(r *http.Request) (*http.Response, error) {
	if !oscarsim.Upserts(r) || d.met.Swap(true) {
		return d.next.RoundTrip(r)
	}
	switch d.how {
	case "panic":
		panic(errors.New("a defect"))
	case "nil":
		var none *http.Request
		return nil, errors.New(none.Method)
	}
	_, _ = os.Stdout.WriteString(standsStill + "\n")
	select {}
}

const standsStill = "it stands still"

// A crash prints what the runtime knows: where each goroutine is, and with which addresses. Not what stands there.
func TestNothingShowsInACrash(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	for name, c := range map[string]struct {
		how    string
		signal os.Signal
		says   string
	}{
		"panic":        {"panic", nil, "panic: a defect"},
		"nil":          {"nil", nil, "nil pointer dereference"},
		"quit":         {"wait", syscall.SIGQUIT, "SIGQUIT"},
		"abort":        {"wait", syscall.SIGABRT, "SIGABRT"},
		"segmentation": {"wait", syscall.SIGSEGV, "SIGSEGV"},
		"no power":     {"wait", syscall.SIGKILL, "signal: killed"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHideout(t)
			h.people()
			text := h.crash(c.how, c.signal)
			if !strings.Contains(text, c.says) || strings.Contains(c.says, "SIG") && !strings.Contains(text, "goroutine ") {
				t.Errorf("it did not crash as it was to:\n%s", text)
			}
			if found := h.marks.in([]byte(text)); len(found) > 0 {
				t.Errorf("the crash shows %v:\n%s", found, text)
			}
			h.searchFiles("after the crash")
			h.clock.later(2 * time.Minute)
			h.asked("run")
			h.asked("parked", "list")
		})
	}
}

// crash runs a child process to its end, and returns all that it said and how it ended.
func (h *hideout) crash(how string, sign os.Signal) string {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestAsCrashing$")
	cmd.Env = append(h.environ(), crashing+"="+how, "TMPDIR="+h.temp, "GOTRACEBACK=system")
	cmd.Dir = h.temp
	said := &watchedBuffer{until: []byte(standsStill), met: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = said, said
	h.must(cmd.Start())
	if sign != nil {
		select {
		case <-said.met:
			h.must(cmd.Process.Signal(sign))
		case <-ctx.Done():
			h.t.Errorf("it never stood still:\n%s", said.String())
		}
	}
	err := cmd.Wait()
	if err == nil {
		h.t.Error("it did not crash")
		return said.String()
	}
	return said.String() + err.Error()
}

// watchedBuffer says when a text has been written to it.
type watchedBuffer struct {
	lockedBuffer
	until []byte
	met   chan struct{}
	once  atomic.Bool
}

func (w *watchedBuffer) Write(p []byte) (int, error) {
	n, err := w.lockedBuffer.Write(p)
	if bytes.Contains([]byte(w.String()), w.until) && !w.once.Swap(true) {
		close(w.met)
	}
	return n, err
}
