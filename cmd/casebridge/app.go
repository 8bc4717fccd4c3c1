package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/reconcile"
)

// app is everything a command gets from outside.
type app struct {
	environ  func() []string
	stdin    io.Reader
	stdout   io.Writer
	stderr   io.Writer
	now      func() time.Time
	terminal bool   // stderr is a screen
	who      string // who is at work: account, machine and process

	transport http.RoundTripper // to both systems; nil: each connection's own

	at func(context.Context, reconcile.Boundary) error // for tests of crashes; nil otherwise

	flags flags
}

// flags are those that every command understands.
type flags struct {
	project string
	config  string
	store   string
	set     []string
	output  string
	verbose bool
}

// Exit codes, as the help says them.
const (
	exitDone        = 0
	exitUnknown     = 1
	exitUsage       = 2
	exitEnvironment = 3
	exitPartial     = 4
)

const exitHelp = `Exit codes: 0 done; 1 an error of no known kind; 2 the specs or the command line are wrong;
3 the environment is: settings, sign-in, disk, network; 4 done in part, each record that did not go has its reason.`

// errSpecs is returned when findings were already printed.
var errSpecs = errors.New("the specs have errors")

// errPartial is returned when a run did not carry everything.
var errPartial = errors.New("not everything went through")

// errEnvironment marks whatever failed before anything could be done.
var errEnvironment = errors.New("the environment is not ready")

// toldToStop is how a run ends that was told to: everything is in order, and not everything was done.
type toldToStop struct{ err error }

func (toldToStop) Error() string {
	return "told to stop; what was in hand is finished and recorded, and the next `casebridge run` goes on from there"
}
func (t toldToStop) Unwrap() error { return t.err }

// run is the program as a function: arguments in, exit code out.
func (a *app) run(ctx context.Context, args []string) int {
	a.stdout, a.stderr = outputs(a.stdout, a.stderr)
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	code := exitCode(err)
	var told toldToStop
	if errors.As(err, &told) {
		fmt.Fprintln(a.stderr, "casebridge: "+told.Error())
	} else if err != nil && !errors.Is(err, errSpecs) && !errors.Is(err, errPartial) && !errors.Is(err, errChanged) {
		fmt.Fprintln(a.stderr, "casebridge: "+strings.ReplaceAll(err.Error(), "\n", "\ncasebridge: ")) // each of several is a message of its own
	}
	return code
}

// exitCode is the one place where an error becomes a number.
func exitCode(err error) int {
	var usage usageError
	var told toldToStop
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &told):
		return exitPartial
	case errors.As(err, &usage), errors.Is(err, errSpecs), errors.Is(err, reconcile.ErrNoUpperBound):
		return exitUsage
	case errors.Is(err, errPartial), errors.Is(err, context.Canceled):
		return exitPartial
	case errors.Is(err, errEnvironment):
		return exitEnvironment
	}
	switch engine.KindOf(err) {
	case engine.Auth, engine.Environment:
		return exitEnvironment
	case "":
		return exitUnknown
	default:
		return exitPartial
	}
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "casebridge",
		Short: "Keeps two case-management systems in step",
		Long: "casebridge carries records between two case-management systems as its specs say.\n" +
			"Start with `casebridge demo`; then validate, test, dry-run, plan, run.\n" +
			"For scripts: --output json; `casebridge help json` says what stands in it, field by field.\n\n" + exitHelp,
		SilenceErrors: true, SilenceUsage: true,
		Args: cobra.ArbitraryArgs, RunE: helpOrUnknown,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(wrongFlag)
	p := root.PersistentFlags()
	p.StringVar(&a.flags.project, "project", a.getenv(projectVariable), "`DIR` of the specs (without it and "+projectVariable+": the Cambodia project inside this binary)")
	p.StringVar(&a.flags.config, "config", "", "settings `FILE` (YAML); also CASEBRIDGE_CONFIG")
	p.StringVar(&a.flags.store, "store", "", "`DSN` of the store: a file (default $XDG_STATE_HOME/casebridge/<project>.db)")
	p.StringArrayVar(&a.flags.set, "set", nil, "a setting, `KEY=VALUE`, e.g. connections.primero.url=https://…; over environment and file; not for passwords, which others could see")
	p.StringVar(&a.flags.output, "output", "text", "`text` or json; `casebridge help json` says what stands in it")
	p.BoolVarP(&a.flags.verbose, "verbose", "v", false, "log requests (never bodies) to stderr")
	for _, c := range a.commands() {
		strict(c)
		root.AddCommand(c)
	}
	root.AddCommand(a.jsonTopic())
	help := helpCommand(root)
	strict(help)
	root.SetHelpCommand(help)
	root.InitDefaultHelpCmd()
	return root
}

func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.validateCommand(), a.checkCommand(), a.testCommand(), a.dryRunCommand(), a.planCommand(), a.impactCommand(), a.explainCommand(), a.explainCodeCommand(), a.runCommand(),
		a.fmtCommand(), a.schemaCommand(), a.mapsCommand(), a.docsCommand(), a.fixtureCommand(),
		a.demoCommand(), a.sandboxCommand(), a.stateCommand(), a.parkedCommand(), a.quarantineCommand(), a.settingsCommand(), a.keyCommand(), a.versionCommand(),
	}
}

// log writes to stderr; only with --verbose below warnings.
func (a *app) log() *slog.Logger {
	level := slog.LevelWarn
	if a.flags.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(a.stderr, &slog.HandlerOptions{Level: level}))
}

// author is who signs what is written into the store.
func (a *app) author() string { return cmp.Or(a.who, "casebridge") }

// json says whether --output json was given.
func (a *app) json() (bool, error) {
	format, err := a.outputIn("text", "json")
	return format == "json", err
}

// outputIn is --output, which a command knows in these forms.
func (a *app) outputIn(forms ...string) (string, error) {
	if slices.Contains(forms, a.flags.output) {
		return a.flags.output, nil
	}
	last := len(forms) - 1
	return "", usageError{fmt.Errorf("--output is %s or %s, not %q", strings.Join(forms[:last], ", "), forms[last], a.flags.output)}
}
