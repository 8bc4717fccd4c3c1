package spec

import (
	"bytes"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
)

// Format lays one spec file out in the one way that all spec files have:
// indentation of two, lists under their key's own column, one space where the
// language wants space, quotes round codes that need them, at most one blank
// line, no space at the ends of lines. Comments stay where they are, and so do
// the order of keys, the author's line breaks and quotes, and the space before
// a comment at a line's end.
//
// It never changes what a file says: the result is read again and compared with
// what was read before, comments included. A file that cannot be read, or not
// be laid out without a doubt, comes back as it is, with findings that say why.
func Format(name string, raw []byte) ([]byte, []engine.Diag) {
	before := &findings{files: map[string]*File{}}
	tree := parse(name, raw, before)
	if tree == nil {
		return raw, before.sorted()
	}
	file := before.files[name]
	first, ok := layOut(file.Lines, unquotedAt(before.diags))
	text := first.text()
	after := &findings{files: map[string]*File{}}
	again := parse(name, text, after)
	ok = ok && again != nil && len(after.diags) == 0 && sameTree(tree, again)
	if !ok && len(before.diags) > 0 {
		return raw, before.sorted() // its own faults stand in the way
	}
	if ok {
		second, sure := layOut(after.files[name].Lines, nil)
		ok = sure && bytes.Equal(second.text(), text) && slices.Equal(first.comments, second.comments)
	}
	if !ok {
		return raw, []engine.Diag{first.doubt(file)}
	}
	return text, nil
}

// place of a scalar on a line: both from 1, the column in characters.
type linePlace struct{ line, column int }

// unquotedAt lists the codes that stand without quotes.
func unquotedAt(diags []engine.Diag) map[linePlace]bool {
	at := map[linePlace]bool{}
	for _, d := range diags {
		if d.Code == "unquoted-code" {
			at[linePlace{d.At.Line, d.At.Column}] = true
		}
	}
	return at
}

// sameTree says whether two files say the same, to the letter of every scalar.
func sameTree(a, b *node) bool {
	return a.shape == b.shape && a.text == b.text && slices.EqualFunc(a.keys, b.keys, sameTree) && slices.EqualFunc(a.items, b.items, sameTree)
}

// doubt is the finding about a file that is left as it is.
func (l *layout) doubt(file *File) engine.Diag {
	line := min(max(l.stuck, 1), len(file.Lines))
	return engine.Diag{
		Severity: engine.Warning, Code: "not-formatted", At: engine.Pos{File: file.Path, Line: line, Column: 1}, Width: 1,
		Message: "this file is left as it is, because it cannot be laid out without a doubt",
		Help:    "write what stands here more simply, such as one key per line", Excerpt: excerpt(file, line),
	}
}

func (l *layout) text() []byte { return []byte(strings.Join(l.out, "\n") + "\n") }
