package sim

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// matching returns the records that pass every predicate, in the order of the candidates.
func (s *System) matching(q *asked) []*record {
	if !q.narrowed {
		q.candidates, q.ascending = s.records.byUpdated, true
	}
	if len(q.predicates) == 0 {
		return q.candidates
	}
	found := make([]*record, 0, min(len(q.candidates), 1024))
	for _, rec := range q.candidates {
		if !slices.ContainsFunc(q.predicates, func(p predicate) bool { return !p(rec) }) {
			found = append(found, rec)
		}
	}
	return found
}

// ordered sorts as order_by and order say. Equal keys have no order of their
// own: they come as the rows were last written, or change places with the page
// when the switch says so (§2.2).
func (s *System) ordered(q *asked, found []*record) []*record {
	by, descending := "created_at", true
	if q.params.has("order_by") {
		by = q.params.kid("order_by")
	}
	if q.params.has("order") {
		descending = strings.EqualFold(q.params.kid("order"), "desc")
	}
	flip := s.switches.UnstableTies && q.params.whole("page", 1)%2 == 0
	if by == "last_updated_at" && q.ascending && !descending && !flip {
		return found
	}
	if by == "created_at" && descending && !flip && len(found) == len(s.records.byCreated) {
		return reversed(s.records.byCreated)
	}
	return sortBy(found, by, descending, flip)
}

func reversed(list []*record) []*record {
	all := slices.Clone(list)
	slices.Reverse(all)
	return all
}

// keyed is a record with what it is sorted by.
type keyed struct {
	key sortKey
	rec *record
}

func sortBy(found []*record, by string, descending, flip bool) []*record {
	rows := make([]keyed, len(found))
	for i, rec := range found {
		rows[i].rec = rec
		if by != "id" { // which sorts on nothing
			rows[i].key = keyOf(rec.doc.raw(by))
		}
	}
	slices.SortFunc(rows, func(a, b keyed) int {
		n := a.key.compare(b.key)
		if descending {
			n = -n
		}
		if n == 0 {
			n = a.rec.written - b.rec.written
			if flip {
				n = -n
			}
		}
		return n
	})
	all := make([]*record, len(rows))
	for i := range rows {
		all[i] = rows[i].rec
	}
	return all
}

// sortKey orders JSON as the database does: null, strings, numbers, booleans,
// arrays, objects; what was never set comes last.
type sortKey struct {
	rank int
	text string
	n    float64
}

func keyOf(raw string) sortKey {
	v := gjson.Parse(raw)
	switch {
	case raw == "":
		return sortKey{rank: 6}
	case v.Type == gjson.Null:
		return sortKey{}
	case v.Type == gjson.String:
		return sortKey{rank: 1, text: v.Str}
	case v.Type == gjson.Number:
		return sortKey{rank: 2, n: v.Num}
	case v.IsBool():
		return sortKey{rank: 3, text: raw}
	case v.IsArray():
		return sortKey{rank: 4, text: raw}
	}
	return sortKey{rank: 5, text: raw}
}

func (k sortKey) compare(o sortKey) int {
	return cmp.Or(cmp.Compare(k.rank, o.rank), strings.Compare(k.text, o.text), cmp.Compare(k.n, o.n))
}
