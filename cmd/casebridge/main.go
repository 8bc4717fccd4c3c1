// Command casebridge keeps two case-management systems in step: it reads specs,
// checks and tests them, shows what a run would change, and runs.
//
// This package is the edge: arguments, environment, clock and exit code live
// here and are passed down. One file per command.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"os/user"
	"sync/atomic"
	"syscall"
	"time"
	_ "time/tzdata" // project zones must work on machines without a zone database
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// After the first signal the records in hand are finished; a second one ends the process at once.
	var over atomic.Bool
	context.AfterFunc(ctx, func() {
		stop()
		if !over.Load() {
			fmt.Fprintln(os.Stderr, "casebridge: told to stop: finishing what is in hand; a second signal leaves at once")
		}
	})
	a := app{environ: os.Environ, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, now: time.Now, who: who(), terminal: isTerminal(os.Stderr)}
	code := a.run(ctx, os.Args[1:])
	over.Store(true)
	stop()
	os.Exit(code)
}

// who names the person or account at work, the machine and the process: for the audit trail, and so
// that a run that is refused can say who holds the flow.
func who() string {
	name := fmt.Sprintf("user %d", os.Getuid())
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if host, err := os.Hostname(); err == nil {
		name += " on " + host
	}
	return fmt.Sprintf("%s (process %d)", name, os.Getpid())
}

// isTerminal says whether f is a screen, where progress can be shown.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
