package spec

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/casebridge/casebridge/engine"
)

// findings collects what there is to say about a project.
type findings struct {
	diags []engine.Diag
	files map[string]*File
	added int
}

// maxFindings is how many findings one file can give, and again the project as
// a whole: nobody reads more, and a broken file can have a hundred thousand.
const maxFindings = 500

// fault adds an error at a place.
func (f *findings) fault(at engine.Pos, width int, code, help, format string, args ...any) {
	f.add(engine.Diag{Severity: engine.Error, Code: code, At: at, Width: width, Help: help, Message: fmt.Sprintf(format, args...)})
}

// faultAt adds an error about a scalar.
func (f *findings) faultAt(s Scalar, code, help, format string, args ...any) {
	f.fault(s.At, s.width(), code, help, format, args...)
}

// faultOn adds an error about a node.
func (f *findings) faultOn(n *node, code, help, format string, args ...any) {
	n.wrong = true
	f.fault(n.at, n.scalar().width(), code, help, format, args...)
}

// warnAt adds a warning about a scalar.
func (f *findings) warnAt(s Scalar, code, help, format string, args ...any) {
	f.add(engine.Diag{Severity: engine.Warning, Code: code, At: s.At, Width: s.width(), Help: help, Message: fmt.Sprintf(format, args...)})
}

func (f *findings) warn(at engine.Pos, code, help, format string, args ...any) {
	f.add(engine.Diag{Severity: engine.Warning, Code: code, At: at, Width: 1, Help: help, Message: fmt.Sprintf(format, args...)})
}

func (f *findings) add(d engine.Diag) {
	if f.added++; f.added > maxFindings {
		return
	}
	if f.added == maxFindings {
		d.Severity, d.Code, d.Message, d.Help = engine.Error, "too-many", "there are more findings from here on than are listed", "repair the others first"
	}
	d.Excerpt = excerpt(f.files[d.At.File], d.At.Line)
	end := utf8.RuneCountInString(d.Excerpt) + 1
	d.At.Column = min(d.At.Column, end) // the YAML library can be off on blank lines
	d.Width = max(min(d.Width, end-d.At.Column), 1)
	f.diags = append(f.diags, d)
}

// merge takes over what another one collected.
func (f *findings) merge(other *findings) {
	f.diags = append(f.diags, other.diags...)
	for name, file := range other.files {
		f.files[name] = file
	}
}

// sorted returns everything by place, each finding once.
func (f *findings) sorted() []engine.Diag {
	engine.Sort(f.diags)
	return slices.CompactFunc(f.diags, func(a, b engine.Diag) bool {
		return a.At == b.At && a.Code == b.Code && a.Message == b.Message
	})
}

func excerpt(file *File, line int) string {
	if file == nil || line < 1 || line > len(file.Lines) {
		return ""
	}
	return hideSecrets(file.Lines[line-1])
}

// width returns how many characters of its first line a scalar covers.
func (s Scalar) width() int {
	first, _, _ := strings.Cut(s.Text, "\n")
	n := utf8.RuneCountInString(first)
	if n > 0 {
		if end := s.Offset(n - 1); end.Line == s.At.Line {
			return end.Column - s.At.Column + 1
		}
	}
	return max(n, 1)
}

// didYouMean words the nearest candidate, or lists a few when none is near.
func didYouMean(word string, candidates []string) string {
	return suggestion(engine.Nearest(word, candidates), candidates)
}

// suggestion words the nearest candidate; without one it lists them if they are few.
func suggestion(near string, candidates []string) string {
	if near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	candidates = slices.Compact(slices.Sorted(slices.Values(candidates)))
	if len(candidates) == 0 || len(candidates) > 12 {
		return ""
	}
	return "there " + oneOf(candidates)
}

// oneOf words a short list: "is only x", "are x, y and z".
func oneOf(words []string) string {
	if len(words) == 1 {
		return "is only " + words[0]
	}
	return "are " + joined(words, "and")
}

// joined writes "a, b and c".
func joined(words []string, last string) string {
	if len(words) == 0 {
		return ""
	}
	if len(words) == 1 {
		return words[0]
	}
	return strings.Join(words[:len(words)-1], ", ") + " " + last + " " + words[len(words)-1]
}
