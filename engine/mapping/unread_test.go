package mapping

import (
	"errors"
	"strings"
	"testing"

	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// TestComplaints provokes what the parser says by the parser itself: when its words change, this
// fails, and not the one who reads them.
func TestComplaints(t *testing.T) {
	provoked := map[string][]string{
		"unexpected token ":            {`a = 1`, `a b`, `a ]`, `(`},
		"unexpected end of expression": {`a.`},
		"literal not terminated":       {`"a`, "`a", `'a`},
		"unclosed comment":             {`/* a`},
		"invalid char escape":          {`"\d"`, `"\xg"`, `"\u{}"`},
		"unable to unescape ":          {`"\u{110000}"`, `"\777"`, `"\U00110000"`},
		"unrecognized character: ":     {`a @ b`},
		"bad number syntax: ":          {`1x`},
		"invalid hex literal: ":        {`0x`},
		"invalid float literal: ":      {`1e`},
		"invalid binary literal: ":     {`0b`},
		"invalid octal literal: ":      {`0o`},
		"invalid integer literal: ":    {`99999999999999999999`},
		"expected name":                {`a.[0]`},
		"expected at least ":           {`any(a)`},
		"Operator (":                   {`a ?? b == c`},
		"wrap predicate with brackets": {`any(a, b; c)`},
		"a map key must be ":           {`{[]: 1}`},
		"compilation failed: expression exceeds maximum allowed nodes": {strings.Repeat("a + ", maxNodes) + "a"},
	}
	for _, f := range complaints() {
		if len(provoked[f.begins]) == 0 {
			t.Errorf("nothing here provokes %q", f.begins)
		}
		for _, text := range provoked[f.begins] {
			if said := parserSays(t, text); !strings.HasPrefix(said, f.begins) {
				t.Errorf("%.40s: the parser says %q, not %q", text, said, f.begins)
			}
		}
	}
}

// parserSays gives the parser's own words.
func parserSays(t *testing.T, text string) string {
	t.Helper()
	config := conf.CreateNew()
	config.MaxNodes = maxNodes
	_, err := parser.ParseWithConfig(text, config)
	var fe *file.Error
	if !errors.As(err, &fe) {
		t.Fatalf("%s: %v", text, err)
	}
	return fe.Message
}

// Whatever is left out of an expression, put in or torn apart, no word of the parser comes through.
func TestNoWordsOfTheParser(t *testing.T) {
	b := newBench(t)
	whole := []string{`any(case.visits, .kind == "visit" and .count > 2) ? text(case.age) : "none"`, `let a = case.kinds[0]; a in ["call", 'x'] or not (a matches "^\\d$")`, `filter(case.visits, {.id != nil})[1:2] ?? 0x1F`}
	extra := []string{"=", ")", "]", "}", "{", "(", "\"", "'", ",", ";", ":", "?", "#", ".", "..", "and", "x", " 1 ", "\\", "“", "|", "!", "not", "let", "if", "::", "?.", "/*", "ផ្ទះ", "??", "\t", "\n"}
	for _, text := range whole {
		for i := range len(text) + 1 {
			check(t, b, text[:i])
			check(t, b, text[i:])
			for _, more := range extra {
				check(t, b, text[:i]+more+text[i:])
			}
		}
	}
}

func check(t *testing.T, b *bench, text string) {
	t.Helper()
	b.c.diags, b.c.slots = nil, b.base
	b.c.expression(spec.Scalar{Text: text, At: engine.Pos{File: "f.yaml", Line: 1, Column: 1}}, b.scope)
	for _, d := range b.c.diags {
		for _, word := range []string{"token", "cannot be read", "Operator", "Bracket", "Identifier", "literal ", "EOF", "syntax", "predicate"} {
			if strings.Contains(d.Message+d.Help, word) {
				t.Errorf("%s\n%s: %s = %s", text, d.At, d.Message, d.Help)
			}
		}
		if end := len([]rune(text)); d.At.Column < 1 || d.At.Column > end+1 || d.Width < 0 || d.At.Column-1+d.Width > end+1 {
			t.Errorf("%q\n%s stands outside (width %d): %s", text, d.At, d.Width, d.Message)
		}
	}
}

// What the parser never said before is passed on rather than kept.
func TestUnknownComplaint(t *testing.T) {
	said := newUnread("a b", &file.Error{Location: file.Location{From: 2, To: 3}, Message: "never said before"}).remark()
	if said.message != "this cannot be read: never said before" || said.from != 2 || said.help == "" {
		t.Error(said)
	}
}

// Each step has one wrong word, nope; its finding stands there, however YAML writes the expression.
func TestFindingsStandAtTheWord(t *testing.T) {
	for _, step := range []string{
		`must: nope == "a"`,
		`must: case.name == "ផ្ទះ" and nope == "a"`,
		`must: case.name == "ផ្ទះ" nope`,
		`must: '"𐍈é" == nope'`,
		`must: 'case.name == ''it'' and nope == "a"'`,
		`must: 'case.name == ''it'' nope'`,
		`must: "case.name == \"it\" and nope == \"a\""`,
		`must: "case.name == \"it\" nope"`,
		`must: "\u0063ase.name == \x22it\x22 and\tnope == 'a'"`,
		`must: "case.name == 'a' \
      and nope == 'b'"`,
		"must: case.name == \"a\"\n      and nope == \"b\"",
		"must: \"case.name == 'a'\n\n      and nope\"",
		"must: |\n      case.name == \"ផ្ទះ\" and\n      nope == \"a\"",
		"must: |\n      case.name == \"a\" and\n\n        nope == \"a\"",
		"must: |-\n      case.name == \"a\"\n      nope",
		"must: |2\n      case.name == \"a\" and\n      nope == \"a\"",
		"must: >\n      case.name == \"a\" and\n      nope == \"a\"",
		"must: >-\n      case.name == \"a\"\n\n      and nope == \"a\"",
		"must: |\n      case.name ==\t\"a\" and\tnope == \"a\"",
		"must: 'case.name ==\t\"ផ្ទះ\"\t\tnope'",
		"must: |\r\n      case.name == \"a\" and\r\n      nope == \"a\"\r",
	} {
		text := "kind: Flow\nname: out\nsource: {read: east.case, as: case, since: {start: \"2026-01-01\"}}\nroutes:\n- name: all\n  steps:\n  - " + step + "\n    else: nothing\n"
		_, diags := Compile(project(t, map[string]string{"flow.yaml": text}))
		found := ""
		for _, d := range diags {
			if line := []rune(d.Excerpt); d.At.Column <= len(line) {
				found += string(line[d.At.Column-1:min(d.At.Column-1+d.Width, len(line))]) + ";"
			}
		}
		if found != "nope;" {
			t.Errorf("%s\nstands at %q:\n%s", step, found, printed(diags))
		}
	}
}
