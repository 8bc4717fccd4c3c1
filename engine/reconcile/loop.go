package reconcile

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/store"
)

// rounds bounds how often one wave may ask for more; a flow has far fewer steps that look something up.
const rounds = 32

// loop is one pass over a flow's records.
type loop struct {
	job       Job
	spec      *spec.Flow
	source    *engine.Object
	zone      *time.Location
	start     string // run.start
	fields    map[string][]string
	recall    *spec.Recall // what the store keeps of the source; nil: nothing
	reference map[string]mapping.Answer
	run_      *store.Run
	began     time.Time
	newest    time.Time // newest stamp of the window
	claims    *claims
	anew      bool                                      // records of this run are decided once more: they are counted already
	wasHeld   bool                                      // a limit had stopped the flow before this run
	unswept   bool                                      // something was decided by a recall that was never filled whole
	unusable  bool                                      // a record of this run cannot be used
	unplaced  bool                                      // one was of nobody knows whom: recall lacks it
	consults  map[string]spec.Consulted                 // where values are looked up, by place
	discarded map[store.RecordKey]store.QuarantineEntry // what persons decided never goes
	waiting   []store.QuarantineEntry                   // what was open when the run began
	looks     []looked                                  // what is looked at again
	met       map[string]bool                           // of the records that quarantine holds: those that this run has read
	only      map[string]bool                           // while records are sought: these; nil: all
	gone      []int64                                   // entries whose records were sought and not found

	mu  sync.Mutex
	sum Summary
}

// work is one decided record and the values that it must not share with a record under way.
type work struct {
	record   engine.Record
	decision mapping.Decision
	values   []string
}

// delivery is what Plan and Run do differently with a wave of decisions.
type delivery interface {
	// admit refuses to begin, or nil.
	admit(ctx context.Context, l *loop, cur store.Cursor) error
	// deliver disposes of one wave; its writes may still be under way when it returns. An error ends the pass.
	deliver(ctx context.Context, l *loop, wave []work, recalled []store.Recalled) error
	// finish waits until all that was delivered is settled.
	finish(ctx context.Context) error
	// settled says whether every record so far has a durable outcome, so that the cursor may pass them.
	settled() bool
}

func newLoop(job Job) *loop {
	f := job.Flow.Spec()
	l := &loop{
		job: job, spec: f, source: job.object(f.Source.Read.Text), zone: job.Project.Zone,
		fields: map[string][]string{}, reference: map[string]mapping.Answer{}, claims: newClaims(),
		consults: job.Project.Consults(),
		sum:      Summary{Flow: f.Name.Text, Title: f.Title},
	}
	for _, use := range job.Flow.Reads() {
		l.fields[use.Object] = use.Fields
	}
	for i := range job.Project.Recall {
		if job.Project.Recall[i].Object.Text == f.Source.Read.Text {
			l.recall = &job.Project.Recall[i]
		}
	}
	return l
}

// run is the whole story: begin, read, decide and deliver in waves, end.
func (l *loop) run(ctx context.Context, d delivery) (Summary, error) {
	l.began = l.job.Now()
	cur, err := l.job.Store.Cursor(ctx, l.spec.Name.Text)
	if err != nil {
		return l.ended(EndedStopped), err
	}
	l.start = max(l.spec.Source.Start.Text, cmp.Or(l.job.adoptedBefore, cur.AdoptedBefore))
	if err := d.admit(ctx, l, cur); err != nil {
		return l.ended(EndedStopped), err
	}
	if err := l.remember(ctx); err != nil {
		return l.ended(EndedStopped), err
	}
	r, err := l.reading(cur)
	if err != nil {
		return l.ended(EndedStopped), err
	}
	if l.run_, err = l.begin(ctx); err != nil {
		return l.ended(EndedStopped), err
	}
	l.sum.Recovered = l.run_.Recovered
	if _, err := l.job.Store.PurgePayloads(ctx); err != nil {
		return l.finish(ctx, r, d, err)
	}
	passErr := l.pass(ctx, r, d)
	return l.finish(ctx, r, d, passErr)
}

// reading works out what to read.
func (l *loop) reading(cur store.Cursor) (reading, error) {
	if len(l.job.Retry) > 0 {
		r := l.readingBack()
		l.sum.Window = l.retryText(r)
		return r, nil
	}
	r, err := readingFor(l.job.Window, l.spec.Source, l.source, cur, l.zone, l.began, l.sweepAgain(cur))
	if err == nil {
		l.sum.Window = windowText(r, l.job.Window, l.zone)
	}
	return r, err
}

func (l *loop) begin(ctx context.Context) (*store.Run, error) {
	return l.job.Store.Begin(ctx, store.Begin{
		Flow: l.spec.Name.Text, SpecVersion: l.job.Project.Version, Who: l.job.Who,
		Ordinary: !l.job.manual(), Window: l.sum.Window, Lease: leaseTime, Specs: l.job.Project.Archive,
	})
}

// leaseTime is how long a runner that went silent keeps others out.
const leaseTime = time.Minute

// hold renews the lease until stop is called; when another runner has it, cancel ends the pass.
func (l *loop) hold(ctx context.Context, cancel context.CancelCauseFunc) (stop func()) {
	ctx, end := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() {
		tick := time.NewTicker(leaseTime / 4)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := l.run_.Renew(ctx); err != nil && ctx.Err() == nil {
					cancel(err)
					return
				}
			}
		}
	})
	return func() { end(); done.Wait() }
}

// pass reads the window and hands it on in groups.
func (l *loop) pass(ctx context.Context, r reading, d delivery) error {
	r.query.Fields = l.fields[l.spec.Source.Read.Text]
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer l.hold(ctx, cancel)()
	err := l.records(ctx, r, d)
	// What is under way is finished in every case, before the context of this pass ends.
	if unfinished := d.finish(ctx); err == nil {
		err = unfinished
	}
	if uncounted := l.countAgain(context.WithoutCancel(ctx)); err == nil {
		err = uncounted
	}
	return err
}

// records hands on the records of the window and those that are looked at again, or those that a person chose.
func (l *loop) records(ctx context.Context, r reading, d delivery) error {
	if len(l.job.Retry) > 0 {
		return l.retry(ctx, r, d)
	}
	unread, err := l.groups(ctx, r.query, func(records []engine.Record) error {
		l.mark(records)
		return l.group(ctx, records, d)
	})
	if err = cmp.Or(err, unread); err != nil {
		return err
	}
	if err := l.byOtherName(ctx, d); err != nil {
		return err
	}
	return l.again(ctx, r, d)
}

// group handles records wave by wave.
func (l *loop) group(ctx context.Context, records []engine.Record, d delivery) error {
	if err := l.at(ctx, BeforeGroup); err != nil {
		return err
	}
	for _, wave := range waves(l.chosen(records), l.job.Flow.Alone) {
		done := make([]work, len(wave))
		for i, rec := range wave {
			done[i].record = rec
			done[i].values = l.job.Flow.Alone(rec)
			l.claims.await(done[i].values)
		}
		decisions, err := l.decide(ctx, wave)
		if err != nil {
			return err
		}
		for i, dec := range decisions {
			dec = l.withhold(dec, wave[i])
			done[i].decision = dec
			l.unusable = l.unusable || dec.Unusable
			l.decided(dec)
		}
		if err := d.deliver(ctx, l, done, l.recalls(wave)); err != nil {
			return err
		}
		l.progress()
	}
	return nil
}

func (l *loop) decided(dec mapping.Decision) {
	l.tally(func(sum *Summary) {
		if !l.anew {
			sum.Read++
		}
		for _, c := range dec.Changes {
			if !l.anew || c.Verdict == engine.Quarantined || c.Verdict == engine.Unclear {
				sum.count(c)
			}
		}
	})
	if _, held := l.met[dec.Record]; held {
		l.met[dec.Record] = true
	}
	l.tell(func(t Tell) { t.Decided(dec) })
}

func (l *loop) progress() {
	var now Summary
	l.tally(func(sum *Summary) {
		sum.Took = l.job.Now().Sub(l.began)
		now = *sum
	})
	l.tell(func(t Tell) { t.Progress(now) })
}

// tally changes the summary; workers count too.
func (l *loop) tally(change func(*Summary)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(&l.sum)
}

// tell tells whoever looks on, one at a time.
func (l *loop) tell(what func(Tell)) {
	if l.job.Tell == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	what(l.job.Tell)
}

// read is how many records were read so far.
func (l *loop) read() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sum.Read
}

// waves cuts records into lists within which no two share a value; the order of sharers is kept.
func waves(records []engine.Record, alone func(engine.Record) []string) [][]engine.Record {
	var out [][]engine.Record
	next := map[string]int{} // value -> first wave that is free of it
	for _, rec := range records {
		values := alone(rec)
		at := 0
		for _, v := range values {
			at = max(at, next[v])
		}
		for _, v := range values {
			next[v] = at + 1
		}
		if at == len(out) {
			out = append(out, nil)
		}
		out[at] = append(out[at], rec)
	}
	return out
}

// decide asks Decide for every record until none wants to know more.
func (l *loop) decide(ctx context.Context, wave []engine.Record) ([]mapping.Decision, error) {
	k := &knowledge{answers: map[string]mapping.Answer{}, reference: l.reference}
	decisions := make([]mapping.Decision, len(wave))
	open := make([]int, len(wave))
	for i := range wave {
		open[i] = i
	}
	for range rounds {
		var wants []mapping.Ask
		var still []int
		for _, i := range open {
			decisions[i] = l.job.Flow.Decide(mapping.Input{Record: wave[i], Now: l.began, Start: l.start, Known: k})
			if len(decisions[i].Wants) > 0 {
				wants = append(wants, decisions[i].Wants...)
				still = append(still, i)
			}
		}
		if len(still) == 0 {
			return decisions, nil
		}
		open = still
		if err := l.learn(ctx, k, distinct(wants)); err != nil {
			return nil, err
		}
	}
	return nil, errors.New("a decision never stopped asking; this is a defect of casebridge")
}

// finish ends the run in the store and moves the cursor if it may move.
func (l *loop) finish(ctx context.Context, r reading, d delivery, passErr error) (Summary, error) {
	settled := d.settled() && !l.unswept
	state := endState(passErr, l.sum, settled)
	sum := l.ended(state)
	end := store.End{State: string(state), Counts: sum.counts()}
	if passErr == nil {
		l.reached(&end, r, settled)
	}
	switch {
	case passErr == nil:
		end.Sought = l.gone
	case l.wasHeld:
		end.Counts[heldCount] = 1
	}
	if err := l.at(ctx, BeforeEnd); err != nil {
		return l.ended(EndedStopped), err
	}
	if _, err := l.job.Store.PurgePayloads(context.WithoutCancel(ctx)); err != nil && passErr == nil {
		passErr = err
	}
	// The run must be closed even if we were told to stop meanwhile.
	if err := l.run_.End(context.WithoutCancel(ctx), end); err != nil && passErr == nil {
		return sum, err
	}
	if err := l.at(ctx, AfterEnd); err != nil {
		return l.ended(EndedStopped), err
	}
	return sum, passErr
}

// nextMark is where the next ordinary window starts from, before its overlap.
func (l *loop) nextMark() time.Time {
	if l.source.Mark == engine.MarkStart {
		return l.began
	}
	if l.newest.After(l.began) { // by a server whose clock is ahead; it may be put back
		return l.began
	}
	return l.newest
}

func endState(passErr error, sum Summary, settled bool) State {
	switch {
	case passErr != nil && (stops(engine.KindOf(passErr)) || engine.KindOf(passErr) == ""):
		return EndedStopped
	case sum.Held != "":
		return EndedHeld
	case passErr != nil || !settled || sum.partial():
		return EndedPartial
	default:
		return EndedDone
	}
}

func (l *loop) ended(s State) Summary {
	l.sum.State = s
	l.sum.Took = l.job.Now().Sub(l.began)
	return l.sum
}
