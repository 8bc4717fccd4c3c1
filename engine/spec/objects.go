package spec

import (
	"maps"
	"slices"

	"github.com/casebridge/casebridge/engine"
)

// mergeObjects makes Project.Objects and Project.Codes: what the drivers say
// their API fixes, and what the catalogues say the system is set up with.
func (b *builder) mergeObjects() {
	b.unreliable, b.project.FieldsAt = map[string]bool{}, map[string]engine.Pos{}
	for _, c := range b.project.Drivers {
		d := b.driver(c)
		if d == nil {
			b.unreliable[c.Name.Text] = true
			continue
		}
		for _, o := range d.Objects() {
			b.project.Objects = append(b.project.Objects, connected(c.Name.Text, o))
		}
	}
	for _, n := range b.catalogues {
		b.mergeLists(n)
	}
	for _, n := range b.catalogues {
		b.mergeCatalogue(n)
	}
}

func (b *builder) driver(c ConnectionSpec) engine.Driver {
	var names []string
	for _, d := range b.drivers {
		if d.Name() == c.Driver.Text {
			return d
		}
		names = append(names, d.Name())
	}
	if c.Driver.Text != "" {
		b.faultAt(c.Driver, "unknown-driver", didYouMean(c.Driver.Text, names), "there is no driver called %q", c.Driver.Text)
	}
	return nil
}

// connected copies an object under its full name; code lists get their full names too.
func connected(connection string, o engine.Object) engine.Object {
	o.Name = connection + "." + o.Name
	o.Fields = withLists(connection, o.Fields)
	return o
}

func withLists(connection string, fields []engine.Field) []engine.Field {
	copied := slices.Clone(fields)
	for i := range copied {
		if copied[i].Codes != "" {
			copied[i].Codes = connection + "." + copied[i].Codes
		}
		copied[i].Labels = maps.Clone(copied[i].Labels)
		copied[i].Fields = withLists(connection, copied[i].Fields)
	}
	return copied
}

// mergeLists takes the code lists of a catalogue.
func (b *builder) mergeLists(n *node) {
	connection := n.get("connection").string()
	n.get("code_lists").each(func(name, codes *node) {
		list := CodeList{Name: connection + "." + name.text, At: name.at}
		for _, c := range codes.list() {
			entry := CodeEntry{Code: c.scalar()}
			if c.shape == mapShape {
				entry = CodeEntry{Code: c.get("code").scalar(), Label: c.get("label").string()}
			}
			list.Codes = append(list.Codes, entry)
		}
		if first := b.project.CodeList(list.Name); first != nil {
			b.faultOn(name, "duplicate-name", "put all codes in one of them", "the code list %q is already described in %s", list.Name, first.At)
			return
		}
		b.once(scalarsOf(list.Codes, func(c CodeEntry) Scalar { return c.Code }), "code")
		b.project.Codes = append(b.project.Codes, list)
	})
}

func (b *builder) mergeCatalogue(n *node) {
	connection := n.get("connection")
	if connection == nil || connection.text == "" {
		return
	}
	names := Names(b.project.Drivers, func(c ConnectionSpec) Scalar { return c.Name })
	if !slices.Contains(names, connection.text) {
		b.stray = true
		if b.at.Line > 0 && len(names) > 0 {
			b.faultOn(connection, "unknown-connection", didYouMean(connection.text, names), "the project has no connection %q", connection.text)
		}
		return
	}
	n.get("objects").each(func(name, fields *node) {
		full := connection.text + "." + name.text
		o := b.project.Object(full)
		if o == nil {
			if !b.unreliable[connection.text] {
				b.faultOn(name, "unknown-object", didYouMean(name.text, b.objectsOf(connection.text)), "the connection %q has no object %q", connection.text, name.text)
			}
			return
		}
		m := merging{builder: b, connection: connection.text, open: o.Open, fixed: slices.Clone(o.Fields)}
		o.Fields = m.fields(full, o.Fields, m.fixed, fields)
	})
}

// objectsOf lists the objects of a connection without its name.
func (b *builder) objectsOf(connection string) []string {
	var names []string
	for i := range b.project.Objects {
		if of, name, ok := engine.SplitObject(b.project.Objects[i].Name); ok && of == connection {
			names = append(names, name)
		}
	}
	return names
}

// merging adds one catalogue's fields to one object.
type merging struct {
	*builder
	connection string
	open       bool
	fixed      []engine.Field // as they were before this catalogue
}

// fields adds the entries of n to have. where names the place for people.
func (m *merging) fields(where string, have, fixed []engine.Field, n *node) []engine.Field {
	have = slices.Clone(have)
	n.each(func(name, f *node) {
		m.project.FieldsAt[where+"."+name.text] = name.at
		i := slices.IndexFunc(have, func(x engine.Field) bool { return x.Name == name.text })
		if i >= 0 {
			m.refine(where, &have[i], engine.FieldNamed(fixed, name.text), name, f)
			return
		}
		if !m.open {
			m.faultOn(name, "fixed-object", didYouMean(name.text, fieldNames(have)), "%s has no field %q, and its system cannot be given new ones", where, name.text)
			return
		}
		if f.get("type") == nil {
			m.fault(name.at, name.scalar().width(), "missing-key", "type: what the field holds", "the field %q of %s needs a type", name.text, where)
			return
		}
		field := engine.Field{Name: name.text, Type: engine.Type(f.get("type").string())}
		m.describe(where, &field, nil, f)
		have = append(have, field)
	})
	return have
}

// refine lets a catalogue say more about a field that is there, but not change it.
func (m *merging) refine(where string, field, fixed *engine.Field, name, f *node) {
	if t := f.get("type"); t != nil && engine.Type(t.text) != field.Type {
		m.faultOn(t, "fixed-type", "leave type out: the driver knows it", "the field %q of %s is of type %s; a catalogue cannot change that", name.text, where, field.Type)
	}
	for _, key := range []string{"read_only", "required"} {
		if k, _ := f.entry(key); k != nil && fixed != nil {
			m.faultOn(k, "fixed-type", "leave "+key+" out: the driver knows it", "whether the field %q of %s is %s is known from its driver", name.text, where, key)
		}
	}
	m.describe(where, field, fixed, f)
}

// describe takes over what a catalogue says about a field.
func (m *merging) describe(where string, field, fixed *engine.Field, f *node) {
	if c := f.get("class").string(); c != "" {
		field.Class = engine.Class(c)
	}
	if note := f.get("note").string(); note != "" {
		field.Note = note
	}
	field.ReadOnly = field.ReadOnly || f.get("read_only").isTrue()
	field.Required = field.Required || f.get("required").isTrue()
	field.Unused = field.Unused || f.get("unused").isTrue()
	m.codes(field, f.get("codes"))
	f.get("label").each(func(language, text *node) {
		if field.Labels == nil {
			field.Labels = map[string]string{}
		}
		field.Labels[language.text] = text.text
	})
	if k, columns := f.entry("columns"); columns != nil {
		if field.Type != engine.Rows {
			m.faultOn(k, "wrong-type", "write type: rows, or leave columns out", "only a field of type rows has columns")
			return
		}
		var fixedColumns []engine.Field
		if fixed != nil {
			fixedColumns = fixed.Fields
		}
		field.Fields = m.fields(where+"."+field.Name, field.Fields, fixedColumns, columns)
	}
	m.rowKey(where, field, f.get("key"))
}

func (m *merging) codes(field *engine.Field, n *node) {
	if n == nil || n.text == "" {
		return
	}
	full := m.connection + "." + n.text
	if field.Type != engine.CodeOne && field.Type != engine.CodeMany {
		m.faultOn(n, "wrong-type", "write type: code or type: codes, or leave codes out", "only a field of type code or codes has a code list")
		return
	}
	if m.project.CodeList(full) == nil && m.whole {
		m.faultOn(n, "unknown-code-list", didYouMean(n.text, m.listsOf(m.connection)), "the connection %q has no code list %q", m.connection, n.text)
	}
	field.Codes = full
}

func (m *merging) rowKey(where string, field *engine.Field, key *node) {
	if key == nil || key.text == "" {
		return
	}
	if field.RowKey != "" && field.RowKey != key.text {
		m.faultOn(key, "fixed-type", "leave key out: the driver knows it", "the rows of %q of %s are told apart by %q; a catalogue cannot change that", field.Name, where, field.RowKey)
		return
	}
	if engine.FieldNamed(field.Fields, key.text) == nil {
		m.faultOn(key, "unknown-column", didYouMean(key.text, fieldNames(field.Fields)), "the rows of %q have no column %q", field.Name, key.text)
	}
	field.RowKey = key.text
}

// listsOf lists the code lists of a connection without its name.
func (b *builder) listsOf(connection string) []string {
	var names []string
	for _, l := range b.project.Codes {
		if of, name, ok := engine.SplitObject(l.Name); ok && of == connection {
			names = append(names, name)
		}
	}
	return names
}

func fieldNames(fields []engine.Field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}
