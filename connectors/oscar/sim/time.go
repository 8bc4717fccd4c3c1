package sim

import (
	"regexp"
	"time"
)

// zoned and zoneless are the spellings of a time that Ruby's Time.parse takes
// and that somebody could send.
func zoned() []string {
	return []string{
		time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04Z07:00",
		"2006-01-02 15:04:05.999999999 Z0700", "2006-01-02 15:04:05.999999999 Z07:00", "2006-01-02 15:04:05.999999999Z07:00",
		"2006-01-02 15:04:05.999999999 UTC", time.RFC1123, time.RFC1123Z,
	}
}

func zoneless() []string {
	return []string{
		"2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04",
		time.DateOnly, "2006/01/02", "20060102", "2 Jan 2006",
	}
}

// lostPlus is "+07:00" after a URL turned its plus into a space; Ruby then
// reads a time without a zone.
var lostPlus = regexp.MustCompile(` \d\d:\d\d$`)

// parseTime reads a time as Ruby does; one without a zone is read in zone.
func parseTime(text string, zone *time.Location) (time.Time, bool) {
	for _, layout := range zoned() {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	if len(text) > len("2006-01-02 15:04") {
		text = lostPlus.ReplaceAllString(text, "")
	}
	for _, layout := range zoneless() {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// longYear is a year with a digit too many, which Ruby reads and PostgreSQL keeps.
var longYear = regexp.MustCompile(`^\d(\d{4}-\d\d-\d\d)$`)

// parseDate reads a date column; what cannot be read becomes NULL.
func parseDate(text null) null {
	if day := longYear.FindStringSubmatch(text.text); day != nil {
		if _, err := time.Parse(time.DateOnly, day[1]); err == nil {
			return text
		}
	}
	t, ok := parseTime(text.text, time.UTC)
	if !ok {
		return null{}
	}
	return some(t.Format(time.DateOnly))
}
