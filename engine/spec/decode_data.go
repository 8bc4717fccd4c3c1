package spec

import "slices"

func (b *builder) decodeMap(n *node) *Map {
	rowsKey, rows := n.entry("rows")
	m := &Map{Name: n.get("name").scalar(), Title: n.get("title").string(), Note: n.get("note").string(), At: rowsKey.place(n.at)}
	n.get("columns").each(func(name, c *node) {
		m.Columns = append(m.Columns, decodeColumn(name, c))
	})
	for _, r := range rows.list() {
		m.Rows = append(m.Rows, b.decodeRow(m, r))
	}
	return m
}

func decodeColumn(name, n *node) Column {
	c := Column{Name: name.scalar(), Title: n.get("title").string(), Codes: n.get("codes").scalar(), Names: n.get("names").scalar(), Complete: n.get("complete").isTrue(), Label: n.get("label").isTrue()}
	for _, e := range n.get("except").list() {
		c.Except = append(c.Except, Exception{Code: e.get("code").scalar(), Why: e.get("why").string()})
	}
	return c
}

// decodeRow puts the cells in the columns' order; lossy and note are no cells.
func (b *builder) decodeRow(m *Map, n *node) MapRow {
	row := MapRow{Lossy: n.get("lossy").string(), Note: n.get("note").string(), At: n.at, Cells: make([]Scalar, len(m.Columns))}
	n.each(func(k, v *node) {
		i := slices.IndexFunc(m.Columns, func(c Column) bool { return c.Name.Text == k.text })
		switch {
		case i >= 0:
			row.Cells[i] = v.scalar()
		case k.text != "lossy" && k.text != "note":
			n.wrong = true
			names := append(columnNames(m), "lossy", "note")
			b.faultOn(k, "unknown-column", didYouMean(k.text, names), "the map %q has no column %q", m.Name.Text, k.text)
		}
	})
	for i, c := range m.Columns {
		if row.Cells[i].At.Line == 0 && n.shape == mapShape && !n.wrong {
			b.fault(n.at, 1, "missing-cell", `write "" where there is no code on purpose`, "this row has no cell for the column %q", c.Name.Text)
		}
	}
	return row
}

func columnNames(m *Map) []string {
	return Names(m.Columns, func(c Column) Scalar { return c.Name })
}

func (b *builder) decodeRule(n *node) *Rule {
	r := &Rule{
		Name: n.get("name").scalar(), Title: n.get("title").string(), Note: n.get("note").string(),
		Never: n.get("never").scalars(), Confirmed: n.get("confirmed").scalars(), At: n.at,
	}
	n.get("forms").each(func(name, pattern *node) {
		r.Forms = append(r.Forms, Form{Name: name.scalar(), Pattern: pattern.scalar()})
	})
	n.get("names").each(func(form, names *node) {
		if f := r.Form(form.text); f != nil {
			f.Names = names.scalar()
			return
		}
		forms := Names(r.Forms, func(f Form) Scalar { return f.Name })
		b.faultOn(form, "unknown-form", didYouMean(form.text, forms), "the naming rule %q has no form %q", r.Name.Text, form.text)
	})
	return r
}

func (b *builder) decodeTable(n *node) *Table {
	t := &Table{
		Name: n.get("name").scalar(), Title: n.get("title").string(), Note: n.get("note").string(),
		In: n.get("in").scalars(), Out: n.get("out").scalars(),
	}
	for _, l := range n.get("lines").list() {
		t.Lines = append(t.Lines, TableLine{When: literals(l.get("when")), Then: literals(l.get("then")), Note: l.get("note").string(), At: l.at})
	}
	return t
}

func literals(n *node) []Value {
	values := make([]Value, 0, len(n.list()))
	for _, v := range n.list() {
		values = append(values, v.literal())
	}
	return values
}
