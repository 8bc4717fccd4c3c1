package mapping

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// checkCells compares the conditions of a table's column with the code list of what is asked: a
// misspelt code would never fit. An empty text asks for nothing at all, and "*" for anything.
func (c *compiler) checkCells(t *spec.Table, column int, asked *shape) {
	if asked.codes == nil {
		return
	}
	for _, line := range t.Lines {
		if column >= len(line.When) {
			continue
		}
		cell := line.When[column]
		words, several := cell.Any.([]any)
		if !several {
			words = []any{cell.Any}
		}
		for _, w := range words {
			word, ok := w.(string)
			if !ok || word == "*" || word == "" || asked.codes.Has(word) {
				continue
			}
			c.errorAt(c.cellWord(cell.At, word, several), utf8.RuneCountInString(word), "unknown-code",
				fmt.Sprintf("%q is not in the code list %s, so this never fits", word, asked.codes.Name), suggest(word, asked.codes.Texts()))
		}
	}
}

// cellWord is where a word of a cell stands; within a list that goes over several lines, where the list begins.
func (c *compiler) cellWord(at engine.Pos, word string, several bool) engine.Pos {
	line := []rune(c.project.Excerpt(at))
	if !several || at.Column > len(line) {
		return at
	}
	before, _, found := strings.Cut(string(line[at.Column-1:]), word)
	if found {
		at.Column += utf8.RuneCountInString(before)
	}
	return at
}

// answers lists the texts that each part of a table's answer may be, so that they are checked where they are used.
func answers(t *spec.Table) map[string][]spec.Scalar {
	said := map[string][]spec.Scalar{}
	for i, out := range t.Out {
		for _, line := range t.Lines {
			if i >= len(line.Then) {
				continue
			}
			if word, ok := line.Then[i].Any.(string); ok {
				said[out.Text] = append(said[out.Text], spec.Scalar{Text: word, At: line.Then[i].At})
			}
		}
	}
	return said
}
