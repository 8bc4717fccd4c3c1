package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine/reconcile"
)

func (a *app) stateCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "state", Short: "What the store knows, its history, its backup; and taking over from older jobs"}
	cmd.AddCommand(a.stateShow(), a.stateRuns(), a.stateHistory(), a.stateCheck(), a.stateBackup(), a.stateSet(), a.stateAdopt(), a.stateContinue(), a.stateRestamp())
	return cmd
}

func (a *app) stateAdopt() *cobra.Command {
	var before, why string
	cmd := &cobra.Command{
		Use:   "adopt",
		Short: "Take over: record what was already sent, so that it is not sent again",
		Long: "Reads both systems whole and records in the ledger every send that the other system already lists.\n" +
			"A referral that nobody there has taken up yet is not listed: with --before, what is older than that date counts as sent all the same.\n" +
			"Decisions made so far count as sent. It fills recall. It writes to neither system.\n" +
			"With a backup as the store, what is not listed may have been sent since the backup was made: it is parked, for a person to decide.\n\n" + exitHelp,
		Args: asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.textOnly(); err != nil {
				return err
			}
			if _, err := time.Parse(time.DateOnly, before); before != "" && err != nil {
				return usageError{fmt.Errorf("--before: %q is not a date such as 2026-11-01", before)}
			}
			if cmd.Flags().Changed("why") && strings.TrimSpace(why) == "" {
				return usageError{errors.New("say with --why; it stands in the audit trail")}
			}
			return a.adopt(cmd.Context(), before, why)
		},
	}
	cmd.Flags().StringVar(&before, "before", "", "what is older than this `DATE` counts as sent")
	cmd.Flags().StringVar(&why, "why", "", "the `REASON`, for the audit trail (default cut-over; with a backup, that it took the place of the store)")
	return cmd
}

func (a *app) adopt(ctx context.Context, before, why string) error {
	s, err := a.openAdopting(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	flows, err := s.c.flowsOnce(nil)
	if err != nil {
		return err
	}
	if why, err = reasonToAdopt(ctx, s, why); err != nil {
		return err
	}
	var jobs []reconcile.Job
	for _, f := range flows {
		job, err := a.job(s, f, reconcile.Window{}, nil)
		if err != nil {
			return err
		}
		job.Who = a.author()
		jobs = append(jobs, job)
	}
	done, err := reconcile.Adopt(ctx, jobs, before, why)
	for _, d := range done {
		left := "nothing is left to send"
		if d.Open > 0 {
			left = fmt.Sprintf("%s not, and the next run will send %s (see `casebridge plan %s`)", plural(d.Open, "1 is", "%d are"), plural(d.Open, "it", "them"), d.Flow)
		}
		fmt.Fprintf(a.stdout, "%s: %s already there and recorded; %s\n", d.Flow, plural(d.Sent, "1 send is", "%d sends are"), left)
		if d.Parked > 0 {
			fmt.Fprintf(a.stdout, "  %s: see `casebridge parked list`\n",
				plural(d.Parked, "1 may have been sent since the backup was made and is parked", "%d may have been sent since the backup was made and are parked"))
		}
		if d.Open > 0 && before == "" {
			fmt.Fprintf(a.stdout, "  If the jobs before casebridge have sent them too, they would arrive twice: say until when those jobs ran with --before DATE.\n")
		}
	}
	return err
}

// reasonToAdopt is what the audit trail says when nobody gave a reason.
func reasonToAdopt(ctx context.Context, s *session, given string) (string, error) {
	at, err := s.store.BackupAt(ctx)
	switch {
	case given != "" || err != nil:
		return given, err
	case at.IsZero():
		return "cut-over", nil
	}
	return "a backup took the place of the store", nil
}

// openAdopting opens connections that cannot write and the store itself.
func (a *app) openAdopting(ctx context.Context) (*session, error) {
	return a.openWith(ctx, readOnly, false)
}

func (a *app) stateContinue() *cobra.Command {
	var why string
	cmd := &cobra.Command{
		Use: "continue", Short: "Go on with a backup as the store: casebridge has not run since it was made",
		Long: "A backup does not know what was sent since it was made, so flows that send refuse to run with it. When casebridge has not run\n" +
			"since then, for example because it moved to another machine, this says so, and they go on. If it has run, use `casebridge state adopt`.\n" +
			"The reason goes to the audit trail.",
		Args: asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.textOnly(); err != nil {
				return err
			}
			if strings.TrimSpace(why) == "" {
				return usageError{errors.New("say with --why; it stands in the audit trail")}
			}
			_, st, err := a.openStore(cmd)
			if err != nil {
				return err
			}
			defer closeQuietly(st)
			if err := st.GoOn(cmd.Context(), a.author(), why); err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.stdout, "This is the store from now on: flows that send run with it again.")
			return err
		},
	}
	cmd.Flags().StringVar(&why, "why", "", "the `REASON`, for the audit trail")
	return cmd
}

func (a *app) stateShow() *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Cursors, who runs what, last runs, sends by state, recall, quarantine",
		Args: asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, st, err := a.openStore(cmd)
			if err != nil {
				return err
			}
			defer closeQuietly(st)
			o, err := st.Overview(cmd.Context())
			if err != nil {
				return err
			}
			return a.printOverview(o, c.project.Zone)
		},
	}
}
