package mapping

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/uuid"
)

// namespace is what all ids made by uuid5 belong to. It must never change: the
// same record would get another id.
var namespace = uuid.MustParse("b5a1d4a8-52c7-4c0e-9d2b-3f6f0c1e7a44")

// looksDated finds texts that a system may read as a date or a date with a
// time, and then refuse where a text is due. It rather finds too many: a full
// stop too much does no harm.
var looksDated = regexp.MustCompile(`^\s*[+-]?\d{1,6}-\d{1,2}-\d{1,2}([Tt\s]\s*\d{1,2}(:\d{1,2}){0,2}([.,]\d+)?\s*([Zz]|[+-]\d{1,2}:?\d{0,2})?)?\s*$`)

var longYear = regexp.MustCompile(`^\d{5}-\d{2}-\d{2}$`)

func textFunctions() []*function {
	one := func(name, signature, doc string, do func(string) string) *function {
		return &function{FunctionDoc: FunctionDoc{name, signature, doc}, takes: []form{textForm}, least: 1, gives: textShape,
			run: func(_ *frame, _ site, a []value) value { return onText(a[0], do) }}
	}
	return []*function{
		one("trim", "trim(text)", "The text without white space at its ends.", strings.TrimSpace),
		one("upper", "upper(text)", "The text in capitals.", strings.ToUpper),
		one("lower", "lower(text)", "The text in small letters.", strings.ToLower),
		one("strip_zeros", "strip_zeros(text)", "The text without white space at its ends and without the zeros that it starts with.", func(s string) string { return strings.TrimLeft(strings.TrimSpace(s), "0") }),
		one("repair_year", "repair_year(date)", "A date whose year has five digits by mistake, such as 22012-01-01, loses the first of them. Any other text stays as it is.", repairYear),
		one("undated", "undated(text)", "A text that a system could take for a date or a time gets a full stop at its end. Any other text stays as it is.", undated),
		{FunctionDoc: FunctionDoc{"replace", "replace(text, old, new)", "The text with every old replaced by new."},
			takes: []form{textForm}, checks: []literalCheck{nil, mustBeFilled}, least: 3, gives: textShape, run: runReplace},
		{FunctionDoc: FunctionDoc{"split", "split(text, separator)", "The parts of the text, as a list."},
			takes: []form{textForm, textForm}, least: 2, gives: listOf(textShape), run: runSplit},
		{FunctionDoc: FunctionDoc{"join", "join(list, separator)", "The texts of the list in one, with the separator between them."},
			takes: []form{plainList, textForm}, least: 2, gives: textShape, run: runJoin},
		{FunctionDoc: FunctionDoc{"pad_to_even", "pad_to_even(code, pad)", "A code of an odd number of digits gets pad in front: location codes have two digits per level, and lose a leading zero when kept as numbers."},
			takes: []form{textForm, textForm}, checks: []literalCheck{nil, mustBeOne}, least: 2, gives: textShape,
			run: func(_ *frame, _ site, a []value) value {
				return onText(a[0], func(s string) string { return padToEven(s, a[1].text) })
			}},
		{FunctionDoc: FunctionDoc{"code_prefix", "code_prefix(code, n, skip)", "The first n characters of a code, after a zero was put before an odd number of digits and the text skip (which may be left out) was taken off its start. Nothing when it is shorter."},
			takes: []form{textForm, numberForm, textForm}, checks: []literalCheck{nil, mustBeCount}, least: 2, gives: textShape, run: runCodePrefix},
		{FunctionDoc: FunctionDoc{"join_names", "join_names(latin, local)", "A name in two scripts as \"local (latin)\"; the one that is there; once when both are equal."},
			takes: []form{textForm, textForm}, least: 2, gives: textShape,
			run: func(_ *frame, _ site, a []value) value { return joinNames(a[0].text, a[1].text) }},
		{FunctionDoc: FunctionDoc{"uuid5", "uuid5(part, ...)", "An id that is always the same for the same parts. An absent part counts as an empty text."},
			takes: []form{scalar}, least: 1, many: true, gives: textShape, run: runUUID5},
	}
}

func onText(v value, do func(string) string) value {
	if v.kind != text {
		return value{}
	}
	return textValue(do(v.text))
}

func repairYear(s string) string {
	if longYear.MatchString(s) {
		return s[1:]
	}
	return s
}

func undated(s string) string {
	if looksDated.MatchString(s) {
		return strings.TrimRight(s, " \t\r\n") + "."
	}
	return s
}

func padToEven(s, pad string) string {
	if len(s)%2 == 1 && allDigits(s) {
		return pad + s
	}
	return s
}

func runReplace(f *frame, at site, a []value) value {
	if !a[0].given() || a[1].text == "" {
		return a[0]
	}
	size := len(a[0].text) + strings.Count(a[0].text, a[1].text)*len(a[2].text)
	return f.joined(at.pos, size, func() string { return strings.ReplaceAll(a[0].text, a[1].text, a[2].text) })
}

func runSplit(f *frame, at site, a []value) value {
	if !a[0].given() {
		return value{}
	}
	parts := strings.SplitN(a[0].text, a[1].text, maxRows+1)
	if len(parts) > maxRows {
		return f.fail(at.pos, fmt.Sprintf("%s has more than %d parts: shorten it in the system that it comes from", at.of(0), maxRows))
	}
	items := make([]value, len(parts))
	for i, p := range parts {
		items[i] = textValue(p)
	}
	return listValue(items)
}

func runJoin(f *frame, at site, a []value) value {
	var parts []string
	size := 0
	for _, item := range f.rows(at, 0, a[0]) {
		s, ok := item.plain()
		switch {
		case !ok:
			return f.fail(at.pos, fmt.Sprintf("an entry of %s is %s, which cannot be joined: %s", at.of(0), item.kind, offType))
		case item.given():
			parts = append(parts, s)
			size += len(s) + len(a[1].text)
		}
	}
	return f.joined(at.pos, size, func() string { return strings.Join(parts, a[1].text) })
}

func runCodePrefix(_ *frame, _ site, a []value) value {
	n, ok := smallCount(a[1])
	if a[0].blank() || !ok {
		return value{}
	}
	s := padToEven(strings.TrimSpace(a[0].text), "0")
	if len(a) > 2 {
		s = strings.TrimPrefix(s, a[2].text)
	}
	runes := []rune(s)
	if len(runes) < n {
		return value{}
	}
	return textValue(string(runes[:n]))
}

func smallCount(v value) (n int, ok bool) {
	if v.kind != number || len(v.text) > 6 || !allDigits(v.text) {
		return 0, false
	}
	for _, digit := range v.text {
		n = n*10 + int(digit-'0')
	}
	return n, true
}

func joinNames(latin, local string) value {
	latin, local = strings.TrimSpace(latin), strings.TrimSpace(local)
	switch {
	case latin == "" && local == "":
		return value{}
	case latin == "" || latin == local:
		return textValue(local)
	case local == "":
		return textValue(latin)
	default:
		return textValue(local + " (" + latin + ")")
	}
}

// runUUID5 hashes the parts as a JSON list, so that no two lists of parts look alike.
func runUUID5(f *frame, at site, a []value) value {
	parts := make([]string, len(a))
	for i, v := range a {
		s, ok := v.plain()
		if !ok {
			return f.tooLong(at, i)
		}
		parts[i] = s
	}
	joined, _ := json.Marshal(parts) // texts never fail
	return textValue(uuid.NewSHA1(namespace, joined).String())
}
