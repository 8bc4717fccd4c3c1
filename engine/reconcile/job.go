package reconcile

import (
	"context"
	"log/slog"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/store"
)

// groupSize is how many source records are decided together: large
// enough to fill a connection and to share one fsync, small enough to hold in memory.
const groupSize = 512

// Job is one flow and what it works with.
type Job struct {
	Project *spec.Project
	Flow    *mapping.Flow
	Readers map[string]engine.Reader // by connection
	Store   *store.Store             // Run: the store itself; Plan: a scratch copy
	Window  Window
	Limits  spec.Limits // after settings; -1: none
	// Released says that a person has looked at this very plan: a flow that a limit stopped may go on.
	Released bool
	// Retry are quarantine entries that a person wants tried again: their records are read, nothing else, and the cursor stays.
	Retry    []store.QuarantineEntry
	RetryFor time.Duration // what has been in quarantine for longer is not tried again by itself; 0: there is no end
	Now      func() time.Time
	Log      *slog.Logger
	Who      string // who started it, for the audit trail
	Tell     Tell   // may be nil
	// At is for tests of crashes; nil otherwise. It is called at each Boundary, by many goroutines at
	// once, and its error ends the run as if the process had died there. It must then fail always.
	At func(context.Context, Boundary) error

	adoptedBefore string // while it is adopted: the day before which everything counts as sent
}

// Tell is told what happens, for screens. It is called from one goroutine at a time.
type Tell interface {
	// Decided is called for every decided record, before anything is written.
	Decided(mapping.Decision)
	// Settled is called for every write, when its outcome is safely recorded.
	Settled(engine.Change, engine.Outcome)
	// Progress is called after every wave.
	Progress(Summary)
}

// State is how a flow ended.
type State string

// The states. After Done and Partial the next flow of a chain may start.
const (
	EndedDone    State = "done"
	EndedPartial State = "partial" // some records did not go through; each has its reason
	EndedHeld    State = "held"    // a limit was reached; a person must release its plan
	EndedStopped State = "stopped" // no sign-in, no environment, or told to stop
)

// Plan decides about every record of the window and writes nothing anywhere but in job.Store, a scratch copy.
func Plan(ctx context.Context, job Job) (Summary, error) {
	return newLoop(job).run(ctx, planning{})
}

// Run decides about every record of the window, writes, and settles.
// The error says why the reading or the run ended early; the Summary counts what was done until then.
func Run(ctx context.Context, job Job, writers map[string]engine.Writer) (Summary, error) {
	l := newLoop(job)
	return l.run(ctx, newDelivery(l, writers))
}

// object returns the facts of "connection.object"; specs were checked, so it is there.
func (j Job) object(full string) *engine.Object { return j.Project.Object(full) }
