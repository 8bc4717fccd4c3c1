package sim

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// asked is a parsed index request.
type asked struct {
	params     *node
	predicates []predicate
	candidates []*record // nil with narrowed false: all of them
	narrowed   bool
	ascending  bool // candidates stand in ascending order of last_updated_at
}

// listCases is GET /api/v2/cases (§2).
func listCases(s *System, c call) answer {
	if !c.user.may("read") {
		return forbidden(c.Request)
	}
	q := &asked{params: parseParams(c.URL.RawQuery)}
	per, page := s.perPage(q.params), q.params.whole("page", 1)
	if page < 1 {
		return broken(c.Request, "PG::InvalidRowCountInResultOffsetClause: ERROR:  OFFSET must not be negative")
	}
	if errors.Is(s.narrow(q, c.user), errSQL) {
		return s.page(c, q.params, nil, per, page)
	}
	return s.page(c, q.params, s.ordered(q, s.matching(q)), per, page)
}

// perPage clamps per to 1000, silently; versions before 2.10.3 do not.
func (s *System) perPage(q *node) int {
	per := max(0, q.whole("per", 20))
	if s.version.from(2, 10, 3) {
		per = min(per, 1000)
	}
	return per
}

// narrow compiles every parameter that is a permitted name; others are ignored in silence.
func (s *System) narrow(q *asked, u *account) error {
	permitted := s.filters(u)
	for _, name := range sortedKeys(q.params.kids) {
		if permitted[name] && slices.Contains(s.switches.DeafFilters, name) {
			return errSQL
		}
		n := q.params.kids[name]
		var err error
		switch {
		case name == "not" || name == "or":
			err = q.nested(name, n, permitted)
		case strings.HasPrefix(name, "loc:") && permitted[name[len("loc:"):]]:
			s.within(q, name[len("loc:"):], n)
		case permitted[name]:
			err = s.direct(q, name, n)
		}
		if err != nil {
			return err
		}
	}
	s.restrict(q, u)
	return nil
}

// direct adds one filter, and narrows the candidates by an index where there is one.
func (s *System) direct(q *asked, name string, n *node) error {
	raw := isRaw(name)
	v, ok := valueOf(n, raw)
	if !ok {
		return nil
	}
	p, err := compile(name, v, !raw)
	if err != nil || p == nil {
		return err
	}
	if found, ok := s.records.lookup(name, v); ok && (!q.narrowed || len(found) < len(q.candidates)) {
		q.candidates, q.narrowed, q.ascending = found, true, name == "last_updated_at"
	}
	q.predicates = append(q.predicates, p)
	return nil
}

// nested adds not[field]=value, of one field, or or[a]=x&or[b]=y; identifiers are destringified there.
func (q *asked) nested(kind string, n *node, permitted map[string]bool) error {
	var all []predicate
	for _, field := range n.keys {
		v, ok := valueOf(n.kids[field], false)
		if !ok || !permitted[field] {
			continue
		}
		p, err := compile(field, v, true)
		if err != nil {
			return err
		}
		if p != nil {
			all = append(all, p)
		}
	}
	switch {
	case len(all) == 0:
	case kind == "not":
		q.predicates = append(q.predicates, func(r *record) bool { return !all[0](r) })
	default:
		q.predicates = append(q.predicates, func(r *record) bool {
			return slices.ContainsFunc(all, func(p predicate) bool { return p(r) })
		})
	}
	return nil
}

// within adds loc:field[0]=CODE: that place and all places in it.
func (s *System) within(q *asked, field string, n *node) {
	wanted := map[string]bool{}
	for _, key := range n.keys {
		for _, code := range s.inside(strings.ToUpper(n.kids[key].text)) {
			wanted[code] = true
		}
	}
	q.predicates = append(q.predicates, func(r *record) bool { return wanted[r.doc.text(field)] })
}

// inside lists a place and its descendants.
func (s *System) inside(code string) []string {
	all := []string{code}
	for _, place := range s.places {
		if place.Parent == code {
			all = append(all, s.inside(place.Code)...)
		}
	}
	return all
}

// restrict adds the text search and the caller's scope.
func (s *System) restrict(q *asked, u *account) {
	text := strings.ToLower(q.params.kid("query"))
	if text != "" {
		q.predicates = append(q.predicates, func(r *record) bool { return strings.Contains(r.searchable, text) })
	}
	wide := text != "" && q.params.kid("id_search") == "true" && u.may("search_owned_by_others")
	if u.Role.Scope != "all" && !wide {
		q.predicates = append(q.predicates, u.reaches)
	}
}

// lookup answers a filter from an index, in any order; ok is false where there is none.
func (c *cabinet) lookup(name string, v value) (found []*record, ok bool) {
	switch {
	case name == "last_updated_at" && v.sort == isRange && v.ends[0].sort == isTime:
		return c.between(window(v.ends[0], v.ends[1], time.Second)), true
	case name == "id":
		return c.keyed(v, func(id string) []*record { return one(c.byID[strings.ToLower(id)]) }), true
	case c.byKey[name] != nil && v.sort != isRange:
		return c.keyed(v, func(key string) []*record { return c.byKey[name][key] }), true
	}
	return nil, false
}

func one(rec *record) []*record {
	if rec == nil {
		return nil
	}
	return []*record{rec}
}

func (c *cabinet) keyed(v value, find func(key string) []*record) []*record {
	list, found := v.list, []*record{}
	if v.sort != isList {
		list = []value{v}
	}
	seen := map[string]bool{}
	for _, member := range list {
		if key, _ := decode(member.json).(string); !seen[key] {
			seen[key] = true
			found = append(found, find(key)...)
		}
	}
	return found
}

// between cuts the ascending order at whole seconds.
func (c *cabinet) between(low, high time.Time) []*record {
	order := func(r *record, t time.Time) int { return r.updated.Compare(t) }
	i, _ := slices.BinarySearchFunc(c.byUpdated, low, order)
	j := len(c.byUpdated)
	if !high.IsZero() {
		j, _ = slices.BinarySearchFunc(c.byUpdated, high.Add(time.Second), order)
	}
	return c.byUpdated[i:max(i, j)]
}

// page answers one page of records.
func (s *System) page(c call, q *node, all []*record, per, page int) answer {
	names := s.selected(c.user, q)
	start := min(len(all), (page-1)*per)
	shown := all[start:min(len(all), start+per)]
	body := append(make([]byte, 0, 512*(1+len(shown))), `{"data":[`...)
	for i, rec := range shown {
		if i > 0 {
			body = append(body, ',')
		}
		body = appendItem(body, rec, names)
	}
	body = append(body, `],"metadata":{"total":`+strconv.Itoa(len(all))+`,"per":`+strconv.Itoa(per)+`,"page":`+strconv.Itoa(page)+`}}`...)
	return jsonAnswer(http.StatusOK, body)
}

// selected returns the names that an answer shows, sorted (§2.3 fields).
func (s *System) selected(u *account, q *node) []string {
	permitted := s.readable(u)
	wanted := q.kid("fields")
	switch {
	case q.kid("query") != "" && (q.kid("id_search") == "true" || q.kid("phonetic") == "true" || q.kid("phone_number") == "true"):
		wanted = "short"
	case !q.has("fields"):
		return permitted
	}
	list := strings.Split(wanted, ",")
	if wanted == "short" {
		list = summary()
		permitted = append(permitted, "hidden_name", "flag_count")
		slices.Sort(permitted)
	}
	list = slices.DeleteFunc(list, func(n string) bool { _, ok := slices.BinarySearch(permitted, n); return !ok })
	slices.Sort(list)
	return slices.Compact(list)
}

// appendItem writes a case: always id, enabled and last_updated_at, and those
// of the sorted names that it has.
func appendItem(b []byte, rec *record, names []string) []byte {
	b = append(b, `{"id":"`+rec.id+`","enabled":`...)
	b = append(b, encode(rec.doc.isTrue("record_state"))...)
	for i, j := 0, 0; i < len(rec.doc) && j < len(names); {
		e := rec.doc[i]
		switch n := strings.Compare(e.name, names[j]); {
		case n < 0:
			i++
		case n > 0:
			j++
		default:
			if e.name != "last_updated_at" && e.name != "id" {
				b = append(b, `,"`+e.name+`":`...)
				b = append(b, shown(rec, e)...)
			}
			i, j = i+1, j+1
		}
	}
	b = append(b, `,"last_updated_at":`...)
	b = append(b, rec.doc.raw("last_updated_at")...)
	return append(b, '}')
}

// shown hides the name of a case that asks for it (§3.1).
func shown(rec *record, e entry) string {
	if e.name == "name" && rec.doc.isTrue("hidden_name") {
		return `"*******"`
	}
	return e.json
}
