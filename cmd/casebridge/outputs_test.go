package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// crossTalk notices who begins to write before another has ended.
type crossTalk struct {
	speaking atomic.Int32
	heard    atomic.Bool
}

func (c *crossTalk) Write(p []byte) (int, error) {
	if c.speaking.Add(1) > 1 {
		c.heard.Store(true)
	}
	for range 10 {
		runtime.Gosched()
	}
	c.speaking.Add(-1)
	return len(p), nil
}

// What is printed and the logs of each connection may all go to one place, and none breaks into another's words.
func TestNobodyIsInterrupted(t *testing.T) {
	listener := &crossTalk{}
	a := app{environ: func() []string { return nil }, stdout: listener, stderr: listener}
	if code := a.run(t.Context(), []string{"version"}); code != exitDone {
		t.Fatal(code)
	}
	logs := []func(){
		func() { fmt.Fprintln(a.stdout, "a line") },
		func() { fmt.Fprintln(a.stderr, "a line") },
		func() { a.log().Warn("a line") }, // each connection has a log of its own
	}
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			for range 50 {
				logs[i%len(logs)]()
			}
		})
	}
	all.Wait()
	if listener.heard.Load() {
		t.Error("somebody was interrupted")
	}
}
