package spec

import (
	"slices"

	"github.com/casebridge/casebridge/engine"
)

// direction is a way of looking up a map by the positions of its columns.
type direction struct{ from, to int }

// waysOf are the directions in which a map is looked up, in order of its columns.
func waysOf(m *Map, ways map[way]bool) []direction {
	var out []direction
	for from, by := range m.Columns {
		for to, give := range m.Columns {
			if ways[way{m.Name.Text, by.Name.Text, give.Name.Text}] {
				out = append(out, direction{from, to})
			}
		}
	}
	return out
}

// checkWays proves what the rows are for: every column is read and every row can be
// found. That what goes one way comes back the same follows from checkKey: where each
// key has one row that is not lossy, there and back is that row both times.
func (b *builder) checkWays(m *Map, looked []direction) {
	if len(looked) == 0 || !b.whole {
		return // nothing uses the map, which is a finding of its own
	}
	b.checkColumns(m, looked)
	for i, c := range m.Columns {
		if slices.ContainsFunc(looked, func(d direction) bool { return d.from == i }) {
			b.checkKey(m, c, i)
		}
	}
	if slices.ContainsFunc(b.diags, func(d engine.Diag) bool { return d.Severity == engine.Error && d.At.File == m.At.File }) {
		return // which rows can be found shows when the cells are right
	}
	index := make([]map[string]*MapRow, len(looked))
	for i, d := range looked {
		index[i] = m.Index(d.from, d.to)
	}
	shares := m.sharers()
	for i := range m.Rows {
		row := &m.Rows[i]
		switch {
		case !found(row, looked, index):
			b.warn(row.At, "dead-row", "fill its empty cells, or delete it", "no rule can ever find this row of map %q", m.Name.Text)
		case row.Lossy != "" && !shares(row):
			b.warn(row.At, "needless-lossy", "take lossy away", "this row of map %q says lossy, but shares no cell with another row: its way back is exact", m.Name.Text)
		}
	}
}

func found(row *MapRow, looked []direction, index []map[string]*MapRow) bool {
	for i, d := range looked {
		if index[i][row.Cells[d.from].Text] == row {
			return true
		}
	}
	return false
}

// checkColumns warns about columns that nothing looks up by and nothing takes.
func (b *builder) checkColumns(m *Map, looked []direction) {
	for i, c := range m.Columns {
		if !c.Label && !slices.ContainsFunc(looked, func(d direction) bool { return d.from == i || d.to == i }) {
			b.warnAt(c.Name, "unused-column", "delete it, or say `label: true` if it is there for people", "no rule reads the column %q of map %q", c.Name.Text, m.Name.Text)
		}
	}
}

// sharers says of a row whether one of its cells stands in another row too.
func (m *Map) sharers() func(*MapRow) bool {
	times := make([]map[string]int, len(m.Columns))
	for c := range m.Columns {
		times[c] = make(map[string]int, len(m.Rows))
		for _, r := range m.Rows {
			times[c][r.Cells[c].Text]++
		}
	}
	return func(row *MapRow) bool {
		for c, cell := range row.Cells {
			if cell.Text != "" && !m.Columns[c].Label && times[c][cell.Text] > 1 {
				return true
			}
		}
		return false
	}
}

// Index says which row a key in the column from finds, when the column to is wanted. Where
// rows share a key, lossy ones count only if there is no other. Empty cells find nothing.
func (m *Map) Index(from, to int) map[string]*MapRow {
	index := make(map[string]*MapRow, len(m.Rows))
	for i := range m.Rows {
		row := &m.Rows[i]
		if max(from, to) >= len(row.Cells) {
			continue
		}
		key := row.Cells[from].Text
		if key == "" || row.Cells[to].Text == "" {
			continue
		}
		if taken := index[key]; taken == nil || taken.Lossy != "" && row.Lossy == "" {
			index[key] = row
		}
	}
	return index
}
