package spec_test

import (
	"testing"
	"testing/fstest"

	"github.com/casebridge/casebridge/engine/spec"
)

func TestFilesThatAreNoText(t *testing.T) {
	const (
		otherFormat = " [not-text]\n      = open it with the program that made it, and save it as UTF-8 text\n"
		again       = "save the file anew as UTF-8 text\n"
	)
	for name, tc := range map[string]struct{ text, want string }{
		"a spreadsheet":   {"PK\x03\x04\x14\x00\x06\x00", "bell.yaml:1:1: error: this is a ZIP file, such as a spreadsheet (.xlsx) or a Word document is, and not a text file" + otherFormat},
		"another format":  {"\xd0\xcf\x11\xe0\n\x00\x00", "bell.yaml:1:1: error: this is not a text file" + otherFormat},
		"UTF-16":          {"\xff\xfek\x00i\x00n\x00d\x00", "bell.yaml:1:1: error: this text is UTF-16, and not UTF-8 [not-text]\n      = " + again},
		"UTF-16, swapped": {"\xfe\xff\x00k\x00i", "bell.yaml:1:1: error: this text is UTF-16, and not UTF-8 [not-text]\n      = " + again},
		"UTF-16, unsaid":  {"k\x00i\x00n\x00d\x00", "bell.yaml:1:1: error: this is not a text file" + otherFormat},
		"one sign":        {"kind: Rule\ntitle: be\x00ll\n", "bell.yaml:2:10: error: a character that cannot be seen stands here [not-text]\n    2 | title: be\ufffdll\n      |          ^\n      = remove it\n"},
		"old line ends":   {"kind: Rule\rtitle: bell\r", "bell.yaml:1:11: error: lines end here as old Macs wrote them, with CR alone [not-text]\n    1 | kind: Rule\n      |           ^\n      = " + again},
		"some of them":    {"kind: Rule\r\ntitle: bell\r\r\n", "bell.yaml:2:12: error: lines end here as old Macs wrote them, with CR alone [not-text]\n    2 | title: bell\n      |            ^\n      = " + again},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := lake(t)
			fsys["bell.yaml"] = &fstest.MapFile{Data: []byte(tc.text)}
			_, diags := spec.Load(fsys, shores())
			if got := render(t, diags); got != tc.want {
				t.Errorf("%s\nwant\n%s", got, tc.want)
			}
		})
	}
}
