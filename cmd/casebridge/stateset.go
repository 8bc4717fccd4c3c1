package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine/store"
)

// fromStart is what --mark takes for a flow that shall begin anew.
const fromStart = "start"

func (a *app) stateSet() *cobra.Command {
	var set setting
	cmd := &cobra.Command{
		Use: "set FLOW", Short: "Move a flow's cursor by hand, backwards or forwards",
		Long: "The next run reads what changed since the cursor. Put back, it reads again: what was sent stands in the ledger and is not sent\n" +
			"again. Put forward, what changed in between is passed over, which needs --yes. To read a window once, without touching the\n" +
			"cursor, use `casebridge run FLOW --since WHEN` instead. The move and its reason go to the audit trail.",
		Args: asUsage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := a.textOnly(); err != nil {
				return err
			}
			return a.setCursor(cmd, args[0], set)
		},
	}
	f := cmd.Flags()
	f.StringVar(&set.mark, "mark", "", "`WHEN` (2026-11-01 or 2026-11-01T08:00:00+07:00), or start: as if the flow had never run")
	f.StringVar(&set.why, "why", "", "the `REASON`, for the audit trail")
	f.BoolVar(&set.validate, "validate", false, "only say what would happen")
	f.BoolVar(&set.yes, "yes", false, "move it forwards although records may be passed over")
	return cmd
}

// setting is what a person says about a cursor.
type setting struct {
	mark, why     string
	validate, yes bool
}

func (a *app) setCursor(cmd *cobra.Command, flow string, set setting) error {
	c, st, err := a.openStore(cmd)
	if err != nil {
		return err
	}
	defer closeQuietly(st)
	if _, err := c.flow(flow); err != nil {
		return err
	}
	mark, err := a.markOf(set.mark, c.project.Zone)
	if err != nil {
		return err
	}
	if strings.TrimSpace(set.why) == "" && !set.validate {
		return usageError{errors.New("say with --why; it stands in the audit trail")}
	}
	if err := st.Free(cmd.Context(), "set cursor", flow); err != nil {
		return err
	}
	was, err := st.Cursor(cmd.Context(), flow)
	if err != nil {
		return err
	}
	text, skips := moveText(was.Mark, mark, c.project.Zone)
	fmt.Fprintf(a.stdout, "%s: from %s to %s.\n%s\n", flow, markText(was.Mark, c.project.Zone), markText(mark, c.project.Zone), text)
	switch {
	case was.Mark.Equal(mark):
		return nil
	case set.validate:
		_, err := fmt.Fprintln(a.stdout, "Nothing was changed.")
		return err
	case skips && !set.yes:
		return usageError{errors.New("nothing was changed; to pass over them all the same, add --yes")}
	}
	_, _, err = st.SetCursor(cmd.Context(), store.Move{Flow: flow, Mark: mark, Who: a.author(), Why: set.why})
	if err == nil {
		_, err = fmt.Fprintln(a.stdout, "The cursor was moved.")
	}
	return err
}

// markOf reads --mark; zero is the start.
func (a *app) markOf(text string, zone *time.Location) (time.Time, error) {
	switch text {
	case "":
		return time.Time{}, usageError{errors.New("say with --mark where to: a date (2026-11-01), an instant (2026-11-01T08:00:00+07:00) or start")}
	case fromStart:
		return time.Time{}, nil
	}
	mark, err := parseWhen("--mark", text, zone)
	if err == nil && mark.After(a.now()) {
		err = usageError{fmt.Errorf("--mark: %s lies in the future; a run could only pass over what happens until then", text)}
	}
	return mark, err
}

// moveText says what a move does to the next run, and whether it passes anything over.
func moveText(was, now time.Time, zone *time.Location) (text string, skips bool) {
	switch {
	case was.Equal(now):
		return "It is there already; nothing was changed.", false
	case now.IsZero():
		return "The next run reads everything since the flow's start date again. What was sent is not sent again.", false
	case was.IsZero():
		return "What changed before that is not read by the next run: only a sweep, or `casebridge run --since`, brings it.", true
	case now.Before(was):
		return fmt.Sprintf("The next run reads the last %s before %s again. What was sent is not sent again.", spanText(was.Sub(now)), minute(was, zone)), false
	}
	return fmt.Sprintf("What changed in the %s between is not read by the next run: only a sweep, or `casebridge run --since`, brings it.", spanText(now.Sub(was))), true
}

func markText(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return fromStart
	}
	return t.In(zone).Format(time.RFC3339)
}

// spanText is a duration in days, hours and minutes.
func spanText(d time.Duration) string {
	d = d.Round(time.Minute)
	days, hours, minutes := int(d/(24*time.Hour)), int(d%(24*time.Hour)/time.Hour), int(d%time.Hour/time.Minute)
	var parts []string
	for _, p := range []struct {
		n         int
		one, many string
	}{{days, "1 day", "%d days"}, {hours, "1 hour", "%d hours"}, {minutes, "1 minute", "%d minutes"}} {
		if p.n > 0 {
			parts = append(parts, plural(p.n, p.one, p.many))
		}
	}
	if len(parts) == 0 {
		return "moment"
	}
	return strings.Join(parts, " ")
}
