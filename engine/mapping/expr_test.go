package mapping

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/expr-lang/expr"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// bench compiles expressions that see case, member, run and x (unchecked).
type bench struct {
	c     *compiler
	scope *scope
	slots map[string]int
	base  int // slots before any expression
}

func newBench(t testing.TB) *bench {
	c := newCompiler(project(t, nil))
	c.slots, c.fields = firstSlot, map[string][]string{}
	b := &bench{c: c, slots: map[string]int{"case": c.newSlot(), "member": c.newSlot(), "x": c.newSlot()}}
	b.base = c.slots
	b.scope = &scope{names: map[string]name{
		"run":    {runSlot, runShape()},
		"case":   {b.slots["case"], recordOf(c.objects["east.case"])},
		"member": {b.slots["member"], recordOf(c.objects["west.member"])},
		"x":      {b.slots["x"], anyShape},
	}}
	return b
}

const benchCase = `{"id":"c1","case_id":"K1","name":"","age":7,"born":"2020-02-29","open":true,"kind":"visit","kinds":["call"],"number":null,"seen":"2026-01-31T20:00:00.000Z",
"visits":[{"id":"v1","kind":"visit","count":3,"day":"2026-01-02"},{"id":"v2","kind":"call","count":null},{"id":"v3","count":12}]}`

var benchX = `{"big":12345678901234567890,"exp":1.5e3,"list":[3,1,2],"mixed":[1,"a"],"nested":{"a":{"b":"deep"}},"empty":[],"null":null,"text":"words","nought":0,"huge":1e308,"long":1e-402,"words":["one"],"rows":[{"n":"one"}],"many":"` + strings.Repeat("a", maxRows+1) + `","half":"1x","day":"2020-13-01","org":"org-","alpha":"alpha","public":"public","letter":"a","slash":"2026/01/31","esc":"a\"b\u00e9","no":false}`

// run evaluates; the text is the value's JSON, or why there is none.
func (b *bench) run(t testing.TB, text string) string {
	t.Helper()
	b.c.diags, b.c.slots = nil, b.base
	compiled := b.c.expression(spec.Scalar{Text: text, At: engine.Pos{File: "f.yaml", Line: 1, Column: 1}}, b.scope)
	if engine.HasErrors(b.c.diags) {
		return "refused: " + b.c.diags[0].Code
	}
	f := frame{slots: make([]value, b.c.slots), zone: b.c.zone}
	flow := &Flow{zone: b.c.zone}
	f.slots[runSlot] = flow.runValue(Input{Now: noon, Start: "2026-01-01"})
	f.slots[b.slots["case"]] = rawValue(benchCase)
	f.slots[b.slots["x"]] = rawValue(benchX)
	v := compiled.code(&f)
	if f.broken != nil {
		what, next, _ := strings.Cut(f.broken.why, ": ")
		if next == "" {
			t.Errorf("%s: nothing says what to do about it: %s", text, what)
		}
		return "broken: " + what
	}
	return string(appendJSON(nil, v))
}

func TestExpressions(t *testing.T) {
	b := newBench(t)
	for _, tt := range []struct{ expr, want string }{
		// what is absent
		{`case.number`, `null`}, {`member.name`, `null`}, {`x.none.of.these`, `null`}, {`x.nested.a.b`, `"deep"`},
		{`case.number == member.number`, `false`}, {`case.number != member.number`, `true`}, {`case.number == nil`, `true`}, {`case.id != nil`, `true`},
		{`case.number == "a"`, `false`}, {`case.number != "a"`, `true`}, {`member.name < "a"`, `false`}, {`not (member.name < "a")`, `true`},
		{`case.number + "a"`, `null`}, {`member.ours`, `null`}, {`not member.ours`, `null`}, {`member.ours or true`, `true`}, {`member.ours and false`, `false`},
		{`member.ours and true`, `null`}, {`member.ours or false`, `null`}, {`member.ours ? "a" : "b"`, `"b"`}, {`case.number ?? "none"`, `"none"`}, {`case.name ?? "none"`, `""`},
		{`any(member.items, true)`, `false`}, {`all(member.items, false)`, `true`}, {`none(member.items, true)`, `true`}, {`len(member.items)`, `0`}, {`first(member.items).name`, `null`},
		{`"a" in case.tags`, `false`}, {`member.name startsWith "a"`, `false`}, {`member.name matches "^a"`, `false`}, {`upper(member.name)`, `null`},
		// presence
		{`given(case)`, `true`}, {`given(member)`, `false`}, {`given(case.name)`, `true`}, {`blank(case.name)`, `true`}, {`blank("  \t")`, `true`}, {`blank(x.empty)`, `true`},
		{`given(x.null)`, `false`}, {`has(case, "number")`, `true`}, {`has(case, "score")`, `false`}, {`blank(0)`, `false`}, {`blank(false)`, `false`}, {`given(case.visits)`, `true`},
		// numbers keep their digits
		{`x.big`, `12345678901234567890`}, {`text(x.big)`, `"12345678901234567890"`}, {`text(x.exp)`, `"1500"`}, {`x.exp == 1500`, `true`}, {`x.big == 12345678901234567`, `false`},
		{`text(1.0)`, `"1"`}, {`text(0.001)`, `"0.001"`}, {`text(-0.5)`, `"-0.5"`}, {`1 + 2 * 3 - 4`, `3`}, {`7 / 2`, `3.5`}, {`8 / 2`, `4`}, {`7 % 4`, `3`}, {`-case.age`, `-7`}, {`1 / x.nought`, `broken: x.nought is 0, and nothing can be divided by 0`},
		{`case.age >= 7 and case.age < 8.5`, `true`}, {`0.1 + 0.2 < 0.31`, `true`}, {`-1 < 1`, `true`}, {`-2 < -1`, `true`}, {`100 > 99.9`, `true`},
		{`int("012")`, `12`}, {`int(" 7 ")`, `7`}, {`int("")`, `null`}, {`int(12.7)`, `12`}, {`int(-0.5)`, `0`}, {`int(x.half)`, `broken: x.half is no whole number`}, {`int(x.no)`, `broken: x.no is true or false, and int takes a text or a number`}, {`len(x.big)`, `broken: x.big is a number, and len takes a text or a list`}, {`len(x.none)`, `0`},
		// texts
		{`"a" + "b"`, `"ab"`}, {`x.esc`, `"a\"bé"`}, {`trim(" a ")`, `"a"`}, {`replace("a/b/c", "/", "-")`, `"a-b-c"`}, {`split("a,b", ",")`, `["a","b"]`}, {`join(case.kinds, "+")`, `"call"`}, {`join(case.visits, "+")`, `refused: mismatched`}, {`min(case.visits)`, `refused: mismatched`},
		{`"abc"[1:2]`, `"b"`}, {`"abc"[2:9]`, `"c"`}, {`"abc"[:2]`, `"ab"`}, {`x.text contains "ord"`, `true`}, {`x.text not in ["a"]`, `true`},
		// lists
		{`map(case.visits, .id)`, `["v1","v2","v3"]`}, {`filter(case.visits, given(.count))[1].id`, `"v3"`}, {`find(case.visits, .kind == "call").id`, `"v2"`}, {`find(case.visits, .id == "none").id`, `null`},
		{`count(case.visits, given(.count))`, `2`}, {`one(case.visits, .kind == "call")`, `true`}, {`min(map(case.visits, .count))`, `3`}, {`max(x.list)`, `3`}, {`min(x.empty)`, `null`},
		{`min(x.mixed)`, `broken: x.mixed holds a number and a text, which have no order among them`}, {`x.list[0]`, `3`}, {`x.list[7]`, `null`}, {`last(x.list)`, `2`}, {`find(case.visits, .id == "v1") == case.visits[0]`, `true`},
		{`find(case.visits, .id == "v1") == case.visits[1]`, `false`}, {`any(case.visits, any(case.kinds, # == "call"))`, `true`}, {`any([nil], # == nil)`, `true`},
		{`let n = case.age; n >= 1 and n <= 30 ? n : 0`, `7`}, {`len("åß")`, `2`},
		// functions
		{`or_else(case.name, case.number, case.id)`, `"c1"`}, {`or_else(case.name, case.number)`, `null`}, {`join_names("Ann", "アン")`, `"アン (Ann)"`}, {`join_names("", "アン")`, `"アン"`}, {`join_names("Ann", member.name)`, `"Ann"`}, {`join_names("Ann", "Ann")`, `"Ann"`}, {`join_names(" ", "")`, `null`},
		{`pad_to_even("102", "0")`, `"0102"`}, {`pad_to_even("0102", "0")`, `"0102"`}, {`pad_to_even("10x", "0")`, `"10x"`}, {`pad_to_even(member.name, "0")`, `null`}, {`strip_zeros("00102")`, `"102"`}, {`strip_zeros(" 00102\u00a0")`, `"102"`},
		{`code_prefix("010203", 2)`, `"01"`}, {`code_prefix("10203", 2)`, `"01"`}, {`code_prefix("000102", 2, "00")`, `"01"`}, {`code_prefix("1", 2)`, `"01"`}, {`code_prefix("", 2)`, `null`}, {`code_prefix("00", 2, "00")`, `null`},
		{`age("2020-02-29", "2026-02-28")`, `5`}, {`age("2020-02-29", "2026-03-01")`, `6`}, {`age(x.day, "2026-03-01")`, `null`}, {`age(case.born, run.today)`, `6`}, {`age("2027-01-01", run.today)`, `null`},
		{`local_date(case.seen)`, `"2026-02-01"`}, {`local_date("2026-01-31")`, `"2026-01-31"`}, {`local_date(x.text)`, `null`}, {`local_date(member.born)`, `null`}, {`local_date(case.seen) >= run.start`, `true`},
		{`run.now`, `"2026-11-22T03:00:00.000Z"`}, {`run.today`, `"2026-11-22"`},
		{`repair_year("22012-01-01")`, `"2012-01-01"`}, {`repair_year("2012-01-01")`, `"2012-01-01"`}, {`repair_year(member.born)`, `null`},
		{`undated("2026-01-31")`, `"2026-01-31."`}, {`undated("2026-1-3 8:00:00")`, `"2026-1-3 8:00:00."`}, {`undated("2026-01-31T08:00:00.5+07:00")`, `"2026-01-31T08:00:00.5+07:00."`}, {`undated("seen 2026-01-31")`, `"seen 2026-01-31"`}, {`undated("")`, `""`},
		{`uuid5("a", "b") == uuid5("ab", "")`, `false`}, {`uuid5("a", nil) == uuid5("a", "")`, `true`}, {`uuid5("client", "g1")`, `"205b9d1e-4252-53b9-be28-addc4185b426"`},
		{`lookup("kinds", "east", "visit", "west")`, `"home visit"`}, {`lookup("kinds", "west", "phone", "east")`, `"call"`}, {`lookup("kinds", "east", x.text, "west")`, `null`}, {`lookup("kinds", "east", case.number, "west")`, `null`},
		{`rule("place", "east", "org-alpha", "west")`, `"alpha"`}, {`rule("place", "west", "gamma", "user")`, `"org-gamma-user"`}, {`rule("place", "west", x.public, "east")`, `null`}, {`rule("place", "east", x.org, "west")`, `null`}, {`rule("place", "east", x.alpha, "west")`, `null`},
		// what differs from its catalogue
		{`upper(x.list)`, `broken: x.list is a list, and upper takes a text`}, {`x.list > 1`, `broken: x.list is a list and the other value is a number, of which none comes first`}, {`x.text + 1`, `broken: x.text is a text where a number is needed`}, {`x.text == 1`, `false`}, {`1 + x.text`, `broken: x.text is a text where a number is needed`}, {`-x.text`, `broken: x.text is a text where a number is needed`}, {`text(x.nested.a) + "b"`, `broken: x.nested.a is a record, and text takes a text or a number`},
		{`int(first(x.words))`, `broken: what first(…) gives is no whole number`}, {`map(x.rows, int(.n))`, `broken: the field n is no whole number`}, {`map(x.words, int(#))`, `broken: an entry of the list is no whole number`}, {`int(split(x.text, "r")[0])`, `broken: the other value is no whole number`},
		{`x.huge * x.huge`, `broken: x.huge or x.huge is too large a number to calculate with`}, {`text(x.long)`, `broken: x.long is a number of more than 400 digits`}, {`int(x.long)`, `broken: x.long is a number of more than 400 digits`}, {`uuid5("a", x.long)`, `broken: x.long is a number of more than 400 digits`},
		{`join(x.rows, ",")`, `broken: an entry of x.rows is a record, which cannot be joined`}, {`split(x.many, "")`, `broken: x.many has more than 2000 parts`}, {`join(x.mixed, "-")`, `"1-a"`}, {`join(x.text, "-")`, `broken: x.text is a text, and join takes a list of texts or numbers`}, {`int(x?.half)`, `broken: x.half is no whole number`}, {`any(x.text, true)`, `broken: x.text is a text where a list is needed`}, {`x.nested in x.nested`, `broken: x.nested is a record where a list is needed`}, {`any(x.null, true)`, `false`},
		// what is not taken
		{`case.nmae`, `refused: unknown-field`}, {`cse.name`, `refused: unknown-name`}, {`case.age == "7"`, `refused: mismatched`}, {`case.name + 1`, `refused: mismatched`}, {`case.kinds == "call"`, `refused: mismatched`},
		{`upper(case.age)`, `refused: mismatched`}, {`foo(1)`, `refused: unknown-function`}, {`now()`, `refused: unknown-function`}, {`date("x")`, `refused: unknown-function`}, {`repeat("x", 9)`, `refused: unknown-function`}, {`sum([1])`, `refused: unknown-function`},
		{`reduce([1], #acc + #)`, `refused: unknown-function`}, {`len(1..9)`, `refused: bad-operator`}, {`2 ** 9`, `refused: bad-operator`}, {`{"a": 1}`, `refused: bad-expression`}, {`case == member`, `refused: whole-record`},
		{`case["id"]`, `"c1"`}, {`case[case.id]`, `refused: bad-expression`}, {`case.name.first`, `refused: no-fields`}, {`case.visits.id`, `refused: no-fields`}, {`text(case.visits)`, `refused: mismatched`}, {`case.name and true`, `refused: not-a-condition`},
		{`any(case.visits, any(case.visits, any(case.visits, true)))`, `refused: nested`}, {`any(case.visits, .id)`, `refused: not-a-condition`}, {`lookup("kind", "east", "a", "west")`, `refused: unknown-map`}, {`lookup("kinds", "eest", "a", "west")`, `refused: unknown-column`},
		{`rule("place", "est", "a", "west")`, `refused: unknown-form`}, {`lookup(case.id, "east", "a", "west")`, `refused: bad-expression`}, {`x matches case.id`, `refused: bad-pattern`}, {`x matches "("`, `refused: bad-pattern`}, {`given()`, `refused: arguments`},
		{`or_else(case, member)`, `refused: mixed`}, {`or_else(first(case.visits), first(member.items)).id`, `refused: mixed`}, {`let run = 1; run`, `refused: taken-name`}, {`1 +`, `refused: bad-expression`}, {`case.id.upper()`, `refused: bad-expression`}, {`given`, `refused: unknown-name`}, {`[1, 2] | len()`, `2`},
	} {
		if got := b.run(t, tt.expr); got != tt.want {
			t.Errorf("%s\n got %s\nwant %s", tt.expr, got, tt.want)
		}
	}
}

func TestLongListsAndWorkAreStopped(t *testing.T) {
	b := newBench(t)
	many := "[" + strings.Repeat("1,", maxRows) + "1]"
	f := frame{slots: make([]value, 99)}
	f.slots[b.slots["x"]] = rawValue(many)
	b.c.expression(spec.Scalar{Text: "any(x, false)"}, b.scope).code(&f)
	if f.broken == nil {
		t.Error("a list of 2001 entries was walked")
	}
	few := "[" + strings.Repeat("1,", maxRows-1) + "1]"
	f = frame{slots: make([]value, 99)}
	f.slots[b.slots["x"]] = rawValue(few)
	nested := b.c.expression(spec.Scalar{Text: "any(x, any(x, false)) or any(x, any(x, false))"}, b.scope)
	nested.code(&f)
	if f.broken == nil {
		t.Error("eight million visits were made")
	}
}

// Where nothing is absent, expressions mean what they mean in expr itself.
func TestSameAsExpr(t *testing.T) {
	b := newBench(t)
	env := map[string]any{}
	for name, text := range map[string]string{"case": benchCase, "x": benchX} {
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		env[name] = v
	}
	for _, text := range []string{
		`case.age + 1`, `case.age * 2 - 3`, `case.open and not (case.age < 3)`, `case.kind == "visit" or false`, `case.age > 3 ? "old" : "young"`, `"a" + case.id`,
		`map(filter(case.visits, .count != nil), .id)`, `all(case.visits, len(.id) == 2)`, `one(case.visits, .id == "v2")`, `none(case.visits, .id == "v9")`, `count(case.visits, .id startsWith "v")`,
		`find(case.visits, .id endsWith "3").count`, `case.kind in ["visit", "call"]`, `case.kind not in ["visit"]`, `"call" in case.kinds`, `let a = case.age; a - 4`, `first(case.kinds)`, `last(x.list)`, `len(x.list)`, `max(x.list)`, `min(x.list)`,
		`upper(case.id)`, `lower("ABC")`, `trim(" a ")`, `split("a-b", "-")`, `join(case.kinds, "-")`, `replace("aba", "a", "c")`, `x.text[1:3]`, `x.text matches "^w.*s$"`, `x.none ?? "z"`, `case.visits[0] == find(case.visits, .id == "v1")`, `7 / 2`, `-case.age`, `x.list[1]`,
	} {
		want, err := expr.Eval(text, env)
		if err != nil {
			t.Errorf("%s: expr says %v", text, err)
			continue
		}
		wanted, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.run(t, text); got != string(wanted) {
			t.Errorf("%s\n got %s\nwant %s", text, got, wanted)
		}
	}
}

func TestTextsDoNotGrowWithoutEnd(t *testing.T) {
	b := newBench(t)
	for _, text := range []string{
		strings.Join(lets(30, "%s + %s"), "") + "v29",
		`let v = replace(replace(replace(x.text, "w", "wwwwwwwwww"), "w", "wwwwwwwwww"), "w", "wwwwwwwwww"); ` +
			strings.ReplaceAll(strings.Join(lets(8, `replace(%s, "w", "wwwwwwwwww")`), ""), "x.text", "v") + "v7",
	} {
		if got := b.run(t, text); got != "broken: the text that is put together here is longer than a million characters" {
			t.Error(got[:min(len(got), 99)])
		}
	}
}

// lets gives n names, each made of the one before.
func lets(n int, of string) []string {
	before := "x.text"
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("let v%d = %s; ", i, strings.ReplaceAll(of, "%s", before)))
		before = fmt.Sprintf("v%d", i)
	}
	return all
}

func TestFunctionsAreDocumented(t *testing.T) {
	for _, d := range Functions() {
		if d.Doc == "" || !strings.HasPrefix(d.Signature, d.Name+"(") || !strings.HasSuffix(d.Doc, ".") {
			t.Errorf("%s: %q %q", d.Name, d.Signature, d.Doc)
		}
	}
}
