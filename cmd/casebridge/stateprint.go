package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/casebridge/casebridge/engine/store"
)

// printOverview shows the whole store at a glance.
func (a *app) printOverview(o store.Overview, zone *time.Location) error {
	if asJSON, err := a.json(); err != nil || asJSON {
		if err == nil {
			err = json.NewEncoder(a.stdout).Encode(lineOfStore(o))
		}
		return err
	}
	fmt.Fprintf(a.stdout, "store    %s (project %s, schema %d)\n", o.Path, o.Project, o.Schema)
	fmt.Fprintf(a.stdout, "size     %s\n", sizeText(o.Size))
	if !o.Backup.IsZero() {
		fmt.Fprintf(a.stdout, "backup   made on %s: flows that send refuse to run until `casebridge state adopt` or `casebridge state continue`\n", minute(o.Backup, zone))
	}
	for _, h := range o.Hosts {
		fmt.Fprintf(a.stdout, "system   %s is %s\n", h.Name, h.Value)
	}
	fmt.Fprintf(a.stdout, "key      %s\n", keyText(o.Key))
	for _, c := range o.Cursors {
		fmt.Fprintf(a.stdout, "cursor   %s: %s\n", c.Flow, cursorText(c.Cursor, zone))
	}
	for _, c := range o.Cursors {
		fmt.Fprintf(a.stdout, "last run %s: %s\n", c.Flow, lastRunText(c.Last, zone))
	}
	for _, c := range o.Cursors {
		if c.Holder != "" {
			fmt.Fprintf(a.stdout, "held     %s: %s\n", c.Flow, a.holderText(c, zone))
		}
	}
	for _, s := range o.Sends {
		fmt.Fprintf(a.stdout, "sends    %s: %d %s\n", s.Object, s.Count, s.State)
	}
	for _, r := range o.Recall {
		fmt.Fprintf(a.stdout, "recall   %s: %s, %d with sealed fields, %s\n", r.Object, plural(r.Count, "1 record", "%d records"), r.Sealed, wholeText(r.WholeAt, zone)+gapsText(r.Gaps))
	}
	for _, q := range o.Quarantine {
		fmt.Fprintf(a.stdout, "quarant. %s: %d open, %d closed", q.Flow, q.Open, q.Closed)
		if q.Discarded > 0 {
			fmt.Fprintf(a.stdout, ", %d discarded", q.Discarded)
		}
		fmt.Fprintln(a.stdout)
	}
	if o.Pause.On() {
		fmt.Fprintf(a.stdout, "paused   nothing in quarantine is tried again since %s, by %s: %s\n", minute(o.Pause.Since, zone), o.Pause.Who, o.Pause.Why)
	}
	if o.Parked > 0 {
		fmt.Fprintf(a.stdout, "\n%s: see `casebridge parked list`.\n", plural(o.Parked, "1 send may have arrived and waits", "%d sends may have arrived and wait"))
	}
	return nil
}

func keyText(k store.KeyState) string {
	switch {
	case k.Mismatch():
		return "given, but " + plural(k.Unreadable, "1 record was", "%d records were") + " sealed under another one"
	case k.Given:
		return "given"
	case k.Unreadable > 0:
		return "not given; " + plural(k.Unreadable, "1 record", "%d records") + " cannot be unsealed"
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

func lastRunText(r store.LastRun, zone *time.Location) string {
	switch {
	case r.ID == 0:
		return "never ran"
	case r.Ended.IsZero():
		return fmt.Sprintf("run %d, %s, since %s", r.ID, r.State, minute(r.Started, zone))
	}
	return fmt.Sprintf("run %d, %s, %s, took %s", r.ID, r.State, minute(r.Started, zone), r.Ended.Sub(r.Started).Round(time.Millisecond))
}

// holderText says who runs a flow; one that went silent for longer than its hold lasts has died.
func (a *app) holderText(c store.FlowCursor, zone *time.Location) string {
	text := fmt.Sprintf("%s since %s", c.Holder, c.Since.In(zone).Format(time.RFC3339))
	if c.Expires.After(a.now()) {
		return text
	}
	return text + "; that run has died, and the next one settles what it left open"
}

// sizeText is a size in bytes as people read it.
func sizeText(bytes int64) string {
	if bytes < 10_000_000 {
		return fmt.Sprintf("%d kB", (bytes+999)/1000)
	}
	return fmt.Sprintf("%d MB", bytes/1_000_000)
}

// gapsText says that recall cannot find every record by what it keeps.
func gapsText(gaps int) string {
	if gaps == 0 {
		return ""
	}
	return "; " + plural(gaps, "of 1 record it is not known whose it is", "of %d records it is not known whose they are") +
		": until the other system corrects that, what looks for its child does not find it (see `casebridge quarantine list`)"
}

func wholeText(at time.Time, zone *time.Location) string {
	if at.IsZero() {
		return "never read whole"
	}
	return "read whole on " + at.In(zone).Format(time.RFC3339)
}
