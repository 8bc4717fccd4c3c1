package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/reconcile"
)

// viewFlags choose what is shown.
type viewFlags struct {
	reveal bool // personal values too
	all    bool // unchanged and skipped too
}

// screen shows what a plan or a run tells. It implements reconcile.Tell.
type screen struct {
	out      io.Writer
	progress io.Writer // nil: no progress
	view     viewFlags
	json     bool
	planning bool
	hidden   int // unchanged, not shown
	skipped  int
	last     string // record whose heading was printed
	drawn    time.Time
	now      func() time.Time
	flow     string
	root     string // the project's directory, for places
	zone     *time.Location
	counted  int      // writes of a run that were shown
	heading  string   // of the flow, not yet shown
	absent   *absence // of one record among several flows; nil otherwise
}

func newScreen(a *app, c *compiled, view viewFlags, asJSON bool) *screen {
	s := &screen{out: a.stdout, view: view, json: asJSON, now: a.now, root: c.root, zone: c.project.Zone}
	if a.terminal {
		s.progress = a.stderr
	}
	return s
}

func (s *screen) head(f *mapping.Flow) {
	s.flow = f.Name()
	if s.json {
		return
	}
	s.heading = fmt.Sprintf("%s: %s\n", f.Name(), f.Title())
	if s.absent == nil {
		s.clear()
	}
}

// Decided prints a plan's changes. A run is silent about them; it prints what became of them.
func (s *screen) Decided(d mapping.Decision) {
	if !s.planning {
		return
	}
	for _, c := range d.Changes {
		s.change(c)
	}
}

// showWrites is how many writes of a run are shown one by one; the summary counts them all.
const showWrites = 20

// Settled prints a run's first writes, and every one that did not simply go through.
func (s *screen) Settled(c engine.Change, o engine.Outcome) {
	if s.json {
		return // the summary counts it, the store holds it
	}
	if o.State == engine.Done && len(o.Ignored) == 0 {
		if s.counted++; s.counted <= showWrites || s.view.all {
			s.clear()
			fmt.Fprintf(s.out, "  %-11s %s %s\n", doneWord(c.Verdict), c.Object, subject(c))
		}
		return
	}
	s.clear()
	fmt.Fprintf(s.out, "  %-11s %s %s: %s\n", outcomeWord(o), c.Object, subject(c), faultText(o))
}

func doneWord(v engine.Verdict) string {
	switch v {
	case engine.Create:
		return "created"
	case engine.Update:
		return "updated"
	default:
		return "sent"
	}
}

func outcomeWord(o engine.Outcome) string {
	switch o.State {
	case engine.Unknown:
		return "maybe sent"
	case engine.Unsent:
		return "not sent"
	default:
		return "refused"
	}
}

func faultText(o engine.Outcome) string {
	if o.Fault != nil {
		return o.Fault.Error()
	}
	return "the target did not take " + strings.Join(o.Ignored, ", ")
}

// place is a rule's place as the user would open it.
func (s *screen) place(at string) string {
	if at == "" {
		return ""
	}
	return path.Join(s.root, at)
}

func subject(c engine.Change) string {
	text := c.Record + " · " + c.Route
	if c.Item != "" {
		text += " · " + c.Item
	}
	return text
}

func (s *screen) change(c engine.Change) {
	switch {
	case c.Verdict == engine.NoChange && !s.view.all:
		s.hidden++
	case c.Verdict == engine.Skip && !s.view.all:
		s.skipped++
	case s.json:
		s.changeJSON(c)
	default:
		s.changeText(c)
	}
}

func (s *screen) changeText(c engine.Change) {
	s.clear()
	if c.Record != s.last {
		fmt.Fprintf(s.out, "\n  %s\n", c.Record)
		s.last = c.Record
	}
	what := c.Route
	if c.Item != "" {
		what += " · " + c.Item
	}
	if !c.Verdict.Writes() {
		fmt.Fprintf(s.out, "    %s (%s)  %s\n", c.Verdict, reasonOf(c.Reason), what)
		if c.Reason.Place != "" {
			fmt.Fprintf(s.out, "      %s\n", s.place(c.Reason.Place))
		}
		return
	}
	target := c.Object
	if c.Target != "" && c.Verdict == engine.Update {
		target += " " + c.Target
	}
	fmt.Fprintf(s.out, "    %s %s  %s\n", c.Verdict, target, what)
	s.fields(c)
	for _, n := range c.Notes {
		fmt.Fprintf(s.out, "      ! %s\n", reasonOf(n))
	}
	for _, k := range c.Kept {
		fmt.Fprintf(s.out, "      = %s\n        %s\n", k.Text, s.place(k.Place))
	}
}

// fields prints what a change sets; the columns of a row stand under the row.
func (s *screen) fields(c engine.Change) {
	for _, group := range byRow(c.Fields) {
		indent := "      "
		if group.row != "" {
			fmt.Fprintf(s.out, "%s%s\n", indent, group.row)
			indent += "  "
		}
		width := 0
		for _, name := range group.names {
			width = max(width, utf8.RuneCountInString(name))
		}
		for i, f := range group.fields {
			name := group.names[i] + strings.Repeat(" ", width-utf8.RuneCountInString(group.names[i]))
			if c.Verdict == engine.Update {
				fmt.Fprintf(s.out, "%s%s  %s -> %s\n", indent, name, s.value(f.Old, f.Class), s.value(f.New, f.Class))
			} else {
				fmt.Fprintf(s.out, "%s%s  %s\n", indent, name, s.value(f.New, f.Class))
			}
		}
	}
}

// rowFields are fields that stand together: those of one row, or those of the record itself.
type rowFields struct {
	row    string // "services_section[020d…]"; "" for the record itself
	names  []string
	fields []engine.FieldChange
}

// byRow groups neighbours of the same row.
func byRow(fields []engine.FieldChange) []rowFields {
	var groups []rowFields
	for _, f := range fields {
		row, name := "", f.Path
		if at := strings.LastIndex(f.Path, "]."); at >= 0 {
			row, name = f.Path[:at+1], f.Path[at+2:]
		}
		if len(groups) == 0 || groups[len(groups)-1].row != row {
			groups = append(groups, rowFields{row: row})
		}
		g := &groups[len(groups)-1]
		g.names, g.fields = append(g.names, name), append(g.fields, f)
	}
	return groups
}

// mask stands for a value that is not shown.
const mask = "•••"

// value is a field's value as the screen may show it.
func (s *screen) value(b engine.Body, class engine.Class) string {
	switch {
	case b.Empty() || string(b.Raw()) == "null":
		return "(nothing)"
	case string(b.Raw()) == `""`:
		return `""`
	case class == engine.Confined, class.Hidden() && !s.view.reveal:
		return mask
	}
	return string(b.Raw())
}

func reasonOf(r engine.Reason) string {
	if r.Value != "" {
		return fmt.Sprintf("%s: %q", r.Text, r.Value)
	}
	return r.Text
}

// Progress draws one line that is drawn over again.
func (s *screen) Progress(sum reconcile.Summary) {
	if s.progress == nil || s.now().Sub(s.drawn) < 100*time.Millisecond {
		return
	}
	s.drawn = s.now()
	fmt.Fprintf(s.progress, "\r\x1b[K%s: %d read, %d written, %s", sum.Flow, sum.Read, sum.Writes(), sum.Took.Round(time.Second))
}

// clear makes room for text: it takes the progress away and says which flow the text is about.
func (s *screen) clear() {
	if s.progress != nil {
		fmt.Fprint(s.progress, "\r\x1b[K")
	}
	fmt.Fprint(s.out, s.heading)
	s.heading = ""
}

// changeLine is a Change as JSON. Hidden values are left out and said to be.
type changeLine struct {
	Kind    string       `json:"kind" about:"always change"`
	Flow    string       `json:"flow"`
	Record  string       `json:"record" about:"the record, by its kind and id"`
	Route   string       `json:"route" about:"the route of the flow"`
	Item    string       `json:"item,omitempty" about:"the row or referral of the record that it is about"`
	Verdict string       `json:"verdict" about:"create, update, send, no change, skip, blocked, quarantine, or cannot tell"`
	Object  string       `json:"object,omitempty" about:"what is written, as SYSTEM.KIND"`
	Target  string       `json:"target,omitempty" about:"the id of the record that is written to, where it is known"`
	Reason  *reasonLine  `json:"reason,omitempty" about:"why it does not go; left out when it goes"`
	Fields  []fieldLine  `json:"fields,omitempty" about:"what is set"`
	Notes   []string     `json:"notes,omitempty" about:"what is worth a look, though it goes"`
	Kept    []reasonLine `json:"kept,omitempty" about:"fields that keep what people made of them in the other system"`
}

type reasonLine struct {
	Code  string `json:"code" about:"for counting"`
	Text  string `json:"text" about:"in words"`
	Value string `json:"value,omitempty" about:"the value that no map or rule knows"`
	Place string `json:"place,omitempty" about:"file:line:column in the specs"`
}

type fieldLine struct {
	Path   string          `json:"path" about:"the field, with the key of its row"`
	Old    json.RawMessage `json:"old,omitempty" about:"what the other system has; left out when it has nothing"`
	New    json.RawMessage `json:"new,omitempty" about:"what is written"`
	Masked bool            `json:"masked,omitempty" about:"true: the values are about a person and left out here"`
	Rule   string          `json:"rule,omitempty" about:"file:line:column in the specs"`
}

func (s *screen) changeJSON(c engine.Change) {
	line := changeLine{Kind: "change", Flow: c.Flow, Record: c.Record, Route: c.Route, Item: c.Item,
		Verdict: string(c.Verdict), Object: c.Object, Target: c.Target}
	if !c.Verdict.Writes() {
		line.Reason = &reasonLine{c.Reason.Code, c.Reason.Text, c.Reason.Value, s.place(c.Reason.Place)}
	}
	for _, f := range c.Fields {
		fl := fieldLine{Path: f.Path, Rule: s.place(f.Rule), Masked: f.Class == engine.Confined || f.Class.Hidden() && !s.view.reveal}
		if !fl.Masked {
			fl.Old, fl.New = f.Old.Raw(), f.New.Raw()
		}
		line.Fields = append(line.Fields, fl)
	}
	for _, n := range c.Notes {
		line.Notes = append(line.Notes, reasonOf(n))
	}
	for _, k := range c.Kept {
		line.Kept = append(line.Kept, reasonLine{Code: k.Code, Text: k.Text, Place: s.place(k.Place)})
	}
	s.encode(line)
}

func (s *screen) encode(v any) {
	_ = json.NewEncoder(s.out).Encode(v) // a broken pipe ends the process anyway
}
