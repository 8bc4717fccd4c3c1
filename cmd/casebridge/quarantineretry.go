package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/store"
)

// retryFlags choose what is tried again, and how it is shown.
type retryFlags struct {
	heldFlags
	every    bool
	planOnly bool
	view     viewFlags
}

func (a *app) quarantineRetry() *cobra.Command {
	var flags retryFlags
	cmd := &cobra.Command{
		Use: "retry [ID...]", Short: "Try entries again now: read their records anew, decide with the present specs, write",
		Long: "Reads the records of the entries anew, decides about them with the specs as they are now, and writes as `run` would: the same\n" +
			"limits, the same ledger, nothing twice. The cursor stays. Other parts of the same records are decided too. With --plan nothing\n" +
			"is written. A source that cannot be asked for single records is read back instead, which takes longer.\n\n" + exitHelp,
		Args: asUsage(cobra.ArbitraryArgs),
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := entryIDs(args)
			if err != nil {
				return err
			}
			if (len(ids) == 0) == (flags.cause == "" && flags.flow == "" && !flags.every) {
				return usageError{errors.New("name the entries by their numbers, or a class with --cause, --flow or --all")}
			}
			return a.retry(cmd.Context(), ids, flags)
		},
	}
	f := cmd.Flags()
	f.StringVar(&flags.cause, "cause", "", "all open entries of this cause, by its stable `CODE`")
	f.StringVar(&flags.flow, "flow", "", "all open entries of this `FLOW`")
	f.BoolVar(&flags.every, "all", false, "all open entries")
	f.BoolVar(&flags.planOnly, "plan", false, "only show what would be written")
	f.BoolVar(&flags.view.reveal, "reveal", false, "with --plan: show personal values")
	return cmd
}

func (a *app) retry(ctx context.Context, ids []int64, flags retryFlags) error {
	asJSON, err := a.json()
	if err != nil {
		return err
	}
	if _, _, err := a.standingStore(); err != nil {
		return err
	}
	access := readWrite
	if flags.planOnly {
		access = readOnly
	}
	s, err := a.open(ctx, access)
	if err != nil {
		return err
	}
	defer s.close()
	q, err := a.quarantineOf(s.c, s.store)
	if err != nil {
		return err
	}
	if err := a.checkHeld(q, flags.heldFlags); err != nil {
		return err
	}
	if _, err := s.store.PurgePayloads(ctx); err != nil {
		return err
	}
	entries, err := q.chosen(ctx, ids, flags.heldFlags)
	if err != nil {
		return err
	}
	entries, err = a.retriable(q, entries)
	if err != nil {
		return err
	}
	if !asJSON {
		a.sayVersions(q, entries)
	}
	t := retrying{a: a, s: s, q: q, flags: flags, asJSON: asJSON}
	return t.run(ctx, entries)
}

// retriable leaves out what cannot be tried: entries that closed meanwhile, and those of flows that are no more.
func (a *app) retriable(q *quarantine, entries []store.QuarantineEntry) ([]store.QuarantineEntry, error) {
	var out []store.QuarantineEntry
	for _, e := range entries {
		switch {
		case e.Status == store.EntryClosed:
			fmt.Fprintf(a.stderr, "Entry %d is closed: there is nothing to try.\n", e.ID)
		case q.c.program.Flow(e.Flow) == nil:
			fmt.Fprintf(a.stderr, "Entry %d is of the flow %s, which these specs do not have: there is nothing to try. It can be discarded.\n", e.ID, e.Flow)
		default:
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		return nil, usageError{errors.New("nothing is left to try again; see `casebridge quarantine list`")}
	}
	return out, nil
}

// sayVersions says with which specs the entries are tried.
func (a *app) sayVersions(q *quarantine, entries []store.QuarantineEntry) {
	var others []string
	for _, e := range entries {
		if v := fmt.Sprintf("%.12s", e.SpecVersion); v != "" && e.SpecVersion != q.c.project.Version && !slices.Contains(others, v) {
			others = append(others, v)
		}
	}
	text := fmt.Sprintf("Trying %s with the specs %.12s", plural(len(entries), "1 entry", "%d entries"), q.c.project.Version)
	if len(others) > 0 {
		text += "; held under other specs: " + strings.Join(others, ", ")
	} else {
		text += ", the same as when held"
	}
	fmt.Fprintln(a.stdout, text+".")
}

// retrying is one call of retry.
type retrying struct {
	a      *app
	s      *session
	q      *quarantine
	flags  retryFlags
	asJSON bool
}

// run tries the entries flow by flow, in the order of the project.
func (t *retrying) run(ctx context.Context, entries []store.QuarantineEntry) error {
	stuck := false
	for _, f := range t.s.c.program.Flows {
		own := slices.DeleteFunc(slices.Clone(entries), func(e store.QuarantineEntry) bool { return e.Flow != f.Name() })
		if len(own) == 0 {
			continue
		}
		left, err := t.flow(ctx, f, own)
		if err != nil {
			return err
		}
		stuck = stuck || left
	}
	if stuck {
		return errPartial
	}
	return nil
}

// flow tries the entries of one flow and says whether some are left.
func (t *retrying) flow(ctx context.Context, f *mapping.Flow, entries []store.QuarantineEntry) (left bool, err error) {
	screen := newScreen(t.a, t.s.c, t.flags.view, t.asJSON)
	screen.planning = t.flags.planOnly
	screen.head(f)
	job, err := t.a.job(t.s, f, reconcile.Window{}, screen)
	if err != nil {
		return false, err
	}
	job.Retry = entries
	if t.flags.planOnly {
		screen.view.all = true
		sum, err := reconcile.Plan(ctx, job)
		screen.planned(sum)
		return false, err
	}
	if err := t.s.store.NoteDeed(ctx, store.DeedRetry, t.a.author(), entries); err != nil {
		return false, err
	}
	sum, runErr := reconcile.Run(ctx, job, t.s.sys.writers)
	screen.ran(sum, runErr)
	left, err = t.results(ctx, entries, sum, runErr)
	if sum.State != reconcile.EndedDone && sum.State != reconcile.EndedPartial && runErr != nil {
		err = runErr
	}
	return left, err
}

// retriedLine is what became of an entry, as JSON.
type retriedLine struct {
	Kind   string `json:"kind" about:"always retried"`
	ID     int64  `json:"id" about:"the number of the entry"`
	Record string `json:"record" about:"the record, by its kind and id"`
	Result string `json:"result" about:"through, held, other cause, discarded, not found, or not tried"`
	Reason string `json:"reason,omitempty" about:"why it did not go through"`
}

// results says per entry what became of it, and whether some are left.
func (t *retrying) results(ctx context.Context, before []store.QuarantineEntry, sum reconcile.Summary, runErr error) (left bool, err error) {
	screen := newScreen(t.a, t.s.c, t.flags.view, t.asJSON)
	for _, was := range before {
		now, err := t.q.entry(ctx, was.ID)
		if err != nil {
			return left, err
		}
		line := retriedLine{Kind: "retried", ID: was.ID, Record: was.Record}
		line.Result, line.Reason = resultOf(was, now, sum, runErr)
		left = left || line.Result != "through"
		if t.asJSON {
			screen.encode(line)
			continue
		}
		fmt.Fprintf(t.a.stdout, "  %4d  %s · %s: %s\n", was.ID, was.Record, routeOf(was), resultText(line))
	}
	if !t.asJSON {
		fmt.Fprintln(t.a.stdout)
	}
	return left, nil
}

func resultOf(was, now store.QuarantineEntry, sum reconcile.Summary, runErr error) (result, reason string) {
	switch {
	case now.Status == store.EntryClosed:
		return "through", ""
	case now.Run != was.Run && now.Code != was.Code:
		return "other cause", reasonText(now)
	case now.Run != was.Run:
		return "held", reasonText(now)
	case sum.State == reconcile.EndedHeld || sum.State == reconcile.EndedStopped:
		return "not tried", "the flow was " + string(sum.State)
	case now.Sought != "":
		return "not found", ""
	case runErr == nil && now.Status == store.EntryDiscarded:
		return "discarded", ""
	case runErr != nil:
		return "not tried", runErr.Error()
	}
	return "not tried", "it did not come to it; try again"
}

func resultText(l retriedLine) string {
	switch l.Result {
	case "through":
		return "went through, and the entry is closed"
	case "held":
		return "still held: " + l.Reason
	case "other cause":
		return "held for another cause now: " + l.Reason
	case "discarded":
		return "did not go, and stays discarded: its cause is the same"
	case "not tried":
		return "not tried: " + l.Reason
	}
	return "not tried: its record was not found where it was looked for; if it is gone for good, discard the entry"
}
