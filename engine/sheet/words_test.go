package sheet

import (
	"strings"
	"testing"
	"time"
)

func TestCronWords(t *testing.T) {
	for cron, want := range map[string]string{
		"0 * * * *": "Every hour, on the hour", "15 * * * *": "Every hour, 15 minutes past", "1 * * * *": "Every hour, 1 minute past",
		"30 6 * * *": "Every day at 06:30", "*/5 * * * *": "Every 5 minutes", "* * * * *": "Every minute",
		"0 8 * * 1": "At `0 8 * * 1`", "0-30 * * * *": "At `0-30 * * * *`", "": "At ``",
	} {
		if got := cronWords(cron); got != want {
			t.Errorf("%q: got %q, want %q", cron, got, want)
		}
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{24 * time.Hour: "1 day", 720 * time.Hour: "30 days", 90 * time.Minute: "90 minutes", time.Hour: "1 hour", 5 * time.Second: "5 seconds"} {
		if got := span(d); got != want {
			t.Errorf("%s: %q", d, got)
		}
	}
}

// FuzzWrap: no line is wider than asked, unless it is one letter, and nothing is lost.
func FuzzWrap(f *testing.F) {
	f.Add("Choose the entry of case.services_section where a_very_long_name_of_a_field is blank", 120)
	f.Add("ភាសាខ្មែរ and more", 40)
	f.Fuzz(func(t *testing.T, text string, width int) {
		if width < 12 || width > 2000 || len(text) > 2000 || strings.ContainsAny(text, "\n\r") || !validText(text) {
			return
		}
		lines := wrap(text, width)
		for _, l := range lines {
			if textWidth(l) > width && len([]rune(l)) > 1 {
				t.Errorf("%q is wider than %d", l, width)
			}
		}
		if got, want := strip(strings.Join(lines, "")), strip(text); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

func strip(text string) string { return strings.ReplaceAll(text, " ", "") }

func validText(text string) bool { return strings.ToValidUTF8(text, "") == text }
