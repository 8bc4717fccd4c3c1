package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/store"
)

// systemicAfter is how many writes may fail one after another, with none that
// went through between them, before the rest is left for later: the fault is then not in the records.
const systemicAfter = 5

// sending carries waves to their targets.
type sending struct {
	writers map[string]engine.Writer
	limits  limits
	intact  bool // every record so far has a durable outcome

	mu      sync.Mutex
	failing int           // writes that failed in a row
	stopped *engine.Fault // set: nothing more is sent
}

func newDelivery(l *loop, writers map[string]engine.Writer) *sending {
	return &sending{writers: writers, limits: limits{spec: l.job.Limits}, intact: true}
}

func (s *sending) settled() bool { return s.intact }

// admit refuses a flow that could send again what was sent before casebridge kept a ledger.
func (s *sending) admit(l *loop, cur store.Cursor) error {
	if cur.AdoptedBefore != "" || l.spec.Source.Start.Text != "" || !sendsOnce(l.job, l.spec.Routes) {
		return nil
	}
	return &engine.Fault{Kind: engine.Environment, Op: "start flow", Ref: l.spec.Name.Text, Err: errNoStart,
		Next: "Record what the old jobs sent with `casebridge state adopt`, or give the flow a start date (since.start)."}
}

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

// item is one write of a wave.
type item struct {
	change     engine.Change
	repeatable bool
	intent     int64
	outcome    engine.Outcome
}

// deliver writes a wave: limits, intents (one transaction), writes, outcomes (one transaction).
func (s *sending) deliver(ctx context.Context, l *loop, wave []mapping.Decision, recalled []store.Recalled) error {
	items := s.collect(l, wave)
	if held := s.limits.admit(l.sum.Read, items); held != "" {
		return s.hold(ctx, l, held, recalled)
	}
	items, err := s.intend(ctx, l, items)
	if err != nil {
		return err
	}
	s.write(ctx, l, items)
	settlement := s.settlement(l, wave, items)
	settlement.Recalled = recalled
	// What was sent must be recorded even if we were told to stop meanwhile.
	learned, err := l.run_.Settle(context.WithoutCancel(ctx), settlement)
	if err != nil {
		return err
	}
	l.sum.Seen += learned.Seen
	l.sum.Released += learned.Released
	s.count(l, items)
	if s.stopped != nil {
		return s.stopped
	}
	return context.Cause(ctx)
}

func (s *sending) collect(l *loop, wave []mapping.Decision) []*item {
	var items []*item
	for _, dec := range wave {
		for _, c := range dec.Changes {
			if c.Verdict.Writes() {
				items = append(items, &item{change: c, repeatable: l.job.object(c.Object).Repeatable})
			}
			if c.Verdict == engine.Unclear {
				s.intact = false
				l.sum.Undelivered++
			}
		}
	}
	return items
}

// hold ends the flow before this wave is written; what was read is remembered all the same.
func (s *sending) hold(ctx context.Context, l *loop, held string, recalled []store.Recalled) error {
	s.intact = false
	l.sum.Held = held
	if _, err := l.run_.Settle(ctx, store.Settlement{Recalled: recalled}); err != nil {
		return err
	}
	return &engine.Fault{Kind: engine.Rejected, Op: "run flow", Ref: l.spec.Name.Text, Err: fmt.Errorf("%s", held),
		Next: fmt.Sprintf("Look at `casebridge plan %s` and release it with `casebridge run %s --plan HASH`.", l.spec.Name.Text, l.spec.Name.Text)}
}

// intend records the wave's writes. A send that the ledger knows already, e.g. twice in one wave, is left out.
func (s *sending) intend(ctx context.Context, l *loop, items []*item) ([]*item, error) {
	if len(items) == 0 {
		return nil, nil
	}
	intents := make([]store.Intent, len(items))
	for i, it := range items {
		intents[i] = store.Intent{Change: it.change, Repeatable: it.repeatable}
	}
	ids, err := l.run_.Intend(ctx, intents)
	var again *store.AlreadySent
	if errors.As(err, &again) {
		l.sum.Unchanged += len(again.Items)
		return s.intend(ctx, l, without(items, again.Items))
	}
	if err != nil {
		return nil, err
	}
	for i := range items {
		items[i].intent = ids[i]
	}
	return items, nil
}

func without(items []*item, at []int) []*item {
	var out []*item
	for i, it := range items {
		if !slices.Contains(at, i) {
			out = append(out, it)
		}
	}
	return out
}

// write sends records side by side, but the writes of one record one after another: two
// services of one child are never under way at once. What goes in batches goes last.
func (s *sending) write(ctx context.Context, l *loop, items []*item) {
	singles, batched := split(l, items)
	s.sideBySide(singles, func(group []*item) { s.writeRecord(ctx, group) })
	s.sideBySide(batched, func(group []*item) { s.send(ctx, group) })
}

func (s *sending) sideBySide(groups [][]*item, do func([]*item)) {
	var wait errgroup.Group
	wait.SetLimit(lookupLimit)
	for _, g := range groups {
		wait.Go(func() error {
			do(g)
			return nil
		})
	}
	_ = wait.Wait() // the functions return no errors: every item has its outcome
}

// writeRecord writes one record's items in order. The first of a chain that is not done stops the rest of that chain.
func (s *sending) writeRecord(ctx context.Context, items []*item) {
	broken := map[string]bool{}
	for _, it := range items {
		if broken[it.change.Chain] {
			it.outcome = engine.Outcome{State: engine.Unsent, Fault: &engine.Fault{Kind: engine.Transient,
				Op: "write " + it.change.Object, Ref: it.change.Record, Err: errChain}}
			continue
		}
		s.send(ctx, []*item{it})
		broken[it.change.Chain] = it.change.Chain != "" && it.outcome.State != engine.Done
	}
}

// send hands items of one object over and watches for a fault that is not in the records.
func (s *sending) send(ctx context.Context, items []*item) {
	if fault := s.refusal(ctx, items[0]); fault != nil {
		for _, it := range items {
			it.outcome = engine.Outcome{State: engine.Unsent, Fault: fault}
		}
		return
	}
	connection, _, _ := engine.SplitObject(items[0].change.Object)
	changes := make([]engine.Change, len(items))
	for i, it := range items {
		changes[i] = it.change
	}
	outcomes := s.writers[connection].Write(ctx, changes)
	for i, it := range items {
		it.outcome = outcomes[i]
	}
	s.watch(items)
}

func (s *sending) refusal(ctx context.Context, it *item) *engine.Fault {
	if err := ctx.Err(); err != nil {
		return &engine.Fault{Kind: engine.Cancelled, Op: "write " + it.change.Object, Ref: it.change.Record, Err: err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopped
}

func (s *sending) watch(items []*item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, it := range items {
		fault := it.outcome.Fault
		switch {
		case it.outcome.State == engine.Done, it.outcome.State == engine.Refused:
			s.failing = 0
		case fault != nil && stops(fault.Kind):
			s.stop(fault)
		default:
			if s.failing++; s.failing >= systemicAfter {
				s.stop(&engine.Fault{Kind: engine.Transient, Op: "write " + it.change.Object, Err: errSystemic,
					Next: "Look at the target system; the next run goes on by itself."})
			}
		}
	}
}

func (s *sending) stop(fault *engine.Fault) {
	if s.stopped == nil {
		s.stopped = fault
	}
}

// settlement says what the store shall record about a wave.
func (s *sending) settlement(l *loop, wave []mapping.Decision, items []*item) store.Settlement {
	var out store.Settlement
	for _, it := range items {
		out.Outcomes = append(out.Outcomes, store.Settled{Intent: it.intent, Change: it.change, Outcome: it.outcome, Repeatable: it.repeatable})
		switch held := heldFor(it); {
		case held != nil:
			out.Held = append(out.Held, store.Held{Change: it.change, Fault: held})
		case it.outcome.State == engine.Done:
			out.Cleared = append(out.Cleared, keyOf(it.change))
		}
	}
	for _, dec := range wave {
		out.Sightings = append(out.Sightings, dec.Sightings...)
		for _, c := range dec.Changes {
			switch c.Verdict {
			case engine.Quarantined:
				out.Held = append(out.Held, store.Held{Change: c})
			case engine.NoChange, engine.Skip, engine.Blocked:
				out.Cleared = append(out.Cleared, keyOf(c))
			}
		}
	}
	return out
}

// heldFor is the fault for which a write is put aside: the target refused it, or took only a part.
// What is harmless to repeat and got no answer is not put aside: the cursor waits for it.
func heldFor(it *item) *engine.Fault {
	if it.outcome.State == engine.Refused || it.outcome.State == engine.Done && len(it.outcome.Ignored) > 0 {
		if it.outcome.Fault != nil {
			return it.outcome.Fault
		}
		return &engine.Fault{Kind: engine.Rejected, Op: "write " + it.change.Object, Ref: it.change.Record, Fields: it.outcome.Ignored}
	}
	return nil
}

func keyOf(c engine.Change) store.RecordKey {
	return store.RecordKey{Flow: c.Flow, Record: c.Record, Route: c.Route, Item: c.Item}
}

func (s *sending) count(l *loop, items []*item) {
	for _, it := range items {
		held := heldFor(it)
		switch {
		case held != nil:
			l.sum.Quarantined.add(refusalText(it.change.Object, held))
		case it.outcome.State == engine.Done:
			l.sum.wrote(it.change.Verdict)
		case it.outcome.State == engine.Unknown && !it.repeatable:
			l.sum.Parked++
		default:
			l.sum.Undelivered++
			s.intact = false
		}
		if l.job.Tell != nil {
			l.job.Tell.Settled(it.change, it.outcome)
		}
	}
}

func refusalText(object string, f *engine.Fault) string {
	text := object + " refused"
	if f.Status != 0 {
		text = fmt.Sprintf("%s (HTTP %d)", text, f.Status)
	}
	for _, name := range f.Fields {
		text += " " + name
	}
	return text
}
