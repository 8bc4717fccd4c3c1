package spec

import (
	"slices"

	"github.com/casebridge/casebridge/engine"
)

// checkSteps checks what the lines of a route say about other files.
func (b *builder) checkSteps(steps []Step) {
	for i := range steps {
		s := &steps[i]
		b.checkSay(s)
		b.checkGate(s)
		switch s.Kind {
		case ReadStep:
			b.checkRead(s)
		case RecallStep:
			b.checkRecallStep(s)
		case LedgerStep, ProvesStep:
			b.checkSent(s)
		case RuleStep:
			b.checkLookup(s.Lookup, s.Key, s.Give, "rule")
			b.checkUnconfirmed(s)
		case MapStep:
			b.checkLookup(s.Lookup, s.Key, s.Give, "map")
		case TableStep:
			b.checkTableStep(s)
		case UseStep:
			b.refer(s.Lookup, "list of steps", b.names("list of steps"))
		}
	}
}

// checkSay wants words for everything that ends an item: they are what people see.
func (b *builder) checkSay(s *Step) {
	for _, o := range []Otherwise{s.Else, s.None, s.Several, s.Missing, s.Unconfirmed, s.Unswept} {
		if o != "" && o != Nothing && s.Say.Text == "" && s.Say.At.Line == 0 {
			b.fault(s.At, 1, "missing-say", "add say: and the reason in words", "this step can end in %s and does not say why", o)
			return
		}
	}
}

func (b *builder) checkRead(s *Step) {
	if s.Of.Text != "" && len(s.By) > 0 {
		b.faultAt(s.Of, "by-or-of", "by: {field: value} finds one record; of: name finds all that belong to it", "a read step has either by or of, not both")
	}
	o := b.object(s.Object)
	if o == nil {
		return
	}
	if s.Of.Text != "" && o.Of == "" {
		b.faultAt(s.Of, "not-owned", "", "%s does not belong to another object, so it cannot be read of one", o.Name)
	}
	for _, by := range s.By {
		if !slices.Contains(o.By, by.Name.Text) {
			b.faultAt(by.Name, "not-findable", didYouMean(by.Name.Text, o.By), "%s cannot be looked up by %q", o.Name, by.Name.Text)
		}
	}
}

func (b *builder) checkRecallStep(s *Step) {
	if b.object(s.Object) == nil {
		return
	}
	for _, r := range b.project.Recall {
		if r.Object.Text != s.Object.Text {
			continue
		}
		for _, by := range s.By {
			if keep := Texts(r.Keep); !slices.Contains(keep, by.Name.Text) {
				b.faultAt(by.Name, "not-kept", didYouMean(by.Name.Text, keep), "recall does not keep %q of %s in the clear, so it cannot be asked for", by.Name.Text, s.Object.Text)
			}
		}
		return
	}
	b.faultAt(s.Object, "not-recalled", "add it under recall in the project", "%s is not recalled", s.Object.Text)
}

func (b *builder) checkSent(s *Step) {
	if o := b.object(s.Object); o != nil && !o.Can(engine.SendVerb) {
		b.faultAt(s.Object, "wrong-verb", "", "nothing is ever sent to %s, so there is no ledger of it", o.Name)
	}
}

// checkLookup checks a rule or map and the two names that are used of it.
func (b *builder) checkLookup(name, by, give Scalar, kind string) {
	if !b.refer(name, kind, b.names(kind)) {
		return
	}
	var parts []string
	part := "column"
	if kind == "rule" {
		part = "form"
		parts = Names(b.project.Rule(name.Text).Forms, func(f Form) Scalar { return f.Name })
	} else {
		parts = columnNames(b.project.Map(name.Text))
	}
	for _, s := range []Scalar{by, give} {
		if s.Text != "" && !slices.Contains(parts, s.Text) {
			b.faultAt(s, "unknown-"+part, didYouMean(s.Text, parts), "the %s %q has no %s %q", kind, name.Text, part, s.Text)
		}
	}
}

// checkUnconfirmed: a rule that knows confirmed names must be told what to do with others.
func (b *builder) checkUnconfirmed(s *Step) {
	r := b.project.Rule(s.Lookup.Text)
	if r != nil && len(r.Confirmed) > 0 && s.Unconfirmed == "" {
		b.faultAt(s.Lookup, "missing-key", "unconfirmed: what happens when the name is not on the rule's confirmed list", "a rule step needs the key \"unconfirmed\" when its rule has confirmed names")
	}
}

func (b *builder) checkTableStep(s *Step) {
	if !b.refer(s.Lookup, "table", b.names("table")) {
		return
	}
	in := Texts(b.project.Table(s.Lookup.Text).In)
	if len(in) == 0 {
		return
	}
	var given []string
	for _, x := range s.Inputs {
		given = append(given, x.Name.Text)
		if !slices.Contains(in, x.Name.Text) {
			b.faultAt(x.Name, "unknown-name", didYouMean(x.Name.Text, in), "the table %q does not ask for %q", s.Lookup.Text, x.Name.Text)
		}
	}
	for _, name := range in {
		if !slices.Contains(given, name) {
			b.faultAt(s.Lookup, "missing-name", "add it to from", "the table %q asks for %q, which is not given", s.Lookup.Text, name)
		}
	}
}

func (b *builder) checkWrite(w *Write) {
	switch fields := len(w.Fields) > 0; {
	case fields && w.Mapping.Text != "":
		b.faultAt(w.Mapping, "two-sources", "keep one of them", "this write has both a mapping and fields")
	case !fields && w.Mapping.Text == "" && w.Mapping.At.Line == 0:
		b.faultAt(w.Verb, "missing-key", "mapping: the name of a mapping; fields: the fields in place", "this write needs a mapping or fields")
	}
	b.checkFiller(w.WhenBlank)
	b.checkFieldRules(w.Fields)
	mapped := b.refer(w.Mapping, "mapping", b.names("mapping"))
	if mapped && len(w.Fields) == 0 {
		b.checkMappingFits(w)
	}
	o := b.object(w.Object)
	if o == nil {
		return
	}
	b.checkVerb(w, o)
	if w.Row.Text != "" {
		b.checkRow(w.Row, o)
	}
	for _, v := range w.Verify {
		b.checkField(v, o.Name, o.Fields)
	}
}

func (b *builder) checkVerb(w *Write, o *engine.Object) {
	needed := []engine.Verb{engine.Verb(w.Verb.Text)}
	if w.Verb.Text == "upsert" {
		needed = []engine.Verb{engine.CreateVerb, engine.UpdateVerb}
	}
	for _, v := range needed {
		if !o.Can(v) {
			b.faultAt(w.Verb, "wrong-verb", verbsHelp(o), "%s cannot take %s", o.Name, v)
			return
		}
	}
}

func verbsHelp(o *engine.Object) string {
	var can []string
	for _, v := range o.Verbs {
		can = append(can, string(v))
	}
	if len(can) == 0 {
		return "it can only be read"
	}
	return "it takes " + joined(can, "and")
}

// checkMappingFits: a mapping makes the document of one object, or of one of its rows.
func (b *builder) checkMappingFits(w *Write) {
	want := w.Object.Text
	if w.Row.Text != "" {
		want += "." + w.Row.Text
	}
	m := b.project.Mapping(w.Mapping.Text)
	if m.To.Text != want && b.isMade(m.To.Text) && b.isMade(want) {
		b.faultAt(w.Mapping, "wrong-mapping", "", "the mapping %q makes %s, and this writes %s", w.Mapping.Text, m.To.Text, want)
	}
}
