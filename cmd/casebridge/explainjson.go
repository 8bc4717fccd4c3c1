package main

import (
	"encoding/json"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/inspect"
	"github.com/casebridge/casebridge/engine/mapping"
)

// explanationLine is one flow's explanation as JSON. Hidden values are left out and said to be.
type explanationLine struct {
	Kind    string                `json:"kind" about:"always explanation"`
	Flow    string                `json:"flow"`
	Source  string                `json:"source" about:"what the flow reads, as SYSTEM.KIND"`
	Asked   string                `json:"asked" about:"the record as it was named on the command line"`
	Records []explainedRecordJSON `json:"records" about:"empty when this flow knows no such record"`
}

type explainedRecordJSON struct {
	Record string               `json:"record" about:"the record, by its kind and id"`
	Parts  []partJSON           `json:"parts,omitempty" about:"what becomes of each part of the record"`
	Fields []explainedFieldJSON `json:"fields,omitempty" about:"only when a FIELD was asked for"`
	Held   []explainedEntryJSON `json:"quarantine,omitempty" about:"its open entries in quarantine"`
	Sends  []sendJSON           `json:"sends,omitempty" about:"what was sent of it and cannot be sent twice"`
	Writes []pastWriteJSON      `json:"writes,omitempty" about:"what earlier runs wrote of it, the newest first"`
	Window *windowJSON          `json:"window,omitempty" about:"whether the next run reads it"`
}

type partJSON struct {
	Route   string      `json:"route" about:"the route of the flow"`
	Item    string      `json:"item,omitempty" about:"the row or referral of the record that it is about"`
	Verdict string      `json:"verdict" about:"create, update, send, no change, skip, blocked, quarantine, cannot tell, or nothing to do"`
	Object  string      `json:"object,omitempty" about:"what is written, as SYSTEM.KIND"`
	Target  string      `json:"target,omitempty" about:"the id of the record that is written to"`
	Reason  *reasonLine `json:"reason,omitempty" about:"why it does not go"`
	Step    *stepJSON   `json:"step,omitempty" about:"the step at which it ended"`
	Sets    []string    `json:"sets,omitempty" about:"paths of the fields that are set"`
}

type stepJSON struct {
	Name    string       `json:"name,omitempty" about:"what the specs call what it finds"`
	Kind    string       `json:"kind" about:"the word that the step begins with, such as must or each"`
	Place   string       `json:"place" about:"file:line:column in the specs"`
	Rows    int          `json:"rows,omitempty" about:"how many rows it looked at"`
	Found   int          `json:"found" about:"how many it found"`
	Inputs  []inputJSON  `json:"inputs,omitempty" about:"what it looked at"`
	Lookups []lookupJSON `json:"lookups,omitempty" about:"what it asked maps, rules and tables"`
}

type inputJSON struct {
	Path   string          `json:"path" about:"as the specs write it"`
	Value  json.RawMessage `json:"value,omitempty" about:"left out also when there are rows"`
	Given  bool            `json:"given" about:"false: nothing is there"`
	Rows   *int            `json:"rows,omitempty" about:"how many, where it is a list of rows; also 0"`
	Masked bool            `json:"masked,omitempty" about:"true: the values are about a person and left out here"`
	Step   string          `json:"step,omitempty" about:"file:line:column of the step that gave the name"`
}

type lookupJSON struct {
	In     string          `json:"in" about:"the map, rule or table"`
	Key    json.RawMessage `json:"key,omitempty" about:"what was looked up"`
	Found  json.RawMessage `json:"found,omitempty" about:"what it gives; left out when there is no entry"`
	Masked bool            `json:"masked,omitempty" about:"true: the values are about a person and left out here"`
	Place  string          `json:"place,omitempty" about:"file:line:column of the row"`
}

type explainedFieldJSON struct {
	Path    string          `json:"path" about:"the field, with the key of its row"`
	Object  string          `json:"object" about:"what is written, as SYSTEM.KIND"`
	Target  string          `json:"target,omitempty" about:"the id of the record that is written to"`
	Route   string          `json:"route" about:"the route of the flow"`
	Item    string          `json:"item,omitempty" about:"the row or referral of the record that it is about"`
	Result  string          `json:"result" about:"set, same, on_create, if_empty, filler, blank, kept, or not possible"`
	Now     json.RawMessage `json:"now,omitempty" about:"what the other system has"`
	Wanted  json.RawMessage `json:"wanted,omitempty" about:"what the rule gives"`
	Masked  bool            `json:"masked,omitempty" about:"true: the values are about a person and left out here"`
	Rule    string          `json:"rule" about:"file:line:column in the specs"`
	Inputs  []inputJSON     `json:"inputs,omitempty" about:"what the rule looked at"`
	Lookups []lookupJSON    `json:"lookups,omitempty" about:"what it asked maps, rules and tables"`
	Reason  *reasonLine     `json:"reason,omitempty" about:"why it stays as it is"`
}

type explainedEntryJSON struct {
	Entry   int64     `json:"entry" about:"its number, for 'casebridge quarantine show'"`
	Route   string    `json:"route" about:"the route of the flow"`
	Item    string    `json:"item,omitempty" about:"the row or referral of the record that it is about"`
	Verdict string    `json:"verdict" about:"quarantine, blocked, or refused"`
	Code    string    `json:"code" about:"the cause, for counting"`
	Reason  string    `json:"reason" about:"in words"`
	Value   string    `json:"value,omitempty" about:"the value that no map or rule knows"`
	First   time.Time `json:"first" about:"when it was first held"`
	Last    time.Time `json:"last" about:"when it was last held"`
	Times   int       `json:"times" about:"how often it was held"`
}

type sendJSON struct {
	Number int64     `json:"number" about:"for 'casebridge parked show'"`
	Route  string    `json:"route" about:"the route of the flow"`
	Item   string    `json:"item,omitempty" about:"the row or referral of the record that it is about"`
	State  string    `json:"state" about:"intended, sent, awaiting, shown, parked, lost, or closed"`
	Answer string    `json:"answer,omitempty" about:"how the other system names it"`
	Sent   time.Time `json:"sent"`
}

type pastWriteJSON struct {
	Run     int64     `json:"run" about:"the number of the run"`
	Specs   string    `json:"specs" about:"the version of the specs"`
	Route   string    `json:"route" about:"the route of the flow"`
	Item    string    `json:"item,omitempty" about:"the row or referral of the record that it is about"`
	Verdict string    `json:"verdict" about:"create, update, or send"`
	Object  string    `json:"object" about:"what is written, as SYSTEM.KIND"`
	Target  string    `json:"target,omitempty" about:"the id of the record that is written to"`
	State   string    `json:"state" about:"intended, done, refused, unknown, or unsent"`
	Fault   string    `json:"fault,omitempty" about:"what went wrong"`
	At      time.Time `json:"at"`
}

type windowJSON struct {
	Changed *time.Time `json:"changed,omitempty" about:"when the record last changed"`
	Since   *time.Time `json:"next_since,omitempty" about:"from when on the next run reads; a record that changed before is not read again"`
}

func (v *explainView) json(all []explained) error {
	enc := json.NewEncoder(v.out)
	for _, e := range all {
		line := explanationLine{Kind: "explanation", Flow: e.flow.Name(), Source: e.flow.Spec().Source.Read.Text, Asked: v.name, Records: []explainedRecordJSON{}}
		for i := range e.stories {
			line.Records = append(line.Records, v.storyJSON(&e.stories[i]))
		}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	return nil
}

func (v *explainView) storyJSON(t *told) explainedRecordJSON {
	out := explainedRecordJSON{Record: t.Decision.Record}
	for _, p := range t.Parts() {
		out.Parts = append(out.Parts, v.partJSON(p))
	}
	if v.asked != "" {
		for _, s := range t.Sets(v.asked) {
			out.Fields = append(out.Fields, v.whyJSON(t, s))
		}
	}
	for _, e := range t.held {
		out.Held = append(out.Held, explainedEntryJSON{e.ID, e.Route, e.Item, e.Verdict, e.Code, e.Reason, e.Value, e.First, e.Last, e.Times})
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

func (v *explainView) whyJSON(t *told, s inspect.Set) explainedFieldJSON {
	f := s.Field
	out := explainedFieldJSON{Path: f.Path, Object: s.Write.Object, Target: s.Write.Target, Route: s.Write.Route, Item: s.Write.Item, Result: string(f.Result),
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
