package spec

import (
	"strings"
)

// inline lays out what stands on one line, from its first character on.
type inline struct {
	*layout
	text   string
	column int // of the text's start, in spaces
	pos    int
	out    strings.Builder
}

func (in *inline) done() bool { return in.pos >= len(in.text) }

func (in *inline) at() byte { return in.text[in.pos] }

func (in *inline) skip() {
	for !in.done() && (in.at() == ' ' || in.at() == '\t') {
		in.pos++
	}
}

// dash says whether an entry of a list begins here.
func (in *inline) dash() bool {
	rest := in.text[in.pos:]
	return rest == "-" || strings.HasPrefix(rest, "- ")
}

func (in *inline) skipDash() {
	in.out.WriteByte('-')
	in.pos++
	from := in.pos
	in.skip()
	switch {
	case in.done():
	case in.at() == '#':
		in.pos = from // the space before a comment is the author's
	default:
		in.out.WriteByte(' ')
	}
}

// bare says whether nothing is left but a comment.
func (in *inline) bare() bool {
	rest := strings.TrimLeft(in.text[in.pos:], " \t")
	return rest == "" || rest[0] == '#'
}

// isKey says whether a key begins here: text, quoted or not, and a colon.
func (in *inline) isKey() bool {
	_, colon := in.keyEnd()
	return colon >= 0
}

// keyEnd finds the end of a key and its colon; -1 when there is none.
func (in *inline) keyEnd() (end, colon int) {
	rest := in.text[in.pos:]
	if rest == "" || strings.ContainsRune("{[#", rune(rest[0])) {
		return 0, -1
	}
	i := 0
	if rest[0] == '"' || rest[0] == '\'' {
		n := quoteLength(rest)
		if n < 0 {
			return 0, -1
		}
		i = n
		end = in.pos + n
		for i < len(rest) && rest[i] == ' ' {
			i++
		}
		if i < len(rest) && rest[i] == ':' && endsKey(rest, i) {
			return end, in.pos + i
		}
		return 0, -1
	}
	for ; i < len(rest); i++ {
		switch {
		case rest[i] == '#' && i > 0 && rest[i-1] == ' ':
			return 0, -1
		case rest[i] == ':' && endsKey(rest, i):
			return in.pos + len(strings.TrimRight(rest[:i], " ")), in.pos + i
		}
	}
	return 0, -1
}

func endsKey(text string, colon int) bool {
	return colon+1 == len(text) || text[colon+1] == ' ' || text[colon+1] == '\t'
}

// quoteLength is the length of a quoted text with its quotes; -1 when it does not end here.
func quoteLength(text string) int {
	q := text[0]
	for i := 1; i < len(text); i++ {
		switch {
		case q == '"' && text[i] == '\\':
			i++
		case text[i] != q:
		case q == '\'' && i+1 < len(text) && text[i+1] == q:
			i++
		default:
			return i + 1
		}
	}
	return -1
}

// rest lays out what follows the dashes: a key and its value, or a value alone.
func (in *inline) rest() {
	entry := in.column + in.pos
	if end, colon := in.keyEnd(); colon >= 0 {
		in.out.WriteString(in.text[in.pos:end] + ":")
		in.pos = colon + 1
		from := in.pos
		in.skip()
		switch {
		case in.done():
			return
		case in.at() == '#':
			in.pos = from
			in.comment()
			return
		default:
			in.out.WriteByte(' ')
		}
	} else if n := len(in.blocks); n > 0 {
		entry = in.blocks[n-1].was
	}
	in.entryValue(entry)
}

// entryValue lays out the value of an entry that begins at a column.
func (in *inline) entryValue(entry int) {
	if in.done() {
		return
	}
	head, comment := in.text[in.pos:], ""
	if i := strings.Index(head, " #"); i >= 0 {
		head, comment = strings.TrimRight(head[:i], " "), head[len(strings.TrimRight(head[:i], " ")):]
	}
	switch {
	case scalarHead.MatchString(head):
		in.scalar = &blockScalar{parent: entry, keep: strings.Contains(head, "+")}
		in.out.WriteString(head)
		in.pos = len(in.text) - len(comment)
		in.comment()
	case head == "" || strings.ContainsRune("&*!%@`|>", rune(head[0])):
		in.stick()
	case strings.ContainsRune(`{["'`, rune(in.at())):
		in.value()
	default:
		if in.plain("") != "" && in.done() {
			in.open = entry
		}
		in.comment()
	}
}

// plainRest lays out the next line of a plain text.
func (in *inline) plainRest() {
	if strings.Contains(in.text, ": ") || strings.HasSuffix(in.text, ":") {
		in.stick()
	}
	in.plain("")
	if !in.done() {
		in.open = -1
	}
	in.comment()
}

// value lays out flow groups and lists, quoted texts and what stands in them,
// as far as this line goes.
func (in *inline) value() {
	for !in.done() {
		space := in.pos
		in.skip()
		if in.done() {
			return
		}
		if in.at() == '#' && (space < in.pos || in.pos == 0) {
			in.pos = space
			in.comment()
			return
		}
		if len(in.flow) == 0 && (!strings.ContainsRune(`{["'`, rune(in.at())) || in.closed()) {
			in.stick() // something behind the end of a value
			return
		}
		in.part()
	}
}

// part lays out one sign, quoted text or plain text of a value.
func (in *inline) part() {
	switch c := in.at(); {
	case c == '{' || c == '[':
		in.flow = append(in.flow, c)
		in.put(c)
	case c == '}' || c == ']':
		in.flow = in.flow[:len(in.flow)-1]
		in.put(c)
	case c == ',' || c == ':' && in.flowColon():
		in.put(c)
	case c == '"' || c == '\'':
		in.spaceBefore()
		in.quoteHere()
	default:
		in.spaceBefore()
		in.plain(",[]{}")
	}
}

// closed says whether a value ended on this line already.
func (in *inline) closed() bool {
	text := in.out.String()
	return text != "" && strings.ContainsRune("}]\"'", rune(text[len(text)-1]))
}

// put writes one of the signs of flow groups: space goes behind , and : only.
func (in *inline) put(c byte) {
	if c == '{' || c == '[' {
		in.spaceBefore()
	}
	in.out.WriteByte(c)
	in.pos++
}

func (in *inline) spaceBefore() {
	text := in.out.String()
	if text != "" && strings.ContainsRune(",:", rune(text[len(text)-1])) && len(in.flow) > 0 {
		in.out.WriteByte(' ')
	}
}

// flowColon says whether a colon separates key and value inside { }.
func (in *inline) flowColon() bool {
	next := in.text[in.pos+1:]
	return next == "" || strings.ContainsRune(" ,{}[]", rune(next[0])) || in.closed()
}

// quoteHere copies a quoted text as far as this line goes.
func (in *inline) quoteHere() {
	n := quoteLength(in.text[in.pos:])
	if n < 0 {
		in.quote = in.at()
		n = len(in.text) - in.pos
	}
	in.out.WriteString(in.text[in.pos : in.pos+n])
	in.pos += n
}

// restOfQuote copies the end of a quoted text that began on a line above.
func (in *inline) restOfQuote() {
	n := quoteLength(string(in.quote) + in.text)
	if n < 0 {
		n = len(in.text) + 1
	} else {
		in.quote = 0
	}
	in.out.WriteString(in.text[:n-1])
	in.pos = n - 1
}

// plain copies a plain text up to one of the signs that end it, a key's colon
// or a comment, and puts quotes round a code that needs them.
func (in *inline) plain(ends string) string {
	from := in.pos
	for ; !in.done(); in.pos++ {
		c := in.at()
		rest := in.text[in.pos:]
		if strings.IndexByte(ends, c) >= 0 || c == '#' && in.pos > 0 && in.text[in.pos-1] == ' ' {
			break
		}
		if ends != "" && c == ':' && (len(rest) == 1 || strings.ContainsRune(" ,[]{}", rune(rest[1]))) {
			break
		}
	}
	text := strings.TrimRight(in.text[from:in.pos], " \t")
	in.pos = from + len(text)
	if in.codes[linePlace{in.line, runeColumn(in.text, in.column, from)}] {
		in.out.WriteString(`"` + text + `"`)
		return text
	}
	in.out.WriteString(text)
	return text
}

// comment copies a comment at the end of a line with the space before it.
func (in *inline) comment() {
	rest := in.text[in.pos:]
	bare := strings.TrimLeft(rest, " \t")
	if bare == "" {
		in.pos = len(in.text)
		return
	}
	if bare[0] != '#' {
		in.stick()
		return
	}
	in.comments = append(in.comments, bare)
	gap := strings.ReplaceAll(rest[:len(rest)-len(bare)], "\t", " ")
	if in.out.Len() == 0 {
		gap = ""
	}
	in.out.WriteString(gap + bare)
	in.pos = len(in.text)
}
