package mapping

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

func (c *compiler) errorAt(at engine.Pos, width int, code, message, help string) {
	c.report(engine.Error, at, width, code, message, help)
}

func (c *compiler) warnAt(at engine.Pos, width int, code, message, help string) {
	c.report(engine.Warning, at, width, code, message, help)
}

func (c *compiler) report(s engine.Severity, at engine.Pos, width int, code, message, help string) {
	c.diags = append(c.diags, engine.Diag{Severity: s, Code: code, At: at, Width: width,
		Message: message, Help: help, Excerpt: c.project.Excerpt(at)})
}

// findings sorts what was found. A mapping that two routes use is compiled
// twice and would report each finding twice.
func (c *compiler) findings() []engine.Diag {
	engine.Sort(c.diags)
	c.dropEchoes()
	return slices.CompactFunc(c.diags, func(a, b engine.Diag) bool {
		return a.At == b.At && a.Code == b.Code && a.Message == b.Message
	})
}

// dropEchoes leaves out what is said of gates in a file while a line of it is not understood: a gate with a
// misspelt field asks nothing and holds nothing back, and one mistake would be told three times.
func (c *compiler) dropEchoes() {
	echo := func(d engine.Diag) bool { return d.Code == "empty-gate" || d.Code == "open-gate" }
	broken := map[string]bool{}
	for _, d := range c.diags {
		if !echo(d) && d.Severity == engine.Error && c.onGate(d.At) {
			broken[d.At.File] = true
		}
	}
	c.diags = slices.DeleteFunc(c.diags, func(d engine.Diag) bool { return echo(d) && broken[d.At.File] })
}

// onGate says whether a line marked as a gate stands at a place.
func (c *compiler) onGate(at engine.Pos) bool {
	is := func(s spec.Step) bool {
		from, to := s.Expr.At, s.Expr.Offset(textWidth(s.Expr))
		return s.Gate.Text != "" && from.File == at.File && from.Line <= at.Line && at.Line <= to.Line
	}
	var among func(routes []*spec.Route) bool
	among = func(routes []*spec.Route) bool {
		return slices.ContainsFunc(routes, func(r *spec.Route) bool { return slices.ContainsFunc(r.Steps, is) || among(r.Routes) })
	}
	return slices.ContainsFunc(c.project.Flows, func(f *spec.Flow) bool { return slices.ContainsFunc(f.Gate, is) || among(f.Routes) })
}

// width is how much of an expression to underline: the word that it is known by.
func width(n ast.Node) int {
	switch n := n.(type) {
	case *ast.IdentifierNode:
		return utf8.RuneCountInString(n.Value)
	case *ast.StringNode:
		return utf8.RuneCountInString(n.Value) + 2
	case *ast.MemberNode:
		if property, ok := n.Property.(*ast.StringNode); ok {
			return utf8.RuneCountInString(property.Value)
		}
	case *ast.ChainNode:
		return width(n.Node)
	case *ast.BinaryNode:
		return len(n.Operator)
	case *ast.BuiltinNode:
		return len(n.Name)
	case *ast.CallNode:
		return width(n.Callee)
	case *ast.VariableDeclaratorNode:
		return len(n.Name)
	}
	return 1
}

func textWidth(s spec.Scalar) int { return utf8.RuneCountInString(s.Text) }

// mostListed is how many words a finding lists when none is near: more are not read.
const mostListed = 12

// suggest says what was probably meant, or else what there is, when that is little.
func suggest(word string, candidates []string) string {
	if near := engine.Nearest(word, candidates); near != "" {
		return "did you mean \"" + near + "\"?"
	}
	words := slices.Compact(slices.Sorted(slices.Values(candidates)))
	switch n := len(words); {
	case n == 0 || n > mostListed:
		return ""
	case n == 1:
		return "there is only " + words[0]
	default:
		return "there are " + strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}
