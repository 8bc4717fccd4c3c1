package inspect

import (
	"cmp"
	"slices"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

// mostTurns bounds how many different turns one route lists; the rest is counted together.
const mostTurns = 100

// tally adds up what differs.
type tally struct {
	impact FlowImpact
	routes map[string]int // into impact.Routes
	most   int
	record string // under way
	number int    // of the record under way
	last   map[any]int
	old    []string // routes of the old version
	new    []string
}

func newTally(c Comparison) *tally {
	t := &tally{impact: FlowImpact{Flow: c.Flow, Noun: c.Noun}, routes: map[string]int{}, most: c.Examples, last: map[any]int{},
		old: routeNames(c.Old), new: routeNames(c.New)}
	switch {
	case c.Old == nil:
		t.impact.Presence = Added
	case c.New == nil:
		t.impact.Presence = Removed
	}
	return t
}

// routeNames are the routes of a flow with those inside them, and the gate.
func routeNames(f *mapping.Flow) []string {
	if f == nil {
		return nil
	}
	names := []string{"", "gate"}
	var add func([]*spec.Route)
	add = func(list []*spec.Route) {
		for _, r := range list {
			names = append(names, r.Name.Text)
			add(r.Routes)
		}
	}
	add(f.Spec().Routes)
	return names
}

// compare takes one record under both versions.
func (t *tally) compare(old, now mapping.Decision) {
	t.impact.Read++
	t.number++
	t.record = cmp.Or(now.Record, old.Record)
	changed := false
	for _, p := range pairs(old.Changes, now.Changes) {
		changed = t.pair(p) || changed
	}
	for _, turn := range proofDiffs(old, now) {
		t.turn(t.route(""), turn, "")
		changed = true
	}
	if changed {
		t.impact.Changed++
	}
}

// pair takes one part of the record, and says whether it differs.
func (t *tally) pair(p pair) bool {
	turns := p.noteDiffs()
	if p.turned() {
		turns = append(turns, p.turn())
	}
	fields := p.fieldDiffs()
	if len(turns) == 0 && len(fields) == 0 {
		t.held(p)
		return false
	}
	r := t.route(p.route())
	for _, turn := range turns {
		t.turn(r, turn, p.any().Item)
	}
	for _, f := range fields {
		t.field(r, f, p.any().Item)
	}
	return true
}

// held counts a part of a record that both versions stop for the same reason. A skip is how it should be.
func (t *tally) held(p pair) {
	v := verdict(p.new)
	if v != engine.Blocked && v != engine.Quarantined && v != engine.Unclear {
		return
	}
	reason := p.new.Reason
	reason.Value = ""
	i := slices.IndexFunc(t.impact.Held, func(h Held) bool { return h.Verdict == v && h.Reason.Text == reason.Text })
	if i < 0 && len(t.impact.Held) >= mostTurns {
		reason = engine.Reason{Text: "other reasons"}
		i = slices.IndexFunc(t.impact.Held, func(h Held) bool { return h.Verdict == v && h.Reason.Text == reason.Text })
	}
	if i < 0 {
		i = len(t.impact.Held)
		t.impact.Held = append(t.impact.Held, Held{Verdict: v, Reason: reason})
	}
	if t.once([3]any{"held", v, reason.Text}) {
		t.impact.Held[i].Records++
	}
}

func (p pair) turn() Turn {
	turn := Turn{From: verdict(p.old), To: verdict(p.new), Object: p.any().Object}
	if p.old != nil {
		turn.Old = p.old.Reason
	}
	if p.new != nil {
		turn.New = p.new.Reason
	}
	return turn
}

// once says whether this is the record's first difference of that kind.
func (t *tally) once(kind any) bool {
	if t.last[kind] == t.number {
		return false
	}
	t.last[kind] = t.number
	return true
}

func (t *tally) route(name string) int {
	i, ok := t.routes[name]
	if !ok {
		i = len(t.impact.Routes)
		t.routes[name] = i
		t.impact.Routes = append(t.impact.Routes, RouteImpact{Route: name, Presence: t.presence(name)})
	}
	if t.once([2]any{"route", name}) {
		t.impact.Routes[i].Changed++
	}
	return i
}

func (t *tally) presence(route string) Presence {
	switch {
	case t.impact.Presence != InBoth:
		return t.impact.Presence
	case !slices.Contains(t.old, route):
		return Added
	case !slices.Contains(t.new, route):
		return Removed
	}
	return InBoth
}

// field counts a field of a route, and of the whole flow.
func (t *tally) field(route int, d fieldDiff, item string) {
	r := &t.impact.Routes[route]
	f := fieldOf(&r.Fields, d)
	t.count(f, d, [2]any{route, "field " + d.object + " " + d.name})
	t.count(fieldOf(&t.impact.Fields, d), d, "field "+d.object+" "+d.name)
	if len(f.Examples) < t.most {
		f.Examples = append(f.Examples, FieldExample{Record: t.record, Item: item, Path: cmp.Or(d.now.Path, d.old.Path), Old: d.old.New, New: d.now.New,
			Class: classOf(d), OldRule: d.old.Rule, NewRule: d.now.Rule})
	}
}

// classOf is the more confined class of what the versions say about a field.
func classOf(d fieldDiff) engine.Class {
	switch {
	case d.old.Path == "":
		return d.now.Class
	case d.now.Path == "":
		return d.old.Class
	}
	return closer(d.old.Class, d.now.Class)
}

func fieldOf(list *[]FieldImpact, d fieldDiff) *FieldImpact {
	i := slices.IndexFunc(*list, func(f FieldImpact) bool { return f.Object == d.object && f.Field == d.name })
	if i < 0 {
		i = len(*list)
		*list = append(*list, FieldImpact{Object: d.object, Field: d.name})
	}
	return &(*list)[i]
}

func (t *tally) count(f *FieldImpact, d fieldDiff, kind any) {
	if t.once(kind) {
		f.Records++
	}
	into, what := &f.Other, "other"
	switch {
	case d.old.Path == "":
		into, what = &f.Newly, "newly"
	case d.now.Path == "":
		into, what = &f.NoLonger, "no longer"
	}
	if t.once([2]any{kind, what}) {
		*into++
	}
}

// turn counts a turn of a route, and of the whole flow.
func (t *tally) turn(route int, turn Turn, item string) {
	value := cmp.Or(turn.New.Value, turn.Old.Value)
	turn.Old.Value, turn.New.Value = "", ""
	r := &t.impact.Routes[route]
	one := turnOf(&r.Turns, turn)
	if t.once([2]any{route, turnKind(*one)}) {
		one.Records++
	}
	whole := turn
	all := turnOf(&t.impact.Turns, whole)
	if t.once(turnKind(*all)) {
		all.Records++
	}
	if len(one.Examples) < t.most {
		one.Examples = append(one.Examples, TurnExample{t.record, item, value})
	}
}

func turnKind(t Turn) string {
	return "turn " + string(t.From) + " " + string(t.To) + " " + t.Object + " " + t.Old.Text + " " + t.New.Text
}

func turnOf(list *[]Turn, turn Turn) *Turn {
	i := slices.IndexFunc(*list, func(have Turn) bool { return turnKind(have) == turnKind(turn) })
	if i >= 0 {
		return &(*list)[i]
	}
	if len(*list) >= mostTurns {
		turn = Turn{From: turn.From, To: turn.To, Object: turn.Object, Old: engine.Reason{Text: "other reasons"}, New: engine.Reason{Text: "other reasons"}}
		if i := slices.IndexFunc(*list, func(have Turn) bool { return turnKind(have) == turnKind(turn) }); i >= 0 {
			return &(*list)[i]
		}
	}
	*list = append(*list, turn)
	return &(*list)[len(*list)-1]
}

// report is the tally in order: fields by how many records they change, turns likewise.
func (t *tally) report() FlowImpact {
	order(t.impact.Fields, t.impact.Turns)
	slices.SortStableFunc(t.impact.Held, func(a, b Held) int { return cmp.Compare(b.Records, a.Records) })
	for i := range t.impact.Routes {
		order(t.impact.Routes[i].Fields, t.impact.Routes[i].Turns)
	}
	return t.impact
}

func order(fields []FieldImpact, turns []Turn) {
	slices.SortStableFunc(fields, func(a, b FieldImpact) int { return cmp.Compare(b.Records, a.Records) })
	slices.SortStableFunc(turns, func(a, b Turn) int { return cmp.Compare(b.Records, a.Records) })
}
