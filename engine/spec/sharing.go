package spec

import (
	"strings"

	"github.com/casebridge/casebridge/engine"
)

// Sharing says what may go from one connection to another and under which
// conditions. Package mapping refuses flows that write anything else.
type Sharing struct {
	Title   string
	Note    string
	From    Scalar // connection that is read
	To      Scalar // connection that is written
	Consent Condition
	Scope   Condition
	Leaves  []SharedFields // fields about a person that may be read of From for To
	Writes  []SharedFields // fields that may be written to To
	At      engine.Pos
}

// Condition is what a gate must ask before anything goes. Either Needs or NotNeeded is filled.
type Condition struct {
	Needs     []Scalar // "connection.object.field" or "….field.column"; the gate is shut when one of them is blank or says no
	Or        []Scalar // fields that open the gate in their place
	NotNeeded Scalar   // why nothing is asked
}

// SharedFields are fields of one object.
type SharedFields struct {
	Object Scalar   // "connection.object"
	Fields []Scalar // "field" or "field.column"
}

// The kinds of gate.
const (
	ConsentGate = "consent"
	ScopeGate   = "scope"
)

// Sharing returns what may go from one connection to another, or nil.
func (p *Project) Sharing(from, to string) *Sharing {
	for _, s := range p.Sharings {
		if s.From.Text == from && s.To.Text == to {
			return s
		}
	}
	return nil
}

// Needed is the condition of a kind of gate.
func (s *Sharing) Needed(gate string) Condition {
	if gate == ConsentGate {
		return s.Consent
	}
	return s.Scope
}

func decodeSharing(n *node) *Sharing {
	return &Sharing{
		Title: n.get("title").string(), Note: n.get("note").string(), From: n.get("from").scalar(), To: n.get("to").scalar(),
		Consent: decodeCondition(n.get("consent")), Scope: decodeCondition(n.get("scope")),
		Leaves: decodeShared(n.get("may_leave")), Writes: decodeShared(n.get("may_write")), At: n.at,
	}
}

func decodeCondition(n *node) Condition {
	return Condition{Needs: n.get("needs").scalars(), Or: n.get("or").scalars(), NotNeeded: n.get("not_needed").scalar()}
}

func decodeShared(n *node) []SharedFields {
	var all []SharedFields
	n.each(func(object, fields *node) {
		all = append(all, SharedFields{Object: object.scalar(), Fields: fields.scalars()})
	})
	return all
}

// checkSharings checks what files of kind Sharing say about other files.
func (b *builder) checkSharings() {
	connections := Names(b.project.Drivers, func(c ConnectionSpec) Scalar { return c.Name })
	seen := map[string]engine.Pos{}
	for _, s := range b.project.Sharings {
		b.refer(s.From, "connection", connections)
		b.refer(s.To, "connection", connections)
		way := s.From.Text + " to " + s.To.Text
		if first, ok := seen[way]; ok {
			b.faultAt(s.From, "duplicate-name", "put everything into one of them", "what may go from %s is already described in %s", way, first)
		} else {
			seen[way] = s.At
		}
		b.checkShared(s.Leaves, s.From)
		b.checkShared(s.Writes, s.To)
		for _, c := range []Condition{s.Consent, s.Scope} {
			b.checkCondition(c)
		}
	}
}

func (b *builder) checkShared(all []SharedFields, connection Scalar) {
	for _, shared := range all {
		of, _, ok := engine.SplitObject(shared.Object.Text)
		if ok && of != connection.Text && connection.Text != "" {
			b.faultAt(shared.Object, "wrong-connection", "list objects of "+connection.Text+" here", "%s is no object of %s", shared.Object.Text, connection.Text)
			continue
		}
		b.once(shared.Fields, "field")
		if o := b.object(shared.Object); o != nil {
			for _, f := range shared.Fields {
				b.checkPath(f, o)
			}
		}
	}
}

// checkPath checks "field" or "field.column" of an object.
func (b *builder) checkPath(path Scalar, o *engine.Object) {
	name, column, deep := strings.Cut(path.Text, ".")
	whole := path
	whole.Text = name
	f := b.checkField(whole, o.Name, o.Fields)
	if f == nil || !deep {
		return
	}
	rest := path
	rest.At, rest.Text = path.Offset(len([]rune(name))+1), column
	if f.Type != engine.Rows {
		b.faultAt(whole, "not-rows", "", "the field %q of %s holds no rows", name, o.Name)
		return
	}
	b.checkField(rest, o.Name+"."+name, f.Fields)
}

func (b *builder) checkCondition(c Condition) {
	for _, list := range [][]Scalar{c.Needs, c.Or} {
		b.once(list, "field")
		for _, need := range list {
			parts := strings.SplitN(need.Text, ".", 3)
			if len(parts) < 3 {
				continue // the schema has reported it
			}
			whole := need
			whole.Text = parts[0] + "." + parts[1]
			o := b.object(whole)
			if o == nil {
				continue
			}
			path := need
			path.At, path.Text = need.Offset(len([]rune(whole.Text))+1), parts[2]
			b.checkPath(path, o)
		}
	}
}

// checkGate: a record without consent does not simply vanish.
func (b *builder) checkGate(s *Step) {
	if s.Gate.Text == ConsentGate && s.Else == Nothing {
		b.faultAt(s.Gate, "silent-gate", "else: block, and say: what people should do", "a record without consent must not end in silence")
	}
}
