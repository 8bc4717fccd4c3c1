package spectest

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/casebridge/casebridge/engine"
)

const (
	leastPart   = 5  // characters of an identifier that is looked for inside others
	leastNumber = 3  // digits of a number that is an identifier
	mostNumber  = 17 // digits of a number that can be counted with
)

// survey looks at all values before the first is replaced: what they have in common must stay in common.
func (d *disguise) survey(dr *draft) {
	least, most := map[int]int64{}, map[int]int64{}
	see := func(s, path string, f *engine.Field, number bool) string {
		if f != nil && (f.Type == engine.Date || f.Type == engine.Instant) && !f.Class.Hidden() {
			d.stays[s], d.stays[s[:min(len(s), len("2006-01-02"))]] = true, true
		}
		if d.fateOf(s, path, f) == stays {
			d.kept[s] = true
			return s
		}
		d.note(s, path, f)
		if number && !f.Class.Hidden() && len(s) >= leastNumber && len(s) <= mostNumber && only(s, "") {
			n, _ := strconv.ParseInt(s, 10, 64) // digits only, and not too many
			d.numbers[s] = true
			if _, ok := least[len(s)]; !ok {
				least[len(s)], most[len(s)] = n, n
			}
			least[len(s)], most[len(s)] = min(least[len(s)], n), max(most[len(s)], n)
		}
		return s
	}
	d.walkRecords(dr.tc.Given, see)
	d.walkRecords(dr.tc.Recalled, see)
	d.walkRecords(dr.tc.Linked, see)
	for _, x := range dr.dropped {
		eachValue(x.value, func(v any) {
			if s, ok := v.(string); ok && dated.FindString(s) == "" {
				d.personal = append(d.personal, original{x.path, s})
				d.avoid(s)
			}
		})
	}
	for digits := range least {
		d.shift(digits, least[digits], most[digits])
	}
	slices.SortFunc(d.parts, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	d.parts = slices.Compact(d.parts)
}

// note remembers what a value has to do with others.
func (d *disguise) note(s, path string, f *engine.Field) {
	d.avoid(s)
	name := path[strings.LastIndexByte(path, '.')+1:]
	if d.words.places[name] && only(s, "") {
		d.places[s] = true
	}
	switch {
	case f == nil || f.Class.Hidden():
		d.personal = append(d.personal, original{path, s})
	case len(s) >= leastPart && len(pieces(s)) == 1:
		d.parts = append(d.parts, s)
	}
	for _, u := range uuidIn.FindAllString(s, -1) {
		for i, group := range strings.Split(lower(u), "-") {
			if i == 2 || i == 3 {
				group = group[1:]
			}
			d.cipher.hexed[group] = true
			for n := leastPart; n < len(group); n++ {
				d.cipher.hexed[group[:n]], d.cipher.hexed[group[len(group)-n:]] = true, true
			}
		}
	}
}

// avoid keeps words of the original from being made by chance.
func (d *disguise) avoid(s string) {
	for _, piece := range pieces(s) {
		if utf8.RuneCountInString(piece) > 2 {
			d.cipher.avoid[lower(piece)] = true
		}
	}
}

// shift chooses what is added to numbers of so many digits, so that none gets more or fewer.
func (d *disguise) shift(digits int, least, most int64) {
	low := int64(math.Pow10(digits - 1))
	down, up := low-least, low*10-1-most
	random := d.cipher.number("shift "+strconv.Itoa(digits), 0)
	wide := up - down // how many places there are beside the one where they are
	if wide <= 0 {
		return
	}
	by := down + (int64(random())<<48|int64(random())<<32|int64(random())<<16|int64(random()))&math.MaxInt64%wide
	if by >= 0 {
		by++
	}
	d.shifts[digits] = by
}

// wordsOf are the runs of letters of a text that have more than three, in small letters.
func wordsOf(s string) []string {
	all := strings.FieldsFunc(lower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
	return slices.DeleteFunc(all, func(w string) bool { return utf8.RuneCountInString(w) <= 3 })
}
