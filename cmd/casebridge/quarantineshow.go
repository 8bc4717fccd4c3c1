package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/store"
)

// showEntry prints all that is known of an entry. That its document is revealed is written down before it is shown.
func (a *app) showEntry(ctx context.Context, q *quarantine, e store.QuarantineEntry, reveal bool) error {
	asJSON, err := a.json()
	if err != nil {
		return err
	}
	doc, none, err := q.store.Payload(ctx, e)
	sealed := engine.KindOf(err) == engine.Environment // there, but not to be read with this key
	if err != nil && !sealed {
		return err
	}
	if reveal && !none && !sealed {
		if err := q.store.NoteDeed(ctx, store.DeedReveal, a.author(), []store.QuarantineEntry{e}); err != nil {
			return err
		}
	}
	history, err := q.store.EntryHistory(ctx, e)
	if err != nil {
		return err
	}
	view := documentView{q: q, payload: doc, reveal: reveal, why: withoutDocument(e)}
	if sealed {
		view.why = "it was sealed under another store key than the one given now"
	}
	if asJSON {
		return a.showJSON(q, e, history, view)
	}
	a.printEntry(q, e)
	a.printDeeds(q, history)
	view.print(a.stdout)
	return nil
}

// withoutDocument says why there is no document, when there is none.
func withoutDocument(e store.QuarantineEntry) string {
	if e.Code == store.CodeLetGo {
		return "none: it is about a send that was let go again"
	}
	switch e.Payload {
	case store.PayloadNoKey:
		return "not kept: the store had no key (see `casebridge key`)"
	case store.PayloadLarge:
		return "not kept: it is larger than 1 MB"
	case store.PayloadPurged:
		return "deleted: its time was over (setting " + keyPayload + ")"
	case store.PayloadOver:
		return "deleted when the entry was " + e.Status
	}
	return "not kept"
}

func (a *app) printEntry(q *quarantine, e store.QuarantineEntry) {
	zone := q.c.project.Zone
	line := func(name, format string, args ...any) {
		fmt.Fprintf(a.stdout, "%-8s %s\n", name, fmt.Sprintf(format, args...))
	}
	status := e.Status
	if e.Expired(q.now, q.retryFor) {
		status += ", expired: no longer tried by itself"
	}
	line("entry", "%d (%s)", e.ID, status)
	line("record", "%s", e.Record)
	line("flow", "%s, %s", e.Flow, routeOf(e))
	line("reason", "%s", reasonText(e))
	line("cause", "%s", e.Code)
	if e.Value != "" {
		line("value", "%q, looked up in %s by %s%s", e.Value, e.Lookup, e.By, q.nearText(e))
	}
	if e.Place != "" {
		line("rule", "%s", path.Join(q.c.root, e.Place))
	}
	line("kind", "%s", e.Kind)
	if e.SpecVersion != "" { // that of what was let go again is blank
		line("specs", "%.12s%s", e.SpecVersion, specsText(e.SpecVersion, q.c.project.Version))
	}
	line("first", "%s", moment(e.First, zone))
	line("last", "%s, %s", moment(e.Last, zone), plural(e.Times, "once", "%d times"))
	if !e.Closed.IsZero() {
		line(e.Status, "%s%s", moment(e.Closed, zone), because(e.Why))
	}
	line("next", "%s", q.step(e))
	for _, c := range q.commands(e) {
		line("", "%s   (%s)", c[0], c[1])
	}
}

func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + why
}

func reasonText(e store.QuarantineEntry) string {
	text := e.Reason
	if e.Code == store.CodeLetGo && e.Status != store.EntryOpen {
		text, _, _ = strings.Cut(text, ": ") // what the next run will do holds only while it is open
	}
	if e.Verdict == string(engine.Blocked) {
		text = "blocked: " + text
	}
	if e.Value != "" {
		text += fmt.Sprintf(": %q", e.Value)
	}
	return text
}

// specsText says whether the specs are still those of the entry.
func specsText(was, now string) string {
	if was == now {
		return " (as they are now)"
	}
	return fmt.Sprintf(" (they have changed since: now %.12s)", now)
}

func (a *app) printDeeds(q *quarantine, lines []store.AuditLine) {
	for i, l := range lines {
		name := ""
		if i == 0 {
			name = "history"
		}
		fmt.Fprintf(a.stdout, "%-8s %s  %s by %s%s\n", name, moment(l.At, q.c.project.Zone), deedWord(l.What), l.Who, because(l.Why))
	}
}

// deedWord is what was done, from a line of the audit trail such as "quarantine retry 12".
func deedWord(what string) string {
	words := strings.Fields(what)
	if len(words) < 2 {
		return what
	}
	switch words[1] {
	case "retry":
		return "tried by hand"
	case "reveal":
		return "its document was looked at"
	}
	return words[1] + "ed"
}

// documentView is the document of an entry as it may be shown.
type documentView struct {
	q       *quarantine
	payload store.Payload
	reveal  bool
	why     string // why there is none
}

func (v documentView) print(w io.Writer) {
	if v.payload.Body.Empty() {
		fmt.Fprintf(w, "%-8s %s\n", "document", v.why)
		return
	}
	what := "what was to be written to " + v.payload.Object
	if v.payload.Source {
		what = "the record of " + v.payload.Object + ", as far as the flow reads it"
	}
	fmt.Fprintf(w, "%-8s %s, of %s\n", "document", what, moment(v.payload.Kept, v.q.c.project.Zone))
	var fields map[string]json.RawMessage
	if json.Unmarshal(v.payload.Body.Raw(), &fields) != nil {
		fmt.Fprintf(w, "  %s\n", v.value(v.payload.Body.Raw(), nil))
		return
	}
	names := slices.Sorted(maps.Keys(fields))
	width := 0
	for _, n := range names {
		width = max(width, utf8.RuneCountInString(n))
	}
	for _, n := range names {
		fmt.Fprintf(w, "  %s%s  %s\n", n, strings.Repeat(" ", width-utf8.RuneCountInString(n)), v.value(fields[n], v.field(n)))
	}
}

// field is what the catalogue says of a field of the document; nil when it says nothing.
func (v documentView) field(name string) *engine.Field {
	if o := v.q.c.project.Object(v.payload.Object); o != nil {
		return o.Field(name)
	}
	return nil
}

// value is a value as the catalogue lets it be shown. What the catalogue does not describe is about a person.
func (v documentView) value(raw json.RawMessage, f *engine.Field) string {
	shown, err := json.Marshal(v.masked(raw, f))
	if err != nil {
		return mask
	}
	return strings.ReplaceAll(string(shown), `"`+mask+`"`, mask)
}

func (v documentView) masked(raw json.RawMessage, f *engine.Field) any {
	class := engine.Personal
	if f != nil && f.Class != "" {
		class = f.Class
	}
	var rows []map[string]json.RawMessage
	if f != nil && len(f.Fields) > 0 && json.Unmarshal(raw, &rows) == nil {
		return v.maskedRows(rows, f)
	}
	switch {
	case string(raw) == "null" || string(raw) == `""` || string(raw) == "[]":
		return raw
	case class == engine.Confined, class.Hidden() && !v.reveal:
		return mask
	}
	var compact bytes.Buffer
	if json.Compact(&compact, raw) != nil {
		return mask
	}
	return json.RawMessage(compact.Bytes())
}

func (v documentView) maskedRows(rows []map[string]json.RawMessage, f *engine.Field) []map[string]any {
	out := make([]map[string]any, len(rows))
	for i, row := range rows {
		out[i] = map[string]any{}
		for name, raw := range row {
			out[i][name] = v.masked(raw, engine.FieldNamed(f.Fields, name))
		}
	}
	return out
}

// shownEntry is all of an entry as JSON.
type shownEntry struct {
	entryLine
	Commands []string       `json:"commands" about:"commands that go on from here"`
	History  []historyLine  `json:"history" about:"what persons did about it, and when"`
	Content  map[string]any `json:"content,omitempty" about:"the document that was refused, field by field; values about a person are ••• without --reveal"`
	Without  string         `json:"no_content,omitempty" about:"why there is no document"`
}

type historyLine struct {
	At   time.Time `json:"at"`
	What string    `json:"what" about:"what was done"`
	Who  string    `json:"who" about:"the account, the machine and the process"`
	Why  string    `json:"why,omitempty"`
}

func (a *app) showJSON(q *quarantine, e store.QuarantineEntry, history []store.AuditLine, v documentView) error {
	s := shownEntry{entryLine: q.line(e), Commands: []string{}, History: []historyLine{}}
	for _, c := range q.commands(e) {
		s.Commands = append(s.Commands, c[0])
	}
	for _, l := range history {
		s.History = append(s.History, historyLine{l.At.Truncate(time.Second), l.What, l.Who, l.Why})
	}
	var fields map[string]json.RawMessage
	if v.payload.Body.Empty() || json.Unmarshal(v.payload.Body.Raw(), &fields) != nil {
		s.Without = v.why
	} else {
		s.Content = map[string]any{}
		for name, raw := range fields {
			s.Content[name] = v.masked(raw, v.field(name))
		}
	}
	return json.NewEncoder(a.stdout).Encode(s)
}
