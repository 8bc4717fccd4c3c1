package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/inspect"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/reconcile"
)

// errChanged is returned with --exit-code when something changes; that was printed.
var errChanged = errors.New("something changes")

// impactFlags choose what is compared with what, and how it is shown.
type impactFlags struct {
	against, from string
	window        windowFlags
	reveal        bool
	exitCode      bool
	examples      int
}

func (a *app) impactCommand() *cobra.Command {
	var f impactFlags
	cmd := &cobra.Command{
		Use:   "impact [flow...] --against REF|DIR|last",
		Short: "Show what a change of the specs would change, counted by route, field and verdict",
		Long: "Decides the same records under the old and the new specs and counts what comes out differently, with a few examples.\n" +
			"The new specs are those of --project, or inside this binary. The old ones are a directory, a state that git knows\n" +
			"(a branch, a tag, a commit), or `last`: the specs of the last run.\n" +
			"The records come from a file (--from, as `dry-run` takes it; lists of oscar.client and so on in it also count as what the\n" +
			"store recalls), or are read live like a plan's. It writes nothing: its connections refuse to. Nothing is kept.\n" +
			"--output markdown is for a comment on a proposed change. Values of persons are masked; --reveal shows them.\n\n" +
			"Exit codes: 0 compared; with --exit-code 0 means that nothing changes and 1 that something does; 2 the specs or the\n" +
			"command line are wrong; 3 the environment is; 4 not all records could be compared.",
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.impact(cmd.Context(), args, f)
		},
	}
	cmd.Flags().StringVar(&f.against, "against", "", "the old specs: `REF|DIR|last`")
	cmd.Flags().StringVar(&f.from, "from", "", "compare over the records in `FILE`; - is standard input")
	f.window.add(cmd)
	cmd.Flags().BoolVar(&f.reveal, "reveal", false, "show personal values")
	cmd.Flags().BoolVar(&f.exitCode, "exit-code", false, "exit with 1 when something changes")
	cmd.Flags().IntVar(&f.examples, "examples", 3, "show up to `N` examples of each difference")
	return cmd
}

func (a *app) impact(ctx context.Context, names []string, f impactFlags) error {
	print, err := a.impactPrinter(f)
	if err != nil {
		return err
	}
	now, err := a.ready()
	if err != nil {
		return err
	}
	old, err := a.oldSpecs(ctx, now, f.against)
	if err != nil {
		return err
	}
	im := impacting{a: a, flags: f, old: old, now: now, report: impactReport{
		Old: versionLabel{old.root, old.project.Version}, New: versionLabel{now.root, now.project.Version}}}
	if old.project.Version != now.project.Version {
		err = im.compareAll(ctx, names)
	}
	if err != nil && len(im.report.Flows) == 0 {
		return err
	}
	if wrong := print(im.report); wrong != nil {
		return wrong
	}
	if err == nil && f.exitCode && slices.ContainsFunc(im.report.Flows, func(f flowReport) bool { return f.Changes() }) {
		return errChanged
	}
	return err
}

// impacting is one impact under way.
type impacting struct {
	a        *app
	flags    impactFlags
	old, now *compiled
	session  *session // live only
	report   impactReport
}

// both is one flow under both specs; nil where they have none of that name.
type both struct {
	name     string
	old, now *mapping.Flow
}

// source is what the flow reads.
func (b both) source() string { return b.any().Spec().Source.Read.Text }

func (b both) any() *mapping.Flow {
	if b.now != nil {
		return b.now
	}
	return b.old
}

func (im *impacting) compareAll(ctx context.Context, names []string) error {
	flows, err := im.flows(names)
	if err != nil {
		return err
	}
	over, done, err := im.records(ctx, flows, names)
	if err != nil {
		return err
	}
	defer done()
	for _, f := range flows {
		if err := im.compare(ctx, f, over); err != nil {
			return fmt.Errorf("compare %s: %w", f.name, err)
		}
	}
	return nil
}

// flows are those named, or those of both schedules. One that now reads something else is two flows.
func (im *impacting) flows(names []string) ([]both, error) {
	if len(names) == 0 {
		for _, c := range []*compiled{im.now, im.old} {
			flows, err := c.flowsOnce(nil)
			if err != nil {
				return nil, err
			}
			for _, f := range flows {
				names = append(names, f.Name())
			}
		}
	}
	var out []both
	for i, name := range names {
		b := both{name, im.old.program.Flow(name), im.now.program.Flow(name)}
		switch {
		case slices.Contains(names[:i], name):
		case b.old == nil && b.now == nil:
			_, err := im.now.flow(name)
			return nil, err
		case b.old != nil && b.now != nil && b.old.Spec().Source.Read.Text != b.now.Spec().Source.Read.Text:
			out = append(out, both{name: name, old: b.old}, both{name: name, now: b.now})
		default:
			out = append(out, b)
		}
	}
	return out, nil
}

// over opens the records of one flow and what is known beside them.
type over func(ctx context.Context, f both) (opened, error)

// opened is what one flow is compared over.
type opened struct {
	records iter.Seq2[engine.Record, error]
	known   [2]inspect.Knowledge
	starts  [2]string
	window  string
}

func (im *impacting) records(ctx context.Context, flows []both, names []string) (over, func(), error) {
	if im.flags.from == "" {
		return im.live(ctx, flows)
	}
	if im.flags.window != (windowFlags{}) {
		return nil, nil, usageError{errors.New("--from takes all records of its file: it does not go with --since, --until, --case and --limit")}
	}
	source := ""
	if len(names) == 1 {
		source = flows[0].source()
	}
	file, size, done, err := im.a.openFile(im.flags.from)
	if err != nil {
		return nil, nil, err
	}
	sample, err := inspect.OpenSample(file, size, source, im.now.project, im.old.project)
	if err != nil {
		done()
		return nil, nil, usageError{fmt.Errorf("--from %s: %w", im.flags.from, err)}
	}
	return func(_ context.Context, f both) (opened, error) {
		project := im.now.project
		if f.now == nil {
			project = im.old.project
		}
		return opened{records: sample.Records(project, f.source()), starts: [2]string{startOf(f.old), startOf(f.now)},
			known: [2]inspect.Knowledge{sample.For(im.old.project), sample.For(im.now.project)}}, nil
	}, done, nil
}

// startOf is the start date of a flow's specs; "" when everything counts.
func startOf(f *mapping.Flow) string {
	if f == nil || f.Spec().Source.Everything {
		return ""
	}
	return f.Spec().Source.Start.Text
}

// openFile opens a file of records, or standard input, to be read here and there.
func (a *app) openFile(name string) (file io.ReaderAt, size int64, done func(), err error) {
	if name == "-" {
		raw, err := io.ReadAll(a.stdin)
		return bytes.NewReader(raw), int64(len(raw)), func() {}, err
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, nil, usageError{fmt.Errorf("--from: %w", err)}
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = usageError{fmt.Errorf("--from: %s is not a file", name)}
	}
	if err != nil {
		closeQuietly(f)
		return nil, 0, nil, err
	}
	return f, info.Size(), func() { closeQuietly(f) }, nil
}

// live reads like a plan. Both versions decide from the same answers.
func (im *impacting) live(ctx context.Context, flows []both) (over, func(), error) {
	window, err := im.flags.window.window(im.now.project.Zone, im.a.now())
	if err != nil {
		return nil, nil, err
	}
	for _, f := range flows {
		if err := im.now.endOf(window, f.any()); err != nil {
			return nil, nil, err
		}
	}
	if err := im.sameSystems(flows); err != nil {
		return nil, nil, err
	}
	if im.session, err = im.a.openCompiled(ctx, im.now, readOnly, true); err != nil {
		return nil, nil, err
	}
	return func(ctx context.Context, f both) (opened, error) {
		job, err := im.a.job(im.session, f.any(), window, nil)
		if err != nil {
			return opened{}, err
		}
		if f.now == nil {
			job.Project = im.old.project
		}
		also := []*mapping.Flow{}
		if f.old != nil {
			also = append(also, f.old)
		}
		q, err := reconcile.Inquire(ctx, job, also...)
		if err != nil {
			return opened{}, err
		}
		return opened{q.Records(ctx), [2]inspect.Knowledge{q, q}, [2]string{q.Start(startOf(f.old)), q.Start(startOf(f.now))}, q.Window()}, nil
	}, im.session.close, nil
}

// sameSystems refuses old specs whose connections the new ones do not have: there is no way to ask those systems.
func (im *impacting) sameSystems(flows []both) error {
	for _, f := range flows {
		if f.old == nil {
			continue
		}
		for _, use := range f.old.Reads() {
			connection, _, _ := engine.SplitObject(use.Object)
			was, is := im.old.drivers[connection], im.now.drivers[connection]
			if is == nil || was == nil || was.Name() != is.Name() {
				return usageError{fmt.Errorf("the old flow %s reads %s, and the new specs have no such connection: compare over a file (--from)", f.name, use.Object)}
			}
		}
	}
	return nil
}

func (im *impacting) compare(ctx context.Context, f both, over over) error {
	o, err := over(ctx, f)
	if err != nil {
		return err
	}
	_, noun, _ := engine.SplitObject(f.source())
	impact, err := inspect.Compare(ctx, inspect.Comparison{Flow: f.name, Noun: noun, Old: f.old, New: f.now,
		Starts: o.starts, Known: o.known, Now: im.a.now(), Examples: im.flags.examples}, o.records)
	im.report.Flows = append(im.report.Flows, flowReport{FlowImpact: impact, Window: o.window})
	return err
}
