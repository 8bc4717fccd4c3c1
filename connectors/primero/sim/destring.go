package sim

import (
	"strconv"
	"strings"
	"time"
)

// sort is what a filter value was taken for (§2.4).
type sort int

const (
	isNil sort = iota
	isText
	isDate
	isTime
	isBool
	isNumber
	isList
	isRange
)

// value is a filter value after destringify.
type value struct {
	sort sort
	json string    // of isText, isDate, isBool and isNumber: as it stands in stored JSON
	at   time.Time // of isDate and isTime
	n    int64     // of isNumber
	list []value
	ends []value // of isRange: from, to
}

// destring reads a text as the server does, in its order.
func destring(text string) value {
	switch {
	case text == "":
		return value{}
	case isDay(text):
		at, _ := time.Parse(dayLayout, text) // isDay has tried
		return value{sort: isDate, json: encode(text), at: at}
	case text == "true" || text == "false":
		return value{sort: isBool, json: text}
	}
	if at, ok := parseInstant(text); ok {
		return value{sort: isTime, json: encode(at.Format(stampLayout)), at: at}
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && strings.Trim(text, "0123456789") == "" {
		return value{sort: isNumber, json: strconv.FormatInt(n, 10), n: n}
	}
	if strings.Contains(text, ",") {
		return listOf(strings.Split(text, ","))
	}
	if from, to, ok := strings.Cut(text, ".."); ok {
		return value{sort: isRange, ends: []value{destring(from), destring(to)}}
	}
	return value{sort: isText, json: encode(text)}
}

func listOf(texts []string) value {
	v := value{sort: isList}
	for _, t := range texts {
		v.list = append(v.list, destring(t))
	}
	return v
}

// valueOf reads a parameter: a text, a bracket list or a bracket range. ok is
// false for one that is not permitted there (f[]=a) and so does not filter.
func valueOf(n *node, raw bool) (v value, ok bool) {
	read := destring
	if raw {
		read = func(t string) value { return value{sort: isText, json: encode(t)} }
	}
	switch {
	case n.isText:
		return read(n.text), true
	case len(n.array) > 0 || len(n.kids) == 0:
		return value{}, false
	case n.kids["from"] != nil || n.kids["to"] != nil:
		return value{sort: isRange, ends: []value{read(n.kid("from")), read(n.kid("to"))}}, true
	}
	v.sort = isList
	for _, key := range n.keys {
		v.list = append(v.list, read(n.kids[key].text))
	}
	return v, true
}
