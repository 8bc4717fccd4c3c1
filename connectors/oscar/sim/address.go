package sim

import "strings"

// address is a place at four levels; each code is "" where none is set.
type address struct{ province, district, commune, village string }

// places: provinces 01 to 25; below them every number from 01 to 60 exists.
// The real gazetteer is not published, its shape is (§9).
const (
	provinces = "25"
	numbers   = "60"
)

// known says whether a code of two, four, six or eight digits names a place.
func known(code string) bool {
	for i := 0; i < len(code); i += 2 {
		limit := numbers
		if i == 0 {
			limit = provinces
		}
		if pair := code[i : i+2]; strings.Trim(pair, "0123456789") != "" || pair < "01" || pair > limit {
			return false
		}
	}
	return true
}

// width is the level that a code's length stands for; shorter codes lost zeros.
func width(code string) int {
	switch n := len(code); {
	case n <= 2:
		return 2
	case n <= 4:
		return 4
	case n <= 6:
		return 6
	}
	return 8
}

// moved is the address after a code came in: blank clears it, a known code sets
// its level and those above, an unknown one empties its own level alone.
func (a address) moved(code string) address {
	code = strings.TrimSpace(code)
	if code == "" {
		return address{}
	}
	size := width(code)
	code = strings.Repeat("0", max(0, size-len(code))) + code
	if len(code) != size || !known(code) {
		return a.without(size)
	}
	return placed(code)
}

func placed(code string) address {
	var a address
	for i, level := range []*string{&a.province, &a.district, &a.commune, &a.village} {
		if end := 2 * (i + 1); end <= len(code) {
			*level = code[:end]
		}
	}
	return a
}

func (a address) without(size int) address {
	switch size {
	case 2:
		a.province = ""
	case 4:
		a.district = ""
	case 6:
		a.commune = ""
	default:
		a.village = ""
	}
	return a
}

// deepest is the code that a row shows: village, else commune, district, province.
func (a address) deepest(legacy bool) string {
	switch {
	case a.village != "":
		return a.village
	case a.commune != "":
		return a.commune
	case a.district != "":
		return district(a.district, legacy)
	}
	return a.province
}

// district writes a district's code as the tenant's importer stored it.
func district(code string, legacy bool) string {
	if legacy && code != "" {
		return "00" + code
	}
	return code
}
