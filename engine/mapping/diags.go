package mapping

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

func (c *compiler) errorAt(at engine.Pos, width int, code, message, help string) {
	c.report(engine.Error, at, width, code, message, help)
}

func (c *compiler) warnAt(at engine.Pos, width int, code, message, help string) {
	c.report(engine.Warning, at, width, code, message, help)
}

func (c *compiler) report(s engine.Severity, at engine.Pos, width int, code, message, help string) {
	c.diags = append(c.diags, engine.Diag{Severity: s, Code: code, At: at, Width: width,
		Message: message, Help: help, Excerpt: c.line(at)})
}

// line is the spec's line at a place, for the excerpt.
func (c *compiler) line(at engine.Pos) string {
	for _, f := range c.project.Files {
		if f.Path == at.File && at.Line > 0 && at.Line <= len(f.Lines) {
			return f.Lines[at.Line-1]
		}
	}
	return ""
}

// findings sorts what was found. A mapping that two routes use is compiled
// twice and would report each finding twice.
func (c *compiler) findings() []engine.Diag {
	engine.Sort(c.diags)
	return slices.CompactFunc(c.diags, func(a, b engine.Diag) bool {
		return a.At == b.At && a.Code == b.Code && cmp.Compare(a.Message, b.Message) == 0
	})
}

func textWidth(s spec.Scalar) int { return utf8.RuneCountInString(s.Text) }

// suggest says what was probably meant, or nothing.
func suggest(word string, candidates []string) string {
	if near := engine.Nearest(word, candidates); near != "" {
		return "did you mean \"" + near + "\"?"
	}
	return ""
}

func hasCode(l *spec.CodeList, code string) bool {
	return slices.ContainsFunc(l.Codes, func(e spec.CodeEntry) bool { return e.Code.Text == code })
}

func codeNames(l *spec.CodeList) []string {
	names := make([]string, len(l.Codes))
	for i, e := range l.Codes {
		names[i] = e.Code.Text
	}
	return names
}
