package mapping

import (
	"cmp"
	"errors"
	"fmt"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// What to do about a finding is said in the words of people who know their records and have never programmed:
// each function here knows what is usually meant by one kind of mistake.

// nameHelp is for a word that is no name: one from another language, a misspelt one, or a text without its quotes.
func nameHelp(word string, names []string) string {
	switch strings.ToLower(word) {
	case "null", "none", "undefined":
		return "nothing at all is written nil"
	case "true", "yes":
		return "write true"
	case "false", "no":
		return "write false"
	}
	near := suggest(word, names)
	if strings.HasPrefix(near, "did you mean") {
		return near
	}
	quoted := fmt.Sprintf("a text stands between quotes, as in %q", word)
	if near == "" {
		return quoted
	}
	return near + "; " + quoted
}

// functionHelp is for a function that is not there.
func functionHelp(word string) string {
	switch strings.ToLower(word) {
	case "now", "today", "date", "currentdate", "getdate":
		return "the day of the run is run.today, and its moment run.now"
	case "concat", "concatenate", "append":
		return "texts are joined with +"
	case "isnull", "isempty", "empty", "isblank", "exists", "defined":
		return "ask blank(x) or given(x)"
	case "length", "size":
		return "it is len(x)"
	case "tostring", "string", "str":
		return "it is text(x)"
	case "number", "tonumber", "float", "parseint":
		return "it is int(x)"
	case "coalesce", "ifnull", "nvl":
		return "it is or_else(a, b, ...)"
	}
	if near := suggest(word, functionNames()); near != "" {
		return near
	}
	return "the functions that there are stand in the documentation of expressions"
}

// methodHelp is for x.upper(), as other languages write it.
func methodHelp(callee ast.Node) string {
	m, ok := callee.(*ast.MemberNode)
	if !ok {
		return "write the function's name first, and the value between its brackets"
	}
	word, ok := m.Property.(*ast.StringNode)
	of := m.Node.String()
	switch {
	case !ok:
		return "write the function's name first, and the value between its brackets"
	case slices.Contains([]string{"contains", "startsWith", "endsWith", "matches"}, word.Value):
		return fmt.Sprintf("write %s %s …", of, word.Value)
	case functionsByName()[word.Value] != nil:
		return fmt.Sprintf("write %s(%s)", word.Value, of)
	}
	return functionHelp(word.Value)
}

// fieldHelp is for a field of something that has none.
func fieldHelp(of form, word string) string {
	switch {
	case slices.Contains([]string{"length", "size", "count"}, word):
		return "it is len(…)"
	case of == listForm:
		return fmt.Sprintf("name one of its entries, as in first(…).%s, or ask them all, as in any(…, .%s == …)", word, word)
	}
	return ""
}

// conditionHelp is for a value where true or false is due.
func conditionHelp(of form) string {
	switch of {
	case textForm, numberForm:
		return "compare it, as in case.status == \"open\", or ask given(…)"
	case listForm:
		return "ask any(…), all(…) or blank(…)"
	default:
		return "ask given(…)"
	}
}

func operatorHelp(sign string) string {
	switch sign {
	case "..":
		return "one dot stands between a record and its field, as in case.status"
	case "**", "^":
		return "multiply with *"
	}
	return ""
}

// compareHelp is for a comparison of two forms: what is written out shows what was meant.
func (e *exprCompiler) compareHelp(n *ast.BinaryNode, left, right form) string {
	if n.Operator == "==" || n.Operator == "!=" || n.Operator == "in" || isDateOut(n.Right) {
		if words := cmp.Or(e.literalHelp(n.Right, left), e.literalHelp(n.Left, right)); words != "" {
			return words
		}
	}
	switch {
	case left == listForm || right == listForm:
		return "write in for one of a list, as in \"open\" in case.states"
	default:
		return help(left, right)
	}
}

// literalHelp is for a value that is written out beside one of another form.
func (e *exprCompiler) literalHelp(n ast.Node, beside form) string {
	switch literal := n.(type) {
	case *ast.IntegerNode, *ast.FloatNode:
		if beside == textForm {
			return fmt.Sprintf("a code or an id stands between quotes, as in %q", wordAt(e.src.Text, n.Location().From))
		}
	case *ast.BinaryNode:
		if beside == textForm && isDateOut(n) {
			return `a date stands between quotes, as in "2026-01-31"`
		}
	case *ast.StringNode:
		return withoutQuotes(literal.Value, beside)
	}
	return ""
}

// isDateOut says whether this is a date without its quotes: two subtractions of numbers.
func isDateOut(n ast.Node) bool {
	day, ok := n.(*ast.BinaryNode)
	if !ok || day.Operator != "-" {
		return false
	}
	month, ok := day.Left.(*ast.BinaryNode)
	return ok && month.Operator == "-" && len(writtenOut(day.Right)) == 1 && len(writtenOut(month.Left)) == 1
}

// withoutQuotes is for a number, or true and false, that stands in quotes.
func withoutQuotes(text string, beside form) string {
	_, err := strconv.ParseFloat(text, 64)
	switch {
	case beside == numberForm && err == nil, beside == truthForm && (text == "true" || text == "false"):
		return "write " + text + " without quotes"
	case beside == truthForm:
		return "write true or false without quotes"
	}
	return ""
}

// patternHelp says what is wrong with a regular expression.
func patternHelp(err error) string {
	var wrong *syntax.Error
	if !errors.As(err, &wrong) {
		return ""
	}
	switch wrong.Code {
	case syntax.ErrMissingBracket, syntax.ErrInvalidCharRange, syntax.ErrInvalidCharClass:
		return `[ and ] hold the characters that may stand there, as in [0-9]; a bracket itself is written \\[`
	case syntax.ErrMissingParen, syntax.ErrUnexpectedParen:
		return `each ( needs its ); a bracket itself is written \\(`
	case syntax.ErrMissingRepeatArgument, syntax.ErrInvalidRepeatOp, syntax.ErrInvalidRepeatSize:
		return `*, + and ? say how often the sign before them may stand; the sign itself is written \\* or \\+ or \\?`
	case syntax.ErrTrailingBackslash, syntax.ErrInvalidEscape:
		return `in a text \ is written twice, and a letter stands behind it that means something, as in \\d for a digit`
	case syntax.ErrInvalidPerlOp:
		return "this pattern looks ahead or back, which is not possible here: join two conditions with and"
	default:
		return "write a simpler one, or compare with contains, startsWith or endsWith"
	}
}

// noForm words what the parser reads and the language of specs does not have.
func noForm(n ast.Node) (message, help string) {
	switch n.(type) {
	case *ast.MapNode:
		return "curly brackets make no value here", "a record is made field by field, in a mapping"
	case *ast.SequenceNode:
		return "two expressions stand side by side", "join conditions with and, or and not; only a let ends with ;"
	case *ast.BytesNode:
		return "a letter stands before the quote", "delete the b before it"
	default:
		return "the language of specs has no such form", anyHelp
	}
}
