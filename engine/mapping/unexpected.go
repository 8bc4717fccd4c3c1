package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/parser/lexer"

	"github.com/casebridge/casebridge/engine"
)

// index finds the token at which the parser gave up. The end has the place of the last character, which is why its
// name counts as well; of what cannot be told apart there is no token, and the index is behind the last.
func (u *unread) index() int {
	named := func(t lexer.Token) bool {
		return t.From == u.at && strings.HasSuffix(u.why, "unexpected token "+t.String())
	}
	if i := slices.IndexFunc(u.tokens, named); i >= 0 {
		return i
	}
	if i := slices.IndexFunc(u.tokens, func(t lexer.Token) bool { return t.From == u.at }); i >= 0 {
		return i
	}
	return len(u.tokens)
}

// token is the i-th token; before the first and behind the last there are empty ones.
func (u *unread) token(i int) lexer.Token {
	if i < 0 || i >= len(u.tokens) {
		return lexer.Token{}
	}
	return u.tokens[i]
}

// open lists the brackets that are open before the i-th token, by their index.
func (u *unread) open(i int) []int {
	var open []int
	for k, t := range u.tokens[:min(i, len(u.tokens))] {
		switch {
		case t.Kind != lexer.Bracket:
		case closing(t.Value) != "":
			open = append(open, k)
		case len(open) > 0:
			open = open[:len(open)-1]
		}
	}
	return open
}

// closing is the bracket that closes one; "" when it opens nothing.
func closing(bracket string) string {
	return map[string]string{"(": ")", "[": "]", "{": "}"}[bracket]
}

// beforeOpen is the token before the innermost bracket that is open at the i-th.
func (u *unread) beforeOpen(i int) lexer.Token {
	if open := u.open(i); len(open) > 0 {
		return u.token(open[len(open)-1] - 1)
	}
	return lexer.Token{}
}

// function is the name of the function whose values the i-th token stands among.
func (u *unread) function(i int) lexer.Token {
	if word := u.beforeOpen(i); u.opener(u.open(i)) == "(" && word.Kind == lexer.Identifier {
		return word
	}
	return lexer.Token{}
}

// unexpected words a token in a place where none like it can stand.
func (u *unread) unexpected() remark {
	i := u.index()
	t := u.token(i)
	switch {
	case t.Kind == lexer.EOF || t.Kind == "":
		return u.ended()
	case u.inCurly(i):
		return u.curly()
	case u.token(i-1).Value == "|" || u.token(i-2).Value == "|" && u.token(i-1).Kind == lexer.Identifier:
		return u.noPipe(i)
	case t.Kind == lexer.Bracket:
		return u.bracket(i)
	case t.Kind == lexer.Operator:
		return u.operator(i)
	default:
		return u.value(i)
	}
}

// inCurly says whether a token stands in curly brackets that are not those of a test.
func (u *unread) inCurly(i int) bool {
	open := u.open(i)
	return u.opener(open) == "{" && u.token(open[len(open)-1]-1).Value != ","
}

// noPipe words a | before something that is no function.
func (u *unread) noPipe(i int) remark {
	if u.token(i-1).Value != "|" {
		i--
	}
	return on(u.token(i-1), `"|" joins nothing`, "write or between two conditions")
}

// ended words an expression that ends too early.
func (u *unread) ended() remark {
	end := len(u.tokens)
	for end > 0 && u.tokens[end-1].Kind == lexer.EOF {
		end--
	}
	last := u.token(end - 1)
	open := u.open(end)
	switch {
	case end == 0:
		return remark{width: 1, message: "there is nothing here to read", help: "write a condition or a value"}
	case last.Kind == lexer.Operator && last.Value == ".":
		return on(last, "the name of a field is missing behind this dot", "name the field, as in case.status")
	case last.Kind == lexer.Operator:
		return on(last, fmt.Sprintf("something is missing behind %q", last.Value), "write the value or condition that belongs there")
	case u.token(end-2).Value == "|":
		return u.noPipe(end)
	case u.inCurly(end):
		return u.curly()
	case len(open) > 0:
		t := u.tokens[open[len(open)-1]]
		return on(t, fmt.Sprintf("the bracket %s is never closed", t.Value), fmt.Sprintf("put %s where it ends", closing(t.Value)))
	}
	return u.halfSaid(last)
}

// halfSaid words an expression that lacks its second half.
func (u *unread) halfSaid(last lexer.Token) remark {
	for _, t := range u.tokens {
		switch {
		case t.Kind != lexer.Operator:
		case t.Value == "?":
			return on(t, `"?" needs a ":" behind it`, "write condition ? value : other value")
		case t.Value == "let":
			return on(t, "nothing is made of this let", "write ; behind it, and then the expression that uses its name")
		case t.Value == "if":
			return on(t, `"if" is not finished`, "write condition ? value : other value")
		}
	}
	return remark{from: last.To - 1, width: 1, message: "the expression ends too early", help: anyHelp}
}

// bracket words a bracket in the wrong place.
func (u *unread) bracket(i int) remark {
	t, before, open := u.token(i), u.token(i-1), u.open(i)
	switch {
	case t.Value == "{" || t.Value == "}" && u.opener(open) == "{":
		u.at = t.From
		return u.curly()
	case closing(t.Value) != "":
		return on(t, fmt.Sprintf("the bracket %s is not expected here", t.Value), anyHelp)
	case len(open) == 0:
		return on(t, fmt.Sprintf("no bracket is open that %s could close", t.Value), "delete it, or put its partner where it begins")
	case closing(u.opener(open)) != t.Value:
		return on(t, fmt.Sprintf("%s cannot close the bracket %s", t.Value, u.opener(open)), "close brackets in the order in which they were opened, the last one first")
	case before.Kind == lexer.Operator:
		return on(before, fmt.Sprintf("something is missing behind %q", before.Value), "write the value or condition that belongs there")
	}
	return on(t, "there is nothing between these brackets", "write the value or condition that belongs there")
}

// opener is the innermost open bracket.
func (u *unread) opener(open []int) string {
	if len(open) == 0 {
		return ""
	}
	return u.tokens[open[len(open)-1]].Value
}

// operator words a sign or word that joins or changes values, in the wrong place.
func (u *unread) operator(i int) remark {
	t, before := u.token(i), u.token(i-1)
	if said, ok := u.misspelt(i); ok {
		return said
	}
	switch t.Value {
	case "#", ".":
		return on(t, fmt.Sprintf("%q stands for an entry of a list, and here is none", t.Value), "it has a meaning only inside any(…), all(…), filter(…) and the like; elsewhere name the record, as in case.status")
	case ",":
		return u.comma(i)
	case "contains", "matches", "startsWith", "endsWith", "in":
		if u.token(i+1).Value == "(" {
			return on(t, fmt.Sprintf("%q is no function", t.Value), fmt.Sprintf("it stands between two values, as in case.status %s …", t.Value))
		}
	case ":":
		return on(t, `no "?" stands before this ":"`, "write condition ? value : other value; a text stands between quotes")
	case "if", "else", "let":
		return on(t, fmt.Sprintf("%q cannot stand here", t.Value), "write condition ? value : other value")
	case ";":
		return on(t, `";" ends nothing here`, "join conditions with and, or and not")
	}
	switch {
	case before.Kind == lexer.Operator:
		return on(t, fmt.Sprintf("%q stands right behind %q", t.Value, before.Value), "write the value or condition that belongs between them, or delete one of them")
	case i == 0 || before.Kind == lexer.Bracket && closing(before.Value) != "":
		return on(t, fmt.Sprintf("something is missing before %q", t.Value), "write the value or condition that belongs there")
	}
	return unclear(t)
}

// misspelt knows the signs of other languages, and signs that a space has torn apart.
func (u *unread) misspelt(i int) (remark, bool) {
	t, before, next := u.token(i), u.token(i-1), u.token(i+1)
	say := func(from, to lexer.Token, help string) (remark, bool) {
		sign := strings.ReplaceAll(string(u.text[from.From:to.To]), " ", "")
		return remark{from: from.From, width: to.To - from.From, message: fmt.Sprintf("there is no sign %q", sign), help: help}, true
	}
	signs := map[string]string{"===": "write ==", "==>": "write >=", "==<": "write <=", "!==": "write !=", "<>": "for \"is not\" write !=", "><": "for \"is not\" write !=", "=>": "write >=", "=<": "write <=", "=!": "write !=", "&": "write and"}
	touch := func(a, b lexer.Token) bool {
		return a.Kind == lexer.Operator && b.Kind == lexer.Operator && a.To == b.From
	}
	switch {
	case touch(before, t) && signs[before.Value+t.Value] != "":
		return say(before, t, signs[before.Value+t.Value])
	case touch(t, next) && signs[t.Value+next.Value] != "":
		return say(t, next, signs[t.Value+next.Value])
	case before.Kind == lexer.Operator && slices.Contains([]string{"==", "!=", "<=", ">="}, before.Value+t.Value):
		return remark{from: before.From, width: t.To - before.From, message: "a space stands inside a sign", help: "write " + before.Value + t.Value}, true
	case next.Value == "=" && (t.Value == "=" || t.Value == "!"):
		return remark{from: t.From, width: next.To - t.From, message: "a space stands inside a sign", help: "write " + t.Value + "="}, true
	case t.Value == "=" && before.Value == "let":
		return on(before, "a let needs a name", "write let name = value; and then the expression that uses the name"), true
	case t.Value == "=":
		return on(t, `"=" compares nothing`, "to compare two values write =="), true
	case t.Value == "!":
		return on(t, `"!" stands behind a value`, "for \"is not\" write !=, or not before a condition"), true
	case signs[t.Value] != "":
		return say(t, t, signs[t.Value])
	}
	return remark{}, false
}

func (u *unread) comma(i int) remark {
	t := u.token(i)
	if u.token(i-1).Kind == lexer.Number && u.token(i+1).Kind == lexer.Number {
		return on(t, "a comma stands inside a number", "write a point, as in 2.5, and no sign between thousands")
	}
	if before := u.token(i - 1); before.Kind == lexer.Operator || closing(before.Value) != "" {
		return on(t, "a value is missing before this comma", "write it, or delete the comma")
	}
	switch u.beforeOpen(i).Value {
	case "if":
		return on(u.beforeOpen(i), `"if" is no function`, "write condition ? value : other value")
	case "in":
		return on(t, "a list does not stand between ( and )", `write [ and ] round a list, as in case.status in ["open", "closed"]`)
	}
	return on(t, "a comma stands only between the values of a function or a list", "join conditions with and, or and not")
}

// value words a value where none can stand: right behind another one.
func (u *unread) value(i int) remark {
	t, before := u.token(i), u.token(i-1)
	for k := i - 1; k <= i; k++ { // the word that is in the way may also be the one before
		if word := u.token(k); k > 0 && word.Kind == lexer.Identifier && u.token(k-1).Value != "." && u.sayWord(k) != "" {
			return on(word, fmt.Sprintf("the word %q has no meaning here", word.Value), u.sayWord(k))
		}
	}
	switch {
	case t.Kind == lexer.Number && strings.HasPrefix(t.Value, "."):
		return noDigitFirst(t)
	case before.Value == "not":
		return on(before, `"not" stands behind a value`, "for \"is not\" write !=, or not before a condition")
	case before.Value == "let":
		return on(before, "a let needs a name", "write let name = value; and then the expression that uses the name")
	case u.token(i-2).Value == "let":
		return on(before, fmt.Sprintf("= is missing behind %q", before.Value), "write let name = value; and then the expression that uses the name")
	case before.Value == ",":
		return u.manyArguments(i)
	}
	return u.sideBySide(i)
}

// sideBySide words two values that nothing stands between.
func (u *unread) sideBySide(i int) remark {
	t, before, inside := u.token(i), u.token(i-1), u.opener(u.open(i))
	switch {
	case before.Kind == lexer.String && before.Value == "" && before.To == t.From:
		return on(before, "two quotes stand where one is meant", "write one; '' counts as one only within a text of the file that stands between single quotes itself")
	case before.Kind == lexer.String && before.To == t.From || t.Kind == lexer.String && before.Kind == lexer.Identifier && before.To == t.From:
		return on(t, "the text ends at the quote before this", "a text that has quotes in it stands between other quotes, as in \"it's\"")
	case before.Kind == lexer.Identifier && isSignature(before.Value) != "" && u.token(i-2).Value != ".":
		return on(before, fmt.Sprintf("%q is a function and needs its brackets", before.Value), isSignature(before.Value))
	case inside == "(" && u.function(i).Value != "" || inside == "[":
		return on(t, fmt.Sprintf("a comma is missing before %s", u.shown(t)), "values of a function or a list stand between commas; a text stands between quotes")
	}
	return on(t, fmt.Sprintf("%s stands right behind another value", u.shown(t)), "join conditions with and or or, compare with ==, and put a text between quotes")
}

func noDigitFirst(t lexer.Token) remark {
	return on(t, "the name of a field does not begin with a digit", "write such a name between brackets and quotes, as in case[\"1st\"]")
}

func (u *unread) manyArguments(i int) remark {
	word := u.function(i)
	if word.Value == "" {
		return unclear(u.token(i))
	}
	said := on(word, word.Value+" is called with too many values", isSignature(word.Value))
	said.code = "arguments"
	return said
}

// shown is a token as it is written.
func (u *unread) shown(t lexer.Token) string { return string(u.text[t.From:t.To]) }

// sayWord is what to write for a word that other languages have, or that is misspelt; "" for any other.
func (u *unread) sayWord(i int) string {
	word := strings.ToLower(u.token(i).Value)
	if word == "is" && u.token(i+1).Value == "not" {
		return "for \"is not\" write !="
	}
	others := map[string]string{
		"is": "to compare two values write ==", "equals": "to compare two values write ==", "eq": "to compare two values write ==",
		"isnt": "for \"is not\" write !=", "ne": "for \"is not\" write !=", "like": "write contains", "xor": "write !=",
		"then": "write condition ? value : other value", "when": "write condition ? value : other value", "unless": "write not before the condition",
	}
	if others[word] != "" {
		return others[word]
	}
	return suggestWord(u.token(i).Value)
}

// suggestWord gives the word of the language that was probably meant: one slip away, or in capitals.
func suggestWord(word string) string {
	words := []string{"and", "or", "not", "in", "matches", "contains", "startsWith", "endsWith"}
	for _, w := range words {
		if strings.EqualFold(w, word) {
			return "did you mean \"" + w + "\"?"
		}
	}
	near := engine.Nearest(word, words)
	if near == "" || near[0] != word[0] || max(len(near)-len(word), len(word)-len(near)) > 1 {
		return ""
	}
	return "did you mean \"" + near + "\"?"
}
