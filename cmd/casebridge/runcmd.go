package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/store"
)

func (a *app) runCommand() *cobra.Command {
	var w windowFlags
	var view viewFlags
	var release string
	cmd := &cobra.Command{
		Use:   "run [flow...]",
		Short: "Carry what changed; without arguments all flows of the schedule, once",
		Long: "Carries the records that changed since the last run, and settles each: delivered, quarantined with its reason, or parked.\n" +
			"A flow starts when the one before it ended done or partial. --since, --until, --case and --limit never move the cursor.\n" +
			"A flow that would do more than its limits stops; look at `casebridge plan FLOW` and release it with --plan HASH.\n\n" + exitHelp,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			err := a.runFlows(cmd.Context(), args, w, view, release)
			if err != nil && cmd.Context().Err() != nil {
				return toldToStop{err}
			}
			return err
		},
	}
	w.add(cmd)
	cmd.Flags().BoolVar(&view.all, "all", false, "show every write, not only the first 20 of a flow")
	cmd.Flags().StringVar(&release, "plan", "", "release the plan with this `HASH` over the limits; one flow only")
	return cmd
}

func (a *app) runFlows(ctx context.Context, names []string, w windowFlags, view viewFlags, release string) error {
	if release != "" && len(names) != 1 {
		return usageError{errors.New("--plan releases the plan of one flow: name it")}
	}
	c, err := a.ready()
	if err != nil {
		return err
	}
	flows, err1 := c.flows(names)
	window, err2 := w.window(c.project.Zone, a.now())
	asJSON, err3 := a.json()
	if err := errors.Join(err1, err2, err3, c.endOf(window, flows...)); err != nil {
		return err // before anybody is asked anything
	}
	s, err := a.openCompiled(ctx, c, readWrite, false)
	if err != nil {
		return err
	}
	defer s.close()
	keep, err := s.set.keep()
	if err != nil {
		return err
	}
	if s.beginsSending(flows) {
		fmt.Fprintf(a.stderr, "casebridge: "+newStoreText, s.begins)
	}
	err = a.chain(ctx, s, flows, window, view, asJSON, release)
	if err == nil || errors.Is(err, errPartial) {
		a.prune(ctx, s, keep)
	}
	return err
}

// prune lets go of the rows of old runs. When it cannot, the run was none the worse for it.
func (a *app) prune(ctx context.Context, s *session, keep time.Duration) {
	if _, err := s.store.Prune(ctx, a.now().Add(-keep)); err != nil {
		a.log().Warn("old runs were not pruned; the next run tries again", "error", err)
	}
}

// chain runs flows one after another; one that did not get to work stops those behind it.
func (a *app) chain(ctx context.Context, s *session, flows []*mapping.Flow, w reconcile.Window, view viewFlags, asJSON bool, release string) error {
	partial := false
	absent := absenceOf(w.Named)
	for i, f := range flows {
		screen := newScreen(a, s.c, view, asJSON)
		screen.absent = absent
		screen.head(f)
		job, err := a.job(s, f, w, screen)
		if err != nil {
			return err
		}
		if release != "" {
			if err := a.release(ctx, s, &job, release); err != nil {
				return err
			}
		}
		sum, err := reconcile.Run(ctx, job, s.sys.writers)
		screen.ran(sum, err)
		if sum.State == reconcile.EndedDone {
			continue
		}
		partial = true
		if sum.State != reconcile.EndedPartial {
			screen.notStarted(flows[i+1:])
			if err != nil {
				return err
			}
			return errPartial
		}
	}
	err := absent.told(a.stdout, asJSON)
	if partial {
		return errPartial
	}
	return err
}

// release plans again and, if the plan is still the one that was looked at, lifts the limits.
func (a *app) release(ctx context.Context, s *session, job *reconcile.Job, hash string) error {
	options, err := a.storeOptions(s.c, s.set, s.sys.urls)
	if err != nil {
		return err
	}
	scratch, err := store.Scratch(ctx, options)
	if err != nil {
		return err
	}
	defer closeQuietly(scratch)
	again := *job
	again.Store, again.Tell = scratch, nil
	sum, err := reconcile.Plan(ctx, again)
	if err != nil {
		return err
	}
	if sum.Hash != hash {
		is := fmt.Sprintf("is now %q, not %q", sum.Hash, hash)
		if sum.Hash == "" {
			is = fmt.Sprintf("has nothing to write now, so it is not %q", hash)
		}
		return &engine.Fault{Kind: engine.Environment, Op: "release the plan", Ref: sum.Flow,
			Err: fmt.Errorf("the plan of %s %s: something changed meanwhile", sum.Flow, is), Next: fmt.Sprintf("Look at `casebridge plan %s` again.", sum.Flow)}
	}
	// Written before anything is sent: whatever comes of it, the trail says whose word it was.
	err = s.store.Note(ctx, store.AuditLine{Who: a.author(), What: "release", Flow: sum.Flow, Was: "plan " + hash,
		Became: fmt.Sprintf("released: create %d, update %d, send %d, whatever the limits", sum.Created, sum.Updated, sum.Sent), Why: "run --plan " + hash})
	if err != nil {
		return err
	}
	job.Limits, job.Released = spec.Limits{Creates: -1, Sends: -1, UpdatedPercent: -1}, true
	return nil
}

// closeQuietly closes what nothing depends on any more.
func closeQuietly(c io.Closer) { _ = c.Close() }
