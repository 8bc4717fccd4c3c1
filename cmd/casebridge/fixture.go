package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine/inspect"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spectest"
)

func (a *app) fixtureCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fixture",
		Short: "Make test cases of real records, with nothing of a person in them",
	}
	cmd.AddCommand(a.fixtureSaveCommand())
	return cmd
}

// fixtureFlags say what becomes of a record.
type fixtureFlags struct {
	from, to, name string
	keep           []string
}

func (a *app) fixtureSaveCommand() *cobra.Command {
	var f fixtureFlags
	cmd := &cobra.Command{
		Use:   "save FLOW RECORD",
		Short: "Save a record and all that its decision looks at as a pseudonymised test case",
		Long: "Decides one record as a run would and writes it down as a case for `casebridge test`, together with every record that the\n" +
			"decision asked for. RECORD is what `plan --case` takes. It is read from both systems, which are not written to; with --from\n" +
			"from a file, as `dry-run` takes it.\n\n" +
			"Names, texts, phone numbers and identifiers are replaced, the same value by the same everywhere; lengths, scripts, codes and\n" +
			"what the specs speak of stay. Dates about a person move within their year; the years, and when records were written, stay.\n" +
			"The replacements are random for each call and cannot be turned back. Read the case before you hand it on: a rare code or\n" +
			"combination of codes can still tell who somebody is.\n\n" +
			"When something else is decided about the case than about the record, it says so: keep a field that the rules look at with\n" +
			"--keep. Fields about a person are always replaced.\n\n" + exitHelp,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.textOnly(); err != nil {
				return err
			}
			return a.fixtureSave(cmd.Context(), args[0], args[1], f)
		},
	}
	cmd.Flags().StringVar(&f.from, "from", "", "take the record from `FILE`; - is standard input")
	cmd.Flags().StringVar(&f.to, "to", "", "add the case to `TESTFILE`, which may be new (default: print it)")
	cmd.Flags().StringVar(&f.name, "name", "", "`NAME` of the case: what it shows, and nothing of the person")
	cmd.Flags().StringArrayVar(&f.keep, "keep", nil, "keep `FIELD` (or rows.column) as it is; not for fields about a person")
	return cmd
}

func (a *app) fixtureSave(ctx context.Context, flowName, record string, flags fixtureFlags) error {
	c, err := a.ready()
	if err != nil {
		return err
	}
	f, err := c.flow(flowName)
	if err != nil {
		return err
	}
	file, err := openCases(flags.to, f.Name())
	if err != nil {
		return err
	}
	if flags.name != "" && slices.Contains(file.names, flags.name) {
		return usageError{fmt.Errorf("%s has a case with this name already: choose another --name", flags.to)}
	}
	original, err := a.original(ctx, c, f, record, flags.from)
	if err != nil {
		return err
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return fmt.Errorf("%w: %w", errEnvironment, err)
	}
	fx, err := spectest.Save(c.project, f, original, spectest.Saving{
		Name: flags.name, Taken: file.names, Now: a.now(), Keep: flags.keep, Secret: secret,
	})
	switch {
	case errors.Is(err, spectest.ErrKeep):
		return usageError{fmt.Errorf("--keep: %w", err)}
	case errors.Is(err, spectest.ErrSurvives):
		return fmt.Errorf("nothing was written: %w; leave --keep and --name out, or make this case by hand", err)
	case err != nil:
		return err
	}
	return a.writeFixture(fx, file)
}

func (a *app) writeFixture(fx *spectest.Fixture, file *caseFile) error {
	lines, err := fx.Lines(oneLine)
	if err != nil {
		return err
	}
	text, err := file.with(lines, fx.Name)
	if err != nil {
		return err
	}
	if file.path == "" {
		fmt.Fprint(a.stdout, text)
	} else if err := replaceFile(file.path, []byte(text)); err != nil {
		return err
	} else {
		fmt.Fprintf(a.stdout, "%s: %s\n", file.path, fx.Name)
	}
	if len(fx.Differs) == 0 {
		return nil
	}
	fmt.Fprintln(a.stderr, "Something else is decided about this case than about the record, and the case says so:")
	for _, d := range fx.Differs {
		fmt.Fprintln(a.stderr, "  "+d)
	}
	fmt.Fprintln(a.stderr, "A field of class code or public stays as it is with --keep FIELD.")
	return nil
}

var (
	errNoSuchRecord = errors.New("the flow's source has no such record")
	errManyRecords  = errors.New("several records of the flow's source have this id: give the one that only this record has")
)

// original decides the record and listens to what the decision asks for.
func (a *app) original(ctx context.Context, c *compiled, f *mapping.Flow, record, from string) (spectest.Original, error) {
	look, done, err := a.looking(ctx, c, []*mapping.Flow{f}, explainFlags{from: from})
	if err != nil {
		return spectest.Original{}, err
	}
	defer done()
	found, err := look.records(ctx, f, record)
	switch {
	case err != nil:
		return spectest.Original{}, err
	case len(found) == 0:
		return spectest.Original{}, usageError{errNoSuchRecord}
	case len(found) > 1:
		return spectest.Original{}, usageError{errManyRecords}
	}
	known, start, err := look.known(ctx, f)
	if err != nil {
		return spectest.Original{}, err
	}
	heard := &listening{Knowledge: known, seen: map[string]bool{}}
	story, err := inspect.Explain(ctx, f, found[0], heard, look.now(), start)
	if err == nil {
		err = heard.fault()
	}
	if err != nil {
		return spectest.Original{}, err
	}
	return spectest.Original{Record: found[0], Decision: story.Decision, Asked: heard.asked}, nil
}

// listening remembers what the decision about one record asked for.
type listening struct {
	inspect.Knowledge
	seen  map[string]bool
	asked []spectest.Asked
}

// Answer implements mapping.Known. One record is decided by one goroutine at a time.
func (l *listening) Answer(ask mapping.Ask) (mapping.Answer, bool) {
	answer, ok := l.Knowledge.Answer(ask)
	if key := ask.Key(); ok && !l.seen[key] {
		l.seen[key] = true
		l.asked = append(l.asked, spectest.Asked{Ask: ask, Answer: answer})
	}
	return answer, ok
}

// fault is why something could not be read: half of what a decision needs makes no case.
func (l *listening) fault() error {
	for _, a := range l.asked {
		if a.Answer.Fault != nil {
			return a.Answer.Fault
		}
	}
	return nil
}
