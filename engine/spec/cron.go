package spec

import (
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// cronFields are the five parts of a schedule, in order.
func cronFields() []struct{ name, help string } {
	return []struct{ name, help string }{
		{"minute", "minutes are 0 to 59; */15 is every quarter of an hour"},
		{"hour", "hours are 0 to 23; 6-18 is every hour of the day"},
		{"day of the month", "days are 1 to 31; * is every day"},
		{"month", "months are 1 to 12, or jan to dec; * is every month"},
		{"weekday", "weekdays are 0 (sunday) to 6, or sun to sat; 1-5 is monday to friday"},
	}
}

// checkCron checks each part of a schedule by itself, so that the finding stands under it.
func (b *builder) checkCron(s Scalar) {
	parts := strings.Fields(s.Text)
	if len(parts) != len(cronFields()) {
		return // the schema has reported it
	}
	at, wrong := 0, false
	for i, field := range cronFields() {
		at += strings.Index(s.Text[at:], parts[i])
		alone := []string{"*", "*", "*", "*", "*"}
		alone[i] = parts[i]
		if _, err := cron.ParseStandard(strings.Join(alone, " ")); err != nil {
			part := s
			part.At, part.Text = s.Offset(at), parts[i]
			b.faultAt(part, "wrong-cron", field.help, "%q is no %s", parts[i], field.name)
			wrong = true
		}
		at += len(parts[i])
	}
	if wrong {
		return
	}
	// From any day on, a schedule that ever comes comes within a few years.
	times, err := cron.ParseStandard(strings.Join(parts, " "))
	if err == nil && times.Next(time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		b.faultAt(s, "wrong-cron", "the month has no such day", "this time never comes")
	}
}
