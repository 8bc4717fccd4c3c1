package mapping

import (
	"strconv"

	"github.com/casebridge/casebridge/engine"
)

// finish makes the Change of a draft.
func (dr *draft) finish() engine.Change {
	if dr.ended {
		return dr.change
	}
	c := dr.change
	c.Verdict = dr.verdict()
	if c.Verdict == engine.NoChange {
		c.Chain = ""
		c.Reason = dr.w.reason("same", "nothing differs")
		if len(c.Kept) > 0 {
			c.Reason = c.Kept[0]
		}
		return c
	}
	c.Document, c.Fields = engine.NewBody(dr.document()), dr.changedFields()
	if !dr.target.given() {
		c.Target = dr.idToCreate()
	}
	return c
}

func (dr *draft) verdict() engine.Verdict {
	switch {
	case dr.w.verb.Text == string(engine.SendVerb):
		return engine.Send
	case !dr.target.given():
		return engine.Create
	case len(dr.settings) == 0 && len(dr.changedRows()) == 0:
		return engine.NoChange
	default:
		return engine.Update
	}
}

// changedRows leaves out the rows in which nothing differs.
func (dr *draft) changedRows() []rowDraft {
	var rows []rowDraft
	for _, row := range dr.rows {
		if row.fresh || len(row.settings) > 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

func (dr *draft) idToCreate() string {
	for _, s := range dr.settings {
		if s.rule.name == dr.w.object.spec.ID {
			return plainText(s.value)
		}
	}
	return ""
}

// document is what is sent: an object with the fields in order, then the rows.
func (dr *draft) document() []byte {
	b := append(make([]byte, 0, 1024), '{')
	for _, s := range dr.settings {
		b = appendMember(b, s.rule.name, s.value)
	}
	rows := dr.changedRows()
	for i, row := range rows {
		if startsField(rows, i) {
			b = appendRows(b, rows, row.w.row)
		}
	}
	return append(b, '}')
}

// startsField says whether no earlier row is of the same field.
func startsField(rows []rowDraft, i int) bool {
	for _, earlier := range rows[:i] {
		if earlier.w.row == rows[i].w.row {
			return false
		}
	}
	return true
}

func appendRows(b []byte, rows []rowDraft, of *engine.Field) []byte {
	b = appendName(b, of.Name)
	b = append(b, '[')
	first := true
	for _, row := range rows {
		if row.w.row != of {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = appendMember(append(b, '{'), of.RowKey, row.key)
		for _, s := range row.settings {
			b = appendMember(b, s.rule.name, s.value)
		}
		b = append(b, '}')
	}
	return append(b, ']')
}

// appendName writes a member's name, and a comma before it where one is due.
func appendName(b []byte, name string) []byte {
	if b[len(b)-1] != '{' {
		b = append(b, ',')
	}
	return append(appendText(b, name), ':')
}

func appendMember(b []byte, name string, v value) []byte { return appendJSON(appendName(b, name), v) }

// changedFields lists every leaf that changes.
func (dr *draft) changedFields() []engine.FieldChange {
	rows := dr.changedRows()
	room := len(dr.settings)
	for _, row := range rows {
		room += len(row.settings) + 1
	}
	all := make([]engine.FieldChange, 0, room)
	for _, s := range dr.settings {
		all = appendLeaves(all, s.rule.name, s)
	}
	for i, row := range rows {
		at := row.w.row.Name + "[" + row.label(i) + "]."
		if row.fresh {
			all = appendLeaves(all, at+row.w.key.name, setting{rule: row.w.key, value: row.key})
		}
		for _, s := range row.settings {
			all = appendLeaves(all, at+s.rule.name, s)
		}
	}
	return all
}

// label names a row by its key, or by its place where the key must not be seen.
func (row rowDraft) label(i int) string {
	if fieldClass(row.w.key.field).Hidden() {
		return strconv.Itoa(i)
	}
	return plainText(row.key)
}

func appendLeaves(all []engine.FieldChange, path string, s setting) []engine.FieldChange {
	if s.rule.one == nil || s.value.kind != list {
		return append(all, engine.FieldChange{Path: path, Old: bodyOf(s.old), New: bodyOf(s.value),
			Class: fieldClass(s.rule.field), Rule: s.rule.place})
	}
	entry := s.value.elements()[0]
	for _, inner := range s.rule.one {
		if v, ok := entry.find(inner.name); ok {
			all = appendLeaves(all, path+"[0]."+inner.name, setting{rule: inner, value: v})
		}
	}
	return all
}

// bodyOf is the JSON of a value; none for nothing.
func bodyOf(v value) engine.Body {
	if !v.given() {
		return engine.Body{}
	}
	return engine.NewBody(appendJSON(nil, v))
}
