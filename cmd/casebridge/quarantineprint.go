package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/store"
)

// showHeld is how many records of one value a list shows; --all shows the others.
const showHeld = 20

// listQuarantine prints entries by cause, then the values that were carried as something else.
func (a *app) listQuarantine(ctx context.Context, q *quarantine, entries []store.QuarantineEntry, flags heldFlags) error {
	asJSON, err := a.json()
	if err != nil {
		return err
	}
	var carried []store.UnmappedValue
	var learned []learnedValue
	if flags.cause == "" && flags.kind == "" {
		if carried, err = q.carried(ctx, flags.flow); err != nil {
			return err
		}
		if learned, err = q.learned(ctx, flags.flow); err != nil {
			return err
		}
	}
	if asJSON {
		return errors.Join(a.heldJSON(q, entries, carried), a.learnedJSON(learned))
	}
	pause, err := q.store.Paused(ctx)
	if err != nil {
		return err
	}
	if pause.On() {
		fmt.Fprintf(a.stdout, "%s: %s. `casebridge quarantine resume` lets them go on.\n", pauseText(pause, q.c.project.Zone), pause.Why)
	}
	causes := byCause(entries)
	switch {
	case len(entries) == 0 && flags == (heldFlags{}):
		fmt.Fprintln(a.stdout, "Nothing is in quarantine.")
	case len(entries) == 0:
		fmt.Fprintln(a.stdout, "Nothing of that kind is in quarantine.")
	default:
		fmt.Fprintf(a.stdout, "%s of %s\n", plural(len(entries), "1 entry", "%d entries"), plural(len(causes), "1 cause", "%d causes"))
	}
	for _, c := range causes {
		a.printCause(q, c, flags.all)
	}
	a.printCarried(q, carried)
	a.printLearned(q, learned, flags.all)
	return nil
}

func pauseText(p store.Pause, zone *time.Location) string {
	return fmt.Sprintf("Re-tries are paused since %s by %s", moment(p.Since, zone), p.Who)
}

// day and moment are times as people read them, in the project's zone.
func day(t time.Time, zone *time.Location) string { return t.In(zone).Format("Mon 2006-01-02") }
func moment(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("Mon 2006-01-02 15:04")
}

// cause is one reason why records do not go through, with the entries it holds, the newest first.
type cause struct {
	flow, code, title string
	values            []valueHeld
}

// valueHeld is one unknown value and its entries; a cause that is about no value has one, blank.
type valueHeld struct {
	value   string
	entries []store.QuarantineEntry
}

// byCause groups entries, keeping their order.
func byCause(entries []store.QuarantineEntry) []cause {
	var out []cause
	for _, e := range entries {
		title := titleOf(e)
		i := slices.IndexFunc(out, func(c cause) bool { return c.flow == e.Flow && c.code == e.Code && c.title == title })
		if i < 0 {
			i, out = len(out), append(out, cause{flow: e.Flow, code: e.Code, title: title})
		}
		c := &out[i]
		j := slices.IndexFunc(c.values, func(v valueHeld) bool { return v.value == e.Value })
		if j < 0 {
			j, c.values = len(c.values), append(c.values, valueHeld{value: e.Value})
		}
		c.values[j].entries = append(c.values[j].entries, e)
	}
	return out
}

// titleOf is what entries of one cause have in common, in words.
func titleOf(e store.QuarantineEntry) string {
	switch {
	case e.Code == store.CodeLetGo && e.Status == store.EntryOpen:
		return e.Object + " may go again"
	case e.Code == store.CodeLetGo:
		return e.Object + " was let go again"
	case e.Kind == string(engine.Transient) && e.Refused():
		return e.Object + " could not be written"
	case e.Kind == string(engine.Transient):
		return "something that decides about it could not be read"
	case e.Kind == string(engine.Conflict):
		return e.Object + " was not as it had been when this was decided"
	case e.Refused() && len(e.Fields) > 0:
		return e.Object + " refused " + fieldText(e.Fields)
	case e.Refused():
		return e.Object + " refused what was to be written"
	case e.Verdict == string(engine.Blocked):
		return "blocked: " + e.Reason
	}
	return e.Reason
}

func (a *app) printCause(q *quarantine, c cause, all bool) {
	first := c.values[0].entries[0]
	fmt.Fprintf(a.stdout, "\n%s\n", c.title)
	fmt.Fprintf(a.stdout, "  cause %q in %s", c.code, c.flow)
	if first.Place != "" {
		fmt.Fprintf(a.stdout, ", rule %s", path.Join(q.c.root, first.Place))
	}
	fmt.Fprintln(a.stdout)
	said := ""
	for _, v := range c.values {
		if v.value != "" {
			fmt.Fprintf(a.stdout, "  %s\n", q.valueText(v))
		}
		for i, e := range v.entries {
			if i == showHeld && !all {
				fmt.Fprintf(a.stdout, "        … and %d more (--all shows them)\n", len(v.entries)-i)
				break
			}
			fmt.Fprintf(a.stdout, "  %4d  %s\n", e.ID, q.entryText(e))
		}
		if next := q.step(v.entries[0]); next != said {
			fmt.Fprintf(a.stdout, "        next: %s\n", next)
			said = next
		}
	}
	if first.Status == store.EntryOpen {
		fmt.Fprintf(a.stdout, "        then: casebridge quarantine retry --cause %s\n", quoted(c.code))
	}
}

// quoted is a word as a shell takes it.
func quoted(word string) string {
	if strings.ContainsAny(word, " $'\"") {
		return "'" + word + "'"
	}
	return word
}

// valueText tells of one unknown value: `"Respite (new)" x3 since Mon 2026-11-16, nearest "Disability respite care"`.
func (q *quarantine) valueText(v valueHeld) string {
	since := v.entries[0].First
	for _, e := range v.entries {
		if e.First.Before(since) {
			since = e.First
		}
	}
	return fmt.Sprintf("%q x%d since %s", v.value, len(v.entries), day(since, q.c.project.Zone)) + q.nearText(v.entries[0])
}

func (q *quarantine) entryText(e store.QuarantineEntry) string {
	zone := q.c.project.Zone
	text := fmt.Sprintf("%s · %s  since %s", e.Record, routeOf(e), moment(e.First, zone))
	if last := moment(e.Last, zone); last != moment(e.First, zone) {
		text += ", last " + last
	}
	text += ", " + plural(e.Times, "once", "%d times")
	switch {
	case e.Status == store.EntryDiscarded:
		text += fmt.Sprintf("; discarded %s: %s", moment(e.Closed, zone), e.Why)
	case e.Status == store.EntryClosed && !e.Closed.IsZero():
		text += "; closed " + moment(e.Closed, zone)
	case e.Status == store.EntryClosed:
		text += "; closed"
	case e.Sought != "":
		text += "; its record was looked for and not found"
	case e.Expired(q.now, q.retryFor):
		text += "; expired: no longer tried by itself"
	}
	return text
}

func routeOf(e store.QuarantineEntry) string {
	if e.Route == "" {
		return "the whole record"
	}
	if e.Item != "" {
		return e.Route + " · " + e.Item
	}
	return e.Route
}

// carried are the values that stopped nothing and that the specs still do not know.
func (q *quarantine) carried(ctx context.Context, flow string) ([]store.UnmappedValue, error) {
	values, err := q.store.Unmapped(ctx, flow)
	return slices.DeleteFunc(values, func(u store.UnmappedValue) bool {
		return u.Held > 0 || slices.Contains(q.c.project.Knows(u.Lookup, u.By), u.Value)
	}), err
}

func (a *app) printCarried(q *quarantine, values []store.UnmappedValue) {
	heading := ""
	for _, u := range values {
		if h := u.Lookup + " by " + u.By; h != heading {
			if heading == "" {
				fmt.Fprintf(a.stdout, "\nUnmapped values, carried as something else\n")
			}
			fmt.Fprintf(a.stdout, "  %s%s\n", h, q.lookupFile(u.Lookup))
			heading = h
		}
		text := fmt.Sprintf("%q x%d since %s", u.Value, u.Times, day(u.First, q.c.project.Zone))
		if n := near(u.Value, q.c.project.Knows(u.Lookup, u.By)); n != "" {
			text += fmt.Sprintf(", nearest %q", n)
		}
		if u.Carried != "" {
			text += ", carried as " + u.Carried
		}
		fmt.Fprintf(a.stdout, "    %s (for example %s)\n", text, u.Record)
	}
}

// lookupFile is where a map or rule stands, for a heading.
func (q *quarantine) lookupFile(name string) string {
	if m := q.c.project.Map(name); m != nil {
		return ", " + path.Join(q.c.root, m.At.File)
	}
	return ""
}

// entryLine is a quarantine entry as JSON.
type entryLine struct {
	ID          int64      `json:"id" about:"its number, for 'casebridge quarantine show'"`
	Flow        string     `json:"flow"`
	Record      string     `json:"record" about:"the record, by its kind and id"`
	Route       string     `json:"route" about:"the route of the flow"`
	Item        string     `json:"item,omitempty" about:"the row or referral of the record that it is about"`
	Verdict     string     `json:"verdict" about:"quarantine, blocked, or refused"`
	Kind        string     `json:"kind" about:"the kind of the fault; mapping: the specs could not decide"`
	Code        string     `json:"code" about:"the cause, for counting and for --cause"`
	Reason      string     `json:"reason" about:"in words"`
	Value       string     `json:"value,omitempty" about:"the value that no map or rule knows"`
	Lookup      string     `json:"lookup,omitempty" about:"the map or rule that was asked"`
	By          string     `json:"by,omitempty" about:"its column"`
	Nearest     string     `json:"nearest,omitempty" about:"the value that it knows and that comes nearest"`
	Fields      []string   `json:"fields,omitempty" about:"names of the fields that were refused"`
	Place       string     `json:"place,omitempty" about:"file:line:column of the rule, seen from the directory of the project"`
	SpecVersion string     `json:"spec_version" about:"the version of the specs that held it"`
	SpecsNow    bool       `json:"specs_unchanged" about:"true: these are the specs of now"`
	Status      string     `json:"status" about:"open, closed, or discarded"`
	Expired     bool       `json:"expired,omitempty" about:"true: it is not tried again by itself any more"`
	Gone        bool       `json:"not_found,omitempty" about:"true: its record was looked for wherever it can be, and not found"`
	Why         string     `json:"why,omitempty" about:"the reason of the person who discarded it"`
	Payload     string     `json:"document,omitempty" about:"kept, no key, too large, purged, or over; left out when none was to be kept"`
	First       time.Time  `json:"first" about:"when it was first held"`
	Last        time.Time  `json:"last" about:"when it was last held"`
	Closed      *time.Time `json:"closed,omitempty" about:"when it closed or was discarded"`
	Times       int        `json:"times" about:"how often it was held"`
	Next        string     `json:"next" about:"what to do, in words"`
}

func (q *quarantine) line(e store.QuarantineEntry) entryLine {
	l := entryLine{e.ID, e.Flow, e.Record, e.Route, e.Item, e.Verdict, e.Kind, e.Code, e.Reason, e.Value, e.Lookup, e.By, q.nearest(e), e.Fields, e.Place,
		e.SpecVersion, e.SpecVersion == q.c.project.Version, e.Status, e.Expired(q.now, q.retryFor), e.Sought != "", e.Why, e.Payload, e.First, e.Last, nil, e.Times, q.step(e)}
	if !e.Closed.IsZero() {
		l.Closed = &e.Closed
	}
	return l
}

// carriedValue is a value that no map knows and that stopped nothing, as JSON.
type carriedValue struct {
	Unmapped string    `json:"unmapped" about:"the value that no map or rule knows"`
	Flow     string    `json:"flow"`
	Lookup   string    `json:"lookup" about:"the map or rule"`
	By       string    `json:"by" about:"its column"`
	Carried  string    `json:"carried,omitempty" about:"what was written in its place"`
	Nearest  string    `json:"nearest,omitempty" about:"the value that it knows and that comes nearest"`
	Record   string    `json:"record" about:"one record that has the value"`
	First    time.Time `json:"first" about:"when it was first met"`
	Last     time.Time `json:"last" about:"when it was last met"`
	Times    int       `json:"times" about:"how often it was met"`
}

func (a *app) heldJSON(q *quarantine, entries []store.QuarantineEntry, carried []store.UnmappedValue) error {
	enc := json.NewEncoder(a.stdout)
	for _, e := range entries {
		if err := enc.Encode(q.line(e)); err != nil {
			return err
		}
	}
	for _, u := range carried {
		l := carriedValue{u.Value, u.Flow, u.Lookup, u.By, u.Carried, near(u.Value, q.c.project.Knows(u.Lookup, u.By)), u.Record, u.First, u.Last, u.Times}
		if err := enc.Encode(l); err != nil {
			return err
		}
	}
	return nil
}
