package spec

import (
	"slices"
)

// scope is the names that a step can use: those of its route and of the routes around it.
type scope struct {
	names []Scalar
}

func (s scope) find(name string) (Scalar, bool) {
	for _, n := range s.names {
		if n.Text == name {
			return n, true
		}
	}
	return Scalar{}, false
}

func (s scope) with(more ...Scalar) scope {
	return scope{names: append(slices.Clip(slices.Clone(s.names)), more...)}
}

// expandSnippets replaces every use step by the steps it names. A renamed name
// becomes a first_of step of one, so that nothing behind Load knows of snippets.
func (b *builder) expandSnippets() {
	for _, f := range b.project.Flows {
		b.expandRoutes(f.Routes, scope{}.with(f.Source.As))
	}
	for _, s := range b.project.Snippets {
		s.Steps = b.flatSteps(s)
	}
}

func (b *builder) expandRoutes(routes []*Route, outer scope) {
	for _, r := range routes {
		inner := outer
		var steps []Step
		for _, s := range r.Steps {
			expanded := []Step{s}
			if s.Kind == UseStep {
				expanded = b.expand(s, inner)
			}
			for _, e := range expanded {
				inner = b.declare(inner, e.Name, s)
			}
			steps = append(steps, expanded...)
		}
		r.Steps = steps
		b.expandRoutes(r.Routes, inner)
	}
}

// declare adds a step's name, or reports that it is taken. by is the step as it stands in the route.
func (b *builder) declare(in scope, name Scalar, by Step) scope {
	if name.Text == "" {
		return in
	}
	first, taken := in.find(name.Text)
	if !taken {
		return in.with(name)
	}
	at, what := name, "the name %q already stands in %s"
	if by.Kind == UseStep {
		at, what = by.Lookup, "these steps bring the name %q, which already stands in %s"
	}
	b.faultAt(at, "duplicate-step", "give one of them another name", what, name.Text, first.At)
	return in
}

// expand returns what a use step stands for.
func (b *builder) expand(use Step, in scope) []Step {
	snippet := b.project.Snippet(use.Lookup.Text)
	if snippet == nil {
		return nil // checkReferences says so
	}
	needed := Texts(snippet.Uses)
	var steps []Step
	for _, w := range use.Inputs {
		if !slices.Contains(needed, w.Name.Text) {
			b.faultAt(w.Name, "unknown-name", didYouMean(w.Name.Text, needed), "the steps %q use no name %q", use.Lookup.Text, w.Name.Text)
			continue
		}
		if _, ok := in.find(w.Expr.Text); !ok && w.Expr.Text != "" {
			b.faultAt(w.Expr, "unknown-name", didYouMean(w.Expr.Text, Texts(in.names)), "there is no name %q above this line", w.Expr.Text)
			continue
		}
		if w.Name.Text != w.Expr.Text {
			steps = append(steps, Step{Kind: FirstStep, Name: w.Name, At: use.At, Names: []Scalar{w.Expr}})
		}
	}
	b.checkNeeded(use, needed, in)
	return append(steps, b.flatSteps(snippet)...)
}

// checkNeeded reports names that a snippet uses and the route does not have.
func (b *builder) checkNeeded(use Step, needed []string, in scope) {
	for _, name := range needed {
		bound := slices.ContainsFunc(use.Inputs, func(w Binding) bool { return w.Name.Text == name })
		if _, ok := in.find(name); !ok && !bound {
			b.faultAt(use.Lookup, "missing-name", "bind it: with: {"+name+": ...}", "the steps %q need the name %q, which is not above this line", use.Lookup.Text, name)
		}
	}
}

// flatSteps returns a snippet's steps without use steps: snippets do not nest.
func (b *builder) flatSteps(s *Snippet) []Step {
	return slices.DeleteFunc(slices.Clone(s.Steps), func(x Step) bool { return x.Kind == UseStep })
}
