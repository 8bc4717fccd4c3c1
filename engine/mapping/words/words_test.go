package words_test

import (
	"slices"
	"testing"

	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/mapping/words"
)

// Every function of the language has its words here; one without an example fails below.
func examples() map[string][2]string {
	return map[string][2]string{
		"age":         {"age(case.born, run.today)", "whole years from `case.born` to the day of the run"},
		"all":         {"all(case.rows, .done == true)", "true when in every entry of `case.rows` its `done` is true, otherwise false"},
		"any":         {"any(case.rows, .done == true)", "true when `case.rows` has an entry where its `done` is true, otherwise false"},
		"blank":       {"blank(case.name)", "true when `case.name` is blank, otherwise false"},
		"code_prefix": {`code_prefix(case.place, 2, "00")`, "the first 2 characters of `case.place`; a leading \"00\" is skipped"},
		"count":       {"count(case.rows, .n > 2)", "the number of entries of `case.rows` where its `n` is more than 2"},
		"filter":      {"filter(case.rows, given(.n))", "the entries of `case.rows` where its `n` is there"},
		"find":        {`find(case.rows, .kind == "a")`, "the first entry of `case.rows` where its `kind` is \"a\""},
		"first":       {"first(case.kinds)", "the first entry of `case.kinds`"},
		"given":       {"given(case.name)", "true when `case.name` is there, otherwise false"},
		"has":         {`has(case, "name")`, "true when `case` has the field `name`, otherwise false"},
		"int":         {"int(case.number)", "`case.number`; as a whole number"},
		"join":        {`join([case.a, case.b], " ")`, "`case.a` and `case.b`, joined with a space between them"},
		"join_names":  {"join_names(case.latin, case.local)", "`case.local` with `case.latin` in brackets; the one that is there; once when both are equal"},
		"last":        {"last(case.kinds)", "the last entry of `case.kinds`"},
		"len":         {"len(case.kinds)", "the number of entries of `case.kinds`"},
		"local_date":  {"local_date(case.at)", "the calendar date of `case.at`"},
		"lookup":      {`lookup("kinds", "east", case.kind, "west")`, "what the map `kinds` gives as `west` for the `east` `case.kind`"},
		"lower":       {"lower(case.name)", "`case.name`; in small letters"},
		"map":         {"map(case.rows, .id)", "`id` of each of `case.rows`"},
		"max":         {"max(case.numbers)", "the largest of `case.numbers`"},
		"min":         {"min(case.numbers)", "the smallest of `case.numbers`"},
		"none":        {"none(case.rows, .done == true)", "true when `case.rows` has no entry where its `done` is true, otherwise false"},
		"one":         {"one(case.rows, .done == true)", "true when `case.rows` has exactly one entry where its `done` is true, otherwise false"},
		"or_else":     {"or_else(case.a, case.b)", "the first of `case.a` and `case.b` that is not blank"},
		"pad_to_even": {`pad_to_even(case.place, "0")`, "`case.place`; \"0\" is put before an odd number of digits"},
		"repair_year": {"repair_year(case.born)", "`case.born`; a year typed with five digits loses the first of them"},
		"replace":     {`replace(case.born, "/", "-")`, "`case.born`; every \"/\" becomes \"-\""},
		"rule":        {`rule("agency", "east", case.agency, "west")`, "`case.agency` in the form `west` of the naming rule `agency`"},
		"split":       {`split(case.names, ",")`, "the parts of `case.names` between \",\""},
		"strip_zeros": {"strip_zeros(case.place)", "`case.place`; leading zeros removed"},
		"text":        {"text(case.number)", "`case.number`; as text"},
		"trim":        {"trim(case.name)", "`case.name`; without white space at its ends"},
		"undated":     {"undated(case.note)", "`case.note`; a full stop is added where it could be taken for a date"},
		"upper":       {"upper(case.name)", "`case.name`; in capitals"},
		"uuid5":       {`uuid5("x", case.id)`, "an id that is always the same for the same \"x\" and `case.id`"},
	}
}

func TestEveryFunctionHasWords(t *testing.T) {
	all := examples()
	for _, f := range mapping.Functions() {
		e, ok := all[f.Name]
		if !ok {
			t.Errorf("%s has no words: add an example here and its words in call.go or condition.go", f.Name)
			continue
		}
		if got, ok := words.Of(e[0]); !ok || got != e[1] {
			t.Errorf("%s\n got %s (%v)\nwant %s", e[0], got, ok, e[1])
		}
	}
}

func TestWordsOfValues(t *testing.T) {
	for expression, want := range map[string]string{
		`or_else(a.x, strip_zeros(a.y))`:             "the first of `a.x` and `a.y` (leading zeros removed) that is not blank",
		`a.x == true ? "yes" : nil`:                  "\"yes\" if `a.x` is true, otherwise nothing",
		`a.x + "T00"`:                                "`a.x` followed by \"T00\"",
		`a.x + 1`:                                    "`a.x` plus 1",
		`let n = age(a.b, run.today); n > 3 ? n : 0`: "`n` if `n` is more than 3, otherwise 0, where `n` is whole years from `a.b` to the day of the run",
		`a.x ?? "none"`:                              "`a.x`, or \"none\" when there is none",
		`find(a.rows, .k == 1).name`:                 "`name` of the first entry of `a.rows` where its `k` is 1",
		`""`:                                         "an empty text",
	} {
		if got, ok := words.Of(expression); !ok || got != want {
			t.Errorf("%s\n got %s (%v)\nwant %s", expression, got, ok, want)
		}
	}
}

func TestWordsOfConditions(t *testing.T) {
	for expression, want := range map[string][2]string{
		`a.x == "open"`: {"`a.x` is \"open\"", "`a.x` is not \"open\""},
		`a.x != nil`:    {"`a.x` is there", "`a.x` is not there"},
		`a.x == true and a.y == true or a.z == true`: {"(`a.x` is true and `a.y` is true) or `a.z` is true", "(`a.x` is not true or `a.y` is not true) and `a.z` is not true"},
		`not (blank(a.x) or given(a.y))`:             {"`a.x` is not blank and `a.y` is not there", "`a.x` is blank or `a.y` is there"},
		`local_date(a.x) >= run.start`:               {"the calendar date of `a.x` is on or after the flow's start date", "the calendar date of `a.x` is before the flow's start date"},
		`a.x in ["p", "q"]`:                          {"`a.x` is one of \"p\" or \"q\"", "`a.x` is none of \"p\" or \"q\""},
		`true`:                                       {"always", "never"},
		`a.x`:                                        {"`a.x` is true", "`a.x` is not true"},
		`len(a.rows) == 1`:                           {"the number of entries of `a.rows` is 1", "the number of entries of `a.rows` is not 1"},
		`a.open ? a.n > 1 : a.n > 2`:                 {"`a.n` is more than 1 if `a.open` is true, otherwise `a.n` is more than 2", "`a.n` is at most 1 if `a.open` is true, otherwise `a.n` is at most 2"},
		`none(a.rows, not blank(.id) and .id != a.kept)`: {"`a.rows` has no entry where its `id` is not blank and its `id` is not `a.kept`", "`a.rows` has an entry where its `id` is not blank and its `id` is not `a.kept`"},
	} {
		yes, ok1 := words.When(expression)
		no, ok2 := words.WhenNot(expression)
		if !ok1 || !ok2 || yes != want[0] || no != want[1] {
			t.Errorf("%s\n got %s | %s\nwant %s | %s", expression, yes, no, want[0], want[1])
		}
	}
}

func TestWhatHasNoWordsSaysSo(t *testing.T) {
	for _, expression := range []string{"", "a.b[", "a.b[1:2]", "nonesuch(a.b)", "{x: 1}", "a.b ** 2"} {
		if got, ok := words.Of(expression); ok {
			t.Errorf("%q has words: %s", expression, got)
		}
	}
}

func TestPaths(t *testing.T) {
	for expression, want := range map[string][]string{
		`or_else(a.x, strip_zeros(village), a.x)`:     {"a.x", "village"},
		`let n = a.b; n > 1 ? n : a.c.d`:              {"a.b", "a.c.d"},
		`find(a.rows, .k == b.k).name`:                {"a.rows", "b.k"},
		`lookup("m", "east", a.x, "west")`:            {"a.x"},
		`age(a.b, run.today)`:                         {"a.b", "run.today"},
		`"nothing"`:                                   nil,
		`max(map(filter(a.rows, given(.id)), .n)) ??`: nil,
	} {
		if got := words.Paths(expression); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", expression, got, want)
		}
	}
}

func FuzzWords(f *testing.F) {
	for _, e := range examples() {
		f.Add(e[0])
	}
	f.Fuzz(func(t *testing.T, expression string) {
		if len(expression) > 4000 {
			return
		}
		first, ok := words.Of(expression)
		if again, sure := words.Of(expression); again != first || sure != ok {
			t.Error("said otherwise the second time")
		}
		words.When(expression)
		words.WhenNot(expression)
		words.Paths(expression)
	})
}
