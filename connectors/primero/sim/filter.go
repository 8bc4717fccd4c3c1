package sim

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
)

// errSQL is a filter that the database refuses; the index then answers 200
// with nothing in it (§2.4).
var errSQL = errors.New("the database refuses this filter")

// predicate says whether a case answers a filter.
type predicate func(*record) bool

// compile turns one permitted parameter into a predicate; nil means that it
// does not filter.
func compile(field string, v value, json bool) (predicate, error) {
	switch {
	case field == "id":
		return compileID(v)
	case v.sort == isList:
		return compileAny(field, v.list, json)
	case v.sort == isRange:
		return compileRange(field, v.ends[0], v.ends[1])
	case v.sort == isNil, v.sort == isTime && field != "created_at":
		return nil, errSQL
	case v.sort == isTime:
		return func(r *record) bool { return r.created.Equal(v.at) }, nil
	case v.sort == isText && json && !inColumn(field) && strings.Contains(v.json, `\"`):
		return nil, errSQL // a quote breaks the jsonpath
	}
	return func(r *record) bool { return holds(r.doc.raw(field), v.json) }, nil
}

// holds is equality in jsonpath's lax mode: any member of an array counts.
func holds(stored, want string) bool {
	if stored == want {
		return stored != ""
	}
	if stored == "" || stored[0] != '[' {
		return false
	}
	found := false
	gjson.Parse(stored).ForEach(func(_, member gjson.Result) bool {
		found = member.Raw == want
		return !found
	})
	return found
}

func compileID(v value) (predicate, error) {
	wanted := map[string]bool{}
	list := v.list
	if v.sort != isList {
		list = []value{v}
	}
	for _, one := range list {
		id := strings.ToLower(strings.Trim(one.json, `"`))
		if one.sort != isText || !lowerUUID.MatchString(id) {
			return nil, errSQL
		}
		wanted[id] = true
	}
	return func(r *record) bool { return wanted[r.id] }, nil
}

func compileAny(field string, list []value, json bool) (predicate, error) {
	var any []predicate
	for _, one := range list {
		p, err := compile(field, one, json)
		if err != nil {
			return nil, err
		}
		if p != nil {
			any = append(any, p)
		}
	}
	if any == nil {
		return nil, nil
	}
	return func(r *record) bool { return slices.ContainsFunc(any, func(p predicate) bool { return p(r) }) }, nil
}

// compileRange: the kind of from decides for both ends; without a from the
// range is dropped, which lets every case through (§2.5).
func compileRange(field string, from, to value) (predicate, error) {
	switch from.sort {
	case isNil:
		return nil, nil
	case isDate:
		return dayRange(field, from, to), nil
	case isTime:
		return timeRange(field, from, to), nil
	case isNumber:
		return numberRange(field, from, to), nil
	}
	return nil, errSQL
}

// dayRange compares by day, both ends included.
func dayRange(field string, from, to value) predicate {
	low, high := from.at.Format(dayLayout), "9999"
	if to.sort == isDate || to.sort == isTime {
		high = to.at.Format(dayLayout)
	}
	return func(r *record) bool {
		text := r.doc.text(field)
		if len(text) < len(dayLayout) {
			return false
		}
		text = text[:len(dayLayout)]
		return low <= text && text <= high
	}
}

// timeRange compares by whole seconds, both ends included and cut down to the
// second; created_at has a real column and keeps its fraction.
func timeRange(field string, from, to value) predicate {
	cut := time.Second
	if field == "created_at" {
		cut = time.Nanosecond
	}
	low, high := window(from, to, cut)
	return func(r *record) bool {
		at := stampIn(r, field).Truncate(cut)
		return !at.IsZero() && !at.Before(low) && (high.IsZero() || !at.After(high))
	}
}

// window returns the ends of a range of instants; a zero high means no end.
func window(from, to value, cut time.Duration) (low, high time.Time) {
	low = from.at.Truncate(cut)
	if to.sort == isTime || to.sort == isDate {
		high = to.at.Truncate(cut)
	}
	return low, high
}

func stampIn(r *record, field string) time.Time {
	switch field {
	case "last_updated_at":
		return r.updated
	case "created_at":
		return r.created
	}
	return stampOf(r.doc, field)
}

// numberRange yields nothing when it is open at the top on a typed column, a bug of the server.
func numberRange(field string, from, to value) predicate {
	open := to.sort != isNumber
	return func(r *record) bool {
		v := gjson.Parse(r.doc.raw(field))
		if v.Type != gjson.Number || open && inColumn(field) {
			return false
		}
		return v.Int() >= from.n && (open || v.Int() <= to.n)
	}
}
