package mapping

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine/spec"
)

// crossing is one write, and what goes into it.
type crossing struct {
	*sharer
	w      *spec.Write
	object *objectType
	view   *view // of the route
	rules  []*spec.FieldRule
	leaves []leaf
	guards []guard
}

// write checks one write against the sharing of its direction, and of every
// other direction from which something goes into it.
func (s *sharer) write(w *spec.Write, in *view, guards []guard) {
	x := crossing{sharer: s, w: w, object: s.c.objects[w.Object.Text], view: in, rules: w.Fields, guards: guards}
	if x.object == nil {
		return
	}
	if m := s.c.project.Mapping(w.Mapping.Text); m != nil {
		x.rules, in = m.Fields, s.mappingView(m, in)
	}
	x.leaves = s.leaves(x.rules, in)
	for _, from := range x.ways() {
		x.way(from)
	}
	if sharing := s.c.project.Sharing(s.source.connection, x.object.connection); sharing != nil {
		x.checkWritten(sharing, w.Row.Text, x.rules)
	}
}

// ways lists the connections from which something goes into the write, the flow's own first.
func (x *crossing) ways() []string {
	ways := []string{x.source.connection}
	for _, l := range x.leaves {
		if from := l.object.connection; from != x.object.connection && !slices.Contains(ways, from) {
			ways = append(ways, from)
		}
	}
	return ways
}

// errorAt reports what is wrong with the write as a whole.
func (x *crossing) errorAt(code, message, help string) {
	x.c.errorAt(x.w.Object.At, textWidth(x.w.Object), code, message, help)
}

// way checks one direction of a write.
func (x *crossing) way(from string) {
	to := x.object.connection
	sharing := x.c.project.Sharing(from, to)
	if sharing == nil {
		x.errorAt("no-sharing", fmt.Sprintf("nothing says what may go from %s to %s, so nothing may", from, to),
			fmt.Sprintf("add a file with kind: Sharing, from: %s and to: %s", from, to))
		return
	}
	x.c.shared.note(sharing, "")
	x.checkGate(spec.ScopeGate, sharing)
	x.checkGate(spec.ConsentGate, sharing)
	for _, l := range x.leaves {
		if l.object.connection == from && from != to {
			x.checkLeaf(sharing, l)
		}
	}
}

// checkGate looks for the gates of one kind above a write.
func (x *crossing) checkGate(kind string, sharing *spec.Sharing) {
	needed := sharing.Needed(kind)
	if len(needed.Needs) == 0 {
		return
	}
	guards := slices.DeleteFunc(slices.Clone(x.guards), func(g guard) bool { return g.step.Gate.Text != kind })
	if len(guards) == 0 {
		x.errorAt("no-gate", fmt.Sprintf("nothing above this write asks for %s: no line is marked gate: %s", kind, kind),
			fmt.Sprintf("add a line with must: and gate: %s that asks %s", kind, joinedPaths(needed.Needs)))
		return
	}
	for _, need := range needed.Needs {
		open := x.openIn(x.worlds(kind, need, needed.Or), x.asking(need, guards))
		if open == nil {
			continue
		}
		last := guards[len(guards)-1].step
		x.c.errorAt(last.Expr.At, textWidth(last.Expr), "open-gate", fmt.Sprintf("this %s gate can open although %s", kind, open.tell(need)),
			fmt.Sprintf("ask for this field with == and join it with and: %s:%d needs it", sharing.At.File, need.At.Line))
	}
}

// asking leaves out the guards that ask another record than the one that is written, where it is that one that counts.
func (x *crossing) asking(need spec.Scalar, guards []guard) []guard {
	target := x.view.find(x.w.Target.Text)
	if o := x.objectOf(need); target == nil || o == x.source || o != x.object {
		return guards
	}
	return slices.DeleteFunc(slices.Clone(guards), func(g guard) bool {
		asked := g.asked(x.c, need.Text)
		return slices.ContainsFunc(target.records, func(rec reached) bool { return !slices.Contains(asked, rec.root) })
	})
}

// openIn gives the first world in which none of the guards stays shut; nil when there is none.
func (x *crossing) openIn(worlds []*supposed, guards []guard) *supposed {
	for _, world := range worlds {
		if !slices.ContainsFunc(guards, func(g guard) bool { return g.shut(x.c, world) }) {
			return world
		}
	}
	return nil
}

// tell words what a world supposes of the needed field.
func (w *supposed) tell(need spec.Scalar) string {
	v := w.fields[need.Text]
	switch {
	case w.gone != nil:
		return "there is no " + w.gone.full
	case !v.given():
		return need.Text + " is not filled in"
	case v.kind == truth:
		return need.Text + " is false"
	default:
		return need.Text + " has a value that it does not name"
	}
}

func joinedPaths(list []spec.Scalar) string {
	return strings.Join(spec.Texts(list), " and ")
}

// checkLeaf: a field about a person leaves only when it is listed, and only of the record that was asked.
func (x *crossing) checkLeaf(sharing *spec.Sharing, l leaf) {
	if listed(sharing.Leaves, l.object, l.path) {
		x.c.shared.note(sharing, "leave "+l.name())
	} else if !shown(l.class) {
		x.c.errorAt(l.at, l.width, "may-not-leave", fmt.Sprintf("%s is about a person and may not go from %s to %s", l.name(), sharing.From.Text, sharing.To.Text),
			"list it under may_leave in "+sharing.At.File+" when it may")
	}
	asks := func(need spec.Scalar) bool { return x.objectOf(need) == l.object }
	if !shown(l.class) && l.object == x.source && l.root != 0 && slices.ContainsFunc(sharing.Consent.Needs, asks) {
		x.c.errorAt(l.at, l.width, "unconsented", fmt.Sprintf("this is of another %s than the one that was asked for consent", l.object.full),
			"take it from the record that the flow reads")
	}
}

// listed says whether a field is in the list, or the rows that it is a column of are.
func listed(all []spec.SharedFields, o *objectType, path string) bool {
	for _, shared := range all {
		if shared.Object.Text != o.full {
			continue
		}
		for _, f := range shared.Fields {
			if f.Text == path || strings.HasPrefix(path, f.Text+".") {
				return true
			}
		}
	}
	return false
}

// checkWritten: only listed fields are written. at is the field whose rows these are; "" for the record itself.
func (x *crossing) checkWritten(sharing *spec.Sharing, at string, rules []*spec.FieldRule) {
	for _, r := range rules {
		path := within(at, r.Name.Text)
		if r.One != nil {
			x.checkWritten(sharing, path, r.One)
			continue
		}
		if listed(sharing.Writes, x.object, path) {
			x.c.shared.note(sharing, "write "+x.object.full+"."+path)
			continue
		}
		if x.fieldAt(x.object, path) == nil {
			continue // there is no such field: that has been said
		}
		x.c.errorAt(r.Name.At, textWidth(r.Name), "may-not-write", fmt.Sprintf("%s.%s may not be written from %s", x.object.full, path, sharing.From.Text),
			"list it under may_write in "+sharing.At.File+" when it may")
	}
}

// unusedShares warns of what is allowed and nobody does: a list that says more than is true is no safeguard.
func (c *compiler) unusedShares() {
	for _, s := range c.project.Sharings {
		used, ok := c.shared[s]
		if !ok {
			c.warnAt(s.From.At, textWidth(s.From), "unused-sharing", fmt.Sprintf("no flow writes from %s to %s", s.From.Text, s.To.Text), "delete this file")
			continue
		}
		c.unusedFields(s.Leaves, used, "leave", "nothing takes %s along")
		c.unusedFields(s.Writes, used, "write", "nothing writes %s")
	}
}

func (c *compiler) unusedFields(all []spec.SharedFields, used map[string]bool, way, message string) {
	for _, shared := range all {
		for _, f := range shared.Fields {
			name := shared.Object.Text + "." + f.Text
			inside := func(word string) bool { return strings.HasPrefix(word, way+" "+name+".") }
			if !used[way+" "+name] && !slices.ContainsFunc(slices.Sorted(maps.Keys(used)), inside) {
				c.warnAt(f.At, textWidth(f), "unused-sharing", fmt.Sprintf(message, name), "remove it from the list")
			}
		}
	}
}
