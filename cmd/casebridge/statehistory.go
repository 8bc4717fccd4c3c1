package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine/store"
)

// lastFlag adds --last and returns how to read it: 0 means all.
func lastFlag(cmd *cobra.Command, what string) *int {
	return cmd.Flags().Int("last", 20, "the last `N` "+what+"; 0: all")
}

var errLast = errors.New("--last must not be negative")

func (a *app) stateHistory() *cobra.Command {
	cmd := &cobra.Command{
		Use: "history [FLOW]", Short: "The audit trail: who moved what, from where to where, and why",
		Long: "Every move of a cursor, every taking over, every word of a person about a parked send or an entry in quarantine, every plan that\n" +
			"was released over its limits, every system that moved. Lines are only ever added: the store refuses to change or delete one.",
		Args: asUsage(cobra.MaximumNArgs(1)),
	}
	last := lastFlag(cmd, "lines")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *last < 0 {
			return usageError{errLast}
		}
		c, st, err := a.openStore(cmd)
		if err != nil {
			return err
		}
		defer closeQuietly(st)
		flow := strings.Join(args, "")
		lines, err := st.Audit(cmd.Context(), flow, *last)
		if err != nil {
			return err
		}
		if err := c.knownFlow(flow, len(lines)); err != nil {
			return err
		}
		slices.Reverse(lines)
		return a.printHistory(lines, c.project.Zone)
	}
	return cmd
}

// knownFlow refuses the name of a flow that neither the specs nor the store know.
func (c *compiled) knownFlow(name string, found int) error {
	if name == "" || found > 0 {
		return nil
	}
	_, err := c.flow(name)
	return err
}

// auditLine is a line of the audit trail as JSON.
type auditLine struct {
	ID     int64     `json:"id" about:"lines are only ever added, with rising numbers"`
	At     time.Time `json:"at"`
	Who    string    `json:"who" about:"the account, the machine and the process"`
	What   string    `json:"what" about:"what was moved or decided"`
	Flow   string    `json:"flow,omitempty"`
	Run    int64     `json:"run,omitempty" about:"the number of the run that did it"`
	Was    string    `json:"was" about:"before"`
	Became string    `json:"became" about:"after"`
	Why    string    `json:"why,omitempty" about:"the reason that was given"`
}

func (a *app) printHistory(lines []store.AuditLine, zone *time.Location) error {
	asJSON, err := a.json()
	if err != nil {
		return err
	}
	enc := json.NewEncoder(a.stdout)
	for _, l := range lines {
		if asJSON {
			if err := enc.Encode(auditLine(l)); err != nil {
				return err
			}
			continue
		}
		a.printAuditLine(l, zone)
	}
	if len(lines) == 0 && !asJSON {
		fmt.Fprintln(a.stdout, "Nothing has happened yet.")
	}
	return nil
}

func (a *app) printAuditLine(l store.AuditLine, zone *time.Location) {
	head := []string{l.At.In(zone).Format(time.DateTime), l.What}
	if l.Flow != "" {
		head = append(head, l.Flow)
	}
	if l.Run != 0 {
		head = append(head, fmt.Sprintf("run %d", l.Run))
	}
	fmt.Fprintf(a.stdout, "%s  by %s\n", strings.Join(head, "  "), l.Who)
	for _, row := range []struct{ name, text string }{{"was", localMoments(l.Was, zone)}, {"became", localMoments(l.Became, zone)}, {"why", l.Why}} {
		if row.text != "" {
			fmt.Fprintf(a.stdout, "    %-7s %s\n", row.name, row.text)
		}
	}
}

// localMoments turns the moments in a text of the audit trail, which keeps them in UTC, into the project's zone.
func localMoments(text string, zone *time.Location) string {
	words := strings.Split(text, " ")
	for i, word := range words {
		bare := strings.TrimSuffix(word, ",")
		if t, err := time.Parse(time.RFC3339, bare); err == nil {
			words[i] = t.In(zone).Format(time.RFC3339) + strings.TrimPrefix(word, bare)
		}
	}
	return strings.Join(words, " ")
}

func (a *app) stateRuns() *cobra.Command {
	cmd := &cobra.Command{
		Use: "runs [FLOW]", Short: "Past runs: how they ended, what they read, how long they took",
		Args: asUsage(cobra.MaximumNArgs(1)),
	}
	last := lastFlag(cmd, "runs")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if *last < 0 {
			return usageError{errLast}
		}
		c, st, err := a.openStore(cmd)
		if err != nil {
			return err
		}
		defer closeQuietly(st)
		flow := strings.Join(args, "")
		runs, err := st.Runs(cmd.Context(), flow, *last)
		if err != nil {
			return err
		}
		if err := c.knownFlow(flow, len(runs)); err != nil {
			return err
		}
		slices.Reverse(runs)
		return a.printRuns(runs, c.project.Zone)
	}
	return cmd
}

// runLine is a past run as JSON.
type runLine struct {
	ID       int64          `json:"id" about:"the number of the run"`
	Flow     string         `json:"flow"`
	State    string         `json:"state" about:"running, done, partial, held, stopped, or died"`
	Window   string         `json:"window" about:"what was read, in words"`
	Ordinary bool           `json:"ordinary" about:"false: it read a window that was asked for, and moved no cursor"`
	Counts   map[string]int `json:"counts" about:"how many, by what became of them"`
	Mark     *time.Time     `json:"mark,omitempty" about:"where it moved the cursor to"`
	Started  time.Time      `json:"started"`
	Ended    *time.Time     `json:"ended,omitempty" about:"left out while it runs"`
	Seconds  float64        `json:"seconds,omitempty" about:"seconds from start to end"`
	Who      string         `json:"who" about:"the account, the machine and the process"`
	Specs    string         `json:"specs" about:"the version of the specs"`
}

func lineOfRun(r store.PastRun) runLine {
	l := runLine{ID: r.ID, Flow: r.Flow, State: r.State, Window: r.Window, Ordinary: r.Ordinary, Counts: r.Counts, Started: r.Started, Who: r.Who, Specs: r.SpecVersion}
	if !r.Mark.IsZero() {
		l.Mark = &r.Mark
	}
	if !r.Ended.IsZero() {
		l.Ended, l.Seconds = &r.Ended, r.Ended.Sub(r.Started).Seconds()
	}
	return l
}

func (a *app) printRuns(runs []store.PastRun, zone *time.Location) error {
	asJSON, err := a.json()
	if err != nil {
		return err
	}
	enc := json.NewEncoder(a.stdout)
	for _, r := range runs {
		if asJSON {
			if err := enc.Encode(lineOfRun(r)); err != nil {
				return err
			}
			continue
		}
		took := "not ended"
		if !r.Ended.IsZero() {
			took = "took " + r.Ended.Sub(r.Started).Round(time.Millisecond).String()
		}
		fmt.Fprintf(a.stdout, "%5d  %s  %s  %s, %s  (%s)\n       %s\n", r.ID, r.Started.In(zone).Format(time.DateTime), r.Flow, r.State, took, r.Window, countsText(r.Counts))
	}
	if len(runs) == 0 && !asJSON {
		fmt.Fprintln(a.stdout, "There was no run yet.")
	}
	return nil
}

// usualCounts are the counts of a run in the order in which its own summary says them.
var usualCounts = []string{"read", "created", "updated", "sent", "unchanged", "skipped", "blocked", "quarantined", "unclear", "parked", "undelivered"}

// inwardCounts are what a run tells the next ones: whether something was answered, and whether a limit still holds.
var inwardCounts = []string{"answered", "held"}

// countWords are counts whose names do not say enough.
var countWords = map[string]string{"silent": "in a row without an answer"}

// countsText lists what there was of each.
func countsText(counts map[string]int) string {
	names := slices.Clone(usualCounts)
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		if !slices.Contains(names, name) && !slices.Contains(inwardCounts, name) {
			names = append(names, name)
		}
	}
	var parts []string
	for _, name := range names {
		if n := counts[name]; n > 0 {
			parts = append(parts, fmt.Sprintf("%s %d", cmp.Or(countWords[name], name), n))
		}
	}
	if len(parts) == 0 {
		return "nothing was read"
	}
	return strings.Join(parts, ", ")
}
