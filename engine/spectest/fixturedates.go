package spectest

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// dated is a date with its year first; typing mistakes in the year occur.
var dated = regexp.MustCompile(`^(\d{4,6})([-/.])(\d{1,2})([-/.])(\d{1,2})([T ].*)?$`)

// leapYear stands in for a year that is none.
const leapYear = 2000

// moved moves a date within its year by so many days, from 1 to 364. Its shape stays, and the time of day behind it.
// ok is false for what is no date.
func moved(s string, days int) (string, bool) {
	m := dated.FindStringSubmatch(s)
	if m == nil || len(m[3]) != 2 || len(m[5]) != 2 {
		return "", false
	}
	month, _ := strconv.Atoi(m[3]) // two digits
	day, _ := strconv.Atoi(m[5])
	year := leapYear
	if len(m[1]) == 4 {
		year, _ = strconv.Atoi(m[1])
	}
	at := time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if int(at.Month()) != month || at.Day() != day {
		return "", false
	}
	if year == leapYear && len(m[1]) != 4 && at.YearDay() == 60 {
		at = at.AddDate(0, 0, -1) // whatever year was meant, it may have no such day
	}
	length := time.Date(year, 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
	to := time.Date(year, 1, 1+(at.YearDay()-1+days)%length, 0, 0, 0, 0, time.UTC)
	if len(m[1]) != 4 && to.YearDay() == 60 {
		to = to.AddDate(0, 0, 1)
	}
	if to.Month() == time.Month(month) && to.Day() == day {
		to = to.AddDate(0, 0, 1)
	}
	return m[1] + m[2] + fmt.Sprintf("%02d", to.Month()) + m[4] + fmt.Sprintf("%02d", to.Day()) + m[6], true
}
