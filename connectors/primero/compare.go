package primero

import (
	"math"
	"time"

	"github.com/tidwall/gjson"
)

// rowKey tells the rows of every subform apart (§3.2).
const rowKey = "unique_id"

// missing names what a document asked for and the stored record does not show: "sex", or
// "services_section[020d…].service_type" for a column of a row, in the order of the document.
func missing(document, stored gjson.Result) []string {
	var lost []string
	document.ForEach(func(name, want gjson.Result) bool {
		have := member(stored, name.String())
		if isRows(want) {
			lost = append(lost, missingRows(name.String(), want, have)...)
		} else if !same(want, have) {
			lost = append(lost, name.String())
		}
		return true
	})
	return lost
}

// missingRows compares the rows that were sent, column by column; rows and columns that were not sent are not ours.
func missingRows(name string, want, have gjson.Result) []string {
	stored := map[string]gjson.Result{}
	have.ForEach(func(_, row gjson.Result) bool {
		stored[member(row, rowKey).String()] = row
		return true
	})
	var lost []string
	for _, row := range want.Array() {
		key := member(row, rowKey).String()
		now, there := stored[key]
		path := name + "[" + key + "]"
		if member(row, "_destroy").Bool() {
			if there {
				lost = append(lost, path)
			}
			continue
		}
		for _, column := range missing(row, now) {
			lost = append(lost, path+"."+column)
		}
	}
	return lost
}

// same compares values as Primero means them: instants by moment, numbers by value, lists as sets, nothing like null.
func same(want, have gjson.Result) bool {
	switch {
	case blank(want) || blank(have):
		return blank(want) && blank(have)
	case want.IsArray():
		return have.IsArray() && sameSet(want, have)
	case want.IsObject():
		return have.IsObject() && len(missing(want, have)) == 0
	case want.Type == gjson.Number && have.Type == gjson.Number:
		return want.Raw == have.Raw || want.Num == have.Num && math.Abs(want.Num) < exact
	case want.Type == gjson.String && have.Type == gjson.String:
		return want.Str == have.Str || sameMoment(want.Str, have.Str)
	}
	return want.Type == have.Type
}

// exact is where floating point begins to take different whole numbers for the same.
const exact = 1 << 53

// sameSet compares the lists that Primero has, which are those of select boxes: it stores the options
// as they were sent (§3.2, §3.4), and what people see is which are ticked. So neither the order nor how
// often one stands there matters, but each must be on both sides.
func sameSet(want, have gjson.Result) bool { return allIn(want, have) && allIn(have, want) }

func allIn(some, others gjson.Result) bool {
	all := true
	some.ForEach(func(_, s gjson.Result) bool {
		all = false
		others.ForEach(func(_, o gjson.Result) bool {
			all = same(s, o)
			return !all
		})
		return all
	})
	return all
}

func sameMoment(a, b string) bool {
	at, err := time.Parse(time.RFC3339Nano, a)
	if err != nil {
		return false
	}
	bt, err := time.Parse(time.RFC3339Nano, b)
	return err == nil && at.Truncate(time.Millisecond).Equal(bt.Truncate(time.Millisecond))
}

func blank(v gjson.Result) bool {
	return !v.Exists() || v.Type == gjson.Null || v.Type == gjson.String && v.Str == "" || v.IsArray() && !firstOf(v).Exists()
}

// firstOf is the first element of an array. Others are not looked at: there may be millions.
func firstOf(list gjson.Result) (first gjson.Result) {
	list.ForEach(func(_, item gjson.Result) bool {
		first = item
		return false
	})
	return first
}

// isRows says whether a value is a subform: an array that holds objects.
func isRows(v gjson.Result) bool {
	return v.IsArray() && firstOf(v).IsObject()
}

// member reads a field by its exact name; gjson's paths would see more in some names.
func member(object gjson.Result, name string) gjson.Result {
	var found gjson.Result
	if object.IsObject() {
		object.ForEach(func(k, v gjson.Result) bool {
			if k.String() == name {
				found = v
				return false
			}
			return true
		})
	}
	return found
}

// unfit finds what Primero would refuse or, worse, take in the wrong way: a null for a boolean (422) or a
// list (dropped in silence), a row without its key (asked twice, it stands there twice), and two rows with
// one key (the second is ignored, or stands there for good) (§3.2, §3.4).
func unfit(document, current gjson.Result) (reason, field string) {
	document.ForEach(func(name, want gjson.Result) bool {
		have := member(current, name.String())
		switch {
		case want.Type == gjson.Null && (have.IsBool() || have.IsArray()):
			reason = "Primero cannot clear a tick box or a list with null"
		case isRows(want) && !allKeyed(want):
			reason = "every row needs a unique_id of its own, so that asking twice makes one row"
		default:
			return true
		}
		field = name.String()
		return false
	})
	return reason, field
}

// allKeyed says whether every row has a key, and no two have the same.
func allKeyed(rows gjson.Result) bool {
	seen := map[string]bool{}
	for _, row := range rows.Array() {
		key := member(row, rowKey)
		if key.Type != gjson.String || key.Str == "" || seen[key.Str] {
			return false
		}
		seen[key.Str] = true
	}
	return true
}
