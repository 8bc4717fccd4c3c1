package sheet

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping/words"
	"github.com/casebridge/casebridge/engine/spec"
)

// code sets a name or path apart.
func code(text string) string { return "`" + text + "`" }

// said words an expression, or shows it where there are no words.
func said(expression string) string {
	if w, ok := words.Of(expression); ok {
		return w
	}
	return code(expression)
}

func saidWhen(expression string, not bool) string {
	say := words.When
	if not {
		say = words.WhenNot
	}
	if w, ok := say(expression); ok {
		return w
	}
	if not {
		return code(expression) + " is not true"
	}
	return code(expression)
}

// literal writes a fixed value for people.
func literal(v any) string {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case string:
		if v == "" {
			return "an empty text"
		}
		return `"` + v + `"`
	case bool:
		return strconv.FormatBool(v)
	case json.Number:
		return v.String()
	}
	text, err := json.Marshal(v)
	if err != nil {
		return "a value"
	}
	return string(text)
}

// outcomes are the words for what can happen to an item.
func outcome(o spec.Otherwise) (word, means string) {
	switch o {
	case spec.SkipIt:
		return "skipped", "it ends here and is counted; nobody needs to act"
	case spec.BlockIt:
		return "blocked", "it must not go, and a person should know"
	case spec.Quarantine:
		return "kept aside", "it waits in quarantine until its cause is mended"
	case spec.WarnOnly:
		return "goes on with a warning", "it goes, and the plan says so"
	}
	return "nothing to do", "it ends here in silence"
}

// capital begins a sentence.
func capital(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

// joined writes "a, b and c".
func joined(list []string, last string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " " + last + " " + list[len(list)-1]
}

func codes(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = code(s)
	}
	return out
}

// bound words bindings: "`case_id` is `client.external_id`".
func bound(list []spec.Binding, last string) string {
	var parts []string
	for _, b := range list {
		parts = append(parts, code(b.Name.Text)+" is "+said(b.Expr.Text))
	}
	return joined(parts, last)
}

// span writes a duration as people say it.
func span(d time.Duration) string {
	for _, unit := range []struct {
		of   time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if d >= unit.of && d%unit.of == 0 {
			return count(int(d/unit.of), unit.name)
		}
	}
	return count(int(d/time.Second), "second")
}

// count writes "1 row", "2 rows".
func count(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}

// scheduleWords says when the flows run and in which order.
func scheduleWords(p *spec.Project) string {
	if len(p.Schedule.Run) == 0 {
		return "The flows run when somebody starts them."
	}
	return fmt.Sprintf("%s: %s.", cronWords(p.Schedule.Cron.Text), strings.Join(codes(spec.Texts(p.Schedule.Run)), ", then "))
}

// cronWords words the schedules that people write; others are shown as they stand.
func cronWords(cron string) string {
	f := strings.Fields(cron)
	if len(f) != 5 || f[2] != "*" || f[3] != "*" || f[4] != "*" {
		return "At " + code(cron)
	}
	minute, err := strconv.Atoi(f[0])
	switch hour, herr := strconv.Atoi(f[1]); {
	case f[0] == "*" && f[1] == "*":
		return "Every minute"
	case strings.HasPrefix(f[0], "*/") && f[1] == "*":
		return "Every " + f[0][2:] + " minutes"
	case err != nil:
		return "At " + code(cron)
	case f[1] == "*" && minute == 0:
		return "Every hour, on the hour"
	case f[1] == "*":
		return fmt.Sprintf("Every hour, %s past", count(minute, "minute"))
	case herr == nil:
		return fmt.Sprintf("Every day at %02d:%02d", hour, minute)
	}
	return "At " + code(cron)
}

// classWords says who may see a field's value.
func classWords(c engine.Class) string {
	switch c {
	case engine.Public:
		return "public"
	case engine.Code:
		return "code"
	case engine.Confined:
		return "secret"
	}
	return "personal"
}

// outcomes lists what can happen to an item, from the lightest on.
func outcomes() []spec.Otherwise {
	return []spec.Otherwise{spec.Nothing, spec.WarnOnly, spec.SkipIt, spec.BlockIt, spec.Quarantine}
}
