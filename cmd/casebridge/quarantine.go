package main

import (
	"encoding/json"
	"fmt"
	"path"
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
		Short: "Records that could not be carried, each with its reason",
		Long: "A record in quarantine was not delivered and stops no other. It is looked at again when its record changes, when the specs\n" +
			"have changed, and once a day; the entry closes by itself when the record goes through. Mend the cause (a map row, the record in\n" +
			"its system) and wait, or send it now: `casebridge run FLOW --case ID`.",
	}
	cmd.AddCommand(a.quarantineList(), a.quarantineShow())
	return cmd
}

func (a *app) quarantineList() *cobra.Command {
	var flow string
	var closed bool
	cmd := &cobra.Command{
		Use: "list", Short: "The open entries, grouped by cause",
		Args: asUsage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, st, err := a.openStore(cmd)
			if err != nil {
				return err
			}
			defer closeQuietly(st)
			entries, err := st.Quarantine(cmd.Context(), store.QuarantineFilter{Flow: flow, Open: !closed})
			if err != nil {
				return err
			}
			return a.printQuarantine(entries, c.project.Zone)
		},
	}
	cmd.Flags().StringVar(&flow, "flow", "", "only of this `FLOW`")
	cmd.Flags().BoolVar(&closed, "closed", false, "closed entries too")
	return cmd
}

func (a *app) quarantineShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "One entry: what, why, where the rule stands, how often",
		Args: asUsage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return usageError{fmt.Errorf("%q is not the number of an entry; see `casebridge quarantine list`", args[0])}
			}
			c, st, err := a.openStore(cmd)
			if err != nil {
				return err
			}
			defer closeQuietly(st)
			entries, err := st.Quarantine(cmd.Context(), store.QuarantineFilter{ID: id})
			if err != nil {
				return err
			}
			if len(entries) == 0 {
				return usageError{fmt.Errorf("there is no entry %d; see `casebridge quarantine list`", id)}
			}
			if entries[0].Place != "" {
				entries[0].Place = path.Join(a.projectRoot(), entries[0].Place)
			}
			return a.printEntry(entries[0], c.project.Zone)
		},
	}
}

// openStore opens the store alone, for commands that talk to no system.
func (a *app) openStore(cmd *cobra.Command) (*compiled, *store.Store, error) {
	c, err := a.ready()
	if err != nil {
		return nil, nil, err
	}
	set, err := a.settings(c.project, c.drivers)
	if err != nil {
		return nil, nil, err
	}
	options, err := a.storeOptions(c, set, nil)
	if err != nil {
		return nil, nil, err
	}
	st, err := store.Open(cmd.Context(), options)
	return c, st, err
}

func (a *app) printQuarantine(entries []store.QuarantineEntry, zone *time.Location) error {
	asJSON, err := a.json()
	if err != nil {
		return err
	}
	if asJSON {
		enc := json.NewEncoder(a.stdout)
		for _, e := range entries {
			if err := enc.Encode(entryLine(e)); err != nil {
				return err
			}
		}
		return nil
	}
	if len(entries) == 0 {
		_, err := fmt.Fprintln(a.stdout, "Nothing is in quarantine.")
		return err
	}
	groups, order := map[string][]store.QuarantineEntry{}, []string{}
	for _, e := range entries {
		cause := causeOf(e)
		if groups[cause] == nil {
			order = append(order, cause)
		}
		groups[cause] = append(groups[cause], e)
	}
	for _, cause := range order {
		fmt.Fprintf(a.stdout, "%d x %s\n", len(groups[cause]), cause)
		for _, e := range groups[cause] {
			fmt.Fprintf(a.stdout, "  %4d  %s · %s  since %s, %d times\n", e.ID, e.Record, routeOf(e), e.First.In(zone).Format("2006-01-02 15:04"), e.Times)
		}
	}
	return nil
}

// heldLine is a quarantine entry as JSON.
type heldLine struct {
	ID      int64     `json:"id"`
	Flow    string    `json:"flow"`
	Record  string    `json:"record"`
	Route   string    `json:"route"`
	Item    string    `json:"item,omitempty"`
	Verdict string    `json:"verdict"`
	Code    string    `json:"code"`
	Reason  string    `json:"reason"`
	Value   string    `json:"value,omitempty"`
	Fields  []string  `json:"fields,omitempty"`
	Place   string    `json:"place,omitempty"`
	Status  string    `json:"status"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Times   int       `json:"times"`
}

func entryLine(e store.QuarantineEntry) heldLine {
	return heldLine{e.ID, e.Flow, e.Record, e.Route, e.Item, e.Verdict, e.Code, e.Reason, e.Value, e.Fields, e.Place, e.Status, e.First, e.Last, e.Times}
}

func causeOf(e store.QuarantineEntry) string {
	text := e.Reason
	if e.Verdict == string(engine.Blocked) {
		text = "blocked: " + text
	}
	if e.Value != "" {
		text += fmt.Sprintf(": %q", e.Value)
	}
	if len(e.Fields) > 0 {
		text += " (" + strings.Join(e.Fields, ", ") + ")"
	}
	return text
}

func routeOf(e store.QuarantineEntry) string {
	if e.Item != "" {
		return e.Route + " · " + e.Item
	}
	return e.Route
}

func (a *app) printEntry(e store.QuarantineEntry, zone *time.Location) error {
	_, err := fmt.Fprintf(a.stdout, "entry    %d (%s)\nrecord   %s\nflow     %s, %s\nreason   %s\nrule     %s\nkind     %s\nspecs    %.12s\nfirst    %s\nlast     %s, %d times\n",
		e.ID, e.Status, e.Record, e.Flow, routeOf(e), causeOf(e), e.Place, e.Kind, e.SpecVersion,
		e.First.In(zone).Format(time.DateTime), e.Last.In(zone).Format(time.DateTime), e.Times)
	return err
}
