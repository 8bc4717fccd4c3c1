package spectest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// compare lines the verdicts up with the expectations and tells every difference.
func compare(tc *spec.TestCase, got []verdict, pairs []pair) []Failure {
	var out []Failure
	for _, p := range pairs {
		switch {
		case p.want < 0:
			v := got[p.got]
			out = append(out, Failure{At: tc.At, Text: "unexpected: " + v.String() + "\n" + indent(show(v.document))})
		case p.got < 0:
			e := &tc.Expect[p.want]
			out = append(out, Failure{At: e.At, Text: missing(e, got)})
		default:
			e := &tc.Expect[p.want]
			if diffs := differences(e, got[p.got]); len(diffs) > 0 {
				text := "got " + got[p.got].String() + "\n" + indent(strings.Join(diffs, "\n"))
				out = append(out, Failure{At: e.At, Text: text})
			}
		}
	}
	return out
}

// missing says that an expected verdict did not come, or came at another place.
func missing(e *spec.Expectation, got []verdict) string {
	for i, v := range got {
		if len(differences(e, v)) == 0 {
			return "expected here, but it came as verdict " + strconv.Itoa(i+1) + ": " + v.String()
		}
	}
	return "expected " + headline(e) + ", but it did not come"
}

func headline(e *spec.Expectation) string {
	line := e.Verdict.Text
	for _, s := range []spec.Scalar{e.Object, e.Target} {
		if s.Text != "" {
			line += " " + s.Text
		}
	}
	if e.Reason.Text != "" {
		line += ": " + e.Reason.Text
	}
	return line
}

// pair is an expectation and the verdict that stands for it; -1 where there is none.
type pair struct{ want, got int }

// align pairs expectations and verdicts in order so that as little as possible differs.
func align(want []spec.Expectation, got []verdict) []pair {
	cost := make([][]int, len(want)+1)
	for i := range cost {
		cost[i] = make([]int, len(got)+1)
	}
	for i := len(want); i >= 0; i-- {
		for j := len(got); j >= 0; j-- {
			cost[i][j] = cheapest(want, got, cost, i, j)
		}
	}
	return walk(want, got, cost)
}

// gap is what a missing or an unexpected verdict costs.
const gap = 10

func cheapest(want []spec.Expectation, got []verdict, cost [][]int, i, j int) int {
	switch {
	case i == len(want):
		return gap * (len(got) - j)
	case j == len(got):
		return gap * (len(want) - i)
	}
	return min(gap+cost[i+1][j], gap+cost[i][j+1], pairCost(&want[i], got[j])+cost[i+1][j+1])
}

// pairCost is 0 for a fit, little for the same kind of verdict, more than two gaps for another kind.
func pairCost(e *spec.Expectation, v verdict) int {
	if !sameKind(e, v) {
		return 2*gap + 1
	}
	return min(len(differences(e, v)), 2*gap-1)
}

func walk(want []spec.Expectation, got []verdict, cost [][]int) []pair {
	var out []pair
	i, j := 0, 0
	for i < len(want) || j < len(got) {
		switch {
		case i < len(want) && j < len(got) && cost[i][j] == pairCost(&want[i], got[j])+cost[i+1][j+1]:
			out = append(out, pair{i, j})
			i, j = i+1, j+1
		case i < len(want) && cost[i][j] == gap+cost[i+1][j]:
			out = append(out, pair{i, -1})
			i++
		default:
			out = append(out, pair{-1, j})
			j++
		}
	}
	return out
}

func sameKind(e *spec.Expectation, v verdict) bool {
	return e.Verdict.Text == v.kind && (e.Object.Text == "" || e.Object.Text == v.object)
}

// differences tells what of a verdict is not as expected, a line each.
func differences(e *spec.Expectation, v verdict) []string {
	if !sameKind(e, v) {
		return []string{"expected " + headline(e)}
	}
	var out []string
	out = append(out, named("route", e.Route.Text, v.route, e.Route.Text == v.route)...)
	out = append(out, named("item", e.Item.Text, v.item, itemFits(e.Item.Text, v.item))...)
	out = append(out, named("target", e.Target.Text, v.target, e.Target.Text == v.target)...)
	out = append(out, named("answer", e.Answer.Text, v.answer, e.Answer.Text == v.answer)...)
	out = append(out, named("reason", e.Reason.Text, v.reason, strings.Contains(v.reason, e.Reason.Text))...)
	out = append(out, ledgerDiffs(e, v)...)
	if e.Document != nil {
		out = append(out, diff("", e.Document.Any, v.document, true)...)
	}
	if e.Includes != nil {
		out = append(out, diff("", e.Includes.Any, v.document, false)...)
	}
	for _, f := range e.Lacks {
		if found, ok := at(v.document, f.Text); ok {
			out = append(out, f.Text+": must not be there, got "+show(found))
		}
	}
	return append(out, noteDiffs(e, v)...)
}

func named(what, want, got string, fits bool) []string {
	if want == "" || fits {
		return nil
	}
	return []string{fmt.Sprintf("%s: expected %q, got %q", what, want, got)}
}

// itemFits lets an expectation name an item "12" whatever the engine writes before it.
func itemFits(want, got string) bool { return want == got || strings.HasSuffix(got, " "+want) }

// noteDiffs wants every expected note in some note, and no notes at all when the list is given empty.
func noteDiffs(e *spec.Expectation, v verdict) []string {
	var out []string
	for _, n := range e.Notes {
		if !slices.ContainsFunc(v.notes, func(s string) bool { return strings.Contains(s, n.Text) }) {
			out = append(out, fmt.Sprintf("notes: expected %q, got %q", n.Text, v.notes))
		}
	}
	if e.Notes != nil && len(e.Notes) == 0 && len(v.notes) > 0 {
		out = append(out, fmt.Sprintf("notes: expected none, got %q", v.notes))
	}
	return out
}

// ledgerDiffs compares the codes under which a send is written down and recognized.
func ledgerDiffs(e *spec.Expectation, v verdict) []string {
	var out []string
	if want := onceKey(e.Once); e.Once != nil && want != v.once {
		out = append(out, "once_per: expected "+want+", got "+v.once)
	}
	var pairs []engine.Pair
	for _, n := range e.Known {
		pairs = append(pairs, engine.Pair{Name: n.Name.Text, Value: n.Value.Text})
	}
	if e.Known != nil && !slices.Equal(pairs, v.known) {
		out = append(out, fmt.Sprintf("known_as: expected %q, got %q", engine.JoinPairs(pairs), engine.JoinPairs(v.known)))
	}
	return out
}

// at follows a dotted path; through rows it finds the first that has it.
func at(v any, path string) (any, bool) {
	name, rest, deeper := strings.Cut(path, ".")
	switch v := v.(type) {
	case map[string]any:
		got, ok := v[name]
		if !ok || !deeper {
			return got, ok
		}
		return at(got, rest)
	case []any:
		for _, row := range v {
			if got, ok := at(row, path); ok {
				return got, true
			}
		}
	}
	return nil, false
}

func show(v any) string {
	if v == nil {
		return ""
	}
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}

func indent(s string) string {
	if s == "" {
		return ""
	}
	return "    " + strings.ReplaceAll(s, "\n", "\n    ")
}
