package main

import (
	"time"

	"github.com/casebridge/casebridge/engine/store"
)

// overviewLine is the whole store at a glance, as JSON. Its lists are never null, and a moment that never was is left out.
type overviewLine struct {
	Path       string            `json:"path" about:"the file of the store"`
	Bytes      int64             `json:"bytes" about:"size of the file and its log, in bytes"`
	Project    string            `json:"project" about:"the name of the project"`
	Schema     int64             `json:"schema" about:"the version of its tables"`
	Systems    map[string]string `json:"systems" about:"by connection: the system that the store belongs to"`
	Key        keyLine           `json:"key"`
	Flows      []overviewFlow    `json:"flows"`
	Sends      []sendsLine       `json:"sends"`
	Recall     []recallLine      `json:"recall" about:"what is remembered of the other system"`
	Quarantine []heldCountLine   `json:"quarantine"`
	Parked     int               `json:"parked" about:"sends that may have arrived and wait for a person or for the other system"`
	Paused     *pauseLine        `json:"retries_paused,omitempty" about:"left out unless retries are paused"`
	Backup     time.Time         `json:"backup_made,omitzero" about:"left out unless the file is a backup"`
}

type keyLine struct {
	Given      bool `json:"given" about:"true: the store key was given"`
	Unreadable int  `json:"unreadable" about:"records that cannot be unsealed with it"`
}

type overviewFlow struct {
	Flow          string       `json:"flow"`
	Mark          time.Time    `json:"mark,omitzero" about:"the cursor: from when on the next run reads"`
	Swept         time.Time    `json:"swept,omitzero" about:"when all or nearly all was last read"`
	AdoptedBefore string       `json:"adopted_before,omitempty" about:"a date: sends older than this count as done"`
	Whole         bool         `json:"read_whole" about:"true: all was read once"`
	Held          *holdLine    `json:"held,omitempty" about:"left out when nobody runs it"`
	Last          *lastRunLine `json:"last_run,omitempty" about:"left out when it never ran"`
}

type holdLine struct {
	Who     string    `json:"who" about:"the account, the machine and the process"`
	Since   time.Time `json:"since"`
	Expires time.Time `json:"expires" about:"past: that run has died, and the next one settles what it left"`
}

type lastRunLine struct {
	ID      int64     `json:"id" about:"the number of the run"`
	State   string    `json:"state" about:"running, done, partial, held, stopped, or died"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero" about:"left out while it runs"`
}

type sendsLine struct {
	Object string `json:"object" about:"what is written, as SYSTEM.KIND"`
	State  string `json:"state" about:"intended, sent, awaiting, shown, parked, lost, or closed"`
	Count  int    `json:"count" about:"how many are in this state"`
}

type recallLine struct {
	Object  string    `json:"object" about:"what is remembered, as SYSTEM.KIND"`
	Count   int       `json:"count" about:"records"`
	Sealed  int       `json:"sealed" about:"of these, records with sealed fields"`
	WholeAt time.Time `json:"whole_at,omitzero" about:"when it was last read whole; left out when never"`
	Gaps    int       `json:"gaps,omitempty" about:"records of which it is not known whose they are"`
}

type heldCountLine struct {
	Flow      string `json:"flow"`
	Open      int    `json:"open" about:"entries"`
	Closed    int    `json:"closed" about:"entries"`
	Discarded int    `json:"discarded" about:"entries"`
}

type pauseLine struct {
	Since time.Time `json:"since"`
	Who   string    `json:"who" about:"the account, the machine and the process"`
	Why   string    `json:"why" about:"the reason that was given"`
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
