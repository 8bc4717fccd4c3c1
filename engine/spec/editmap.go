package spec

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
)

// Cells are a map's row as a spreadsheet has it: a cell per column, and what is said about the row.
type Cells struct {
	Cells []string
	Lossy string
	Note  string
}

// Cells returns the row without its places.
func (r MapRow) plain() Cells { return Cells{Texts(r.Cells), r.Lossy, r.Note} }

func (c Cells) equal(o Cells) bool {
	return slices.Equal(c.Cells, o.Cells) && c.Lossy == o.Lossy && c.Note == o.Note
}

// RowChange is one difference between a map and the rows that shall be in it.
type RowChange struct {
	At  engine.Pos // of the row that is changed or removed; none for a new one
	Old *Cells     // nil: the row is new
	New *Cells     // nil: the row goes

	after int // new rows: the row behind which it stands, -1 for none
	row   int // others: which row
}

// Compare says what makes the map hold these rows. A row that has cells in common with one that is no
// longer there is that row, changed. The order of rows that stay is the map's own.
func (m *Map) Compare(rows []Cells) []RowChange {
	stays := m.same(rows)
	taken := map[int]bool{}
	for _, old := range stays {
		taken[old] = true
	}
	var out []RowChange
	for i, want := range rows {
		if _, ok := stays[i]; ok {
			continue
		}
		if old := m.nearest(want, taken); old >= 0 {
			taken[old], stays[i] = true, old
			was := m.Rows[old].plain()
			out = append(out, RowChange{At: m.Rows[old].At, Old: &was, New: &rows[i], row: old})
			continue
		}
		out = append(out, RowChange{New: &rows[i], after: behind(stays, i)})
		stays[i] = behind(stays, i)
	}
	for i, r := range m.Rows {
		if !taken[i] {
			was := r.plain()
			out = append(out, RowChange{At: r.At, Old: &was, row: i})
		}
	}
	return out
}

// same pairs the rows that are in the map as they are: index of the wanted row to index of the map's.
func (m *Map) same(rows []Cells) map[int]int {
	pairs, taken := map[int]int{}, map[int]bool{}
	for i, want := range rows {
		for old, r := range m.Rows {
			if !taken[old] && r.plain().equal(want) {
				pairs[i], taken[old] = old, true
				break
			}
		}
	}
	return pairs
}

// nearest is the free row that has the most cells in common with what is wanted; -1 for none.
func (m *Map) nearest(want Cells, taken map[int]bool) int {
	best, most := -1, 0
	for old, r := range m.Rows {
		if taken[old] {
			continue
		}
		common := 0
		for c, cell := range r.Cells {
			if cell.Text != "" && cell.Text == want.Cells[c] {
				common++
			}
		}
		if common > most {
			best, most = old, common
		}
	}
	return best
}

// behind is the map's row that the wanted row before i stands for.
func behind(stays map[int]int, i int) int {
	for i--; i >= 0; i-- {
		if old, ok := stays[i]; ok {
			return old
		}
	}
	return -1
}

var (
	rowHead = regexp.MustCompile(`^\s*- \{`)
	rowTail = regexp.MustCompile(`^\s*(?:#.*)?$`)
)

// oneLineRow cuts a line with a whole row: what stands before the row's brace, and what behind its last one.
func oneLineRow(line string) (before, behind string, ok bool) {
	head := rowHead.FindString(line)
	if head == "" {
		return "", "", false
	}
	end := rowEnd(line[len(head):])
	if end < 0 || !rowTail.MatchString(line[len(head)+end:]) {
		return "", "", false
	}
	return head[:len(head)-1], line[len(head)+end:], true
}

// rowEnd is where text continues behind the brace that closes the row; -1 when that is on another line.
// Braces and # mean nothing within quotes, and quotes nothing within a word.
func rowEnd(text string) int {
	quote, before, last := byte(0), byte(' '), byte('{') // the sign before, and the last that is no space
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote == '"' && c == '\\', quote == '\'' && strings.HasPrefix(text[i:], "''"):
			i++ // the sign behind it is meant as it stands
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && strings.IndexByte("{[,:", last) >= 0:
			quote = c
		case c == '#' && (before == ' ' || before == '\t'):
			return -1
		case c == '}':
			return i + 1
		}
		if before = c; c != ' ' && c != '\t' {
			last = c
		}
	}
	return -1
}

// Edited returns the lines of the map's file with the changes made. Comments, the order of rows and
// everything else stay. The error names a row that is not written on one line.
func (m *Map) Edited(file File, changes []RowChange) ([]string, error) {
	lines := slices.Clone(file.Lines)
	gone := map[int]bool{}
	added := map[int][]string{} // behind the line with this index
	for _, c := range changes {
		if c.Old == nil {
			at := m.lineBehind(c.after, lines)
			added[at] = append(added[at], m.indent(lines)+"- "+m.line(*c.New))
			continue
		}
		at := c.At.Line - 1
		before, behind, ok := oneLineRow(lines[at])
		switch {
		case !ok:
			return nil, fmt.Errorf("%s: this row is not written on one line: write it as - {column: code, …}", c.At)
		case c.New == nil:
			gone[at] = true
		default:
			lines[at] = before + m.line(*c.New) + behind
		}
	}
	var out []string
	for i, line := range lines {
		if !gone[i] {
			out = append(out, line)
		}
		out = append(out, added[i]...)
	}
	return out, nil
}

// lineBehind is the index of the line behind which a new row goes.
func (m *Map) lineBehind(row int, lines []string) int {
	if row < 0 {
		return m.At.Line - 1 // `rows:` itself
	}
	end := len(lines) - 1
	if row+1 < len(m.Rows) {
		end = m.Rows[row+1].At.Line - 2
	}
	// Of a row on several lines, its last; comments and space before the next row belong to that one.
	at := m.Rows[row].At.Line - 1
	for i := at; i <= end; i++ {
		text := strings.TrimSpace(lines[i])
		if i > at && text != "" && text[0] != '#' && text[0] != '}' && indentOf(lines[i]) <= m.indent(lines) {
			break // a key behind the rows
		}
		if text != "" && text[0] != '#' {
			at = i
		}
	}
	return at
}

// indent is how far the rows stand in.
func (m *Map) indent(lines []string) string {
	if len(m.Rows) == 0 {
		return ""
	}
	return indentOf(lines[m.Rows[0].At.Line-1])
}

func indentOf(line string) string { return line[:len(line)-len(strings.TrimLeft(line, " "))] }

// line writes a row.
func (m *Map) line(c Cells) string {
	var parts []string
	for i, col := range m.Columns {
		parts = append(parts, col.Name.Text+": "+quoted(c.Cells[i]))
	}
	if c.Lossy != "" {
		parts = append(parts, "lossy: "+quoted(c.Lossy))
	}
	if c.Note != "" {
		parts = append(parts, "note: "+quoted(c.Note))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// RowLine writes a row as it would stand in the map's file.
func (m *Map) RowLine(c Cells) string { return "- " + m.line(c) }

// plainText is what YAML takes for a text without quotes, inside braces.
var plainText = regexp.MustCompile(`^\p{L}[\p{L}\p{M}\p{N}_/()&.' -]*$`)

// quoted writes a text as YAML has it, with quotes where it could be taken for something else.
func quoted(text string) string {
	switch strings.ToLower(text) {
	case "true", "false", "null", "yes", "no", "on", "off", "y", "n":
	default:
		if plainText.MatchString(text) && strings.TrimSpace(text) == text {
			return text
		}
	}
	var out strings.Builder
	enc := json.NewEncoder(&out) // YAML reads JSON's quotes and escapes
	enc.SetEscapeHTML(false)
	if err := enc.Encode(text); err != nil {
		return `""`
	}
	return strings.TrimSuffix(out.String(), "\n")
}
