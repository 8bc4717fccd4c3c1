package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/store"
)

// windowFlags choose what is read. None of them moves the cursor.
type windowFlags struct {
	since, until, named string
	limit               int
}

func (w *windowFlags) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&w.since, "since", "", "read what changed since `WHEN` (2026-11-01 or 2026-11-01T08:00:00+07:00) instead of since the cursor")
	f.StringVar(&w.until, "until", "", "… and not after `WHEN`, where the source knows an end")
	f.StringVar(&w.named, "case", "", "read only the record with this `ID`")
	f.IntVar(&w.limit, "limit", 0, "stop after `N` records")
}

// window reads the flags. A window that cannot hold anything would look like success, so it is refused.
func (w *windowFlags) window(zone *time.Location, now time.Time) (reconcile.Window, error) {
	out := reconcile.Window{Named: w.named, Limit: w.limit}
	var err1, err2 error
	out.Since, err1 = parseWhen("--since", w.since, zone)
	out.Until, err2 = parseWhen("--until", w.until, zone)
	switch {
	case w.limit < 0:
		return out, usageError{errors.New("--limit must not be negative")}
	case out.Since.After(now):
		return out, usageError{fmt.Errorf("--since %s lies in the future: nothing would be read", w.since)}
	case !out.Until.IsZero() && !out.Until.After(out.Since):
		return out, usageError{fmt.Errorf("--until %s is not after --since %s: nothing would be read", w.until, w.since)}
	}
	return out, errors.Join(err1, err2)
}

// parseWhen reads a date of the project's zone or an instant.
func parseWhen(flag, text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	return time.Time{}, usageError{fmt.Errorf("%s: %q is neither a date (2026-11-01) nor an instant (2026-11-01T08:00:00+07:00)", flag, text)}
}

// endOf refuses a window with an end for flows whose source knows none, before anybody is asked anything.
func (c *compiled) endOf(w reconcile.Window, flows ...*mapping.Flow) error {
	for _, f := range flows {
		source := f.Spec().Source.Read.Text
		if o := c.project.Object(source); !w.Until.IsZero() && o != nil && !o.Window {
			return usageError{fmt.Errorf("--until: %s reads %s, which cannot be read up to a moment. Leave --until out", f.Name(), source)}
		}
	}
	return nil
}

func (a *app) planCommand() *cobra.Command {
	var w windowFlags
	var view viewFlags
	cmd := &cobra.Command{
		Use:   "plan [flow...]",
		Short: "Show, per record and field, what a run would change on the live systems",
		Long: "Reads both systems and shows what `run` would write, decided by the same code. It writes nothing: its connections refuse to.\n" +
			"Each flow is planned against what is live now; what an earlier flow of the chain would write first is not assumed.\n" +
			"Values of persons are masked; --reveal shows them on this screen.\n\n" + exitHelp,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.plan(cmd.Context(), args, w, view)
		},
	}
	w.add(cmd)
	cmd.Flags().BoolVar(&view.reveal, "reveal", false, "show personal values")
	cmd.Flags().BoolVar(&view.all, "all", false, "show unchanged and skipped records too")
	return cmd
}

func (a *app) plan(ctx context.Context, names []string, w windowFlags, view viewFlags) error {
	c, err := a.ready()
	if err != nil {
		return err
	}
	flows, err1 := c.flowsOnce(names)
	window, err2 := w.window(c.project.Zone, a.now())
	asJSON, err3 := a.json()
	if err := errors.Join(err1, err2, err3, c.endOf(window, flows...)); err != nil {
		return err // before anybody is asked anything
	}
	s, err := a.openCompiled(ctx, c, readOnly, true)
	if err != nil {
		return err
	}
	defer s.close()
	if !asJSON && s.beginsSending(flows) {
		fmt.Fprintf(a.stdout, newStorePlan, s.begins)
	}
	if at, err := s.store.BackupAt(ctx); err != nil {
		return err
	} else if !asJSON && !at.IsZero() {
		fmt.Fprintf(a.stdout, backupPlan, s.storePath, minute(at, s.c.project.Zone))
	}
	var failures []error
	absent := absenceOf(window.Named)
	for _, f := range flows {
		screen := newScreen(a, s.c, view, asJSON)
		screen.planning, screen.absent = true, absent
		screen.head(f)
		job, err := a.job(s, f, window, screen)
		if err != nil {
			return err
		}
		sum, err := reconcile.Plan(ctx, job)
		screen.planned(sum)
		if err != nil {
			failures = append(failures, fmt.Errorf("plan %s: %w", f.Name(), err))
		}
	}
	if len(failures) > 0 {
		return errors.Join(failures...)
	}
	return absent.told(a.stdout, asJSON)
}

// session is a project with its settings, systems and store opened.
type session struct {
	c     *compiled
	set   *settings
	sys   *systems
	store *store.Store

	storePath string
	begins    string // storePath, when there was no store before
}

func (s *session) close() {
	_ = s.sys.close() // nothing depends on how a connection or a scratch copy goes away
	if s.store != nil {
		_ = s.store.Close()
	}
}

// open makes everything ready for a plan or a run. A plan gets a scratch copy of the store.
func (a *app) open(ctx context.Context, for_ access) (*session, error) {
	return a.openWith(ctx, for_, for_ == readOnly)
}

func (a *app) openWith(ctx context.Context, for_ access, scratch bool) (*session, error) {
	c, err := a.ready()
	if err != nil {
		return nil, err
	}
	return a.openCompiled(ctx, c, for_, scratch)
}

// openCompiled is openWith for a project that was compiled before.
func (a *app) openCompiled(ctx context.Context, c *compiled, for_ access, scratch bool) (*session, error) {
	set, err := a.settings(c.project, c.drivers)
	if err != nil {
		return nil, err
	}
	if err := set.check(c); err != nil {
		return nil, err
	}
	s := &session{c: c, set: set}
	if s.sys, err = a.connect(ctx, c, set, for_); err != nil {
		return nil, err
	}
	options, err := a.storeOptions(c, set, s.sys.urls)
	if err != nil {
		s.close()
		return nil, err
	}
	if s.storePath = options.Path; isNew(options.Path) {
		s.begins = options.Path
	}
	openStore := store.Open
	if scratch {
		openStore = store.Scratch
	}
	if s.store, err = openStore(ctx, options); err == nil {
		err = a.tellKey(ctx, s.store)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (a *app) job(s *session, f *mapping.Flow, w reconcile.Window, tell reconcile.Tell) (reconcile.Job, error) {
	limits, err := s.set.limits(f.Spec())
	retryFor, err2 := s.set.span(keyRetryFor)
	return reconcile.Job{
		Project: s.c.project, Flow: f, Readers: s.sys.readers, Store: s.store, Window: w, Limits: limits,
		Now: a.now, Log: a.log(), Who: a.author(), Tell: tell, At: a.at,
		RetryFor: retryFor,
	}, errors.Join(err, err2)
}
