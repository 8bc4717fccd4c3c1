package mapping

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser/lexer"
)

// unread is an expression that the parser gave up on.
type unread struct {
	text   []rune
	tokens []lexer.Token // as far as signs can be told apart; the last one is the end when all can
	at     int           // the character where the parser gave up
	why    string        // in the parser's words
}

// remark is what is said of it: plain words, the characters that they are about, and what to do next.
type remark struct {
	from, width   int
	message, help string
	code          string // "" is bad-expression
}

// anyHelp is what to do where the mistake is not known more exactly.
const anyHelp = "compare with ==, join conditions with and, or and not, and close every bracket and quote"

func newUnread(text string, err *file.Error) *unread {
	u := &unread{text: []rune(text)}
	if err != nil {
		u.at, u.why = err.From, err.Message
	}
	l := lexer.New()
	l.Reset(file.NewSource(text))
	for token, err := l.Next(); err == nil; token, err = l.Next() {
		u.tokens = append(u.tokens, token)
	}
	return u
}

// remark finds what the parser means by its words. What it never said before is passed on as it stands.
func (u *unread) remark() remark {
	for _, f := range complaints() {
		if strings.HasPrefix(u.why, f.begins) {
			return f.tell(u)
		}
	}
	return remark{from: u.at, width: 1, message: "this cannot be read: " + u.why, help: anyHelp}
}

// complaint is one way in which the lexer or the parser says that it gave up. Their errors have a place but no
// kind: what they begin with is all that tells them apart. TestComplaints provokes each.
type complaint struct {
	begins string
	tell   func(*unread) remark
}

func complaints() []complaint {
	return []complaint{
		{"unexpected token ", (*unread).unexpected},
		{"unexpected end of expression", (*unread).ended},
		{"literal not terminated", (*unread).openQuote},
		{"unclosed comment", (*unread).openComment},
		{"invalid char escape", (*unread).badEscape},
		{"unable to unescape ", (*unread).badEscape},
		{"unrecognized character: ", (*unread).strangeSign},
		{"bad number syntax: ", (*unread).badNumber},
		{"invalid hex literal: ", (*unread).longNumber},
		{"invalid float literal: ", (*unread).longNumber},
		{"invalid binary literal: ", (*unread).longNumber},
		{"invalid octal literal: ", (*unread).longNumber},
		{"invalid integer literal: ", (*unread).longNumber},
		{"expected name", (*unread).noName},
		{"expected at least ", (*unread).fewArguments},
		{"Operator (", (*unread).mixedDefault},
		{"wrap predicate with brackets", (*unread).severalTests},
		{"a map key must be ", (*unread).curly},
		{"compilation failed: expression exceeds maximum allowed nodes", (*unread).tooLong},
	}
}

// on is a remark about a token.
func on(t lexer.Token, message, help string) remark {
	return remark{from: t.From, width: max(1, t.To-t.From), message: message, help: help}
}

// unclear is what is said when the mistake is not known more exactly.
func unclear(t lexer.Token) remark {
	return on(t, fmt.Sprintf("%q is not expected here", t.Value), anyHelp)
}

// start is where the token begins that could not be told apart, behind those that could.
func (u *unread) start() int {
	i := 0
	if n := len(u.tokens); n > 0 {
		i = u.tokens[n-1].To
	}
	for i < len(u.text) && unicode.IsSpace(u.text[i]) {
		i++
	}
	return i
}

func (u *unread) openQuote() remark {
	from := u.start()
	for from < len(u.text)-1 && !strings.ContainsRune("\"'`", u.text[from]) {
		from++
	}
	sign := string(u.text[from])
	return remark{from: from, width: 1, message: "this quote is never closed",
		help: "put " + sign + " at the end of the text, on the same line; a text that has " + sign + " in it stands between other quotes"}
}

func (u *unread) openComment() remark {
	return remark{from: u.start(), width: 2, message: "this begins a remark that never ends", help: "delete it: remarks stand behind # at the end of a line, outside the quotes"}
}

// badEscape points at the first backslash behind which something stands that it gives no meaning to.
func (u *unread) badEscape() remark {
	from := u.start()
	quote := string(u.text[from])
	at := from
	for i := from + 1; i < len(u.text) && string(u.text[i]) != quote; i++ {
		if u.text[i] != '\\' {
			continue
		}
		at = i
		if _, err := lexer.Lex(file.NewSource(string(u.text[from:u.nextStop(i, quote)]) + quote)); err != nil {
			break
		}
		i++
	}
	width := min(2, len(u.text)-at)
	said := remark{from: at, width: width, message: fmt.Sprintf("in a text, %s means nothing", string(u.text[at:at+width])), help: `write \\ where a single \ is meant`}
	if strings.ContainsRune("\"'", u.text[at+width-1]) {
		said.help = "write this quote alone, without \\: the text stands between other ones"
	}
	return said
}

// nextStop is the next backslash or quote behind the sign that a backslash stands before.
func (u *unread) nextStop(backslash int, quote string) int {
	for i := backslash + 2; i < len(u.text); i++ {
		if u.text[i] == '\\' || string(u.text[i]) == quote {
			return i
		}
	}
	return len(u.text)
}

func (u *unread) strangeSign() remark {
	r := rune(' ')
	if u.at < len(u.text) {
		r = u.text[u.at]
	}
	said := remark{from: u.at, width: 1, message: fmt.Sprintf("the sign %c has no meaning here", r), help: "a text stands between quotes, as in \"open\""}
	meant := map[rune]string{'≠': "!=", '≤': "<=", '≥': ">=", '×': "*", '÷': "/", '–': "-", '—': "-", '−': "-", '∧': "and", '∨': "or", '¬': "not", '＝': "=="}
	switch {
	case strings.ContainsRune("“”„‟«»″‘’‚‛′", r):
		said.message, said.help = fmt.Sprintf("the sign %c is no quote here", r), `write straight quotes, as in "open"`
	case meant[r] != "":
		said.help = "write " + meant[r]
	case unicode.In(r, unicode.Cf, unicode.Cc):
		said.message, said.help = fmt.Sprintf("an unseen sign (U+%04X) stands here", r), "delete it: write what stands round it anew"
	case unicode.IsMark(r):
		return u.foreignWord()
	}
	return said
}

// foreignWord is said of a word in a script whose signs cannot all stand in names.
func (u *unread) foreignWord() remark {
	part := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r) }
	from, to := u.at, u.at
	for from > 0 && part(u.text[from-1]) {
		from--
	}
	for to < len(u.text) && part(u.text[to]) {
		to++
	}
	return remark{from: from, width: to - from, message: "this word is no name", help: fmt.Sprintf("a text stands between quotes, as in %q", string(u.text[from:to]))}
}

func (u *unread) badNumber() remark {
	if from := u.start(); u.text[from] == '.' {
		return noDigitFirst(lexer.Token{Location: file.Location{From: from, To: from + 1 + utf8.RuneCountInString(wordAt(string(u.text), from+1))}})
	}
	word := wordAt(string(u.text), u.start())
	return remark{from: u.start(), width: utf8.RuneCountInString(word), message: fmt.Sprintf("%q is no number and no name", word),
		help: fmt.Sprintf("a code, an id or a date stands between quotes, as in %q", word)}
}

// longNumber is said of the number before the token where the parser stands.
func (u *unread) longNumber() remark {
	for i, t := range slices.Backward(u.tokens) {
		if t.Kind == lexer.Number && (t.To <= u.at || i == len(u.tokens)-2) {
			return on(t, "this is no number, or one that is too long", fmt.Sprintf("an id stands between quotes, as in %q", t.Value))
		}
	}
	return remark{from: u.at, width: 1, message: "this is no number", help: anyHelp}
}

// noName is said one token too late: the dot is sought that no name follows.
func (u *unread) noName() remark {
	for i, t := range slices.Backward(u.tokens) {
		if t.From <= u.at && (t.Value == "." || t.Value == "?.") && t.Kind == lexer.Operator && i+1 < len(u.tokens) && u.tokens[i+1].Kind != lexer.Identifier {
			return on(t, "the name of a field is missing behind this dot", "name the field, as in case.status")
		}
	}
	return remark{from: u.at, width: 1, message: "the name of a field is missing here", help: anyHelp}
}

func (u *unread) fewArguments() remark {
	word, said := u.function(u.index()), remark{from: u.at, width: 1, code: "arguments"}
	if word.Value == "" {
		said.message, said.help = "something is missing between these brackets", anyHelp
		return said
	}
	said = on(word, word.Value+" is called with too few values", isSignature(word.Value))
	said.code = "arguments"
	return said
}

func (u *unread) mixedDefault() remark {
	t := u.token(u.index())
	return on(t, fmt.Sprintf("nobody can tell whether ?? or %s comes first", t.Value), "put the part with ?? in brackets, as in (a ?? b) == c")
}

func (u *unread) severalTests() remark {
	return on(u.token(u.index()), "a test is one condition", "join conditions with and, or and not")
}

func (u *unread) curly() remark {
	i := u.index()
	if open := u.open(i); u.opener(open) == "{" {
		u.at = u.tokens[open[len(open)-1]].From
	}
	return remark{from: u.at, width: 1, message: "curly brackets have no meaning here", help: "write ( ) round conditions and [ ] round a list"}
}

func (u *unread) tooLong() remark {
	return remark{width: 1, message: "this expression is too long", help: "name parts of it in steps of their own"}
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

// isSignature says how a function is called.
func isSignature(word string) string {
	if fn := functionsByName()[word]; fn != nil {
		return "it is " + fn.Signature
	}
	return ""
}
