package main

import (
	"time"

	"github.com/casebridge/casebridge/engine/store"
)

// overviewLine is the whole store at a glance, as JSON. Its lists are never null, and a moment that never was is left out.
type overviewLine struct {
	Path       string            `json:"path"`
	Bytes      int64             `json:"bytes"`
	Project    string            `json:"project"`
	Schema     int64             `json:"schema"`
	Systems    map[string]string `json:"systems"` // by connection
	Key        keyLine           `json:"key"`
	Flows      []overviewFlow    `json:"flows"`
	Sends      []sendsLine       `json:"sends"`
	Recall     []recallLine      `json:"recall"`
	Quarantine []heldCountLine   `json:"quarantine"`
	Parked     int               `json:"parked"`
	Paused     *pauseLine        `json:"retries_paused,omitempty"`
	Backup     time.Time         `json:"backup_made,omitzero"`
}

type keyLine struct {
	Given      bool `json:"given"`
	Unreadable int  `json:"unreadable"`
}

type overviewFlow struct {
	Flow          string       `json:"flow"`
	Mark          time.Time    `json:"mark,omitzero"`
	Swept         time.Time    `json:"swept,omitzero"`
	AdoptedBefore string       `json:"adopted_before,omitempty"`
	Whole         bool         `json:"read_whole"`
	Held          *holdLine    `json:"held,omitempty"`
	Last          *lastRunLine `json:"last_run,omitempty"`
}

type holdLine struct {
	Who     string    `json:"who"`
	Since   time.Time `json:"since"`
	Expires time.Time `json:"expires"`
}

type lastRunLine struct {
	ID      int64     `json:"id"`
	State   string    `json:"state"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
}

type sendsLine struct {
	Object string `json:"object"`
	State  string `json:"state"`
	Count  int    `json:"count"`
}

type recallLine struct {
	Object  string    `json:"object"`
	Count   int       `json:"count"`
	Sealed  int       `json:"sealed"`
	WholeAt time.Time `json:"whole_at,omitzero"`
	Gaps    int       `json:"gaps,omitempty"`
}

type heldCountLine struct {
	Flow      string `json:"flow"`
	Open      int    `json:"open"`
	Closed    int    `json:"closed"`
	Discarded int    `json:"discarded"`
}

type pauseLine struct {
	Since time.Time `json:"since"`
	Who   string    `json:"who"`
	Why   string    `json:"why"`
}

func lineOfStore(o store.Overview) overviewLine {
	l := overviewLine{Path: o.Path, Bytes: o.Size, Project: o.Project, Schema: o.Schema, Systems: map[string]string{}, Key: keyLine(o.Key),
		Flows: []overviewFlow{}, Sends: []sendsLine{}, Recall: []recallLine{}, Quarantine: []heldCountLine{}, Parked: o.Parked, Backup: o.Backup}
	for _, h := range o.Hosts {
		l.Systems[h.Name] = h.Value
	}
	for _, c := range o.Cursors {
		l.Flows = append(l.Flows, lineOfFlow(c))
	}
	for _, s := range o.Sends {
		l.Sends = append(l.Sends, sendsLine(s))
	}
	for _, r := range o.Recall {
		l.Recall = append(l.Recall, recallLine(r))
	}
	for _, q := range o.Quarantine {
		l.Quarantine = append(l.Quarantine, heldCountLine(q))
	}
	if o.Pause.On() {
		paused := pauseLine(o.Pause)
		l.Paused = &paused
	}
	return l
}

func lineOfFlow(c store.FlowCursor) overviewFlow {
	l := overviewFlow{Flow: c.Flow, Mark: c.Cursor.Mark, Swept: c.Cursor.SweptAt, AdoptedBefore: c.Cursor.AdoptedBefore, Whole: c.Cursor.Whole}
	if c.Holder != "" {
		l.Held = &holdLine{c.Holder, c.Since, c.Expires}
	}
	if c.Last.ID != 0 {
		last := lastRunLine(c.Last)
		l.Last = &last
	}
	return l
}
