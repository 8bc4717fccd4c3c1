package reconcile

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/store"
)

// item is one write.
type item struct {
	source     engine.Record // that it was decided from
	of         *progress
	change     engine.Change
	repeatable bool
	intent     int64
	known      bool  // the ledger has this send already: it is left out
	behind     *item // the write of its chain that did not go through, so that this one did not leave
	outcome    engine.Outcome
}

// progress is how far the writes of one record have come. Only settle changes it.
type progress struct {
	record string
	left   int               // writes that are not done
	held   []store.RecordKey // parts that are put aside; another part may bear the same name
}

// hand gives each record of a wave to a worker, and what goes in batches to workers of
// its own, once the other writes of those records are done: one record is never in two workers.
func (s *sending) hand(ctx context.Context, wave []work, items [][]*item) {
	singles, batches := s.split(items)
	done := make([]sync.WaitGroup, len(wave))
	for i, own := range singles {
		if len(own) == 0 {
			continue
		}
		done[i].Add(1)
		s.start(ctx, wave[i].values, own, done[i].Done)
	}
	for _, b := range batches {
		var values []string
		for _, i := range b.records {
			values = append(values, wave[i].values...)
			done[i].Wait()
		}
		s.startBatch(ctx, values, b.items)
	}
}

// batch is a group of items that goes in one request, and the records it is from.
type batch struct {
	items   []*item
	records []int
}

// split parts the items of a wave into those that go one by one and batches as their objects allow.
func (s *sending) split(items [][]*item) (singles [][]*item, batches []*batch) {
	singles = make([][]*item, len(items))
	open := map[string]*batch{}
	for i, own := range items {
		for _, it := range own {
			size := s.loop.job.object(it.change.Object).Batch
			if size <= 1 || it.change.Chain != "" {
				singles[i] = append(singles[i], it)
				continue
			}
			b := open[it.change.Object]
			if b == nil || len(b.items) == size {
				b = &batch{}
				open[it.change.Object] = b
				batches = append(batches, b)
			}
			b.items, b.records = append(b.items, it), append(b.records, i)
		}
	}
	return singles, batches
}

// start writes one record's items in order, in a worker.
func (s *sending) start(ctx context.Context, values []string, own []*item, done func()) {
	s.worker(ctx, values, own, done, func() {
		broken := map[string]*item{}
		for _, it := range own {
			chain := it.change.Chain
			switch {
			case it.known:
				continue
			case broken[chain] != nil:
				it.outcome, it.behind = unsent(it.change, engine.Transient, errChain), broken[chain]
				continue
			}
			s.send(ctx, []*item{it})
			if chain != "" && it.outcome.State != engine.Done {
				broken[chain] = it
			}
		}
	})
}

// startBatch writes items together, in a worker.
func (s *sending) startBatch(ctx context.Context, values []string, items []*item) {
	s.worker(ctx, values, items, func() {}, func() {
		fresh := slices.DeleteFunc(slices.Clone(items), func(it *item) bool { return it.known })
		if len(fresh) > 0 {
			s.send(ctx, fresh)
		}
	})
}

// worker holds the record's values from before its intents until its outcomes are recorded.
func (s *sending) worker(ctx context.Context, values []string, items []*item, done, write func()) {
	s.backlog <- struct{}{} // later waves are decided meanwhile, but not far ahead of the writing
	s.loop.claims.take(values)
	s.workers.Go(func() {
		defer func() { <-s.backlog }()
		defer s.enter(items)()
		defer s.loop.claims.release(values)
		defer done()
		defer s.count(items)
		if fault := s.ready(ctx, items); fault != nil {
			for _, it := range items {
				it.outcome = engine.Outcome{State: engine.Unsent, Fault: fault}
			}
			return
		}
		write()
		if err := s.conclude(ctx, items); err != nil {
			s.halt(err, "record outcomes") // the intents stay open: the next run recovers them
		}
	})
}

// enter waits until so many more may be under way and returns what gives the places back.
func (s *sending) enter(items []*item) (leave func()) {
	sends := int64(0)
	for _, it := range items {
		if !it.repeatable {
			sends++
		}
	}
	if sends == 0 {
		s.slots <- struct{}{}
		return func() { <-s.slots }
	}
	alone := s.silence.enter()
	sends = min(sends, onceAtOnce)
	_ = s.once.Acquire(context.Background(), sends) // only its context could fail it
	return func() { s.once.Release(sends); alone() }
}

// ready records the intents of items, or says why they must not leave. Nothing is intended that
// would not be sent any more: after a stop nobody would settle it.
func (s *sending) ready(ctx context.Context, items []*item) *engine.Fault {
	if fault := s.refusal(ctx); fault != nil {
		return fault
	}
	if fault := s.rest(items); fault != nil {
		return fault
	}
	err := s.loop.at(ctx, BeforeIntent)
	if err == nil {
		err = s.intents.do(items)
	}
	if err == nil {
		err = s.loop.at(ctx, AfterIntent)
	}
	if err != nil {
		s.halt(err, "record intents")
		return asFault(err, "record intents")
	}
	return nil
}

// rest stops the run before it sends to a target that answered nothing of what was sent last.
func (s *sending) rest(items []*item) *engine.Fault {
	for _, it := range items {
		if it.repeatable {
			continue
		}
		if fault := s.silence.rest(s.loop, it.change.Object); fault != nil {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.stop(fault)
			return s.stopped
		}
	}
	return nil
}

// conclude records the outcomes of items.
func (s *sending) conclude(ctx context.Context, items []*item) error {
	if err := s.loop.at(ctx, BeforeSettle); err != nil {
		return err
	}
	if err := s.settles.do(items); err != nil {
		return err
	}
	return s.loop.at(ctx, AfterSettle)
}

// halt stops all further sending: what cannot be recorded must not be sent.
func (s *sending) halt(err error, op string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lost = true
	s.stop(asFault(err, op))
}

// needsTry says whether an item only needs another try, for a reason that may lie in its record: held until then.
func (s *sending) needsTry(it *item) bool {
	fault := it.outcome.Fault
	return (it.repeatable || it.outcome.State == engine.Unsent) && it.outcome.State != engine.Done && it.outcome.State != engine.Refused &&
		fault != nil && fault.Kind == engine.Transient && fault != s.fault()
}

// covered says whether the quarantine entry of the write before it, which has the cause, stands for
// an item that therefore did not leave.
func (s *sending) covered(it *item) bool {
	return it.behind != nil && (heldFor(it.behind) != nil || s.needsTry(it.behind))
}

// send hands items of one object over and watches for a fault that is not in the records.
func (s *sending) send(ctx context.Context, items []*item) {
	changes := make([]engine.Change, len(items))
	for i, it := range items {
		changes[i] = it.change
	}
	if fault := s.refusal(ctx); fault != nil {
		for _, it := range items {
			it.outcome = engine.Outcome{State: engine.Unsent, Fault: fault}
		}
		return
	}
	connection, _, _ := engine.SplitObject(items[0].change.Object)
	inHand, done := outlive(ctx, stopGrace)
	defer done()
	for i, o := range s.writers[connection].Write(inHand, changes) {
		items[i].outcome = o
	}
	if err := s.loop.at(ctx, AfterSend); err != nil {
		s.halt(err, "write")
		return
	}
	s.watch(items)
}

// refusal says why nothing more is sent, or nil.
func (s *sending) refusal(ctx context.Context) *engine.Fault {
	if ctx.Err() != nil {
		return &engine.Fault{Kind: engine.Cancelled, Op: "write", Err: errTold, Next: "The next run decides about it anew."}
	}
	return s.fault()
}

// over says whether nothing more is sent.
func (s *sending) over(ctx context.Context) bool { return s.refusal(ctx) != nil }

func unsent(c engine.Change, kind engine.FaultKind, err error) engine.Outcome {
	return engine.Outcome{State: engine.Unsent, Fault: &engine.Fault{Kind: kind, Op: "write " + c.Object, Ref: c.Record, Err: err}}
}

func (s *sending) watch(items []*item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, it := range items {
		fault, object := it.outcome.Fault, it.change.Object
		if !it.repeatable {
			s.silence.heard(it.outcome.State)
		}
		switch {
		case it.outcome.State == engine.Done, it.outcome.State == engine.Refused:
			s.failing[object] = 0
		case fault != nil && stops(fault.Kind):
			s.stop(fault)
		default:
			if s.failing[object]++; s.failing[object] >= s.silence.patience(it.repeatable) {
				s.stop(&engine.Fault{Kind: engine.Transient, Op: "write " + object, Err: errSystemic,
					Next: "Look at the target system; the next run goes on by itself."})
			}
		}
	}
}

// stop keeps the first fault; s.mu is held.
func (s *sending) stop(fault *engine.Fault) {
	if s.stopped == nil {
		s.stopped = fault
	}
}

// heldFor is the fault for which a write is put aside: the target refused it, or took only a part.
// What only needs another try is none of these; see needsTry.
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

// count files what became of a worker's items.
func (s *sending) count(items []*item) {
	for _, it := range items {
		if !it.known && !s.covered(it) && heldFor(it) == nil && it.outcome.State != engine.Done && (it.repeatable || it.outcome.State != engine.Unknown) {
			s.undelivered(s.needsTry(it))
		}
		if !s.putOff(it) {
			s.file([]*item{it})
		}
	}
}

// file puts items into the summary and tells of them.
func (s *sending) file(items []*item) {
	for _, it := range items {
		s.loop.tally(func(sum *Summary) { countItem(sum, it) })
		if s.loop.job.Tell != nil && !it.known {
			s.loop.tell(func(t Tell) { t.Settled(it.change, it.outcome) })
		}
	}
}

func countItem(sum *Summary, it *item) {
	held := heldFor(it)
	switch {
	case it.known:
		sum.Unchanged++
	case held != nil:
		sum.Quarantined.add(refusalText(it.change.Object, held))
	case it.outcome.State == engine.Done:
		sum.wrote(it.change.Verdict)
	case it.outcome.State == engine.Unknown && !it.repeatable:
		sum.Parked++
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
