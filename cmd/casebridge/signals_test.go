package main

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	oscarsim "github.com/casebridge/casebridge/connectors/oscar/sim"
)

// running is casebridge, main and all, as a process of its own.
type running struct {
	*exec.Cmd
	said  lockedBuffer
	ended chan struct{}
}

// program starts `casebridge run`.
func (r *rig) program(t *testing.T) *running {
	t.Helper()
	p := &running{Cmd: exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAsProgram$"), ended: make(chan struct{})}
	p.Env = append(r.environ(), "CASEBRIDGE_ARGUMENTS=run", "TMPDIR="+t.TempDir())
	p.Stdout, p.Stderr = &p.said, &p.said
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.Wait() // how it ended shows in its state
		close(p.ended)
	}()
	return p
}

// says waits until the process has said something. How long a loaded machine takes is nobody's fault.
func (p *running) says(t *testing.T, text string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !strings.Contains(p.said.String(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) || p.endsWithin(0) {
			t.Fatalf("it does not say %q:\n%s", text, p.said.String())
		}
	}
}

// patience is how long these tests wait for what must come: far longer than any machine needs.
const patience = 3 * time.Minute

// endsWithin waits for the process and says whether it ended in time.
func (p *running) endsWithin(d time.Duration) bool {
	select {
	case <-p.ended:
		return true
	case <-time.After(d):
		return false
	}
}

// busy is a rig in which a run has one referral under way that is answered only when hold ends.
func busy(t *testing.T, hold time.Duration) (*rig, *running) {
	t.Helper()
	if testing.Short() {
		t.Skip("starts processes")
	}
	r := newRig(t, t.TempDir())
	r.clock.real() // that of a process cannot be set
	for i := range 3 {
		r.referred(t, i, "counselling_trauma", "gpc")
	}
	met := make(chan struct{}, 9)
	r.oscar.FailNext(func(q *http.Request) bool {
		if !oscarsim.Upserts(q) {
			return false
		}
		met <- struct{}{}
		return true
	}, oscarsim.SlowAfter(hold), 9)
	p := r.program(t)
	select {
	case <-met:
	case <-time.After(patience):
		t.Fatalf("it sends nothing:\n%s", p.said.String())
	}
	return r, p
}

func TestSignalFinishesWhatIsInHand(t *testing.T) {
	for _, sign := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		r, p := busy(t, 2*time.Second)
		if err := p.Process.Signal(sign); err != nil {
			t.Fatal(err)
		}
		if !p.endsWithin(patience) {
			t.Fatalf("it does not end:\n%s", p.said.String())
		}
		text := p.said.String()
		if p.ProcessState.ExitCode() != exitPartial {
			t.Errorf("exit code %d after %v:\n%s", p.ProcessState.ExitCode(), sign, text)
		}
		for _, want := range []string{"finishing what is in hand", "told to stop before it left", "casebridge: told to stop; what was in hand is finished and recorded, and the next `casebridge run` goes on from there"} {
			if !strings.Contains(text, want) {
				t.Errorf("it does not say %q:\n%s", want, text)
			}
		}
		if strings.Contains(text, "context canceled") || strings.Contains(text, "signal received") {
			t.Errorf("it speaks to programmers:\n%s", text)
		}
		r.oscar.Heal()
		r.run(t, exitDone, "run") // at once: the lease was given back
		if n := len(r.allReceived()); n != 3 {
			t.Errorf("%d referrals arrived, want 3, each once", n)
		}
	}
}

// stopsByItself is when a run that was told to stop gives up what is in hand.
const stopsByItself = time.Minute

func TestSecondSignalLeavesAtOnce(t *testing.T) {
	r, p := busy(t, 10*time.Minute)
	_ = p.Process.Signal(syscall.SIGTERM)
	p.says(t, "a second signal leaves at once")
	if p.endsWithin(time.Second) {
		t.Fatalf("it did not finish what was in hand:\n%s", p.said.String())
	}
	_ = p.Process.Signal(syscall.SIGTERM)
	if !p.endsWithin(stopsByItself / 2) {
		t.Fatalf("a second signal does not end it:\n%s", p.said.String())
	}
	if p.ProcessState.ExitCode() != -1 {
		t.Errorf("it ended by itself: %v\n%s", p.ProcessState, p.said.String())
	}
	r.oscar.Heal()
	r.clock.later(2 * time.Minute) // the lease of the dead run is over
	if o := r.run(t, exitDone, "run"); !strings.Contains(o.out, "A run that died was recovered: 1 of its writes may have arrived and are parked") {
		t.Errorf("the next run does not say what it found:\n%s", o.out)
	}
	// The one under way is parked; the others go, none twice. The slow answer of the dead run may be made or not.
	if n := len(r.allReceived()); n != 2 && n != 3 {
		t.Errorf("%d referrals arrived", n)
	}
	if o := r.run(t, exitDone, "parked", "list"); !strings.Contains(o.out, "oscar.referral") {
		t.Errorf("nothing is parked:\n%s", o.out)
	}
}

// A run that is told to stop while it signs in has nothing in hand.
func TestSignalDuringSignIn(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	r := newRig(t, t.TempDir())
	r.clock.real()
	asked := make(chan struct{}, 9)
	front := serveTest(t, http.HandlerFunc(func(_ http.ResponseWriter, q *http.Request) {
		asked <- struct{}{}
		<-q.Context().Done()
	}))
	r.env["PRIMERO_URL"] = front.url
	p := r.program(t)
	<-asked
	_ = p.Process.Signal(syscall.SIGTERM)
	if !p.endsWithin(patience) || p.ProcessState.ExitCode() != exitPartial || !strings.Contains(p.said.String(), "goes on from there") {
		t.Errorf("%v\n%s", p.ProcessState, p.said.String())
	}
}
