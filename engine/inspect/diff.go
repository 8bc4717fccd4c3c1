package inspect

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
)

// pair is one part of a record under both versions; nil: there is no such part.
type pair struct{ old, new *engine.Change }

// pairs matches what two decisions say about the same part of a record: same route,
// item and target object, in order.
func pairs(old, now []engine.Change) []pair {
	var all []pair
	at := map[string]int{}
	for _, keyed := range keys(old) {
		at[keyed.key] = len(all)
		all = append(all, pair{old: keyed.change})
	}
	for _, keyed := range keys(now) {
		if i, ok := at[keyed.key]; ok {
			all[i].new = keyed.change
			continue
		}
		all = append(all, pair{new: keyed.change})
	}
	return all
}

type keyed struct {
	key    string
	change *engine.Change
}

func keys(changes []engine.Change) []keyed {
	out := make([]keyed, len(changes))
	times := make(map[string]int, len(changes))
	for i := range changes {
		c := &changes[i]
		key := c.Route + "\x00" + c.Item + "\x00" + c.Object
		times[key]++
		out[i] = keyed{key + "\x00" + strconv.Itoa(times[key]), c}
	}
	return out
}

func (p pair) route() string { return p.any().Route }

// any is the new side, or else the old.
func (p pair) any() *engine.Change {
	if p.new != nil {
		return p.new
	}
	return p.old
}

func verdict(c *engine.Change) engine.Verdict {
	if c == nil {
		return Nothing
	}
	return c.Verdict
}

// settles says that a verdict leaves a target that can be read as it is, or changes fields
// of it: between these only the fields count.
func settles(v engine.Verdict) bool {
	return v == Nothing || v == engine.NoChange || v == engine.Update
}

// turned says whether the verdict or its reason differs.
func (p pair) turned() bool {
	from, to := verdict(p.old), verdict(p.new)
	switch {
	case settles(from) && settles(to):
		return false
	case from != to:
		return true
	}
	return !from.Writes() && (p.old.Reason.Text != p.new.Reason.Text || p.old.Reason.Value != p.new.Reason.Value)
}

// fieldDiff is one field that differs.
type fieldDiff struct {
	object   string
	name     string
	old, now engine.FieldChange
}

// fieldDiffs lists the fields that the versions write differently; none where the verdict turned.
func (p pair) fieldDiffs() []fieldDiff {
	if p.turned() {
		return nil
	}
	var out []fieldDiff
	both := verdict(p.old).Writes() && verdict(p.new).Writes()
	old, now := fieldsOf(p.old, both), fieldsOf(p.new, both)
	for _, was := range old {
		i := slices.IndexFunc(now, func(f engine.FieldChange) bool { return f.Path == was.Path })
		switch {
		case i < 0:
			out = append(out, fieldDiff{p.any().Object, plainPath(was.Path), was, engine.FieldChange{}})
		case !bytes.Equal(was.New.Raw(), now[i].New.Raw()):
			out = append(out, fieldDiff{p.any().Object, plainPath(was.Path), was, now[i]})
		}
	}
	for _, is := range now {
		if !slices.ContainsFunc(old, func(f engine.FieldChange) bool { return f.Path == is.Path }) {
			out = append(out, fieldDiff{p.any().Object, plainPath(is.Path), engine.FieldChange{}, is})
		}
	}
	return out
}

// fieldsOf are the fields of a write, and after them what the store and the target are told beside them, if that is asked for.
func fieldsOf(c *engine.Change, beside bool) []engine.FieldChange {
	if c == nil || !c.Verdict.Writes() {
		return nil
	}
	if !beside {
		return c.Fields
	}
	fields := slices.Clone(c.Fields)
	for _, more := range []struct{ name, text string }{
		{"once_per", c.Once}, {"known_as", engine.JoinPairs(c.Known)}, {"verify", strings.Join(c.Verify, " ")}, {"target", c.Target},
		{"await", map[bool]string{true: "true"}[c.Awaiting]},
	} {
		if more.text != "" {
			raw, _ := json.Marshal(more.text) // texts always marshal
			fields = append(fields, engine.FieldChange{Path: "(" + more.name + ")", New: engine.NewBody(raw), Class: engine.Code, Rule: ""})
		}
	}
	return fields
}

// plainPath is a path without the keys of its rows.
func plainPath(path string) string {
	for {
		from := strings.IndexByte(path, '[')
		if from < 0 {
			return path
		}
		to := strings.Index(path[from:], "].")
		if to < 0 {
			return path[:from]
		}
		path = path[:from] + path[from+to+1:]
	}
}

// closer is the more confined class of two.
func closer(a, b engine.Class) engine.Class {
	order := []engine.Class{engine.Public, engine.Code, engine.Personal, engine.Confined}
	if slices.Index(order, a) >= slices.Index(order, b) {
		return a
	}
	return b
}

// noteDiffs lists the warnings that only one version gives.
func (p pair) noteDiffs() []Turn {
	if p.turned() {
		return nil
	}
	var out []Turn
	old, now := notesOf(p.old), notesOf(p.new)
	for _, n := range old {
		if !slices.ContainsFunc(now, sameNote(n)) {
			out = append(out, Turn{From: Warned, To: Nothing, Object: p.any().Object, Old: n})
		}
	}
	for _, n := range now {
		if !slices.ContainsFunc(old, sameNote(n)) {
			out = append(out, Turn{From: Nothing, To: Warned, Object: p.any().Object, New: n})
		}
	}
	return out
}

// sameNote compares what is said, not where: rules move when lines are added above them.
func sameNote(a engine.Reason) func(engine.Reason) bool {
	return func(b engine.Reason) bool { return a.Text == b.Text && a.Value == b.Value }
}

func notesOf(c *engine.Change) []engine.Reason {
	if c == nil || !c.Verdict.Writes() && c.Verdict != engine.NoChange {
		return nil
	}
	return c.Notes
}

// proofDiffs lists the sightings that only one version takes as proof.
func proofDiffs(old, now mapping.Decision) []Turn {
	var out []Turn
	text := func(s engine.Sighting) string {
		return s.Object + "\x00" + engine.JoinPairs(s.Known) + "\x00" + s.Answer + "\x00" + s.Once
	}
	has := func(list []engine.Sighting, one engine.Sighting) bool {
		return slices.ContainsFunc(list, func(s engine.Sighting) bool { return text(s) == text(one) })
	}
	for _, s := range old.Sightings {
		if !has(now.Sightings, s) {
			out = append(out, Turn{From: Proof, To: Nothing, Object: s.Object})
		}
	}
	for _, s := range now.Sightings {
		if !has(old.Sightings, s) {
			out = append(out, Turn{From: Nothing, To: Proof, Object: s.Object})
		}
	}
	return out
}
