package mapping

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/casebridge/casebridge/engine"
)

// unread reports where the parser gave up: at a word that it names, or for want of more.
func (e *exprCompiler) unread(at int, message string) {
	help := "compare with ==, join conditions with and, or and not, and close every bracket and quote"
	word := wordAt(e.src.Text, at)
	if !strings.Contains(message, strconv.Quote(word)) {
		e.c.errorAt(e.c.offset(e.src, at), 1, "bad-expression", message, help)
		return
	}
	if near := engine.Nearest(word, []string{"==", "and", "or", "not"}); near != "" && near != word {
		help = "did you mean \"" + near + "\"?"
	}
	e.c.errorAt(e.c.offset(e.src, at), utf8.RuneCountInString(word), "bad-expression", fmt.Sprintf("%q is not expected here", word), help)
}

// wordAt is the word, or else the one sign, that begins at the i-th character; "" at the end.
func wordAt(text string, i int) string {
	runes := []rune(text)
	rest := runes[min(max(i, 0), len(runes)):]
	end := slices.IndexFunc(rest, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end < 0 {
		end = len(rest)
	}
	return string(rest[:min(max(end, 1), len(rest))])
}
