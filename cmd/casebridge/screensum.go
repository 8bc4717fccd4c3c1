package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/reconcile"
)

// namedWindow begins the window of a run for one record.
const namedWindow = "the record "

// absence collects the flows that do not know the one record that was asked for.
type absence struct {
	named string
	flows []string
	found bool // some flow knows it
}

// absenceOf is nil unless a record is named.
func absenceOf(named string) *absence {
	if named == "" {
		return nil
	}
	return &absence{named: named}
}

// passes says whether a flow has nothing to tell because it knows no such record. That is said once for all flows.
func (s *screen) passes(sum reconcile.Summary) bool {
	switch {
	case s.absent == nil:
		return false
	case sum.Read > 0 || !strings.HasPrefix(sum.Window, namedWindow):
		s.absent.found = s.absent.found || sum.Read > 0
		return false
	}
	if !slices.Contains(s.absent.flows, sum.Flow) { // one flow may come twice in a chain
		s.absent.flows = append(s.absent.flows, sum.Flow)
	}
	return !s.json && s.heading != "" && sum.Recovered.Parked+sum.Recovered.Forgotten == 0 // it may have told something after all
}

// told says which flows know no such record; when none does, that is an error of who asked.
func (a *absence) told(out io.Writer, asJSON bool) error {
	switch {
	case a == nil || len(a.flows) == 0:
	case !a.found:
		return usageError{fmt.Errorf("there is no record %s for %s: give one of its ids, best the one that plans and quarantine show", a.named, andList(a.flows))}
	case !asJSON:
		fmt.Fprintf(out, "%s %s no record %s.\n", andList(a.flows), map[bool]string{true: "has", false: "have"}[len(a.flows) == 1], a.named)
	}
	return nil
}

// planned ends a flow's plan.
func (s *screen) planned(sum reconcile.Summary) {
	if s.passes(sum) {
		return
	}
	s.clear()
	if s.json {
		s.encode(summaryLine(sum, nil))
		return
	}
	if sum.Window == "" {
		return // it did not get to read; the error says why
	}
	fmt.Fprintln(s.out)
	var hidden []string
	if s.hidden > 0 {
		hidden = append(hidden, fmt.Sprintf("%d unchanged hidden", s.hidden))
	}
	if s.skipped > 0 {
		hidden = append(hidden, fmt.Sprintf("%d skipped hidden", s.skipped))
	}
	if len(hidden) > 0 {
		fmt.Fprintf(s.out, "  %s (--all shows them)\n", strings.Join(hidden, ", "))
	}
	fmt.Fprintf(s.out, "  Would create %d, update %d, send %d. ", sum.Created, sum.Updated, sum.Sent)
	s.counts(sum)
	if sum.Hash != "" {
		fmt.Fprintf(s.out, "  Plan %s\n", sum.Hash)
	}
	fmt.Fprintln(s.out)
}

// ran ends a flow's run.
func (s *screen) ran(sum reconcile.Summary, err error) {
	if err == nil && s.passes(sum) {
		return
	}
	s.clear()
	if s.json {
		s.encode(summaryLine(sum, err))
		return
	}
	if sum.Window == "" {
		fmt.Fprintf(s.out, "  not begun\n\n")
		return
	}
	if more := s.counted - showWrites; more > 0 && !s.view.all {
		fmt.Fprintf(s.out, "  … and %d more\n", more)
	}
	if sum.Recovered.Parked > 0 || sum.Recovered.Forgotten > 0 {
		fmt.Fprintf(s.out, "  A run that died was recovered: %d of its writes may have arrived and are parked, %d are decided again.\n", sum.Recovered.Parked, sum.Recovered.Forgotten)
	}
	fmt.Fprintf(s.out, "  %s. Created %d, updated %d, sent %d. ", sum.State, sum.Created, sum.Updated, sum.Sent)
	s.counts(sum)
	if err != nil && sum.State == reconcile.EndedPartial {
		fmt.Fprintf(s.out, "  Ended early: %v\n", err) // what stops the chain goes to stderr
	}
	fmt.Fprintln(s.out)
}

func (s *screen) notStarted(flows []*mapping.Flow) {
	if s.json {
		return
	}
	for _, f := range flows {
		fmt.Fprintf(s.out, "%s: not started, because the flow before it did not get to work\n", f.Name())
	}
}

// counts prints the rest of a summary: the numbers, then each reason.
func (s *screen) counts(sum reconcile.Summary) {
	fmt.Fprintf(s.out, "Read %d (%s), unchanged %d, skipped %d, blocked %d, quarantined %d, parked %d, took %s.\n",
		sum.Read, sum.Window, sum.Unchanged, sum.Skipped.Total(), sum.Blocked.Total(), sum.Quarantined.Total(), sum.Parked, took(sum.Took))
	s.reasons("skipped", sum.Skipped)
	s.reasons("blocked", sum.Blocked)
	s.reasons("quarantined", sum.Quarantined)
	s.reasons("cannot tell", sum.Unclear)
	s.reasons("unmapped", sum.Unmapped)
	s.reasons("kept", sum.Kept)
	for _, again := range sum.Again {
		fmt.Fprintf(s.out, "    %s looked at again: %s; %d went through\n", plural(again.Records, "1 record", "%d records"), again.Why, again.Through)
	}
	if sum.Paused.On() {
		fmt.Fprintf(s.out, "    re-tries are paused since %s: %s\n", moment(sum.Paused.Since, s.zone), sum.Paused.Why)
	}
	if sum.Undelivered > 0 {
		fmt.Fprintf(s.out, "    undelivered %d: harmless to repeat, the next run tries again\n", sum.Undelivered)
	}
	if sum.Parked > 0 {
		fmt.Fprintf(s.out, "    parked %d: maybe sent; never sent again by itself, closed when the other system lists it (`casebridge parked list`)\n", sum.Parked)
	}
	if sum.Seen > 0 {
		parked := ""
		if sum.Released > 0 {
			parked = fmt.Sprintf(" (%d of them had been parked)", sum.Released)
		}
		fmt.Fprintf(s.out, "    seen %d: the other system has now listed what was sent%s\n", sum.Seen, parked)
	}
}

func (s *screen) reasons(word string, r reconcile.Reasons) {
	for _, text := range r.Order {
		fmt.Fprintf(s.out, "    %s %d: %s\n", word, r.Count[text], text)
	}
}

func took(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return d.Round(100 * time.Millisecond).String()
}

// summary is a Summary as JSON.
type summary struct {
	Kind        string         `json:"kind" about:"always summary"`
	Flow        string         `json:"flow"`
	State       string         `json:"state" about:"done, partial (some records do not go), held (a limit was reached), or stopped; of a plan what the run would end as"`
	Window      string         `json:"window" about:"what was read, in words; empty when it did not get to read"`
	Read        int            `json:"read" about:"records"`
	Created     int            `json:"created" about:"documents that were created; in a plan, that would be"`
	Updated     int            `json:"updated" about:"documents that were updated; in a plan, that would be"`
	Sent        int            `json:"sent" about:"documents that were sent; in a plan, that would be"`
	Unchanged   int            `json:"unchanged" about:"parts of records with nothing to write"`
	Skipped     map[string]int `json:"skipped,omitempty" about:"how many, by reason"`
	Blocked     map[string]int `json:"blocked,omitempty" about:"how many, by reason"`
	Quarantined map[string]int `json:"quarantined,omitempty" about:"how many, by reason"`
	Unclear     map[string]int `json:"cannot_tell,omitempty" about:"how many could not be decided, because something could not be read; by reason"`
	Unmapped    map[string]int `json:"unmapped,omitempty" about:"values that no map or rule knows: how many, by map and value"`
	Kept        map[string]int `json:"kept,omitempty" about:"fields that keep what people made of them: how many, by reason"`
	Parked      int            `json:"parked" about:"sends without an answer; never sent again by themselves"`
	Undelivered int            `json:"undelivered" about:"harmless to repeat, the next run tries again"`
	Seen        int            `json:"seen" about:"earlier sends that the other system has now shown"`
	Again       []again        `json:"looked_at_again,omitempty" about:"records in quarantine that were tried again though they had not changed"`
	Paused      *time.Time     `json:"retries_paused_since,omitempty" about:"since when nothing in quarantine is tried again"`
	Plan        string         `json:"plan,omitempty" about:"the hash of the plan, for 'casebridge run FLOW --plan HASH'; left out when there is nothing to write"`
	Held        string         `json:"held,omitempty" about:"which limit stopped the flow"`
	TookMS      int64          `json:"took_ms" about:"milliseconds"`
	Error       string         `json:"error,omitempty" about:"why the flow did not end as it should"`
}

func summaryLine(s reconcile.Summary, err error) summary {
	line := summary{Kind: "summary", Flow: s.Flow, State: string(s.State), Window: s.Window, Read: s.Read, Created: s.Created,
		Updated: s.Updated, Sent: s.Sent, Unchanged: s.Unchanged, Skipped: s.Skipped.Count, Blocked: s.Blocked.Count,
		Quarantined: s.Quarantined.Count, Unclear: s.Unclear.Count, Unmapped: s.Unmapped.Count, Kept: s.Kept.Count, Parked: s.Parked,
		Undelivered: s.Undelivered, Seen: s.Seen, Plan: s.Hash, Held: s.Held, TookMS: s.Took.Milliseconds()}
	for _, a := range s.Again {
		line.Again = append(line.Again, again{a.Why, a.Records, a.Through})
	}
	if s.Paused.On() {
		line.Paused = &s.Paused.Since
	}
	if err != nil {
		line.Error = err.Error()
	}
	return line
}

// again is a reconcile.Again as JSON.
type again struct {
	Why     string `json:"why" about:"in words"`
	Records int    `json:"records" about:"how many were tried"`
	Through int    `json:"went_through" about:"how many of them went through"`
}
