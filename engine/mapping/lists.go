package mapping

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
)

func listFunctions() []*function {
	loop := func(name, signature, doc string, gives func(elem, test *shape) *shape, run loopRun) *function {
		fn := &function{FunctionDoc: FunctionDoc{name, signature, doc}, least: 2}
		fn.compile = func(e *exprCompiler, n ast.Node, args []ast.Node) typed { return e.loop(n, fn, args, gives, run) }
		return fn
	}
	yes := func(_, _ *shape) *shape { return truthShape }
	return []*function{
		loop("all", "all(list, test)", "True when the test is true of every entry; also when there is none.", yes, allRun),
		loop("any", "any(list, test)", "True when the test is true of some entry.", yes, anyRun),
		loop("none", "none(list, test)", "True when the test is true of no entry.", yes, noneRun),
		loop("one", "one(list, test)", "True when the test is true of exactly one entry.", yes, oneRun),
		loop("count", "count(list, test)", "How many entries the test is true of.", func(_, _ *shape) *shape { return numberShape }, countRun),
		loop("filter", "filter(list, test)", "The entries that the test is true of.", func(elem, _ *shape) *shape { return listOf(elem) }, filterRun),
		loop("find", "find(list, test)", "The first entry that the test is true of.", func(elem, _ *shape) *shape { return elem }, findRun),
		loop("map", "map(list, expression)", "What the expression gives for each entry.", func(_, test *shape) *shape { return listOf(test) }, mapRun),
		{FunctionDoc: FunctionDoc{"len", "len(x)", "How many entries a list has, or characters a text; 0 when there is none."},
			takes: []form{counted}, least: 1, gives: numberShape, run: runLen},
		{FunctionDoc: FunctionDoc{"first", "first(list)", "The first entry of a list."},
			takes: []form{listForm}, least: 1, giving: elementOf, run: runFirst},
		{FunctionDoc: FunctionDoc{"last", "last(list)", "The last entry of a list."},
			takes: []form{listForm}, least: 1, giving: elementOf, run: runLast},
		{FunctionDoc: FunctionDoc{"min", "min(list)", "The smallest of the numbers, or the first of the texts, that are there."},
			takes: []form{plainList}, least: 1, giving: elementOf, run: extreme(-1)},
		{FunctionDoc: FunctionDoc{"max", "max(list)", "The largest of the numbers, or the last of the texts, that are there."},
			takes: []form{plainList}, least: 1, giving: elementOf, run: extreme(1)},
	}
}

func elementOf(args []typed) *shape { return args[0].shape.element() }

// loopRun goes over the entries; test gives what the predicate says of one.
type loopRun func(items []value, test func(value) value) value

func (e *exprCompiler) loop(n ast.Node, fn *function, args []ast.Node, gives func(elem, test *shape) *shape, run loopRun) typed {
	body, ok := args[1].(*ast.PredicateNode)
	if !ok || len(e.loops) >= maxNested {
		return e.refuse(n, "nested", fmt.Sprintf("%s stands inside %d other loops", fn.Name, len(e.loops)), "at most two loops may stand inside each other")
	}
	over := e.node(args[0])
	if !over.shape.loose() && over.shape.form != listForm {
		return e.refuse(args[0], "not-a-list", fmt.Sprintf("%s goes over a list, not over %s", fn.Name, over.shape.form), "it is "+fn.Signature)
	}
	elem := name{e.c.newSlot(), over.shape.element()}
	e.loops = append(e.loops, elem)
	test := e.body(fn.Name, body)
	e.loops = e.loops[:len(e.loops)-1]
	at := e.site(n, args[0])
	return typed{func(f *frame) value {
		return run(f.rows(at, 0, over.code(f)), func(v value) value {
			f.slots[elem.slot] = v
			return test.code(f)
		})
	}, gives(elem.shape, test.shape).in(closest(over.shape.class, test.shape.class))}
}

// body is the predicate: a condition for every loop but map.
func (e *exprCompiler) body(word string, n *ast.PredicateNode) typed {
	if word == "map" {
		return e.node(n.Node)
	}
	t := e.node(n.Node)
	if !t.shape.loose() && t.shape.form != truthForm {
		e.refuse(n.Node, "not-a-condition", "this gives "+t.shape.form.String()+", not true or false", conditionHelp(t.shape.form))
	}
	return t
}

func tally(items []value, test func(value) value) int {
	hits := 0
	for _, item := range items {
		if test(item).yes() {
			hits++
		}
	}
	return hits
}

func allRun(items []value, test func(value) value) value {
	return truthValue(tally(items, test) == len(items))
}

func anyRun(items []value, test func(value) value) value {
	return truthValue(hit(items, test) >= 0)
}

func noneRun(items []value, test func(value) value) value {
	return truthValue(hit(items, test) < 0)
}

func oneRun(items []value, test func(value) value) value {
	return truthValue(tally(items, test) == 1)
}

func countRun(items []value, test func(value) value) value {
	return numberValue(strconv.Itoa(tally(items, test)))
}

func filterRun(items []value, test func(value) value) value {
	var hits []value
	for _, item := range items {
		if test(item).yes() {
			hits = append(hits, item)
		}
	}
	return listValue(hits)
}

// hit finds the first entry that the test is true of, or -1.
func hit(items []value, test func(value) value) int {
	for i, item := range items {
		if test(item).yes() {
			return i
		}
	}
	return -1
}

func findRun(items []value, test func(value) value) value {
	if i := hit(items, test); i >= 0 {
		return items[i]
	}
	return value{}
}

func mapRun(items []value, test func(value) value) value {
	out := make([]value, len(items))
	for i, item := range items {
		out[i] = test(item)
	}
	return listValue(out)
}

func runLen(_ *frame, _ site, a []value) value {
	if a[0].kind == list {
		return numberValue(strconv.Itoa(len(a[0].elements())))
	}
	return numberValue(strconv.Itoa(utf8.RuneCountInString(a[0].text))) // nothing has no characters
}

func runFirst(_ *frame, _ site, a []value) value {
	if items := a[0].elements(); len(items) > 0 {
		return items[0]
	}
	return value{}
}

func runLast(_ *frame, _ site, a []value) value {
	if items := a[0].elements(); len(items) > 0 {
		return items[len(items)-1]
	}
	return value{}
}

// extreme gives the smallest (-1) or largest (1) entry; entries that are nothing do not count.
func extreme(sign int) func(*frame, site, []value) value {
	return func(f *frame, at site, a []value) value {
		var best value
		for _, item := range f.rows(at, 0, a[0]) {
			if !item.given() {
				continue
			}
			if !best.given() {
				best = item
				continue
			}
			order, ok := compareValues(item, best)
			if !ok {
				return f.fail(at.pos, fmt.Sprintf("%s holds %s and %s, which have no order among them: %s", at.of(0), best.kind, item.kind, offType))
			}
			if order == sign {
				best = item
			}
		}
		return best
	}
}
