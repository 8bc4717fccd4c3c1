package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/store"
)

func (a *app) stateCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "state", Short: "What the store knows: cursors, sends, recall; and taking over from older jobs"}
	cmd.AddCommand(a.stateShow(), a.stateAdopt(), a.stateResolve())
	return cmd
}

func (a *app) stateAdopt() *cobra.Command {
	var before, why string
	cmd := &cobra.Command{
		Use:   "adopt",
		Short: "Take over: record what was already sent, so that it is not sent again",
		Long: "Reads both systems whole and records in the ledger every send that the other system already lists.\n" +
			"A referral that nobody there has taken up yet is not listed: with --before, what is older than that date counts as sent all the same.\n" +
			"Decisions made so far count as sent. It fills recall. It writes to neither system.\n\n" + exitHelp,
		Args: asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := time.Parse(time.DateOnly, before); before != "" && err != nil {
				return usageError{fmt.Errorf("--before: %q is not a date such as 2026-11-01", before)}
			}
			return a.adopt(cmd.Context(), before, why)
		},
	}
	cmd.Flags().StringVar(&before, "before", "", "what is older than this `DATE` counts as sent")
	cmd.Flags().StringVar(&why, "why", "cut-over", "the `REASON`, for the audit trail")
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
		fmt.Fprintf(a.stdout, "%s: %d sends are already there and recorded; %d are not, and the next run will send them (see `casebridge plan %s`)\n",
			d.Flow, d.Sent, d.Open, d.Flow)
		if d.Open > 0 && before == "" {
			fmt.Fprintf(a.stdout, "  If the jobs before casebridge have sent them too, they would arrive twice: say until when those jobs ran with --before DATE.\n")
		}
	}
	return err
}

// openAdopting opens connections that cannot write and the store itself.
func (a *app) openAdopting(ctx context.Context) (*session, error) {
	return a.openWith(ctx, readOnly, false)
}

func (a *app) stateResolve() *cobra.Command {
	var arrived, lost bool
	var why string
	cmd := &cobra.Command{
		Use:   "resolve ID",
		Short: "Say what became of a parked send, when the other system will never show it",
		Long: "Closes a parked send by a person's word. Look in the other system first: with --not-arrived the next run sends it again,\n" +
			"and if it had arrived after all, it is there twice. The word and its reason go to the audit trail.",
		Args: asUsage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return usageError{fmt.Errorf("%q is not the number of a parked send; see `casebridge state show`", args[0])}
			}
			if arrived == lost || why == "" {
				return usageError{errors.New("say either --arrived or --not-arrived, and --why")}
			}
			_, st, err := a.openStore(cmd)
			if err != nil {
				return err
			}
			defer closeQuietly(st)
			if err := st.Resolve(cmd.Context(), store.Resolution{ID: id, Arrived: arrived, Who: "casebridge state resolve", Why: why}); err != nil {
				return err
			}
			word := "counts as sent"
			if lost {
				word = "will be sent again by the next run that reads its record; to send it now: casebridge run FLOW --case ID"
			}
			_, err = fmt.Fprintf(a.stdout, "Send %d %s.\n", id, word)
			return err
		},
	}
	cmd.Flags().BoolVar(&arrived, "arrived", false, "the other system has it")
	cmd.Flags().BoolVar(&lost, "not-arrived", false, "the other system does not have it")
	cmd.Flags().StringVar(&why, "why", "", "how you know, the `REASON` for the audit trail")
	return cmd
}

func (a *app) stateShow() *cobra.Command {
	return &cobra.Command{
		Use: "show", Short: "Cursors, sends by state, recall, quarantine, what is parked",
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
			err = a.printOverview(o, c.project.Zone)
			parked, err2 := st.Parked(cmd.Context())
			awaiting, err3 := st.AwaitingList(cmd.Context())
			a.printSends("parked (maybe sent)", parked, c.project.Zone)
			a.printSends("awaiting verification", awaiting, c.project.Zone)
			return errors.Join(err, err2, err3)
		},
	}
}
