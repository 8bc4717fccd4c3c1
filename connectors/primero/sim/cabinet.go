package sim

import (
	"slices"
	"strings"
	"time"
)

// record is a stored case with what the server must find quickly in it.
type record struct {
	id      string
	seq     int // order of creation
	written int // order of the last write, which is where the database keeps the row
	doc     document

	updated, created        time.Time
	names, groups, agencies []string // associated_user_*: who may see it
	searchable              string   // identifiers, lower-case, for query=
}

// cabinet holds the records and keeps them ordered and indexed.
type cabinet struct {
	byID      map[string]*record
	byUpdated []*record // ascending
	byCreated []*record // ascending
	byKey     map[string]map[string][]*record
	written   int
}

// indexed are the identifier fields with a hash index here; the real server scans.
func indexed() []string {
	return []string{"case_id", "case_id_display", "oscar_number", "short_id", "unique_identifier"}
}

func newCabinet() cabinet {
	c := cabinet{byID: map[string]*record{}, byKey: map[string]map[string][]*record{}}
	for _, name := range indexed() {
		c.byKey[name] = map[string][]*record{}
	}
	return c
}

// add files a new case.
func (c *cabinet) add(id string, doc document) *record {
	rec := &record{id: id, seq: len(c.byID)}
	c.byID[id] = rec
	c.file(rec, doc)
	return rec
}

// replace stores the next version of a case, whole, as one UPDATE does.
func (c *cabinet) replace(rec *record, doc document) {
	c.byUpdated = without(c.byUpdated, rec, byUpdated)
	c.byCreated = without(c.byCreated, rec, byCreated)
	for _, name := range indexed() {
		if key := rec.doc.text(name); key != "" {
			c.unkey(name, key, rec)
		}
	}
	c.file(rec, doc)
}

func (c *cabinet) unkey(name, key string, rec *record) {
	left := slices.DeleteFunc(c.byKey[name][key], func(r *record) bool { return r == rec })
	if len(left) == 0 {
		delete(c.byKey[name], key)
		return
	}
	c.byKey[name][key] = left
}

func (c *cabinet) file(rec *record, doc document) {
	c.written++
	rec.written, rec.doc = c.written, doc
	rec.updated, rec.created = stampOf(doc, "last_updated_at"), stampOf(doc, "created_at")
	rec.names, rec.groups, rec.agencies = doc.texts("associated_user_names"), doc.texts("associated_user_groups"), doc.texts("associated_user_agencies")
	rec.searchable = searchable(doc)
	c.byUpdated = insert(c.byUpdated, rec, byUpdated)
	c.byCreated = insert(c.byCreated, rec, byCreated)
	for _, name := range indexed() {
		if key := doc.text(name); key != "" {
			c.byKey[name][key] = append(c.byKey[name][key], rec)
		}
	}
}

func stampOf(doc document, name string) time.Time {
	at, _ := parseInstant(doc.text(name)) // zero for a case that never had one
	return at
}

func searchable(doc document) string {
	var b strings.Builder
	for _, name := range identifiers() {
		if text := doc.text(name); text != "" {
			b.WriteString(strings.ToLower(text))
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func byUpdated(a, b *record) int {
	if n := a.updated.Compare(b.updated); n != 0 {
		return n
	}
	return a.written - b.written
}

func byCreated(a, b *record) int {
	if n := a.created.Compare(b.created); n != 0 {
		return n
	}
	return a.written - b.written
}

func insert(list []*record, rec *record, order func(a, b *record) int) []*record {
	if n := len(list); n == 0 || order(list[n-1], rec) < 0 {
		return append(list, rec)
	}
	i, _ := slices.BinarySearchFunc(list, rec, order)
	return slices.Insert(list, i, rec)
}

func without(list []*record, rec *record, order func(a, b *record) int) []*record {
	i, ok := slices.BinarySearchFunc(list, rec, order)
	if !ok {
		return list
	}
	return slices.Delete(list, i, i+1)
}
