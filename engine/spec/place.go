package spec

import (
	"strings"
	"unicode/utf8"

	"github.com/casebridge/casebridge/engine"
)

// style is how a scalar is written in its file.
type style byte

const (
	plain style = iota
	singleQuoted
	doubleQuoted
	literalBlock // |
	foldedBlock  // >
)

// Offset returns the place of the i-th character (rune) of Text, counted from
// 0, as it stands in the file: quotes, escapes, folded and indented lines are
// seen through. An i at or behind the end gives the place behind the last one.
func (s Scalar) Offset(i int) engine.Pos {
	if i <= 0 {
		return s.At
	}
	if at, ok := s.walk(i); ok {
		return at
	}
	at := s.At
	at.Column += min(i, utf8.RuneCountInString(s.Text))
	return at
}

// walk steps over the source of the first i characters. It is false when the
// file is not what the text came from.
func (s Scalar) walk(i int) (engine.Pos, bool) {
	if s.file == nil {
		return engine.Pos{}, false
	}
	c := cursor{lines: s.file.Lines, line: s.At.Line, text: []rune(lineAt(s.file.Lines, s.At.Line)), col: s.At.Column - 1}
	if s.style == literalBlock || s.style == foldedBlock {
		c.indent = c.col
	}
	for _, want := range firstRunes(s.Text, i) {
		if !c.take(want, s.style) {
			return engine.Pos{}, false
		}
	}
	c.settle(s.style)
	return engine.Pos{File: s.At.File, Line: c.line, Column: c.col + 1}, true
}

func firstRunes(text string, n int) []rune {
	runes := []rune(text)
	return runes[:min(n, len(runes))]
}

func lineAt(lines []string, line int) string {
	if line < 1 || line > len(lines) {
		return ""
	}
	return lines[line-1]
}

// cursor walks over the source of a scalar, one character of its value at a time.
type cursor struct {
	lines  []string
	line   int    // from 1
	text   []rune // of that line
	col    int    // from 0
	indent int    // of a block scalar's lines
	pend   int    // line breaks of a fold that the value still shows
}

// take steps over the source of one character. It is false when the source does not say want there.
func (c *cursor) take(want rune, st style) bool {
	if c.pend > 0 {
		c.pend--
		return want == '\n'
	}
	c.settle(st)
	if c.atBreak(st) {
		return c.takeBreak(want, st)
	}
	return c.takeOnLine(want, st)
}

// settle moves over a backslash at a line's end: the next character stands on the next line.
func (c *cursor) settle(st style) {
	if st == doubleQuoted && c.pend == 0 && c.continued() {
		c.nextLine()
		c.skipBlanks()
	}
}

// continued says whether only a backslash is left on the line of a double-quoted text.
func (c *cursor) continued() bool {
	return c.col == len(c.text)-1 && c.text[c.col] == '\\'
}

// atBreak says whether the rest of the line is blank, so that the line break itself comes next.
func (c *cursor) atBreak(st style) bool {
	if st == literalBlock || st == foldedBlock {
		return c.col >= len(c.text)
	}
	return strings.TrimRight(string(c.text[min(c.col, len(c.text)):]), " \t") == ""
}

// takeBreak steps over a line break and the blank lines behind it.
func (c *cursor) takeBreak(want rune, st style) bool {
	if c.line >= len(c.lines) {
		return want == '\n' && (st == literalBlock || st == foldedBlock)
	}
	if st == literalBlock {
		c.nextLine()
		c.col = min(c.indent, len(c.text))
		return want == '\n'
	}
	blank := 0
	for c.nextLine(); c.line < len(c.lines) && strings.TrimSpace(string(c.text)) == ""; c.nextLine() {
		blank++
	}
	if st == foldedBlock {
		c.col = min(c.indent, len(c.text))
		return c.folded(want, blank)
	}
	c.skipBlanks()
	return c.folded(want, blank)
}

// folded says whether want is what a fold shows: a space, or one break for every blank line.
func (c *cursor) folded(want rune, blank int) bool {
	if blank == 0 {
		return want == ' ' || want == '\n'
	}
	c.pend = blank - 1
	return want == '\n'
}

func (c *cursor) takeOnLine(want rune, st style) bool {
	have := c.text[c.col]
	switch {
	case st == singleQuoted && have == '\'':
		c.col += 2
		return want == '\''
	case st == doubleQuoted && have == '\\':
		c.col += escapeWidth(c.text[c.col:])
		return true
	}
	c.col++
	return have == want
}

// escapeWidth returns how many characters an escape of a double-quoted text takes.
func escapeWidth(at []rune) int {
	if len(at) < 2 {
		return 1
	}
	switch at[1] {
	case 'x':
		return 4
	case 'u':
		return 6
	case 'U':
		return 10
	}
	return 2
}

func (c *cursor) nextLine() {
	c.line++
	c.col = 0
	c.text = []rune(lineAt(c.lines, c.line))
}

func (c *cursor) skipBlanks() {
	for c.col < len(c.text) && (c.text[c.col] == ' ' || c.text[c.col] == '\t') {
		c.col++
	}
}
