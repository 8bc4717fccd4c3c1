package spec

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// layout lays the lines of one file out. It knows just enough of YAML to see
// where lines belong; Format checks its work with the real parser.
type layout struct {
	out      []string
	comments []string
	stuck    int // the line at which it was not sure, from 1; 0: sure everywhere

	codes  map[linePlace]bool // plain scalars that need quotes
	line   int                // from 1
	blocks []block            // open groups and lists, the innermost last
	held   []heldLine         // comments and blank lines, until it is known what follows
	shift  int                // by how much the last content line has moved

	flow   []byte       // open { and [ that go on in the next line
	quote  byte         // the quote that goes on in the next line, or 0
	open   int          // column of the entry whose plain text may go on below; -1: none
	scalar *blockScalar // the block scalar whose lines follow
}

// block is an open group or list. Columns count from 0.
type block struct {
	was, is int
	list    bool
}

type heldLine struct {
	column int
	text   string // "" is a blank line
}

// blockScalar is a text under | or >.
type blockScalar struct {
	parent int // column that its lines must be behind
	keep   bool
	blanks []string
}

// layOut gives the lines of a file their form. ok is false when it met
// something that it does not know.
func layOut(lines []string, codes map[linePlace]bool) (l *layout, ok bool) {
	l = &layout{codes: codes, open: -1}
	for i, line := range lines {
		l.line = i + 1
		l.take(line)
		if l.stuck > 0 {
			return l, false
		}
	}
	l.endScalar()
	l.release(-1, 0)
	if len(l.flow) > 0 || l.quote != 0 {
		l.stick()
	}
	return l, l.stuck == 0
}

func (l *layout) stick() {
	if l.stuck == 0 {
		l.stuck = l.line
	}
}

func (l *layout) take(line string) {
	bare := strings.TrimLeft(line, " ")
	column := len(line) - len(bare)
	switch text := strings.TrimRight(bare, " \t"); {
	case l.scalar != nil && l.takeScalar(line, column, text == ""):
	case l.quote != 0:
		l.quoted(strings.TrimLeft(line, " \t"), column)
	case text == "":
		l.held = append(l.held, heldLine{})
	case text[0] == '\t':
		l.stick()
	case text[0] == '#' && len(l.flow) == 0:
		l.comments = append(l.comments, text)
		l.held = append(l.held, heldLine{column, text})
		l.open = -1
	case len(l.flow) > 0 || l.open >= 0 && column > l.open:
		l.goesOn(text, column)
	case column == 0 && strings.HasPrefix(text, "---"):
		l.marker(text)
	default:
		l.content(text, column)
	}
}

// marker keeps the line that begins a document.
func (l *layout) marker(text string) {
	if text != "---" || len(l.blocks) > 0 {
		l.stick()
	}
	l.release(-1, 0)
	l.out = append(l.out, text)
}

// release writes the held comments and blank lines: at most one blank line in a
// row, none at the start of the file or at its end. column is that of the line
// that follows, -1 at the end; is is where that line now begins.
func (l *layout) release(column, is int) {
	blank := false
	for _, h := range l.held {
		if h.text == "" {
			blank = true
			continue
		}
		at := is
		if h.column != column {
			at = l.columnOf(h.column, is)
		}
		l.write(blank, strings.Repeat(" ", at)+h.text)
		blank = false
	}
	l.held = nil
	if blank && column >= 0 && len(l.out) > 0 {
		l.out = append(l.out, "")
	}
}

func (l *layout) write(blank bool, text string) {
	if blank && len(l.out) > 0 {
		l.out = append(l.out, "")
	}
	l.out = append(l.out, text)
}

// columnOf is where a comment goes that stands at an old column: with the open
// block that began there, else with the line that follows.
func (l *layout) columnOf(column, otherwise int) int {
	for i := len(l.blocks) - 1; i >= 0; i-- {
		if l.blocks[i].was == column {
			return l.blocks[i].is
		}
	}
	return otherwise
}

// goesOn takes a line inside { or [, or the next line of a plain text.
func (l *layout) goesOn(text string, column int) {
	at := max(column+l.shift, 0)
	l.releaseInside(at)
	in := inline{layout: l, text: text, column: column}
	if len(l.flow) > 0 {
		in.value()
	} else {
		in.plainRest()
	}
	l.out = append(l.out, strings.Repeat(" ", at)+in.out.String())
}

// releaseInside writes blank lines inside a value as they are: in a plain text they are line breaks.
func (l *layout) releaseInside(int) {
	for _, h := range l.held {
		if h.text != "" {
			l.stick()
		}
		l.out = append(l.out, "")
	}
	l.held = nil
}

// quoted takes the next line of a quoted text.
func (l *layout) quoted(text string, column int) {
	at := max(column+l.shift, 0)
	if text == "" {
		l.out = append(l.out, "")
		return
	}
	in := inline{layout: l, text: text, column: column}
	in.restOfQuote()
	if l.quote == 0 {
		in.value()
	}
	l.out = append(l.out, strings.Repeat(" ", at)+strings.TrimRight(in.out.String(), " \t"))
}

// content takes a line that begins an entry of a list or group, or a value.
func (l *layout) content(text string, column int) {
	if strings.ContainsRune("?&*!%@`", rune(text[0])) {
		l.stick()
		return
	}
	in := inline{layout: l, text: text, column: column}
	l.open = -1
	before := l.blocks
	is, first := 0, true
	for in.dash() {
		at := l.enter(in.column+in.pos, true, first)
		if first {
			is, first = at, false
		}
		in.skipDash()
	}
	bare := in.bare()
	if !bare {
		at := l.begin(&in, first)
		if first {
			is = at
		}
	}
	l.shift = is - column
	l.releaseAt(before, column, is)
	if bare {
		in.comment()
	} else {
		in.rest()
	}
	l.out = append(l.out, strings.Repeat(" ", is)+in.out.String())
}

// releaseAt is release with the blocks that were open before this line.
func (l *layout) releaseAt(before []block, column, is int) {
	now := l.blocks
	l.blocks = before
	l.release(column, is)
	l.blocks = now
}

// begin enters the group of a key, or finds the place of a value alone.
func (l *layout) begin(in *inline, first bool) int {
	if in.isKey() {
		return l.enter(in.column+in.pos, false, first)
	}
	at := in.column + in.pos
	l.blocks = l.upTo(at - 1)
	if len(l.blocks) == 0 {
		return 0
	}
	return l.blocks[len(l.blocks)-1].is + 2
}

// upTo are the open blocks that begin at a column or before it.
func (l *layout) upTo(column int) []block {
	n := len(l.blocks)
	for n > 0 && l.blocks[n-1].was > column {
		n--
	}
	return append([]block(nil), l.blocks[:n]...)
}

// enter finds the block that an entry at a column belongs to, or opens one, and
// returns where the entry goes. first says that it is the first of its line.
func (l *layout) enter(column int, list, first bool) int {
	l.blocks = l.upTo(column)
	if n := len(l.blocks); n > 0 && l.blocks[n-1].was == column {
		top := l.blocks[n-1]
		switch {
		case top.list == list:
			return top.is
		case list: // a list under its key's own column
			l.blocks = append(l.blocks, block{column, top.is, true})
			return top.is
		case n > 1 && l.blocks[n-2].was == column: // the list has ended
			l.blocks = l.blocks[:n-1]
			return l.blocks[n-2].is
		}
		l.stick()
		return column
	}
	is := 0
	if n := len(l.blocks); n > 0 {
		is = l.blocks[n-1].is + 2
		if list && !l.blocks[n-1].list && first {
			is -= 2
		}
	}
	l.blocks = append(l.blocks, block{column, is, list})
	return is
}

var scalarHead = regexp.MustCompile(`^[|>][-+0-9]*$`)

// takeScalar takes a line under | or >; false when the text has ended.
func (l *layout) takeScalar(line string, column int, blank bool) bool {
	s := l.scalar
	switch {
	case blank:
		s.blanks = append(s.blanks, line)
		return true
	case column <= s.parent:
		l.endScalar()
		return false
	}
	for _, b := range s.blanks {
		l.out = append(l.out, l.moved(b))
	}
	s.blanks = nil
	l.out = append(l.out, l.moved(line))
	return true
}

// moved shifts a line of a block scalar by as much as its key was.
func (l *layout) moved(line string) string {
	switch {
	case strings.TrimLeft(line, " ") == "" && len(line)+l.shift <= 0:
		return ""
	case l.shift >= 0:
		return strings.Repeat(" ", l.shift) + line
	case strings.HasPrefix(line, strings.Repeat(" ", -l.shift)):
		return line[-l.shift:]
	}
	l.stick()
	return line
}

// endScalar ends a block scalar. The blank lines behind it are its own only if it keeps them.
func (l *layout) endScalar() {
	s := l.scalar
	if s == nil {
		return
	}
	l.scalar = nil
	for _, b := range s.blanks {
		if s.keep {
			l.out = append(l.out, l.moved(b))
		} else {
			l.held = append(l.held, heldLine{})
		}
	}
}

// runeColumn counts the characters before a byte of a line, which has column spaces in front.
func runeColumn(text string, column, at int) int {
	return column + utf8.RuneCountInString(text[:at]) + 1
}
