package reconcile

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
)

// lookupLimit bounds how many lookups are under way at once; each connection has its own, lower limit.
const lookupLimit = 64

// knowledge is what one wave of decisions knows. Reference objects outlive the wave.
type knowledge struct {
	answers   map[string]mapping.Answer
	reference map[string]mapping.Answer
}

// Answer implements mapping.Known.
func (k *knowledge) Answer(a mapping.Ask) (mapping.Answer, bool) {
	key := a.Key()
	if ans, ok := k.answers[key]; ok {
		return ans, true
	}
	ans, ok := k.reference[key]
	return ans, ok
}

// learn finds the answers to asks. Its error means that going on makes no sense.
func (l *loop) learn(ctx context.Context, k *knowledge, asks []mapping.Ask) error {
	byKind := map[mapping.AskKind][]mapping.Ask{}
	for _, a := range asks {
		byKind[a.Kind] = append(byKind[a.Kind], a)
	}
	for _, find := range []struct {
		kind mapping.AskKind
		with func(context.Context, *knowledge, []mapping.Ask) error
	}{
		{mapping.AskRead, l.learnRead}, {mapping.AskRecall, l.learnRecall},
		{mapping.AskLedger, l.learnLedger}, {mapping.AskOnce, l.learnOnce}, {mapping.AskLink, l.learnLinks},
	} {
		if len(byKind[find.kind]) == 0 {
			continue
		}
		if err := find.with(ctx, k, byKind[find.kind]); err != nil {
			return err
		}
	}
	return nil
}

// question is a set of reads that one Lookup can answer.
type question struct{ object, by string }

// learnRead asks the systems, many values at once, the questions side by side.
func (l *loop) learnRead(ctx context.Context, k *knowledge, asks []mapping.Ask) error {
	values := map[question][]string{}
	var order []question
	for _, a := range asks {
		q := question{a.Object, a.By}
		if values[q] == nil {
			order = append(order, q)
		}
		values[q] = append(values[q], a.Value)
	}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	for _, q := range order {
		group.Go(func() error {
			found, err := l.findAll(ctx, q, values[q])
			mu.Lock()
			defer mu.Unlock()
			for _, v := range values[q] {
				l.keep(k, q, v, found[v])
			}
			return err
		})
	}
	return group.Wait()
}

func (l *loop) keep(k *knowledge, q question, value string, ans mapping.Answer) {
	key := mapping.Ask{Kind: mapping.AskRead, Object: q.object, By: q.by, Value: value}.Key()
	if obj := l.job.object(q.object); obj != nil && obj.Reference && ans.Fault == nil {
		k.reference[key] = ans
		return
	}
	k.answers[key] = ans
}

// findAll looks values up together; when that fails for a reason that may lie in
// one of them, it asks for each alone, so that one bad record does not hide the others.
func (l *loop) findAll(ctx context.Context, q question, values []string) (map[string]mapping.Answer, error) {
	records, err := l.find(ctx, q, values)
	if err == nil {
		return sortOut(records, values), nil
	}
	if fault := asFault(err, "look up "+q.object); stops(fault.Kind) || len(values) == 1 {
		return allFaulty(values, fault), stopError(fault)
	}
	return l.findEach(ctx, q, values)
}

func (l *loop) findEach(ctx context.Context, q question, values []string) (map[string]mapping.Answer, error) {
	var mu sync.Mutex
	answers := make(map[string]mapping.Answer, len(values))
	faults := 0
	var last *engine.Fault
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(lookupLimit)
	for _, v := range values {
		group.Go(func() error {
			records, err := l.find(ctx, q, []string{v})
			mu.Lock()
			defer mu.Unlock()
			answers[v] = mapping.Answer{Records: records}
			if err == nil {
				return nil
			}
			fault := asFault(err, "look up "+q.object)
			answers[v] = mapping.Answer{Fault: fault}
			faults, last = faults+1, fault
			return stopError(fault)
		})
	}
	if err := group.Wait(); err != nil {
		return answers, err
	}
	if faults == len(values) && faults >= systemicAfter {
		return answers, last
	}
	return answers, nil
}

func (l *loop) find(ctx context.Context, q question, values []string) ([]engine.Record, error) {
	connection, object, _ := engine.SplitObject(q.object)
	reader := l.job.Readers[connection]
	return reader.Find(ctx, engine.Lookup{Object: object, By: q.by, Values: values, Fields: l.fields[q.object]})
}

func sortOut(records []engine.Record, values []string) map[string]mapping.Answer {
	answers := make(map[string]mapping.Answer, len(values))
	for _, r := range records {
		ans := answers[r.Found]
		ans.Records = append(ans.Records, r)
		answers[r.Found] = ans
	}
	return answers
}

func allFaulty(values []string, fault *engine.Fault) map[string]mapping.Answer {
	answers := make(map[string]mapping.Answer, len(values))
	for _, v := range values {
		answers[v] = mapping.Answer{Fault: fault}
	}
	return answers
}

func (l *loop) learnRecall(ctx context.Context, k *knowledge, asks []mapping.Ask) error {
	for object, group := range byObject(asks) {
		pairs := make([][]engine.Pair, len(group))
		for i, a := range group {
			pairs[i] = a.Pairs
		}
		found, swept, err := l.job.Store.RecalledMany(ctx, object, pairs)
		if err != nil {
			return err
		}
		// What was decided without knowing every record must be decided again, and nothing in its
		// source will change by then: the cursor waits for the sweep.
		l.unswept = l.unswept || !swept
		for i, a := range group {
			k.answers[a.Key()] = mapping.Answer{Records: found[i], Swept: swept}
		}
	}
	return nil
}

func (l *loop) learnLedger(ctx context.Context, k *knowledge, asks []mapping.Ask) error {
	for object, group := range byObject(asks) {
		pairs := make([][]engine.Pair, len(group))
		for i, a := range group {
			pairs[i] = a.Pairs
		}
		found, err := l.job.Store.LedgerMany(ctx, object, pairs)
		if err != nil {
			return err
		}
		for i, a := range group {
			k.answers[a.Key()] = mapping.Answer{Records: ledgerRecords(found[i])}
		}
	}
	return nil
}

func (l *loop) learnOnce(ctx context.Context, k *knowledge, asks []mapping.Ask) error {
	for object, group := range byObject(asks) {
		once := make([]string, len(group))
		for i, a := range group {
			once[i] = a.Once
		}
		states, err := l.job.Store.SendStates(ctx, object, once)
		if err != nil {
			return err
		}
		for _, a := range group {
			k.answers[a.Key()] = mapping.Answer{State: mapping.SendState(states[a.Once])}
		}
	}
	return nil
}

func byObject(asks []mapping.Ask) map[string][]mapping.Ask {
	groups := map[string][]mapping.Ask{}
	for _, a := range asks {
		groups[a.Object] = append(groups[a.Object], a)
	}
	return groups
}

// distinct leaves each Ask once, in order.
func distinct(asks []mapping.Ask) []mapping.Ask {
	seen := make(map[string]bool, len(asks))
	return slices.DeleteFunc(asks, func(a mapping.Ask) bool {
		key := a.Key()
		was := seen[key]
		seen[key] = true
		return was
	})
}
