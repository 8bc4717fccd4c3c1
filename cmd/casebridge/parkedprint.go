package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/store"
)

// waitingWords are what a list of waiting sends says.
type waitingWords struct{ none, one, many string }

var (
	parkedWords = waitingWords{"Nothing is parked.",
		"1 send may have arrived: its answer was lost. It is never sent again by itself.",
		"%d sends may have arrived: their answers were lost. None is sent again by itself."}
	awaitingWords = waitingWords{"Nothing awaits verification.",
		"1 send was taken, and the other system must still show it.",
		"%d sends were taken, and the other system must still show them."}
)

// waitingLine is a send as JSON.
type waitingLine struct {
	ID       int64             `json:"id" about:"its number, for 'casebridge parked close' and 'resend'"`
	State    string            `json:"state" about:"parked or awaiting; parked show also intended, sent, shown, lost, or closed"`
	Object   string            `json:"object" about:"what is written, as SYSTEM.KIND"`
	Flow     string            `json:"flow"`
	Route    string            `json:"route" about:"the route of the flow"`
	Record   string            `json:"record" about:"the record, by its kind and id"`
	Item     string            `json:"item,omitempty" about:"the row or referral of the record that it is about"`
	Known    map[string]string `json:"known" about:"what the other system shows it by, such as ids"`
	Run      int64             `json:"run,omitempty" about:"the number of the run that sent it; left out when 'state adopt' recorded it"`
	Since    time.Time         `json:"since" about:"when it was sent"`
	Looked   int               `json:"looked" about:"how many runs looked for it in the other system and did not find it"`
	LookedAt *time.Time        `json:"looked_at,omitempty" about:"when the last of them looked"`
	Answer   string            `json:"answer,omitempty" about:"how the other system names it"`
	Fault    string            `json:"fault,omitempty" about:"what went wrong when it was sent; parked show only"`
	ShownBy  []string          `json:"shown_by" about:"flows that read what would show it"`
	Ends     []string          `json:"ends" about:"the commands with which a person ends it; empty when it is not parked"`
}

func lineOf(c *compiled, e store.Sent) waitingLine {
	l := waitingLine{ID: e.ID, State: e.State, Object: e.Object, Flow: e.Flow, Route: e.Route, Record: e.Record, Item: e.Item, Known: map[string]string{},
		Run: e.Run, Since: e.SentAt, Looked: e.Looked, Answer: e.Answer, Fault: e.Fault, ShownBy: append([]string{}, showing(c.project, e.Object)...), Ends: []string{}}
	for _, p := range e.Known {
		l.Known[p.Name] = p.Value
	}
	if !e.LookedAt.IsZero() {
		l.LookedAt = &e.LookedAt
	}
	if e.State == "parked" {
		l.Ends = []string{fmt.Sprintf("casebridge parked close %d --why REASON", e.ID), fmt.Sprintf("casebridge parked resend %d --why REASON --yes", e.ID)}
	}
	return l
}

func (a *app) printWaiting(c *compiled, entries []store.LedgerEntry, words waitingWords) error {
	asJSON, err := a.json()
	if err != nil {
		return err
	}
	if asJSON {
		enc := json.NewEncoder(a.stdout)
		for _, e := range entries {
			if err := enc.Encode(lineOf(c, store.Sent{LedgerEntry: e})); err != nil {
				return err
			}
		}
		return nil
	}
	if len(entries) == 0 {
		_, err := fmt.Fprintln(a.stdout, words.none)
		return err
	}
	fmt.Fprintln(a.stdout, plural(len(entries), words.one, words.many))
	for _, e := range entries {
		fmt.Fprintf(a.stdout, "\n%5d  %s  %s  since %s\n       %s\n       %s\n", e.ID, e.Object, e.Record, minute(e.SentAt, c.project.Zone),
			engine.JoinPairs(e.Known), lookedText(e, c.project.Zone))
	}
	return a.printEnds(c, entries)
}

// printEnds says how waiting sends end, once for each kind of them.
func (a *app) printEnds(c *compiled, entries []store.LedgerEntry) error {
	said := map[string]bool{}
	for _, e := range entries {
		if !said[e.Object] {
			fmt.Fprintf(a.stdout, "\n%s ends %s.", e.Object, endsText(c, e.Object))
		}
		said[e.Object] = true
	}
	fmt.Fprintln(a.stdout)
	if entries[0].State != "parked" {
		return nil
	}
	_, err := fmt.Fprint(a.stdout, "To end one yourself, look in the other system, then say\n"+
		"  it is there, or nobody needs it any more:  casebridge parked close ID --why REASON\n"+
		"  it is not there, send it again:            casebridge parked resend ID --why REASON --yes\n")
	return err
}

func endsText(c *compiled, object string) string {
	flows := showing(c.project, object)
	if len(flows) == 0 {
		return "only by a person's word, since no flow reads what would show it"
	}
	connection, _, _ := engine.SplitObject(object)
	return fmt.Sprintf("by itself when a run of %s finds it in %s", strings.Join(flows, " or "), connection)
}

func lookedText(e store.LedgerEntry, zone *time.Location) string {
	if e.Looked == 0 {
		return "not looked for yet"
	}
	return plural(e.Looked, "looked for by 1 run", "looked for by %d runs") + ", last " + minute(e.LookedAt, zone) + ", and not found"
}

// stateWords say what a state of the ledger means.
func stateWords(state string) string {
	switch state {
	case "intended":
		return "on its way"
	case "sent":
		return "sent: it was taken"
	case "awaiting":
		return "awaiting verification: it was taken, and the other system must still show it"
	case "shown":
		return "shown: the other system lists it"
	case "parked":
		return "parked: it may have arrived"
	case "lost":
		return "lost: no answer came; it may be repeated, so it goes again while it is wanted"
	case "closed":
		return "closed: it counts as sent, by a person's word"
	}
	return state
}

func (a *app) printSend(c *compiled, e store.Sent, said []store.AuditLine) error {
	asJSON, err := a.json()
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(a.stdout).Encode(lineOf(c, e))
	}
	zone := c.project.Zone
	row := func(name, text string) {
		if text != "" {
			fmt.Fprintf(a.stdout, "%-8s %s\n", name, text)
		}
	}
	row("send", fmt.Sprintf("%d (%s)", e.ID, stateWords(e.State)))
	row("what", e.Object)
	row("record", e.Record)
	row("flow", joinRoute(e.Flow+", "+e.Route, e.Item))
	row("known", engine.JoinPairs(e.Known))
	row("since", minute(e.SentAt, zone)+runText(e.Run))
	row("trouble", e.Fault)
	row("answer", e.Answer)
	if e.State == "parked" || e.State == "awaiting" {
		row("looked", lookedText(e.LedgerEntry, zone))
	}
	for _, l := range said {
		row("said", fmt.Sprintf("%s by %s: %s (%s)", minute(l.At, zone), l.Who, firstWord(l.What), l.Why))
	}
	if e.State != "parked" && e.State != "awaiting" {
		return nil
	}
	return a.printEnds(c, []store.LedgerEntry{e.LedgerEntry})
}

func joinRoute(route, item string) string {
	if item == "" {
		return route
	}
	return route + " · " + item
}

func runText(run int64) string {
	if run == 0 {
		return ", recorded by `state adopt`"
	}
	return fmt.Sprintf(", run %d", run)
}

// danger says what could come of sending again, and changes nothing.
func (a *app) danger(sends []store.Sent, zone *time.Location) error {
	for _, e := range sends {
		connection, _, _ := engine.SplitObject(e.Object)
		fmt.Fprintf(a.stdout, "Send %d: %s of %s (%s), since %s.\n  If it had arrived after all, it is then in %s twice, and casebridge cannot take one back.\n",
			e.ID, e.Object, e.Record, engine.JoinPairs(e.Known), minute(e.SentAt, zone), connection)
	}
	return usageError{errors.New("nothing was changed. Look in the other system first; if it is not there, add --yes")}
}

// resolved says what a person's word has changed, and which command sends what may go again.
func (a *app) resolved(sends []store.Sent, arrived bool) error {
	for _, e := range sends {
		if arrived {
			fmt.Fprintf(a.stdout, "Send %d counts as sent; it is never sent again.\n", e.ID)
			continue
		}
		fmt.Fprintf(a.stdout, "Send %d of %s goes again with the next run of %s. To send it now:\n  casebridge run %s --case %s\n",
			e.ID, e.Record, e.Flow, e.Flow, recordKey(e.Record))
	}
	return nil
}

// recordKey is the name of a record as --case takes it.
func recordKey(record string) string {
	if _, key, ok := strings.Cut(record, " "); ok {
		return key
	}
	return record
}

func firstWord(text string) string {
	word, _, _ := strings.Cut(text, " ")
	return word
}

// plural chooses between a text about one thing and a text about n.
func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return strings.ReplaceAll(many, "%d", strconv.Itoa(n))
}

// minute is a moment as people read it, in the project's zone.
func minute(t time.Time, zone *time.Location) string { return t.In(zone).Format("2006-01-02 15:04") }
