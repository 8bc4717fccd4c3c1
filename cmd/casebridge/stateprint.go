package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/store"
)

// printOverview shows the whole store at a glance.
func (a *app) printOverview(o store.Overview, zone *time.Location) error {
	if asJSON, err := a.json(); err != nil || asJSON {
		if err == nil {
			err = json.NewEncoder(a.stdout).Encode(o)
		}
		return err
	}
	fmt.Fprintf(a.stdout, "store    %s (project %s, schema %d)\n", o.Path, o.Project, o.Schema)
	for _, h := range o.Hosts {
		fmt.Fprintf(a.stdout, "system   %s is %s\n", h.Name, h.Value)
	}
	fmt.Fprintf(a.stdout, "key      %s\n", keyText(o.Key))
	for _, c := range o.Cursors {
		fmt.Fprintf(a.stdout, "cursor   %s: %s%s\n", c.Flow, cursorText(c.Cursor, zone), holderText(c, zone))
	}
	for _, s := range o.Sends {
		fmt.Fprintf(a.stdout, "sends    %s: %d %s\n", s.Object, s.Count, s.State)
	}
	for _, r := range o.Recall {
		fmt.Fprintf(a.stdout, "recall   %s: %d records, %d with sealed fields, %s\n", r.Object, r.Count, r.Sealed, wholeText(r.WholeAt, zone))
	}
	for _, q := range o.Quarantine {
		fmt.Fprintf(a.stdout, "quarant. %s: %d open, %d closed\n", q.Flow, q.Open, q.Closed)
	}
	return nil
}

func keyText(k store.KeyState) string {
	switch {
	case k.Mismatch():
		return fmt.Sprintf("given, but %d records were sealed under another one", k.Unreadable)
	case k.Given:
		return "given"
	case k.Unreadable > 0:
		return fmt.Sprintf("not given; %d records cannot be unsealed", k.Unreadable)
	}
	return "not given: nothing of a person is recalled (see `casebridge key`)"
}

func cursorText(c store.Cursor, zone *time.Location) string {
	text := "never moved"
	if !c.Mark.IsZero() {
		text = c.Mark.In(zone).Format(time.RFC3339)
	}
	if c.AdoptedBefore != "" {
		text += ", adopted: older than " + c.AdoptedBefore + " counts as sent"
	}
	return text
}

func holderText(c store.FlowCursor, zone *time.Location) string {
	if c.Holder == "" {
		return ""
	}
	return fmt.Sprintf("; running now: %s since %s", c.Holder, c.Since.In(zone).Format(time.RFC3339))
}

func wholeText(at time.Time, zone *time.Location) string {
	if at.IsZero() {
		return "never read whole"
	}
	return "read whole on " + at.In(zone).Format(time.RFC3339)
}

func (a *app) printSends(title string, entries []store.LedgerEntry, zone *time.Location) {
	if a.flags.output != "text" || len(entries) == 0 {
		return
	}
	fmt.Fprintf(a.stdout, "\n%s\n", title)
	for _, e := range entries {
		fmt.Fprintf(a.stdout, "  %4d  %s  %s  %s  since %s\n", e.ID, e.Object, e.Record, engine.JoinPairs(e.Known), e.SentAt.In(zone).Format(time.RFC3339))
	}
}
