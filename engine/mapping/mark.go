package mapping

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/casebridge/casebridge/engine/spec"
)

// markWords is how many words of a step's reason stand in its code.
const markWords = 6

// mark tells a step apart in the codes of reasons. What is in quarantine is grouped by them for months, while the file
// is edited: so it is the step's name, or the first words of its reason, and never its line. A step that has neither
// is counted among its like in the route.
func (rc *routeCompiler) mark(s *spec.Step) string {
	if s.Name.Text != "" {
		return s.Name.Text
	}
	if words := firstWords(s.Say.Text); words != "" {
		return words
	}
	if rc.mute == nil {
		rc.mute = map[spec.StepKind]int{}
	}
	rc.mute[s.Kind]++
	return fmt.Sprintf("%s-%d", s.Kind, rc.mute[s.Kind])
}

// firstWords joins the first words of a text in small letters: "no-consent-to-share". Marks belong to their letter, as
// many scripts write vowels with them.
func firstWords(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
	return strings.Join(words[:min(len(words), markWords)], "-")
}
