package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/engine"
)

// checkMaps checks every map as data, and against the ways in which it is looked up.
func (b *builder) checkMaps() {
	ways := b.uses().ways
	for _, m := range b.project.Maps {
		b.checkRows(m)
		for i, c := range m.Columns {
			list := b.columnList(c)
			b.checkNamed(c.Names)
			cells := cellsOf(m, i)
			meant := b.checkCells(cells, list)
			if list != nil && c.Complete {
				b.checkComplete(m, c, cells, list, meant)
			}
		}
		b.checkWays(m, waysOf(m, ways))
	}
}

func cellsOf(m *Map, column int) []Scalar {
	cells := make([]Scalar, 0, len(m.Rows))
	for _, r := range m.Rows {
		cells = append(cells, r.Cells[column])
	}
	return cells
}

// columnList finds the code list of a column.
func (b *builder) columnList(c Column) *CodeList {
	if c.Codes.Text == "" {
		return nil
	}
	list := b.project.CodeList(c.Codes.Text)
	if list == nil && !b.stray {
		names := make([]string, len(b.project.Codes))
		for i, l := range b.project.Codes {
			names[i] = l.Name
		}
		b.refer(c.Codes, "code list", names)
	}
	return list
}

// checkRows reports rows that stand twice.
func (b *builder) checkRows(m *Map) {
	seen := make(map[string]engine.Pos, len(m.Rows))
	for _, r := range m.Rows {
		key := strings.Join(Texts(r.Cells), "\x00")
		if first, ok := seen[key]; ok {
			b.fault(r.At, 1, "duplicate-row", "remove one of them", "this row of map %q already stands in line %d", m.Name.Text, first.Line)
			continue
		}
		seen[key] = r.At
	}
}

// maxNear is how many cells of a column are compared with every code of a long
// list to find the nearest: with thousands of wrong cells that would take minutes.
const maxNear = 20

// checkCells checks each cell of a column against its code list and against the other cells.
// It returns the codes that it suggested for unknown ones.
func (b *builder) checkCells(cells []Scalar, list *CodeList) (meant map[string]bool) {
	meant = map[string]bool{}
	codes, near := codeSet(list), maxNear
	alike := make(map[string]Scalar, len(cells))
	typos := typos{}
	for _, cell := range cells {
		if cell.Text == "" {
			continue
		}
		if list != nil && !codes[cell.Text] {
			help := ""
			if near--; near >= 0 {
				nearest := engine.Nearest(cell.Text, list.Texts())
				help, meant[nearest] = suggestion(nearest, list.Texts()), true
			}
			b.faultAt(cell, "unknown-code", help, "%q is not in the code list %s", cell.Text, list.Name)
		} else if list == nil && strings.TrimSpace(cell.Text) != cell.Text {
			b.warnAt(cell, "outer-space", "remove it, or name the code list that has it", "%q begins or ends with a space", cell.Text)
		}
		key := folded(cell.Text)
		if first, ok := alike[key]; !ok {
			alike[key] = cell
			if list == nil && hasUnseen(cell.Text) {
				b.warnAt(cell, "unseen-sign", "write it again by hand, without copying", "%q holds a sign that looks like a space, or like nothing", cell.Text)
			}
		} else if first.Text != cell.Text {
			b.warnAt(cell, "near-duplicate", "write both alike if they are the same code", "%q differs only in case, spaces or signs that cannot be seen from %q in line %d", cell.Text, first.Text, first.At.Line)
		}
		if list != nil {
			continue // the list says which are different codes
		}
		if other, ok := typos.near(cell); ok {
			b.warnAt(cell, "near-duplicate", "write both alike if they are the same; a code list for the column says that they are not", "%q differs in one letter from %q in line %d", cell.Text, other.Text, other.At.Line)
		}
	}
	return meant
}

func codeSet(list *CodeList) map[string]bool {
	if list == nil {
		return nil
	}
	set := make(map[string]bool, len(list.Codes))
	for _, c := range list.Codes {
		set[c.Code.Text] = true
	}
	return set
}

// checkComplete wants a row, or an exception, for every code of the list. A code that was meant where
// an unknown one stands is not missing too.
func (b *builder) checkComplete(m *Map, c Column, cells []Scalar, list *CodeList, meant map[string]bool) {
	has := make(map[string]bool, len(cells))
	for _, cell := range cells {
		has[cell.Text] = true
	}
	b.checkExceptions(m, c, has, list, meant)
	for _, e := range c.Except {
		has[e.Code.Text] = true
	}
	var missing []string
	for _, code := range list.Codes {
		if has[code.Code.Text] || meant[code.Code.Text] {
			continue
		}
		word := fmt.Sprintf("%q", code.Code.Text)
		if code.Label != "" && code.Label != code.Code.Text {
			word += " (" + code.Label + ")"
		}
		missing = append(missing, word)
	}
	if len(missing) > 0 {
		b.fault(m.At, len("rows"), "missing-row", "add a row, or name it under except of the column "+c.Name.Text+" with why",
			"map %q has no row for %s of the code list %s", m.Name.Text, joined(missing, "and"), list.Name)
	}
}

// checkExceptions adds what it suggested for unknown codes to those that were meant.
func (b *builder) checkExceptions(m *Map, c Column, has map[string]bool, list *CodeList, meant map[string]bool) {
	for _, e := range c.Except {
		switch {
		case !list.Has(e.Code.Text):
			nearest := engine.Nearest(e.Code.Text, list.Texts())
			meant[nearest] = true
			b.faultAt(e.Code, "unknown-code", suggestion(nearest, list.Texts()), "%q is not in the code list %s", e.Code.Text, list.Name)
		case has[e.Code.Text]:
			b.faultAt(e.Code, "needless-exception", "remove the exception or the row", "%q is excepted, but map %q has a row for it", e.Code.Text, m.Name.Text)
		}
	}
}

// checkKey reports values that stand in several rows of a column by which rows
// are looked up: exactly one of them must be without lossy.
func (b *builder) checkKey(m *Map, c Column, column int) {
	rows := map[string][]MapRow{}
	var order []string
	for _, r := range m.Rows {
		v := r.Cells[column].Text
		if v == "" {
			continue
		}
		if len(rows[v]) == 0 {
			order = append(order, v)
		}
		rows[v] = append(rows[v], r)
	}
	for _, v := range order {
		if same := rows[v]; len(same) > 1 {
			b.checkSameKey(m, c, column, same)
		}
	}
}

func (b *builder) checkSameKey(m *Map, c Column, column int, same []MapRow) {
	exact := slices.DeleteFunc(slices.Clone(same), func(r MapRow) bool { return r.Lossy != "" })
	if len(exact) == 1 {
		return
	}
	rows, help, what := exact, "keep one, and give the others lossy: and the reason", "several rows"
	if len(exact) == 0 {
		rows, help, what = same, "take lossy from the row that counts", "only lossy rows"
	}
	var lines []string
	for _, r := range rows {
		lines = append(lines, fmt.Sprint(r.At.Line))
	}
	cell := rows[1].Cells[column]
	b.faultAt(cell, "ambiguous-key", help, "map %q is looked up by %s, and %q stands in %s (lines %s)", m.Name.Text, c.Name.Text, cell.Text, what, joined(lines, "and"))
}
