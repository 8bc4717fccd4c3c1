package main

import (
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/inspect"
)

// impactJSON is a report as JSON. Hidden values are left out and said to be.
type impactJSON struct {
	Old   specsJSON  `json:"old" about:"what is compared with"`
	New   specsJSON  `json:"new" about:"the specs as they are"`
	Flows []flowJSON `json:"flows"`
}

type specsJSON struct {
	Specs   string `json:"specs" about:"the directory, the git ref, or the run that they are from"`
	Version string `json:"version" about:"a digest of all files"`
}

type flowJSON struct {
	Flow     string      `json:"flow"`
	Presence string      `json:"presence,omitempty" about:"removed or added; left out when both versions have it"`
	Window   string      `json:"window,omitempty" about:"what was read"`
	Read     int         `json:"read" about:"records"`
	Changed  int         `json:"changed" about:"records of which something differs"`
	Held     []heldBoth  `json:"held_by_both,omitempty" about:"what goes nowhere under either version"`
	Routes   []routeJSON `json:"routes,omitempty" about:"those in which something differs"`
}

// heldBoth is a reason for which both versions keep records from going.
type heldBoth struct {
	Verdict string      `json:"verdict" about:"skip, blocked, quarantine, or cannot tell"`
	Reason  *reasonLine `json:"reason"`
	Records int         `json:"records" about:"how many"`
}

type routeJSON struct {
	Route    string            `json:"route" about:"the name of the route"`
	Presence string            `json:"presence,omitempty" about:"removed or added; left out when both versions have it"`
	Changed  int               `json:"changed" about:"records of which something differs"`
	Fields   []impactFieldJSON `json:"fields,omitempty" about:"fields with another value"`
	Turns    []turnJSON        `json:"turns,omitempty" about:"parts that go under one version and not under the other"`
}

type impactFieldJSON struct {
	Object   string             `json:"object" about:"what is written, as SYSTEM.KIND"`
	Field    string             `json:"field" about:"without the keys of rows"`
	Records  int                `json:"records" about:"how many differ"`
	Other    int                `json:"another_value" about:"both versions write it, differently"`
	Newly    int                `json:"newly_written" about:"only the new specs write it"`
	NoLonger int                `json:"no_longer_written" about:"only the old specs write it"`
	Examples []fieldExampleJSON `json:"examples,omitempty" about:"some of these records"`
}

type fieldExampleJSON struct {
	Record  string          `json:"record" about:"the record, by its kind and id"`
	Item    string          `json:"item,omitempty" about:"the row or referral of the record that it is about"`
	Path    string          `json:"path" about:"the field, with the key of its row"`
	Old     json.RawMessage `json:"old,omitempty" about:"under the old specs; left out when they do not write it"`
	New     json.RawMessage `json:"new,omitempty" about:"under the new specs; left out when they do not write it"`
	Masked  bool            `json:"masked,omitempty" about:"true: the values are about a person and left out here"`
	OldRule string          `json:"old_rule,omitempty" about:"file:line:column in the old specs"`
	NewRule string          `json:"new_rule,omitempty" about:"file:line:column in the new specs"`
}

type turnJSON struct {
	From     string            `json:"from,omitempty" about:"the verdict under the old specs; left out when there was none"`
	To       string            `json:"to,omitempty" about:"the verdict under the new specs; left out when there is none"`
	Object   string            `json:"object,omitempty" about:"what is written, as SYSTEM.KIND"`
	Old      *reasonLine       `json:"old_reason,omitempty" about:"why the old specs do not write it"`
	New      *reasonLine       `json:"new_reason,omitempty" about:"why the new specs do not write it"`
	Records  int               `json:"records" about:"how many"`
	Examples []turnExampleJSON `json:"examples,omitempty" about:"some of these records"`
}

type turnExampleJSON struct {
	Record string `json:"record" about:"the record, by its kind and id"`
	Item   string `json:"item,omitempty" about:"the row or referral of the record that it is about"`
	Value  string `json:"value,omitempty" about:"the value that no map or rule knows"`
}

func (v *impactView) json(r impactReport) error {
	v.old, v.now = r.Old.Root, r.New.Root
	out := impactJSON{jsonLabel(r.Old), jsonLabel(r.New), []flowJSON{}}
	for _, f := range r.Flows {
		line := flowJSON{Flow: f.Flow, Presence: string(f.Presence), Window: f.Window, Read: f.Read, Changed: f.Changed}
		for _, h := range f.Held {
			line.Held = append(line.Held, heldBoth{string(h.Verdict), reasonJSON(v.now, h.Reason), h.Records})
		}
		for _, route := range f.Routes {
			line.Routes = append(line.Routes, v.routeJSON(route))
		}
		out.Flows = append(out.Flows, line)
	}
	return json.NewEncoder(v.out).Encode(out)
}

func jsonLabel(v versionLabel) specsJSON { return specsJSON{v.Root, v.Version} }

func (v *impactView) routeJSON(r inspect.RouteImpact) routeJSON {
	out := routeJSON{Route: r.Route, Presence: string(r.Presence), Changed: r.Changed}
	for _, f := range r.Fields {
		line := impactFieldJSON{Object: f.Object, Field: f.Field, Records: f.Records, Other: f.Other, Newly: f.Newly, NoLonger: f.NoLonger}
		for _, e := range f.Examples {
			line.Examples = append(line.Examples, v.exampleJSON(e))
		}
		out.Fields = append(out.Fields, line)
	}
	for _, t := range r.Turns {
		line := turnJSON{From: string(t.From), To: string(t.To), Object: t.Object, Old: reasonJSON(v.old, t.Old), New: reasonJSON(v.now, t.New), Records: t.Records}
		for _, e := range t.Examples {
			line.Examples = append(line.Examples, turnExampleJSON(e))
		}
		out.Turns = append(out.Turns, line)
	}
	return out
}

func (v *impactView) exampleJSON(e inspect.FieldExample) fieldExampleJSON {
	out := fieldExampleJSON{Record: e.Record, Item: e.Item, Path: e.Path, Masked: v.values.masks(e.Class)}
	if !out.Masked {
		out.Old, out.New = e.Old.Raw(), e.New.Raw()
	}
	if e.OldRule != "" {
		out.OldRule = placeUnder(v.old, e.OldRule)
	}
	if e.NewRule != "" {
		out.NewRule = path.Join(v.now, e.NewRule)
	}
	return out
}

// masks says whether values of a class are hidden on this screen.
func (s *screen) masks(class engine.Class) bool {
	return class == engine.Confined || class.Hidden() && !s.view.reveal
}

func reasonJSON(root string, r engine.Reason) *reasonLine {
	if r.Text == "" {
		return nil
	}
	line := &reasonLine{Code: r.Code, Text: r.Text, Value: r.Value}
	if r.Place != "" {
		line.Place = placeUnder(root, r.Place)
	}
	return line
}

// markdown writes the report for a comment on a proposed change.
func (v *impactView) markdown(r impactReport) error {
	v.old, v.now = r.Old.Root, r.New.Root
	fmt.Fprintf(v.out, "### What this change of the specs does\n\nCompared %s with %s.\n", r.Old, r.New)
	if r.Old.Version == r.New.Version {
		_, err := fmt.Fprintln(v.out, "\nNothing changes: they are the same.")
		return err
	}
	for _, f := range r.Flows {
		fmt.Fprintf(v.out, "\n**%s**: %s\n", f.Flow, cell(headline(f)))
		for _, line := range held(f) {
			fmt.Fprintf(v.out, "<br>%s\n", cell(line))
		}
		if len(f.Routes) == 0 {
			continue
		}
		fmt.Fprintf(v.out, "\n| route | what | %s | for example | rule |\n|---|---|---|---|---|\n", nouns(f.Noun))
		for _, route := range f.Routes {
			v.markdownRoute(route)
		}
	}
	return nil
}

func (v *impactView) markdownRoute(r inspect.RouteImpact) {
	name := r.Route
	if r.Presence != inspect.InBoth {
		name += " (" + string(r.Presence) + ")"
	}
	row := func(what string, n int, example, rule string) {
		fmt.Fprintf(v.out, "| %s | %s | %d | %s | %s |\n", cell(name), what, n, example, cell(rule))
	}
	for _, f := range r.Fields {
		var examples []string
		for _, e := range f.Examples {
			examples = append(examples, fmt.Sprintf("%s → %s", code(v.value(e.Old, e.Class)), code(v.value(e.New, e.Class))))
		}
		row(code(f.Object+" "+f.Field)+": "+fieldCounts(f), f.Records, strings.Join(examples, "<br>"), v.rule(f))
	}
	for _, t := range r.Turns {
		var examples []string
		for _, e := range t.Examples {
			examples = append(examples, cell(turnExample(e)))
		}
		row(cell(turnWords(t, true)), t.Records, strings.Join(examples, "<br>"), v.turnPlace(t))
	}
}

// cell keeps a text from ending its cell of a table or becoming markup.
func cell(text string) string {
	return strings.NewReplacer("|", "\\|", "\n", " ", "<", "&lt;", "*", "\\*", "_", "\\_", "`", "\\`", "[", "\\[", "@", "&#64;").Replace(text)
}

// code shows a value as it stands; text without quotes around it is what the program says of it.
func code(value string) string {
	if value == mask || strings.HasPrefix(value, "(") {
		return value
	}
	fence := "`"
	for strings.Contains(value, fence) {
		fence += "`"
	}
	return fence + strings.NewReplacer("|", "\\|", "\n", " ").Replace(value) + fence
}
