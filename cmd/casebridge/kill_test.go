package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// crowd opens cases, each referred for one or two services.
func (p *people) crowd(n int) {
	for range n {
		i := len(p.children)
		c := &child{name: fmt.Sprintf("K%03d", i)}
		p.children = append(p.children, c)
		ngo := p.ngos[i%len(p.ngos)]
		_ = p.openCase(c, i, nil) // cannot fail
		for k := range 1 + i%2 {
			if err := p.ask(c, services[(i+k)%len(services)], ngo); err != nil {
				p.t.Fatal(err)
			}
		}
		if i%3 == 0 {
			d := &child{name: fmt.Sprintf("N%03d", i)}
			slug, err := p.enter(d, ngo, i)
			if err == nil {
				_, err = p.oscar.ReferToGovernment(ngo, slug, []string{"School support"}, d.name+" asks")
			}
			if err != nil {
				p.t.Fatal(err)
			}
			p.children = append(p.children, d)
		}
	}
}

// sends counts the referrals in the ledger by their state.
func (s *storm) sends() map[string]int {
	st := s.open(context.Background())
	defer func() { _ = st.Close() }()
	o, err := st.Overview(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[string]int{}
	for _, c := range o.Sends {
		if c.Object == "oscar.referral" {
			out[c.State] = c.Count
		}
	}
	return out
}

// mostParked is how many sends one kill may leave to a person.
const mostParked = 24

// TestKill: a run that is killed at any moment loses nothing and sends nothing twice.
func TestKill(t *testing.T) {
	for _, seed := range seeds(t, 1, 10) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			s := atSockets(t, 5*time.Millisecond)
			p := newPeople(s, seed, 0, 0)
			play := &performance{people: p}
			rng := rand.New(rand.NewPCG(seed, 4))
			most := 0
			for range 6 {
				p.crowd(20)
				before := s.sends()
				run := s.start(nil)
				if rng.IntN(3) == 0 {
					s.after(run, rng.IntN(200), func() int { return s.primero.Requests().Total + s.oscar.Requests() })
				} else {
					s.after(run, rng.IntN(40), s.oscar.Writes)
				}
				_ = run.Process.Kill() // it may have ended
				code := run.wait()
				after := s.sends()
				open := after["intended"] + after["parked"] - before["intended"] - before["parked"]
				t.Logf("exit %d with %v in the ledger, %d arrived", code, after, p.arrivals())
				if most = max(most, open); open > mostParked {
					t.Errorf("a kill left %d sends to a person, want at most %d\n%s", open, mostParked, run.out.String())
				}
				s.pass(time.Hour)
			}
			play.aftermath()
			t.Logf("%d parked over 6 kills, at most %d by one", play.parked, most)
		})
	}
}

// after waits until a counter has moved on by n, or the process has ended.
func (s *storm) after(run *process, n int, counter func() int) {
	for n += counter(); counter() < n; {
		select {
		case <-run.ended:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// arrivals counts the referrals of all children that arrived in OSCaR.
func (p *people) arrivals() int {
	n := 0
	for _, c := range p.children {
		for _, reason := range c.reasons {
			n += len(p.arrived(reason))
		}
	}
	return n
}

// aftermath runs until nothing is left to do, has a person decide about what is parked, and checks that all is there.
func (p *performance) aftermath() {
	p.quieten()
	p.checkDelivered()
	p.decideParked()
	p.quieten()
	p.checkDelivered()
	p.checkAllThere()
}

// checkAllThere: every child's referrals and case have arrived.
func (p *performance) checkAllThere() {
	for _, c := range p.children {
		for _, reason := range c.reasons {
			if len(p.arrived(reason)) != 1 {
				p.fail("%q arrived %d times", reason, len(p.arrived(reason)))
			}
		}
		if p.played(c) == nil {
			p.fail("child %s has no case", c.name)
		}
	}
}

// After a kill the lease keeps the next run out for a minute at most, and says so.
func TestLeaseOfAKilledRun(t *testing.T) {
	s := atSockets(t, 15*time.Millisecond)
	p := newPeople(s, 1, 0, 0)
	p.crowd(30)
	waits, goOn := s.holdSends(t, p, 3)
	first := s.start(nil)
	<-waits
	_ = first.Process.Kill()
	first.wait()
	goOn()
	second := s.start(nil)
	if code := second.wait(); code != exitEnvironment || !strings.Contains(second.out.String(), fmt.Sprintf("process %d", first.Process.Pid)) || !strings.Contains(second.out.String(), "ends by itself at") {
		t.Errorf("exit %d within the minute:\n%s", code, second.out.String())
	}
	t.Log(lastLine(second.out.String()))
	s.pass(61 * time.Second)
	third := s.start(nil)
	if code := third.wait(); code != exitPartial && code != exitDone {
		t.Errorf("exit %d after the minute:\n%s", code, third.out.String())
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// until waits for something that a process does.
func (s *storm) until(happened func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if happened() {
			return
		}
	}
	s.t.Fatal("it did not happen")
}

// Two runs that start together send nothing twice, whichever of them is refused.
func TestTwoRunsAtOnce(t *testing.T) {
	s := atSockets(t, 15*time.Millisecond)
	p := newPeople(s, 1, 0, 0)
	p.crowd(40)
	both := []*process{s.start(nil), s.start(nil)}
	for _, run := range both {
		code, text := run.wait(), run.out.String()
		refused := code == exitEnvironment && strings.Contains(text, "runs it since")
		if !refused && code != exitDone && code != exitPartial {
			t.Errorf("exit %d:\n%s", code, text)
		}
	}
	play := &performance{people: p}
	s.pass(time.Hour)
	play.aftermath()
}

// While one run is at work, another one is refused, and is told by whom and since when.
func TestSecondRunIsRefused(t *testing.T) {
	s := atSockets(t, time.Millisecond)
	reading, goOn := make(chan struct{}), make(chan struct{})
	var held atomic.Bool
	s.before(t, func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/clients") && held.CompareAndSwap(false, true) { // it reads: by then the flow is held
			close(reading)
			<-goOn
		}
	})
	first := s.start(nil)
	<-reading
	second := s.start(nil)
	code, text := second.wait(), second.out.String()
	close(goOn)
	if holder := fmt.Sprintf("process %d", first.Process.Pid); code != exitEnvironment || !strings.Contains(text, "runs it since") || !strings.Contains(text, holder) {
		t.Errorf("exit %d, want a refusal that names %s:\n%s", code, holder, text)
	}
	if code := first.wait(); code != exitDone {
		t.Errorf("exit %d of the first run:\n%s", code, first.out.String())
	}
}

// A run that was silent for so long that another one took over does no harm when it wakes up.
func TestSuspendedRun(t *testing.T) {
	s := atSockets(t, 15*time.Millisecond)
	p := newPeople(s, 1, 0, 0)
	p.crowd(40)
	waits, goOn := s.holdSends(t, p, 5)
	first := s.start(nil)
	<-waits
	time.Sleep(time.Second) // until all that can go on has: what sleeps while it writes to the store keeps everybody from it
	_ = first.Process.Signal(syscall.SIGSTOP)
	goOn()
	s.pass(2 * time.Minute)
	second := s.start(nil)
	code := second.wait()
	for wake := range 5 {
		if code != exitEnvironment || !strings.Contains(second.out.String(), "Another program holds the store") {
			break
		}
		// It was writing all the same: let it sleep elsewhere.
		_ = first.Process.Signal(syscall.SIGCONT)
		time.Sleep(time.Duration(1+wake) * 200 * time.Millisecond)
		_ = first.Process.Signal(syscall.SIGSTOP)
		second = s.start(nil)
		code = second.wait()
	}
	if code != exitDone && code != exitPartial {
		t.Errorf("exit %d of the second run:\n%s", code, second.out.String())
	}
	_ = first.Process.Signal(syscall.SIGCONT)
	// It may have slept between two flows, when it held no lease: then it simply goes on.
	code = first.wait()
	lost := code == exitEnvironment && strings.Contains(first.out.String(), "another one took over")
	if !lost && code != exitDone && code != exitPartial {
		t.Errorf("exit %d of the first run:\n%s", code, first.out.String())
	}
	t.Log(lastLine(first.out.String()))
	play := &performance{people: p}
	s.pass(time.Hour)
	play.aftermath()
	t.Logf("%d parked", play.parked)
}

// Told to stop, a run finishes what is in hand and leaves nothing to a person; the next run goes on.
func TestTerminate(t *testing.T) {
	s := atSockets(t, 15*time.Millisecond)
	p := newPeople(s, 1, 0, 0)
	p.crowd(60)
	waits, goOn := s.holdSends(t, p, 5)
	run := s.start(nil)
	<-waits
	_ = run.Process.Signal(syscall.SIGTERM)
	s.until(func() bool { return strings.Contains(run.out.String(), heard) })
	goOn()
	if code := run.wait(); code != exitPartial {
		t.Errorf("exit %d:\n%s", code, run.out.String())
	}
	t.Log(lastLine(run.out.String()))
	after := s.sends()
	arrived := p.arrivals()
	if after["parked"]+after["intended"] != 0 || after["sent"] != arrived {
		t.Errorf("the ledger has %v, %d arrived", after, arrived)
	}
	play := &performance{people: p}
	s.pass(time.Minute / 2) // its lease was given back
	play.aftermath()
}

// What cannot be recorded is not sent: files may not grow, as on a full disk.
func TestStoreThatCannotGrow(t *testing.T) {
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no shell with limits")
	}
	s := atSockets(t, time.Millisecond)
	p := newPeople(s, 1, 0, 0)
	s.pass(time.Hour)
	if code := s.start(nil).wait(); code != exitDone {
		t.Fatalf("exit %d on the first day", code)
	}
	p.crowd(40)
	for kilobytes := 200; kilobytes <= 400; kilobytes += 50 {
		s.pass(2 * time.Minute)
		run := s.start([]string{smallFiles + "=1"}, shell, "-c", fmt.Sprintf(`ulimit -f %d; exec "$@"`, kilobytes), "bash")
		code, text := run.wait(), run.out.String()
		t.Logf("%d kB: exit %d, %v in the ledger: %s", kilobytes, code, s.sends(), lastLine(text))
		if code == exitDone || code == exitPartial {
			continue
		}
		if code != exitEnvironment || strings.Contains(text, "panic") {
			t.Errorf("%d kB: exit %d:\n%s", kilobytes, code, text)
		}
	}
	play := &performance{people: p}
	s.pass(2 * time.Minute)
	play.aftermath()
}

// The same on a disk that is full.
func TestFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := exec.Command("mount", "-t", "tmpfs", "-o", "size=400k", "casebridge-test", dir).Run(); err != nil {
		t.Skip("no right to mount a small disk")
	}
	defer func() { _ = exec.Command("umount", dir).Run() }()
	s := atSockets(t, time.Millisecond)
	s.db = dir + "/store.db"
	p := newPeople(s, 1, 0, 0)
	p.crowd(60)
	run := s.start(nil)
	code, text := run.wait(), run.out.String()
	t.Logf("exit %d: %s", code, lastLine(text))
	if code != exitEnvironment || !strings.Contains(text, "disk") {
		t.Errorf("exit %d:\n%s", code, text)
	}
	if err := exec.Command("mount", "-o", "remount,size=64m", dir).Run(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%v in the ledger, %d arrived", s.sends(), p.arrivals())
	play := &performance{people: p}
	s.pass(2 * time.Minute)
	play.aftermath()
}

// A store that cannot be written is refused before anything is asked of the systems' data.
func TestStoreThatCannotBeWritten(t *testing.T) {
	s := atSockets(t, 0)
	p := newPeople(s, 1, 0, 0)
	p.crowd(1)
	s.db += "/is/a/file/that/is/no/directory"
	if err := os.WriteFile(s.db[:strings.Index(s.db, "/is/a")], nil, 0o600); err != nil {
		t.Fatal(err)
	}
	run := s.start(nil)
	if code := run.wait(); code != exitEnvironment || s.writes() != 0 || !strings.Contains(run.out.String(), "name another store") {
		t.Errorf("exit %d, %d writes:\n%s", code, s.writes(), run.out.String())
	}
	t.Log(lastLine(run.out.String()))
}
