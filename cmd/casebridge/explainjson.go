package main

import (
	"encoding/json"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/inspect"
	"github.com/casebridge/casebridge/engine/mapping"
)

// explainLine is one flow's explanation as JSON. Hidden values are left out and said to be.
type explainLine struct {
	Kind    string        `json:"kind"`
	Flow    string        `json:"flow"`
	Source  string        `json:"source"`
	Asked   string        `json:"asked"`
	Records []explainJSON `json:"records"`
}

type explainJSON struct {
	Record string          `json:"record"`
	Parts  []partJSON      `json:"parts,omitempty"`
	Fields []fieldWhyJSON  `json:"fields,omitempty"`
	Held   []heldJSON      `json:"quarantine,omitempty"`
	Sends  []sendJSON      `json:"sends,omitempty"`
	Writes []pastWriteJSON `json:"writes,omitempty"`
	Window *windowJSON     `json:"window,omitempty"`
}

type partJSON struct {
	Route   string      `json:"route"`
	Item    string      `json:"item,omitempty"`
	Verdict string      `json:"verdict"`
	Object  string      `json:"object,omitempty"`
	Target  string      `json:"target,omitempty"`
	Reason  *reasonLine `json:"reason,omitempty"`
	Step    *stepJSON   `json:"step,omitempty"`
	Sets    []string    `json:"sets,omitempty"`
}

type stepJSON struct {
	Name    string       `json:"name,omitempty"`
	Kind    string       `json:"kind"`
	Place   string       `json:"place"`
	Rows    int          `json:"rows,omitempty"`
	Found   int          `json:"found"`
	Inputs  []inputJSON  `json:"inputs,omitempty"`
	Lookups []lookupJSON `json:"lookups,omitempty"`
}

type inputJSON struct {
	Path   string          `json:"path"`
	Value  json.RawMessage `json:"value,omitempty"`
	Given  bool            `json:"given"`
	Rows   *int            `json:"rows,omitempty"`
	Masked bool            `json:"masked,omitempty"`
	Step   string          `json:"step,omitempty"` // place of the step that gave the name
}

type lookupJSON struct {
	In     string          `json:"in"`
	Key    json.RawMessage `json:"key,omitempty"`
	Found  json.RawMessage `json:"found,omitempty"`
	Masked bool            `json:"masked,omitempty"`
	Place  string          `json:"place,omitempty"`
}

type fieldWhyJSON struct {
	Path    string          `json:"path"`
	Object  string          `json:"object"`
	Target  string          `json:"target,omitempty"`
	Route   string          `json:"route"`
	Item    string          `json:"item,omitempty"`
	Result  string          `json:"result"`
	Now     json.RawMessage `json:"now,omitempty"`
	Wanted  json.RawMessage `json:"wanted,omitempty"`
	Masked  bool            `json:"masked,omitempty"`
	Rule    string          `json:"rule"`
	Inputs  []inputJSON     `json:"inputs,omitempty"`
	Lookups []lookupJSON    `json:"lookups,omitempty"`
	Reason  *reasonLine     `json:"reason,omitempty"`
}

type heldJSON struct {
	Entry   int64     `json:"entry"`
	Route   string    `json:"route"`
	Item    string    `json:"item,omitempty"`
	Verdict string    `json:"verdict"`
	Code    string    `json:"code"`
	Reason  string    `json:"reason"`
	Value   string    `json:"value,omitempty"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Times   int       `json:"times"`
}

type sendJSON struct {
	Number int64     `json:"number"`
	Route  string    `json:"route"`
	Item   string    `json:"item,omitempty"`
	State  string    `json:"state"`
	Answer string    `json:"answer,omitempty"`
	Sent   time.Time `json:"sent"`
}

type pastWriteJSON struct {
	Run     int64     `json:"run"`
	Specs   string    `json:"specs"`
	Route   string    `json:"route"`
	Item    string    `json:"item,omitempty"`
	Verdict string    `json:"verdict"`
	Object  string    `json:"object"`
	Target  string    `json:"target,omitempty"`
	State   string    `json:"state"`
	Fault   string    `json:"fault,omitempty"`
	At      time.Time `json:"at"`
}

type windowJSON struct {
	Changed *time.Time `json:"changed,omitempty"`
	Since   *time.Time `json:"next_since,omitempty"`
}

func (v *explainView) json(all []explained) error {
	enc := json.NewEncoder(v.out)
	for _, e := range all {
		line := explainLine{Kind: "explanation", Flow: e.flow.Name(), Source: e.flow.Spec().Source.Read.Text, Asked: v.name, Records: []explainJSON{}}
		for i := range e.stories {
			line.Records = append(line.Records, v.storyJSON(&e.stories[i]))
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

func (v *explainView) storyJSON(t *told) explainJSON {
	out := explainJSON{Record: t.Decision.Record}
	for _, p := range t.Parts() {
		out.Parts = append(out.Parts, v.partJSON(p))
	}
	if v.asked != "" {
		for _, s := range t.Sets(v.asked) {
			out.Fields = append(out.Fields, v.whyJSON(t, s))
		}
	}
	for _, e := range t.held {
		out.Held = append(out.Held, heldJSON{e.ID, e.Route, e.Item, e.Verdict, e.Code, e.Reason, e.Value, e.First, e.Last, e.Times})
	}
	for _, e := range t.sends {
		out.Sends = append(out.Sends, sendJSON{e.ID, e.Route, e.Item, e.State, e.Answer, e.SentAt})
	}
	for _, w := range t.writes {
		out.Writes = append(out.Writes, pastWriteJSON{w.Run, w.SpecVersion, w.Route, w.Item, w.Verdict, w.Object, w.Target, w.State, w.Fault, w.At})
	}
	if t.next != nil {
		out.Window = &windowJSON{Changed: timeOrNil(t.next.stamp), Since: timeOrNil(t.next.since)}
	}
	return out
}

// timeOrNil is a time, or nothing.
func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func (v *explainView) partJSON(p inspect.Part) partJSON {
	out := partJSON{Route: p.Route, Item: p.Item, Verdict: "nothing to do"}
	if p.Change != nil {
		out.Verdict, out.Object, out.Target = string(p.Change.Verdict), p.Change.Object, p.Change.Target
		out.Reason, out.Sets = reasonJSON(v.c.root, p.Change.Reason), pathsOf(p.Change.Fields)
	}
	if st := p.Stop; st != nil {
		out.Step = &stepJSON{st.Step.Name.Text, string(st.Step.Kind), v.place(st.Step.At.String()), st.Rows, st.Found, v.inputsJSON(st.Inputs), v.lookupsJSON(st.Lookups)}
	}
	return out
}

// hides says whether values of a class are left out; no class means that no field went into it.
func (v *explainView) hides(class engine.Class) bool { return class != "" && v.values.masks(class) }

func (v *explainView) inputsJSON(inputs []mapping.TracedInput) []inputJSON {
	var out []inputJSON
	for _, in := range inputs {
		one := inputJSON{Path: in.Path, Given: in.Given, Masked: in.Given && v.hides(in.Class)}
		if in.Rows >= 0 {
			one.Rows = &in.Rows
		}
		if !one.Masked {
			one.Value = in.Value.Raw()
		}
		out = append(out, one)
	}
	return out
}

func (v *explainView) lookupsJSON(lookups []mapping.TracedLookup) []lookupJSON {
	var out []lookupJSON
	for _, l := range lookups {
		one := lookupJSON{In: l.In, Masked: v.hides(l.Class)}
		if l.Place != "" {
			one.Place = v.place(l.Place)
		}
		if !one.Masked {
			one.Key, one.Found = l.Key.Raw(), l.Found.Raw()
		}
		out = append(out, one)
	}
	return out
}

func (v *explainView) whyJSON(t *told, s inspect.Set) fieldWhyJSON {
	f := s.Field
	out := fieldWhyJSON{Path: f.Path, Object: s.Write.Object, Target: s.Write.Target, Route: s.Write.Route, Item: s.Write.Item, Result: string(f.Result),
		Masked: v.hides(f.Class), Rule: v.place(f.Rule.At.String()), Inputs: v.inputsJSON(f.Inputs), Lookups: v.lookupsJSON(f.Lookups), Reason: reasonJSON(v.c.root, f.Reason)}
	if !out.Masked {
		out.Now, out.Wanted = f.Current.Raw(), f.Wanted.Raw()
	}
	for i := range out.Inputs {
		if st := t.Origin(s.Write.Route, s.Write.Item, out.Inputs[i].Path); st != nil {
			out.Inputs[i].Step = v.place(st.Step.At.String())
		}
	}
	return out
}
