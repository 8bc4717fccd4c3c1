package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/store"
)

func (a *app) quarantineCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "quarantine",
		Short: "Records that could not be carried, each with its reason and the next step",
		Long: "A record in quarantine was not delivered and stops no other. It is looked at again when its record changes, when the specs\n" +
			"have changed, and once a day; the entry closes by itself when the record goes through. Mend the cause (a map row, the record in\n" +
			"its system) and wait, or try it now: `casebridge quarantine retry ID`, or all of the record with `casebridge run FLOW --case ID`.\n" +
			"What will never go is discarded, with a reason.",
	}
	cmd.AddCommand(a.quarantineList(), a.quarantineShow(), a.quarantineRetry(), a.quarantineDiscard(), a.quarantinePause(), a.quarantineResume())
	return cmd
}

// heldFlags choose entries.
type heldFlags struct {
	flow, cause, kind, since string
	closed, all              bool
}

func (h *heldFlags) filter(zone *time.Location) (store.QuarantineFilter, error) {
	since, err := parseWhen("--since", h.since, zone)
	return store.QuarantineFilter{Flow: h.flow, Open: !h.closed, Code: h.cause, Kind: h.kind, Since: since}, err
}

func (a *app) quarantineList() *cobra.Command {
	var flags heldFlags
	cmd := &cobra.Command{
		Use: "list", Short: "The open entries by cause and unknown value, with what comes nearest and the next step",
		Args: asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			q, err := a.openQuarantine(cmd)
			if err != nil {
				return err
			}
			defer q.close()
			filter, err := flags.filter(q.c.project.Zone)
			if err != nil {
				return err
			}
			if err := a.checkHeld(q, flags); err != nil {
				return err
			}
			entries, err := q.store.Quarantine(cmd.Context(), filter)
			if err != nil {
				return err
			}
			return a.listQuarantine(cmd.Context(), q, entries, flags)
		},
	}
	f := cmd.Flags()
	f.StringVar(&flags.flow, "flow", "", "only of this `FLOW`")
	f.StringVar(&flags.cause, "cause", "", "only of this cause, by its stable `CODE`")
	f.StringVar(&flags.kind, "kind", "", "only of this `KIND`: mapping, rejected, conflict, transient")
	f.StringVar(&flags.since, "since", "", "only what was first held at `WHEN` or later (2026-11-01 or 2026-11-01T08:00:00+07:00)")
	f.BoolVar(&flags.closed, "closed", false, "closed and discarded entries too")
	f.BoolVar(&flags.all, "all", false, "every record, not only the newest of each value")
	return cmd
}

// checkHeld refuses a flow that does not exist: an empty list would look like good news.
func (a *app) checkHeld(q *quarantine, flags heldFlags) error {
	if flags.flow != "" {
		if _, err := q.c.flow(flags.flow); err != nil {
			return err
		}
	}
	kinds := []string{string(engine.Unmapped), string(engine.Rejected), string(engine.Conflict), string(engine.Transient)}
	if flags.kind == "" || slices.Contains(kinds, flags.kind) {
		return nil
	}
	text := fmt.Sprintf("--kind: there is no kind %q", flags.kind)
	if near := engine.Nearest(flags.kind, kinds); near != "" {
		text += fmt.Sprintf("; did you mean %q?", near)
	}
	return usageError{errors.New(text)}
}

func (a *app) quarantineShow() *cobra.Command {
	var reveal bool
	cmd := &cobra.Command{
		Use: "show ID", Short: "One entry: what, why, where the rule stands, its document, what was done, and the next step",
		Long: "Shows all that is known of one entry. Of its document (what the target refused, or the record that could not be decided) the\n" +
			"values of persons are masked; --reveal shows them on this screen, and the audit trail says that somebody looked.",
		Args: asUsage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := entryIDs(args)
			if err != nil {
				return err
			}
			q, err := a.openQuarantine(cmd)
			if err != nil {
				return err
			}
			defer q.close()
			e, err := q.entry(cmd.Context(), ids[0])
			if err != nil {
				return err
			}
			return a.showEntry(cmd.Context(), q, e, reveal)
		},
	}
	cmd.Flags().BoolVar(&reveal, "reveal", false, "show the personal values of its document; the audit trail says so")
	return cmd
}

// entryIDs reads numbers of entries.
func entryIDs(args []string) ([]int64, error) {
	var ids []int64
	for _, text := range args {
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil || id < 1 {
			return nil, usageError{fmt.Errorf("%q is not the number of an entry; see `casebridge quarantine list`", text)}
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (a *app) quarantineDiscard() *cobra.Command {
	var flags heldFlags
	var why string
	var yes bool
	cmd := &cobra.Command{
		Use: "discard [ID...]", Short: "Decide that entries never go, and say why",
		Long: "What is discarded is not tried again and not listed, as long as its source record stays as it is. It opens again when that\n" +
			"record changes or when something else stops it; `quarantine retry ID` tries it all the same. The documents that were kept are\n" +
			"deleted at once. The decision and its reason go to the audit trail.",
		Args: asUsage(cobra.ArbitraryArgs),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.discard(cmd, args, flags, why, yes)
		},
	}
	f := cmd.Flags()
	f.StringVar(&why, "why", "", "the `REASON`, for the audit trail")
	f.StringVar(&flags.cause, "cause", "", "all open entries of this cause, by its stable `CODE`; needs --yes")
	f.StringVar(&flags.flow, "flow", "", "with --cause: only of this `FLOW`")
	f.BoolVar(&yes, "yes", false, "discard a whole class")
	return cmd
}

func (a *app) discard(cmd *cobra.Command, args []string, flags heldFlags, why string, yes bool) error {
	if err := a.textOnly(); err != nil {
		return err
	}
	ids, err := entryIDs(args)
	if err != nil {
		return err
	}
	if strings.TrimSpace(why) == "" {
		return usageError{errors.New("say --why: what is discarded never goes, and others must be able to see the reason")}
	}
	if (len(ids) == 0) == (flags.cause == "") {
		return usageError{errors.New("name the entries by their numbers, or a whole class with --cause CODE")}
	}
	q, err := a.openQuarantine(cmd)
	if err != nil {
		return err
	}
	defer q.close()
	if err := a.checkHeld(q, flags); err != nil {
		return err
	}
	entries, err := q.chosen(cmd.Context(), ids, flags)
	if err != nil {
		return err
	}
	if len(ids) == 0 && !yes {
		return usageError{fmt.Errorf("this discards %s of the cause %s: say --yes", plural(len(entries), "1 entry", "%d entries"), flags.cause)}
	}
	d := store.Discarding{Who: a.author(), Why: why}
	blind, again := 0, 0
	for _, e := range entries {
		if e.Status != store.EntryOpen {
			return usageError{fmt.Errorf("entry %d is %s: only what is open can be discarded. Nothing was discarded", e.ID, e.Status)}
		}
		d.IDs = append(d.IDs, e.ID)
		switch {
		case e.Mark.Tells():
		case e.Code == store.CodeLetGo:
			again++
		default:
			blind++
		}
	}
	if err := q.store.Discard(cmd.Context(), d); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s.\n", plural(len(entries), "1 entry is discarded", "%d entries are discarded"))
	a.sayBlind(blind, "Of 1 entry it cannot be seen whether its record changes, because the store had no key when it was held: only another cause opens it again.",
		"Of %d entries it cannot be seen whether their records change, because the store had no key when they were held: only another cause opens one again.")
	a.sayBlind(again, "1 entry is about a send that was let go again, and no record was kept with it: it stays discarded also when its record changes; only another cause opens it again.",
		"%d entries are about sends that were let go again, and no records were kept with them: they stay discarded also when their records change; only another cause opens one again.")
	return nil
}

// sayBlind says of how many discarded entries it cannot be seen that their records change, and why.
func (a *app) sayBlind(n int, one, many string) {
	if n > 0 {
		fmt.Fprintln(a.stdout, plural(n, one, many))
	}
}

func (a *app) quarantinePause() *cobra.Command {
	var why string
	cmd := &cobra.Command{
		Use: "pause", Short: "Stop all automatic re-tries; ordinary reading goes on",
		Args: asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.textOnly(); err != nil {
				return err
			}
			if strings.TrimSpace(why) == "" {
				return usageError{errors.New("say --why: others must be able to see why nothing is tried again")}
			}
			q, err := a.openQuarantine(cmd)
			if err != nil {
				return err
			}
			defer q.close()
			changed, err := q.store.PauseRetries(cmd.Context(), a.author(), why)
			return a.sayPause(q, cmd, changed, err, "Nothing in quarantine is tried again by itself until `casebridge quarantine resume`.")
		},
	}
	cmd.Flags().StringVar(&why, "why", "", "the `REASON`, for the audit trail")
	return cmd
}

func (a *app) quarantineResume() *cobra.Command {
	return &cobra.Command{
		Use: "resume", Short: "Let automatic re-tries go on",
		Args: asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.textOnly(); err != nil {
				return err
			}
			q, err := a.openQuarantine(cmd)
			if err != nil {
				return err
			}
			defer q.close()
			changed, err := q.store.ResumeRetries(cmd.Context(), a.author(), "")
			return a.sayPause(q, cmd, changed, err, "Re-tries go on with the next run.")
		},
	}
}

// sayPause says what a switch did; a switch that was there already says since when.
func (a *app) sayPause(q *quarantine, cmd *cobra.Command, changed bool, err error, done string) error {
	if err != nil {
		return err
	}
	if !changed {
		p, err := q.store.Paused(cmd.Context())
		if err != nil {
			return err
		}
		done = "Re-tries were not paused."
		if p.On() {
			done = pauseText(p, q.c.project.Zone) + " already."
		}
	}
	_, err = fmt.Fprintln(a.stdout, done)
	return err
}
