package reconcile

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/store"
)

// Adopted says what Adopt recorded for one flow.
type Adopted struct {
	Flow   string
	Sent   int // sends that the other system already lists: recorded, never sent again
	Open   int // sends that it does not list: the next run will send them
	Parked int // sends that it does not list and that may have gone since the store was copied: a person decides
}

// Adopt takes over from the jobs before: it reads both systems whole, fills
// recall, and records in the ledger every send that the other system already
// lists, or whose source is older than before ("2026-11-01"; "" for what was adopted before,
// else the flow's own start date).
// When the store is a backup, what cannot be sent twice and is not listed is parked: it may have gone
// since the backup was made. From then on the backup is the store.
// Adopt writes to neither system, and records of each flow all of that or nothing. jobs are the flows of the chain, in order, with
// the store itself.
func Adopt(ctx context.Context, jobs []Job, before, why string) ([]Adopted, error) {
	seen := &sightings{by: map[string][]string{}, shapes: map[string][][]string{}}
	for _, job := range jobs {
		if len(listed(job.Flow.Spec().Routes)) == 0 {
			continue
		}
		if err := survey(ctx, job, seen); err != nil {
			return nil, err
		}
	}
	if seen.unusable != "" {
		return nil, unusable(seen.unusable, errUnusableProof)
	}
	var out []Adopted
	for _, job := range jobs {
		if !sends(job.Flow.Spec().Routes) {
			continue
		}
		cur, err := job.Store.Cursor(ctx, job.Flow.Name())
		if err != nil {
			return out, err
		}
		from := cmp.Or(before, cur.AdoptedBefore, job.Flow.Spec().Source.Start.Text, noDate)
		done, err := adoptFlow(ctx, job, seen, from, why)
		if err != nil {
			return out, err
		}
		out = append(out, done)
	}
	return out, goOn(ctx, jobs, why)
}

// noDate is a day before which nothing was ever sent.
const noDate = "0001-01-01"

// survey decides about everything a flow can read, for what it proves.
func survey(ctx context.Context, job Job, tell Tell) error {
	job.Window = Window{Everything: true}
	job.Tell = tell
	_, err := Plan(ctx, job)
	return err
}

func adoptFlow(ctx context.Context, job Job, seen *sightings, before, why string) (Adopted, error) {
	plan := &sendsPlanned{}
	job.adoptedBefore = before
	if err := survey(ctx, job, plan); err != nil {
		return Adopted{Flow: job.Flow.Name()}, err
	}
	if plan.unusable != "" {
		return Adopted{Flow: job.Flow.Name()}, unusable(plan.unusable, errUnusableSource)
	}
	backup, err := job.Store.BackupAt(ctx)
	if err != nil {
		return Adopted{Flow: job.Flow.Name()}, err
	}
	done := Adopted{Flow: job.Flow.Name()}
	var sent, maybe []engine.Change
	for _, c := range plan.changes {
		switch {
		case seen.take(c):
			sent = append(sent, c)
		case !backup.IsZero() && (c.Awaiting || !job.object(c.Object).Repeatable):
			maybe = append(maybe, c)
		case c.Awaiting:
			// What is only awaited, such as a decision, was told when it was made; told again now, it
			// could overturn what the other system's people have decided since.
			sent = append(sent, c)
		default:
			done.Open++
		}
	}
	done.Sent, done.Parked = len(sent), len(maybe)
	return done, job.Store.Adopt(ctx, store.Adoption{Flow: job.Flow.Name(), Before: before, Who: job.Who, Why: why, Sends: sent, Maybe: maybe})
}

var (
	errUnusableProof  = errors.New("it is listed in a form that cannot be used, and may show what was sent")
	errUnusableSource = errors.New("it comes in a form that cannot be used, and what was sent of it cannot be told")
)

func unusable(record string, why error) error {
	return &engine.Fault{Kind: engine.Environment, Op: "adopt", Ref: record, Err: why,
		Next: "Its flow was not adopted: correct that record in its system, then adopt again."}
}

// sightings gathers what the other system lists.
type sightings struct {
	by       map[string][]string   // what was sent -> the answers that show it
	shapes   map[string][][]string // by object, the names of the pairs by which it is known where it is listed
	unusable string                // the first record that cannot be used
}

func (s *sightings) Decided(d mapping.Decision) {
	if d.Unusable {
		s.unusable = cmp.Or(s.unusable, d.Record)
	}
	for _, x := range d.Sightings {
		key := sightKey(x.Object, x.Once, x.Known)
		s.by[key] = append(s.by[key], x.Answer)
		if shape := namesOfPairs(x.Known); x.Once == "" && !slices.ContainsFunc(s.shapes[x.Object], func(have []string) bool { return slices.Equal(have, shape) }) {
			s.shapes[x.Object] = append(s.shapes[x.Object], shape)
		}
	}
}

func (*sightings) Settled(engine.Change, engine.Outcome) {}
func (*sightings) Progress(Summary)                      {}

// take says whether c is listed, by its key or by those of its known pairs that the list shows; one answer stands for one send.
func (s *sightings) take(c engine.Change) bool {
	keys := []string{sightKey(c.Object, c.Once, nil)}
	for _, shape := range s.shapes[c.Object] {
		keys = append(keys, sightKey(c.Object, "", pairsNamed(c.Known, shape)))
	}
	for _, key := range keys {
		if answers := s.by[key]; len(answers) > 0 {
			s.by[key] = answers[1:]
			return true
		}
	}
	return false
}

func namesOfPairs(pairs []engine.Pair) []string {
	names := make([]string, len(pairs))
	for i, p := range pairs {
		names[i] = p.Name
	}
	return names
}

// pairsNamed are the pairs with these names, in the order of the names.
func pairsNamed(pairs []engine.Pair, names []string) []engine.Pair {
	var out []engine.Pair
	for _, name := range names {
		for _, p := range pairs {
			if p.Name == name {
				out = append(out, p)
			}
		}
	}
	return out
}

func sightKey(object, once string, known []engine.Pair) string {
	if once != "" {
		known = nil
	}
	return object + "\x00" + once + "\x00" + engine.JoinPairs(known)
}

// sendsPlanned gathers sends that must not be repeated.
type sendsPlanned struct {
	changes  []engine.Change
	unusable string // the first record that cannot be used
}

func (p *sendsPlanned) Decided(d mapping.Decision) {
	if d.Unusable {
		p.unusable = cmp.Or(p.unusable, d.Record)
	}
	for _, c := range d.Changes {
		if c.Verdict == engine.Send && c.Once != "" {
			c.Document, c.Fields, c.Current = engine.Body{}, nil, engine.Body{}
			p.changes = append(p.changes, c)
		}
	}
}

func (*sendsPlanned) Settled(engine.Change, engine.Outcome) {}
func (*sendsPlanned) Progress(Summary)                      {}

func sends(routes []*spec.Route) bool {
	for _, r := range routes {
		for _, w := range r.Writes {
			if w.Verb.Text == string(engine.SendVerb) {
				return true
			}
		}
		if sends(r.Routes) {
			return true
		}
	}
	return false
}
