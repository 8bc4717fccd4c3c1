package spec

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// folded makes texts equal that differ only in case, in spaces, in how a letter is
// composed, or in signs without width, which some scripts put between words.
func folded(text string) string {
	visible := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) {
			return -1
		}
		return r
	}, norm.NFKC.String(text))
	return strings.ToLower(strings.Join(strings.Fields(visible), " "))
}

// hasUnseen finds signs that come with copying and that no code has: spaces other than the plain one, line breaks,
// and signs without width where no script needs them.
func hasUnseen(text string) bool {
	plain := strings.IndexFunc(text, func(r rune) bool { return unicode.IsLetter(r) && r > unicode.MaxASCII }) < 0
	return strings.ContainsFunc(text, func(r rune) bool {
		return r != ' ' && (unicode.IsSpace(r) || unicode.IsControl(r)) || plain && unicode.Is(unicode.Cf, r)
	})
}

// shortWord is the length up to which words that differ in one letter are usually two words.
const shortWord = 6

// typos finds texts that differ in one letter, by the texts that are left when any
// one letter is taken out: two that are near each other share one of those.
type typos map[string]Scalar

// near returns an earlier text that differs from cell in one letter. Digits count as
// no letters: codes that differ in one digit are different codes.
func (t typos) near(cell Scalar) (other Scalar, found bool) {
	letters := []rune(folded(cell.Text))
	if len(letters) <= shortWord {
		return Scalar{}, false
	}
	keys := []string{string(letters)}
	for i, r := range letters {
		if unicode.IsLetter(r) {
			keys = append(keys, string(letters[:i])+string(letters[i+1:]))
		}
	}
	for _, k := range keys {
		if first, ok := t[k]; !ok {
			t[k] = cell
		} else if folded(first.Text) != string(letters) {
			other, found = first, true
		}
	}
	return other, found
}
