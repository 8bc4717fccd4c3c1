package spec

import (
	"slices"
	"strings"
	"testing"

	"github.com/casebridge/casebridge/engine"
)

// textOf parses "key: ..." and returns the value of its first key.
func textOf(t *testing.T, src string) Scalar {
	t.Helper()
	found := &findings{files: map[string]*File{}}
	root := parse("a.yaml", []byte(src), found)
	if root == nil || len(found.diags) > 0 {
		t.Fatalf("%q: %v", src, found.diags)
	}
	return root.items[0].scalar()
}

func TestOffset(t *testing.T) {
	cases := []struct {
		name, src, text string
		find            string // the place of this part of the text
		line, column    int
	}{
		{"plain", "a: one two", "one two", "two", 1, 8},
		{"plain, not Latin", "a: ភាសា z", "ភាសា z", "z", 1, 9},
		{"plain over lines", "a: one\n  two\n\n  three", "one two\nthree", "three", 4, 3},
		{"plain over lines, middle", "a: one\n   two three", "one two three", "three", 2, 8},
		{"single", "a: 'one two'", "one two", "two", 1, 9},
		{"single with a quote", "a: 'it''s two'", "it's two", "two", 1, 11},
		{"single over lines", "a: 'one\n  two'", "one two", "two", 2, 3},
		{"double", `a: "one two"`, "one two", "two", 1, 9},
		{"double with escapes", `a: "\t\u0041\x42\\ two"`, "\tAB\\ two", "two", 1, 20},
		{"double with a quote", `a: "say \"x\" two"`, `say "x" two`, "two", 1, 15},
		{"double over lines", "a: \"one\n  two\"", "one two", "two", 2, 3},
		{"double with a joined line", "a: \"one\\\n   two\"", "onetwo", "two", 2, 4},
		{"literal", "a: |\n  one\n  two", "one\ntwo", "two", 3, 3},
		{"literal, deeper line", "a: |\n  one\n    two\n", "one\n  two\n", "two", 3, 5},
		{"literal, blank line", "a: |-\n  one\n\n  two", "one\n\ntwo", "two", 4, 3},
		{"literal, first line", "a: |  # note\n      one two", "one two", "two", 2, 11},
		{"folded", "a: >-\n  one\n  two\n  three", "one two three", "three", 4, 3},
		{"folded, blank line", "a: >-\n  one\n\n  two", "one\ntwo", "two", 4, 3},
		{"Windows lines", "a: |\r\n  one\r\n  two\r\n", "one\ntwo\n", "two", 3, 3},
		{"Windows lines, folded", "a: >-\r\n  one\r\n\r\n  two", "one\ntwo", "two", 4, 3},
		{"Windows lines, plain", "a: one\r\n  two", "one two", "two", 2, 3},
		{"byte order mark", "\ufeffa: one two", "one two", "two", 1, 8},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := textOf(t, c.src)
			if s.Text != c.text {
				t.Fatalf("text %q, want %q", s.Text, c.text)
			}
			i := len([]rune(s.Text[:strings.Index(s.Text, c.find)]))
			if got, want := s.Offset(i), (engine.Pos{File: "a.yaml", Line: c.line, Column: c.column}); got != want {
				t.Errorf("%q is at %v, want %v", c.find, got, want)
			}
			if s.Offset(0) != s.At || s.Offset(-1) != s.At {
				t.Errorf("Offset(0) is %v, At %v", s.Offset(0), s.At)
			}
		})
	}
}

func TestOffsetBehindTheEnd(t *testing.T) {
	s := textOf(t, "a: 'one'")
	want := engine.Pos{File: "a.yaml", Line: 1, Column: 8}
	if got := s.Offset(3); got != want {
		t.Errorf("Offset(3) = %v, want %v", got, want)
	}
	if got := s.Offset(99); got != want {
		t.Errorf("Offset(99) = %v, want %v", got, want)
	}
	made := Scalar{Text: "made", At: engine.Pos{Line: 2, Column: 5}} // stands in no file
	if got := made.Offset(2); got.Column != 7 || got.Line != 2 {
		t.Errorf("a text without a file: %v", got)
	}
}

// A file that Windows saved has its places where the same file has them elsewhere.
func TestPlacesInWindowsFiles(t *testing.T) {
	src := "# note\nb: {x: 1}\nlist:\n- one\n- 'two'\nlast: |\n  three\n"
	places := func(text string) (all []engine.Pos) {
		root := parse("a.yaml", []byte(text), &findings{files: map[string]*File{}})
		for _, item := range root.items {
			all = append(all, item.at)
			for _, inner := range item.items {
				all = append(all, inner.at)
			}
		}
		return all
	}
	want, got := places(src), places(strings.ReplaceAll(src, "\n", "\r\n"))
	if len(want) != 6 || !slices.Equal(got, want) {
		t.Errorf("places %v, want %v", got, want)
	}
}
