package reconcile

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// restAfterSilence is how long what cannot be sent twice is left alone when none of the last was
// answered: each further try would leave another send to a person.
const restAfterSilence = 3 * time.Hour

var errSilence = errors.New("nothing that was sent last was answered")

// silence watches for a target that takes what cannot be sent twice and answers none of it.
type silence struct {
	first    chan struct{} // of one: until one was answered, they go one by one
	mu       sync.Mutex
	answered bool
	parked   int       // without an answer since the last one that was answered, in all runs
	fresh    bool      // this run left some
	since    time.Time // when the last run that did ended
}

// look finds out how the last run that sent something fared.
func (q *silence) look(ctx context.Context, l *loop) error {
	runs, err := l.job.Store.Runs(ctx, l.spec.Name.Text, lookBack)
	for _, r := range runs {
		if r.Counts["answered"] > 0 {
			return err
		}
		if n := r.Counts["silent"]; n > 0 {
			q.parked, q.since = n, r.Ended
			return err
		}
	}
	return err
}

// lasts says whether so many were left without an answer before this run that chance does not explain it.
func (q *silence) lasts() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.answered && !q.since.IsZero() && q.parked >= systemicAfter
}

// rest is why nothing is tried yet, or nil. A clock that was put back lets it try.
func (q *silence) rest(l *loop, object string) *engine.Fault {
	ago := l.began.Sub(q.since)
	if !q.lasts() || ago < 0 || ago >= restAfterSilence {
		return nil
	}
	name := l.spec.Name.Text
	return &engine.Fault{Kind: engine.Transient, Op: "write " + object, Err: errSilence,
		Next: fmt.Sprintf("Look at the target system. The next try is after %s; `casebridge run %s --case ID` tries one at once.",
			q.since.Add(restAfterSilence).In(l.zone).Format("15:04"), name)}
}

// enter waits for its turn while nothing was answered; leave gives it up.
func (q *silence) enter() (leave func()) {
	if q.broken() {
		return func() {}
	}
	q.first <- struct{}{}
	leave = func() { <-q.first }
	if q.broken() {
		leave()
		return func() {}
	}
	return leave
}

func (q *silence) broken() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.answered
}

// patience is how many may stay without an answer, one after another, before the rest is left for later.
func (q *silence) patience(repeatable bool) int {
	if !repeatable && q.lasts() {
		return 1
	}
	return systemicAfter
}

// heard notes the outcome of what cannot be sent twice.
func (q *silence) heard(state engine.State) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch state {
	case engine.Done, engine.Refused:
		q.answered = true
	case engine.Unknown:
		q.parked++
		q.fresh = true
	}
}

// tell says in the summary whether anything was answered, for the runs to come.
func (q *silence) tell(sum *Summary) {
	q.mu.Lock()
	defer q.mu.Unlock()
	sum.Answered = q.answered
	if q.fresh && !q.answered {
		sum.Silent = q.parked
	}
}
