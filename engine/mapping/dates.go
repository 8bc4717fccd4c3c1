package mapping

import (
	"strconv"
	"time"

	"github.com/casebridge/casebridge/engine"
)

const dayForm = "2006-01-02"

func dateFunctions() []*function {
	return []*function{
		{FunctionDoc: FunctionDoc{"local_date", "local_date(instant)", "The calendar date of an instant in the project's zone. A date stays as it is; a text that is neither gives nothing."},
			takes: []form{textForm}, checks: []literalCheck{mustBeMoment}, least: 1, gives: &shape{form: textForm, typ: engine.Date}, run: runLocalDate},
		{FunctionDoc: FunctionDoc{"age", "age(birth, day)", "Whole years from one date to the other. Nothing when one of them is no date, or the second comes first."},
			takes: []form{textForm, textForm}, checks: []literalCheck{mustBeDate, mustBeDate}, least: 2, gives: &shape{form: numberForm, typ: engine.Integer}, run: runAge},
	}
}

func runLocalDate(f *frame, _ site, a []value) value {
	if _, err := time.Parse(dayForm, a[0].text); err == nil {
		return a[0]
	}
	at, ok := parseInstant(a[0].text)
	if !ok {
		return value{}
	}
	return textValue(at.In(f.zone).Format(dayForm))
}

// parseInstant reads an RFC 3339 instant; one without a zone is none.
func parseInstant(s string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339Nano, s)
	return at, err == nil
}

func runAge(_ *frame, _ site, a []value) value {
	birth, err1 := time.Parse(dayForm, a[0].text)
	day, err2 := time.Parse(dayForm, a[1].text)
	if err1 != nil || err2 != nil || day.Before(birth) {
		return value{}
	}
	years := day.Year() - birth.Year()
	if day.Month() < birth.Month() || day.Month() == birth.Month() && day.Day() < birth.Day() {
		years--
	}
	return numberValue(strconv.Itoa(years))
}
