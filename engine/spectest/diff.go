package spectest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
)

// diff tells where got is not as wanted, one line per field. With whole, got
// may have nothing more; else fields that want does not name may be anything.
// Lists are always compared row by row.
func diff(path string, want, got any, whole bool) []string {
	switch want := want.(type) {
	case map[string]any:
		if got, ok := got.(map[string]any); ok {
			return diffObject(path, want, got, whole)
		}
	case []any:
		if got, ok := got.([]any); ok {
			return diffList(path, want, got, whole)
		}
	default:
		if equal(want, got) {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s: expected %s, got %s", name(path), brief(want), brief(got))}
}

func diffObject(path string, want, got map[string]any, whole bool) []string {
	var out []string
	for _, key := range slices.Sorted(maps.Keys(want)) {
		v, ok := got[key]
		if !ok {
			out = append(out, fmt.Sprintf("%s: expected %s, but it is not there", join(path, key), brief(want[key])))
			continue
		}
		out = append(out, diff(join(path, key), want[key], v, whole)...)
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[key]; whole && !ok {
			out = append(out, fmt.Sprintf("%s: not expected, got %s", join(path, key), brief(got[key])))
		}
	}
	return out
}

func diffList(path string, want, got []any, whole bool) []string {
	var out []string
	for i := range max(len(want), len(got)) {
		row := path + "[" + strconv.Itoa(i) + "]"
		switch {
		case i >= len(got):
			out = append(out, row+": expected "+brief(want[i])+", but it is not there")
		case i >= len(want):
			out = append(out, row+": not expected, got "+brief(got[i]))
		default:
			out = append(out, diff(row, want[i], got[i], whole)...)
		}
	}
	return out
}

// equal compares scalars; numbers by value, so that 1 is 1.0.
func equal(want, got any) bool {
	a, isNumber := want.(json.Number)
	b, alsoNumber := got.(json.Number)
	if !isNumber || !alsoNumber {
		return want == got
	}
	x, okX := new(big.Rat).SetString(a.String())
	y, okY := new(big.Rat).SetString(b.String())
	return okX && okY && x.Cmp(y) == 0
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func name(path string) string {
	if path == "" {
		return "document"
	}
	return path
}

func brief(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}
