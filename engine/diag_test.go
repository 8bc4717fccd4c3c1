package engine

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// What has nothing in common with a word was not meant by it, however long the word's letters are; a digit is
// the same digit in every script.
func TestNearest(t *testing.T) {
	codes := []string{"01", "08", "Other", "Life skills", "training"}
	for word, want := range map[string]string{
		"8": "08", "០៨": "08", "٠١": "01", "Life skill": "Life skills", "Life\u00a0Skills": "Life skills", "traning": "training",
		"បំណិនជីវិត": "", "xyz": "", "": "",
	} {
		if got := Nearest(word, codes); got != want {
			t.Errorf("%q: got %q, want %q", word, got, want)
		}
	}
}

// However long a line is, an excerpt is short, and the caret stands under the place.
func TestLongLines(t *testing.T) {
	for _, at := range []int{1, 30, 350, 5000, 9990} {
		line := strings.Repeat("ក", at-1) + "x" + strings.Repeat("ខ", 10000-at)
		var b strings.Builder
		if err := (Diag{At: Pos{File: "a", Line: 1, Column: at}, Width: 900, Excerpt: line}).Print(&b); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(b.String(), "\n")
		shown, caret := []rune(lines[1]), strings.IndexByte(lines[2], '^')
		if len(shown) > 420 || utf8.RuneCountInString(lines[2]) > len(shown) || shown[caret] != 'x' {
			t.Errorf("column %d: %d characters, the caret under %q", at, len(shown), shown[caret])
		}
	}
}

// Vowel signs of many scripts stand on the letter before them: the caret goes by what is seen.
func TestCaretUnderWhatIsSeen(t *testing.T) {
	for _, c := range []struct {
		line         string
		column, wide int
		want         string
	}{
		{"say: ខ្មែរ, must: sexx", 19, 4, "                 ^^^^"},
		{"say: កុមារី x", 13, 1, "          ^"},
		{"- ចាន់ទី", 3, 6, "  ^^^^"},
		{"\tx y", 4, 1, "\t  ^"},
		{"a\u200bb", 3, 1, " ^"},
		{"a", 9, 3, "        ^^^"},
	} {
		var b strings.Builder
		if err := (Diag{At: Pos{File: "a", Line: 1, Column: c.column}, Width: c.wide, Excerpt: c.line}).Print(&b); err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimPrefix(strings.Split(b.String(), "\n")[2], "      | "); got != c.want {
			t.Errorf("%q\n got %q\nwant %q", c.line, got, c.want)
		}
	}
}
