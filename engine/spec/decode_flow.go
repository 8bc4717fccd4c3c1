package spec

import (
	"slices"
	"strconv"
	"time"

	"github.com/casebridge/casebridge/engine"
)

func (b *builder) decodeFlow(n *node) *Flow {
	f := &Flow{
		Name: n.get("name").scalar(), Title: n.get("title").string(), Note: n.get("note").string(),
		Source: b.decodeSource(n.get("source")), Alone: n.get("one_at_a_time").scalars(),
		Limits: decodeLimits(n.get("limits"), n.at), At: n.at,
	}
	f.Gate = decodeSteps(n.get("gate"))
	f.Routes = decodeRoutes(n.get("routes"))
	return f
}

func (b *builder) decodeSource(n *node) Source {
	since := n.get("since")
	s := Source{
		Read: n.get("read").scalar(), As: n.get("as").scalar(),
		Overlap: duration(since.get("overlap")),
		SweepAt: since.get("sweep").get("at").scalar(), SweepBack: duration(since.get("sweep").get("back")),
	}
	start := since.get("start")
	switch {
	case start == nil:
	case start.text == "everything":
		s.Everything = true
	default:
		s.Start = start.scalar()
		if _, err := time.Parse(time.DateOnly, start.text); err != nil && start.isScalar() && !start.wrong && start.text != "" {
			b.faultOn(start, "wrong-value", `write a date such as "2026-01-31", or everything`, "%q is not a date, nor everything", start.text)
		}
	}
	return s
}

func decodeLimits(n *node, at engine.Pos) Limits {
	return Limits{Creates: limit(n.get("creates")), Sends: limit(n.get("sends")), UpdatedPercent: limit(n.get("updated_percent")), At: n.place(at)}
}

// limit reads a whole number; -1 when none is given.
func limit(n *node) int {
	if n == nil {
		return -1
	}
	v, err := strconv.Atoi(n.text)
	if err != nil {
		return -1
	}
	return v
}

func decodeRoutes(n *node) []*Route {
	var routes []*Route
	for _, r := range n.list() {
		route := &Route{Name: r.get("name").scalar(), Note: r.get("note").string(), Steps: decodeSteps(r.get("steps"))}
		for _, w := range r.get("write").list() {
			route.Writes = append(route.Writes, decodeWrite(w))
		}
		route.Routes = decodeRoutes(r.get("routes"))
		routes = append(routes, route)
	}
	return routes
}

// stepKinds in the order in which a step with several keys is understood.
func stepKinds() []StepKind {
	return []StepKind{ReadStep, RecallStep, LedgerStep, EachStep, PickStep, FirstStep, RuleStep, MapStep, TableStep, ExprStep, MustStep, WarnStep, ProvesStep, UseStep}
}

func decodeSteps(n *node) []Step {
	var steps []Step
	for _, s := range n.list() {
		at := slices.IndexFunc(stepKinds(), func(k StepKind) bool { return s.get(string(k)) != nil })
		if at >= 0 {
			steps = append(steps, decodeStep(s, stepKinds()[at]))
		}
	}
	return steps
}

func decodeStep(n *node, kind StepKind) Step {
	s := Step{Kind: kind, Name: n.get("name").scalar(), At: n.at, Say: n.get("say").scalar()}
	s.OnlyIf, s.Where, s.None = n.get("only_if").scalar(), n.get("where").scalar(), otherwise(n.get("none"))
	s.Several, s.Missing, s.Unconfirmed = otherwise(n.get("several")), otherwise(n.get("missing")), otherwise(n.get("unconfirmed"))
	main := n.get(string(kind)).scalar()
	switch kind {
	case ReadStep:
		s.Object, s.By, s.Of = main, bindings(n.get("by")), n.get("of").scalar()
	case RecallStep:
		s.Object, s.By, s.Unswept = main, bindings(n.get("by_any")), otherwise(n.get("unswept"))
	case LedgerStep:
		s.Object, s.By, s.Only, s.All = main, bindings(n.get("by")), n.get("only").scalar(), n.get("all").isTrue()
	case EachStep:
		s.List, s.Distinct, s.Item = main, n.get("distinct").scalars(), n.get("item").scalar()
	case PickStep:
		s.List, s.Try = main, n.get("try").scalars()
	case FirstStep:
		s.Names = n.get("first_of").scalars()
	case RuleStep, MapStep:
		s.Lookup, s.From, s.Key, s.Give = main, n.get("from").scalar(), n.get("by").scalar(), n.get("give").scalar()
	case TableStep:
		s.Lookup, s.Inputs = main, bindings(n.get("from"))
	case ExprStep, WarnStep:
		s.Expr = main
	case MustStep:
		s.Expr, s.Else, s.Gate = main, otherwise(n.get("else")), n.get("gate").scalar()
	case ProvesStep:
		s.Object, s.Known, s.Once, s.Answer = main, bindings(n.get("known_as")), bindings(n.get("once_per")), n.get("answer").scalar()
	case UseStep:
		s.Lookup, s.Inputs = main, bindings(n.get("with"))
	}
	return s
}

func otherwise(n *node) Otherwise { return Otherwise(n.string()) }

func bindings(n *node) []Binding {
	var list []Binding
	n.each(func(k, v *node) { list = append(list, Binding{Name: k.scalar(), Expr: v.scalar()}) })
	return list
}

func (b *builder) decodeSnippet(n *node) *Snippet {
	return &Snippet{Name: n.get("name").scalar(), Note: n.get("note").string(), Uses: n.get("uses").scalars(), Steps: decodeSteps(n.get("steps"))}
}

func decodeWrite(n *node) Write {
	w := Write{At: n.at}
	for _, verb := range []string{"create", "update", "upsert", "send"} {
		if k, v := n.entry(verb); k != nil {
			w.Verb, w.Object = k.scalar(), v.scalar()
			break
		}
	}
	w.Target, w.Row, w.Current = n.get("target").scalar(), n.get("row").scalar(), n.get("current").scalar()
	w.OnlyIf, w.Mapping = n.get("only_if").scalar(), n.get("mapping").scalar()
	w.Fields, w.WhenBlank = decodeFields(n.get("fields")), decodeFiller(n.get("when_blank"))
	w.Once, w.Known = bindings(n.get("once_per")), bindings(n.get("known_as"))
	w.Await, w.Verify = n.get("await").isTrue(), n.get("verify").scalars()
	return w
}
