package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/inspect"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/store"
)

// explainFlags choose where a record is looked for, and how it is shown.
type explainFlags struct {
	flow, from string
	reveal     bool
}

func (a *app) explainCommand() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain RECORD [FIELD]",
		Short: `Say why a record did not arrive, or why a field has its value`,
		Long: "Decides one record as a run would, in every flow and both directions, and says what came of each part and why: the step that\n" +
			"stopped it with its place, what the step looked at, the entry in quarantine or the waiting send that holds it, and whether\n" +
			"the next run reads it at all. RECORD is any id of a case or client that its system knows, e.g. the short one that people see.\n" +
			"With FIELD it explains the value of one field of what is written: the rule, where the value comes from, the row of the\n" +
			"map, what the other system has, and which policy decides. FIELD is a name (service_type), a path (services_section.service_type)\n" +
			"or one row's (services_section[ID].service_type).\n" +
			"It writes nothing: its connections refuse to. With --from it explains a record of a file (as `dry-run` takes it), without\n" +
			"systems and store. Values of persons are masked; --reveal shows them.\n\n" + exitHelp,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.explain(cmd.Context(), args[0], strings.Join(args[1:], ""), f)
		},
	}
	cmd.Flags().StringVar(&f.flow, "flow", "", "only in this `FLOW`")
	cmd.Flags().StringVar(&f.from, "from", "", "look in the records of `FILE`; - is standard input")
	cmd.Flags().BoolVar(&f.reveal, "reveal", false, "show personal values")
	return cmd
}

func (a *app) explain(ctx context.Context, name, field string, f explainFlags) error {
	asJSON, err := a.json()
	if err != nil {
		return err
	}
	c, err := a.ready()
	if err != nil {
		return err
	}
	var names []string
	if f.flow != "" {
		names = []string{f.flow}
	}
	flows, err := c.flowsOnce(names)
	if err != nil {
		return err
	}
	if flows, err = withField(c, flows, field); err != nil {
		return err
	}
	look, done, err := a.looking(ctx, c, flows, f)
	if err != nil {
		return err
	}
	defer done()
	all, err := explainAll(ctx, flows, name, look)
	if err != nil {
		return err
	}
	v := &explainView{out: a.stdout, c: c, values: screen{view: viewFlags{reveal: f.reveal}}, asked: field, name: name}
	if asJSON {
		err = v.json(all)
	} else {
		v.text(all)
	}
	return cmp.Or(err, noStory(name, all))
}

// noStory is an error of who asked when no flow knows the record.
func noStory(name string, all []explained) error {
	absent := absenceOf(name)
	for _, e := range all {
		absent.found = absent.found || len(e.stories) > 0
		absent.flows = append(absent.flows, e.flow.Name())
	}
	return absent.told(io.Discard, true)
}

// withField leaves the flows that have a rule for the field. One that nothing can mean is an error of usage.
func withField(c *compiled, flows []*mapping.Flow, field string) ([]*mapping.Flow, error) {
	if field == "" {
		return flows, nil
	}
	with := slices.DeleteFunc(slices.Clone(flows), func(f *mapping.Flow) bool {
		return !slices.ContainsFunc(inspect.RuledFields(c.project, f.Spec()), func(r inspect.Ruled) bool { return r.AskedOf(field) })
	})
	if len(with) > 0 {
		return with, nil
	}
	near, there := inspect.FieldsNear(c.project, field)
	switch {
	case len(there) > 0:
		return nil, usageError{fmt.Errorf("no rule of these flows sets %s, a field of %s: casebridge never changes it", field, strings.Join(there, " and "))}
	case near != "":
		return nil, usageError{fmt.Errorf("no rule sets a field %q; did you mean %q?", field, near)}
	}
	return nil, usageError{fmt.Errorf("no rule sets a field %q", field)}
}

// explained is one flow and its stories of the record that was asked for.
type explained struct {
	flow    *mapping.Flow
	stories []told
}

// told is a story and what the store adds to it.
type told struct {
	*inspect.Story
	held   []store.QuarantineEntry
	sends  []store.LedgerEntry
	writes []store.PastWrite
	next   *reading // live only
}

// reading is whether the next run will read the record.
type reading struct {
	cursor store.Cursor
	since  time.Time
	stamp  time.Time
}

// looker finds the records of a flow's source that have a name, and what is known beside them.
type looker struct {
	now     func() time.Time
	records func(ctx context.Context, f *mapping.Flow, name string) ([]engine.Record, error)
	known   func(ctx context.Context, f *mapping.Flow) (inspect.Knowledge, string, error)
	more    func(ctx context.Context, f *mapping.Flow, s *told) error // nil without a store
}

// mostNames bounds under how many ids one child is looked for.
const mostNames = 8

// explainAll looks for the record in every flow, under the name given and under those by which what was found is tied to the other side.
func explainAll(ctx context.Context, flows []*mapping.Flow, name string, look looker) ([]explained, error) {
	all := make([]explained, len(flows))
	for i, f := range flows {
		all[i].flow = f
	}
	names := []string{name}
	for next := 0; next < len(names); next++ {
		var more []string
		for i := range all {
			if len(all[i].stories) > 0 {
				continue
			}
			records, err := look.records(ctx, all[i].flow, names[next])
			if err != nil {
				return nil, err
			}
			for _, rec := range records {
				s, err := look.story(ctx, all[i].flow, rec)
				if err != nil {
					return nil, err
				}
				all[i].stories = append(all[i].stories, s)
				more = append(more, all[i].flow.Alone(rec)...)
			}
		}
		for _, n := range more {
			if !slices.Contains(names, n) && len(names) < mostNames {
				names = append(names, n)
			}
		}
	}
	return all, nil
}

func (l looker) story(ctx context.Context, f *mapping.Flow, rec engine.Record) (told, error) {
	known, start, err := l.known(ctx, f)
	if err != nil {
		return told{}, err
	}
	s, err := inspect.Explain(ctx, f, rec, known, l.now(), start)
	t := told{Story: s}
	if err == nil && l.more != nil {
		err = l.more(ctx, f, &t)
	}
	return t, err
}

func (a *app) looking(ctx context.Context, c *compiled, flows []*mapping.Flow, f explainFlags) (looker, func(), error) {
	if f.from == "" {
		return a.lookLive(ctx, c, flows)
	}
	source := ""
	if len(flows) == 1 {
		source = flows[0].Spec().Source.Read.Text
	}
	file, size, done, err := a.openFile(f.from)
	if err != nil {
		return looker{}, nil, err
	}
	sample, err := inspect.OpenSample(file, size, source, c.project)
	if err != nil {
		done()
		return looker{}, nil, usageError{fmt.Errorf("--from %s: %w", f.from, err)}
	}
	return looker{
		now: a.now,
		records: func(_ context.Context, f *mapping.Flow, name string) ([]engine.Record, error) {
			return sample.Named(c.project, f.Spec().Source.Read.Text, name)
		},
		known: func(_ context.Context, f *mapping.Flow) (inspect.Knowledge, string, error) {
			return sample.For(c.project), startOf(f), nil
		},
	}, done, nil
}

// live is a record looked for in the systems.
type live struct {
	a     *app
	s     *session
	flows []*mapping.Flow
	read  map[string][]engine.Record // by source and name: a list may be long, and several flows read it
}

func (a *app) lookLive(ctx context.Context, c *compiled, flows []*mapping.Flow) (looker, func(), error) {
	s, err := a.openCompiled(ctx, c, readOnly, true)
	if err != nil {
		return looker{}, nil, err
	}
	l := &live{a: a, s: s, flows: flows, read: map[string][]engine.Record{}}
	return looker{now: a.now, records: l.records, known: l.known, more: l.more}, s.close, nil
}

func (l *live) inquire(ctx context.Context, f *mapping.Flow, w reconcile.Window) (*reconcile.Inquiry, error) {
	job, err := l.a.job(l.s, f, w, nil)
	if err != nil {
		return nil, err
	}
	return reconcile.Inquire(ctx, job, l.flows...)
}

func (l *live) records(ctx context.Context, f *mapping.Flow, name string) ([]engine.Record, error) {
	key := f.Spec().Source.Read.Text + "\x00" + name
	if found, ok := l.read[key]; ok {
		return found, nil
	}
	q, err := l.inquire(ctx, f, reconcile.Window{Named: name})
	if err != nil {
		return nil, err
	}
	found := []engine.Record{}
	for rec, err := range q.Records(ctx) {
		if err != nil {
			return nil, err
		}
		found = append(found, rec)
	}
	l.read[key] = found
	return found, nil
}

func (l *live) known(ctx context.Context, f *mapping.Flow) (inspect.Knowledge, string, error) {
	q, err := l.inquire(ctx, f, reconcile.Window{})
	if err != nil {
		return nil, "", err
	}
	for _, r := range inspect.RuledFields(l.s.c.project, f.Spec()) {
		top, _, _ := strings.Cut(r.Path, ".") // also what a policy leaves alone: people ask for its value
		q.Use(r.Object, top)
	}
	return q, q.Start(startOf(f)), nil
}

// more adds what the store knows of the record, and whether the next run reads it.
func (l *live) more(ctx context.Context, f *mapping.Flow, t *told) error {
	held, err1 := l.s.store.Quarantine(ctx, store.QuarantineFilter{Flow: f.Name(), Open: true})
	for _, e := range held {
		if e.Record == t.Decision.Record {
			t.held = append(t.held, e)
		}
	}
	sends, err2 := l.s.store.SendsOf(ctx, t.Decision.Record)
	t.sends = slices.DeleteFunc(sends, func(e store.LedgerEntry) bool { return e.Flow != f.Name() })
	writes, err3 := l.s.store.Writes(ctx, t.Decision.Record, 200)
	t.writes = slices.DeleteFunc(writes, func(w store.PastWrite) bool { return w.Flow != f.Name() })
	q, err4 := l.inquire(ctx, f, reconcile.Window{})
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return err
	}
	t.next = &reading{cursor: q.Cursor(), since: q.Next().Since, stamp: t.Source.Stamp}
	return nil
}
