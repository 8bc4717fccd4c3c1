package engine

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
)

// Pos is a place in a spec file. Line and Column count from 1; Column counts characters.
type Pos struct {
	File   string // relative to the project's directory
	Line   int
	Column int
}

func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Severity of a Diag.
type Severity string

// The severities. Only errors stop a run.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Diag is a finding for an author of specs.
type Diag struct {
	Severity Severity
	Code     string // stable, e.g. "unknown-field"
	At       Pos
	Width    int    // characters to underline; 0 means 1
	Message  string // what is wrong, one sentence, no full stop
	Help     string // what to do next; "" if the message says it
	Excerpt  string // the source line At.Line, as it stands
}

// Sort orders findings by place, then code.
func Sort(diags []Diag) {
	slices.SortStableFunc(diags, func(a, b Diag) int {
		return cmp.Or(cmp.Compare(a.At.File, b.At.File), cmp.Compare(a.At.Line, b.At.Line),
			cmp.Compare(a.At.Column, b.At.Column), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
}

// HasErrors says whether one of the findings is an error.
func HasErrors(diags []Diag) bool {
	return slices.ContainsFunc(diags, func(d Diag) bool { return d.Severity == Error })
}

// Print writes the finding with its excerpt and caret:
//
//	specs/flows/a.yaml:12:20: error: no field "sexx" in east.case [unknown-field]
//	   12 |   gender: {from: case.sexx}
//	      |                       ^^^^
//	      = did you mean "sex"?
func (d Diag) Print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s: %s [%s]\n", d.At, d.Severity, d.Message, d.Code)
	if d.Excerpt != "" && d.At.Line > 0 {
		line, before, width := window(d.Excerpt, d.At.Column-1, max(1, d.Width))
		fmt.Fprintf(&b, "%5d | %s\n", d.At.Line, line)
		fmt.Fprintf(&b, "      | %s%s\n", padTo(line, before), strings.Repeat("^", cells(line, before, width)))
	}
	if d.Help != "" {
		fmt.Fprintf(&b, "      = %s\n", d.Help)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// longest is how many characters of a line an excerpt shows, and beside how many of them the finding stands.
const longest, beside = 400, 60

// window cuts a very long line down to what stands around a finding.
func window(line string, before, width int) (string, int, int) {
	runes := []rune(line)
	if len(runes) <= longest {
		return line, before, width
	}
	from := max(0, min(before-beside, len(runes)-longest))
	cut := string(runes[from:min(from+longest, len(runes))])
	if from > 0 {
		cut, before = "…"+cut, before-from+1
	}
	if from+longest < len(runes) {
		cut += "…"
	}
	return cut, before, max(1, min(width, longest-(before-1)))
}

// padTo returns white space as wide as the first n characters of line, tabs kept.
func padTo(line string, n int) string {
	var b strings.Builder
	for _, r := range line {
		if n <= 0 {
			break
		}
		switch {
		case r == '\t':
			b.WriteByte('\t')
		case !unseen(r):
			b.WriteByte(' ')
		}
		n--
	}
	b.WriteString(strings.Repeat(" ", max(0, n)))
	return b.String()
}

// cells is how wide the characters of line from one on are on a screen; at least 1.
func cells(line string, from, n int) int {
	runes := []rune(line)
	wide := n
	for _, r := range runes[min(from, len(runes)):min(from+n, len(runes))] {
		if unseen(r) {
			wide--
		}
	}
	return max(1, wide)
}

// unseen says whether a character takes no room of its own: it stands on the one before it, as
// vowel signs of many scripts do, or is not shown at all.
func unseen(r rune) bool { return unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) }

// Nearest returns the candidate that a typist most likely meant, or "".
func Nearest(word string, candidates []string) string {
	typed := []rune(folded(word))
	best, bestAt := "", len(typed)/3+2
	for _, c := range candidates {
		meant := []rune(folded(c))
		if d := distance(typed, meant); d < bestAt && d < max(len(typed), len(meant)) { // something must be alike
			best, bestAt = c, d
		}
	}
	return best
}

// folded is a word in small letters, and with the digits of every script as 0 to 9.
func folded(word string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII && unicode.Is(unicode.Nd, r) {
			zero := r
			for unicode.Is(unicode.Nd, zero-1) && r-zero < 9 { // each script's digits are ten in a row
				zero--
			}
			return '0' + (r - zero)
		}
		return unicode.ToLower(r)
	}, word)
}

// distance counts the edits (insert, delete, replace, swap of neighbours) between a and b.
func distance(x, y []rune) int {
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}
