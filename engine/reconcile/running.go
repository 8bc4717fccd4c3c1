package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/semaphore"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/store"
)

const (
	// writersAtOnce bounds how many records are being written; each connection has its own, lower limit.
	writersAtOnce = 128
	// onceAtOnce bounds the sends under way that cannot be repeated: so many at most may have to be
	// looked after by a person when the process is killed or can record nothing more.
	onceAtOnce = 24
	// systemicAfter is how many writes may fail one after another, with none that went through
	// between them, before the rest is left for later: the fault is then not in the records.
	systemicAfter = 5
)

// sending writes what was decided. Records are handed to workers and may still
// be under way while the next wave is being decided; see worker.go.
type sending struct {
	loop    *loop
	writers map[string]engine.Writer
	limits  limits
	intents *commits[[]*item, error]
	settles *commits[[]*item, error]

	backlog chan struct{}       // records handed over and not settled
	slots   chan struct{}       // of these, records being written
	once    *semaphore.Weighted // sends under way that cannot be repeated
	workers sync.WaitGroup
	silence silence

	mu      sync.Mutex
	lost    bool           // some record has no durable outcome: the cursor must stay
	waiting int            // parts of records that only need another try, held until then
	held    string         // why nothing may be written from the start
	tried   bool           // all of these have had their tries
	failing map[string]int // by object: writes that failed in a row
	stopped *engine.Fault  // set: nothing more is sent

	conflicts []*item // refused because the target was not as it had been; see anew.go
	anew      bool    // these are being decided anew: what is refused now stays so
}

func newDelivery(l *loop, writers map[string]engine.Writer) *sending {
	s := &sending{loop: l, writers: writers, limits: limits{spec: l.job.Limits}, failing: map[string]int{}, silence: silence{first: make(chan struct{}, 1)},
		backlog: make(chan struct{}, groupSize), slots: make(chan struct{}, writersAtOnce), once: semaphore.NewWeighted(onceAtOnce)}
	s.intents = &commits[[]*item, error]{commit: s.intend}
	s.settles = &commits[[]*item, error]{commit: s.settle}
	return s
}

// patience is how many runs the cursor waits for a part of a record that needs another try. After
// that it stays in quarantine and no longer holds up what is behind it.
const patience = 3

// settled says whether every record has a durable outcome, or has had its tries.
func (s *sending) settled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.lost && (s.waiting == 0 || s.tried)
}

// tries says whether all that waits for another try has had enough of them.
func (s *sending) tries(ctx context.Context) (bool, error) {
	entries, err := s.loop.heldOpen(ctx)
	for _, e := range entries {
		if e.Run == s.loop.run_.ID && e.Kind == string(engine.Transient) && e.Times < patience {
			return false, err
		}
	}
	return err == nil, err
}

// admit refuses a flow that could send again what was sent before casebridge kept a ledger, or
// under another key, and one that a limit stopped and nobody has released since.
func (s *sending) admit(ctx context.Context, l *loop, cur store.Cursor) error {
	if cur.AdoptedBefore == "" && l.spec.Source.Start.Text == "" && sendsOnce(l.job, l.spec.Routes) {
		return &engine.Fault{Kind: engine.Environment, Op: "start flow", Ref: l.spec.Name.Text, Err: errNoStart,
			Next: "Record what the old jobs sent with `casebridge state adopt`, or give the flow a start date (since.start)."}
	}
	if err := notRolledBack(ctx, l); err != nil {
		return err
	}
	if err := keysHold(ctx, l, l.spec.Routes); err != nil {
		return err
	}
	if l.job.Released || l.job.manual() {
		return nil
	}
	if err := s.silence.look(ctx, l); err != nil {
		return err
	}
	last, err := l.job.Store.LastOrdinary(ctx, l.spec.Name.Text)
	if last.State == string(EndedHeld) || last.Counts[heldCount] > 0 {
		s.held = "a limit stopped it and nobody has released it since"
		l.wasHeld = true
	}
	return err
}

// heldCount is the count of a run that began held and did not get through its window: it has not shown
// that there is nothing to hold any more.
const heldCount = "held"

// lookBack is how many runs are looked through for the last one that sent something.
const lookBack = 50

func sendsOnce(job Job, routes []*spec.Route) bool {
	for _, r := range routes {
		for _, w := range r.Writes {
			if obj := job.object(w.Object.Text); obj != nil && w.Verb.Text == string(engine.SendVerb) && !obj.Repeatable {
				return true
			}
		}
		if sendsOnce(job, r.Routes) {
			return true
		}
	}
	return false
}

// deliver records what needs no write, in one transaction, and hands the rest to workers.
func (s *sending) deliver(ctx context.Context, l *loop, wave []work, recalled []store.Recalled) error {
	items := s.collect(wave)
	held := s.limits.admit(l.read(), items)
	if s.held != "" && len(slices.Concat(items...)) > 0 {
		held = s.held
	}
	if err := s.settleWave(ctx, wave, recalled); err != nil {
		return err
	}
	if held != "" {
		return s.hold(held)
	}
	s.hand(ctx, wave, items)
	if fault := s.fault(); fault != nil {
		return fault
	}
	return context.Cause(ctx)
}

// finish waits for every worker and says what stopped them, if anything did.
func (s *sending) finish(ctx context.Context) (err error) {
	s.workers.Wait()
	err = s.decideAnew(ctx)
	s.loop.tally(s.silence.tell)
	if fault := s.fault(); fault != nil {
		return fault
	}
	if err == nil && s.waiting > 0 {
		s.tried, err = s.tries(context.WithoutCancel(ctx))
	}
	if err == nil && s.lost {
		err = context.Cause(ctx) // all had been handed over, but not all left before the order to stop
	}
	return err
}

func (s *sending) fault() *engine.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopped
}

// collect lists the writes of a wave, record by record.
func (s *sending) collect(wave []work) [][]*item {
	items := make([][]*item, len(wave))
	for i, w := range wave {
		of := &progress{record: w.decision.Record}
		for _, c := range w.decision.Changes {
			if c.Verdict.Writes() {
				of.left++
				items[i] = append(items[i], &item{source: w.record, of: of, change: c, repeatable: s.loop.job.object(c.Object).Repeatable})
			}
			if holds(c) || c.Verdict == engine.Unclear {
				of.held = append(of.held, keyOf(c))
			}
			if c.Verdict == engine.Unclear {
				s.undelivered(true)
			}
		}
	}
	return items
}

// undelivered notes a part of a record that the next run decides again; held says that quarantine remembers it meanwhile.
func (s *sending) undelivered(held bool) {
	s.mu.Lock()
	if held {
		s.waiting++
	} else {
		s.lost = true
	}
	s.mu.Unlock()
	s.loop.tally(func(sum *Summary) { sum.Undelivered++ })
}

// settleWave records what the wave proves, recalls and holds back. Sightings come before any write of the wave.
func (s *sending) settleWave(ctx context.Context, wave []work, recalled []store.Recalled) error {
	out := store.Settlement{Recalled: recalled}
	for _, w := range wave {
		out.Sightings = append(out.Sightings, w.decision.Sightings...)
		out.Linked = append(out.Linked, inCommon(w.decision)...)
		if !pending(w.decision) && !w.decision.Unusable {
			// Nothing of this record is to be written any more: whatever was held of it before is over.
			out.Cleared = append(out.Cleared, store.RecordKey{Record: w.decision.Record})
		}
		s.loop.addDecided(&out, w)
		out.Unmapped = append(out.Unmapped, s.loop.unmapped(w.decision)...)
	}
	if err := s.loop.at(ctx, BeforeDecided); err != nil {
		return err
	}
	learned, err := s.loop.run_.Settle(context.WithoutCancel(ctx), out)
	s.loop.tally(func(sum *Summary) {
		sum.Seen += learned.Seen
		sum.Released += learned.Released
	})
	return err
}

// pending says whether a part of the record is still to be written, or could not be decided.
func pending(d mapping.Decision) bool {
	return slices.ContainsFunc(d.Changes, func(c engine.Change) bool { return c.Verdict.Writes() || c.Verdict == engine.Unclear })
}

func (l *loop) addDecided(out *store.Settlement, w work) {
	for _, c := range w.decision.Changes {
		switch {
		case holds(c):
			out.Held = append(out.Held, l.held(w.record, c, nil))
		case c.Verdict == engine.Unclear:
			out.Held = append(out.Held, l.held(w.record, c, &engine.Fault{Kind: engine.Transient, Op: "decide", Ref: c.Record, Err: errors.New(c.Reason.Text)}))
		case c.Reason.Code == discardedCode: // it stays discarded
		case c.Verdict == engine.NoChange, c.Verdict == engine.Skip:
			out.Cleared = append(out.Cleared, keyOf(c))
		}
	}
}

// hold ends the flow before this wave is written.
func (s *sending) hold(why string) error {
	s.mu.Lock()
	s.lost = true
	s.mu.Unlock()
	name := s.loop.spec.Name.Text
	s.loop.tally(func(sum *Summary) { sum.Held = why })
	return heldError{&engine.Fault{Kind: engine.Rejected, Op: "run flow", Ref: name, Err: errors.New(why),
		Next: fmt.Sprintf("Look at `casebridge plan %s` and release it with `casebridge run %s --plan HASH`.", name, name)}}
}
