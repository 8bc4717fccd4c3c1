package engine

import "testing"

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
