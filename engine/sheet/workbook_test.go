package sheet_test

import (
	"archive/zip"
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/casebridge/casebridge/engine/sheet"
)

func workbook(t *testing.T, s *sheet.Sheet) (*excelize.File, []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := s.Workbook(&b); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(b.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f, b.Bytes()
}

func TestWorkbook(t *testing.T) {
	f, raw := workbook(t, lake(t))
	want := []string{"Read me", "Fields", "When nothing goes", "Steps", "Map places", "Map sexes", "Rule agency", "Table verdicts", "What may be shared", "Constants", "What is kept", "Code lists"}
	if got := f.GetSheetList(); !slices.Equal(got, want) {
		t.Errorf("sheets: %q", got)
	}
	for _, c := range [][3]string{
		{"Map places", "A2", "01"}, {"Map places", "B4", `=HYPERLINK("x")`}, {"Map places", "F4", "a small one"}, {"Map places", "D1", "(twin)\nEach is the id of one east.case, which must be there; no rule reads it"}, {"Map places", "B1", "The other shore (west)\nEach is the slug of one west.client, which must be there"}, {"Map places", "C1", "In letters (called)\nFor people; no rule reads it"}, {"Map places", "A5", "09"},
		{"Fields", "E1", "Label (en)"}, {"Fields", "F3", "ឈ្មោះ"}, {"Fields", "H8", `Always "=1+<i>1"`},
		{"Constants", "C2", "west refuses a referral without a phone number"}, {"What is kept", "D2", "family_name"},
		{"Rule agency", "C3", "Each is the slug of one west.client, which must be there"}, {"Rule agency", "B4", "heron"}, {"Table verdicts", "A3", "closed or gone"}, {"When nothing goes", "D2", "the case is closed"},
	} {
		if got, err := f.GetCellValue(c[0], c[1]); err != nil || got != c[2] {
			t.Errorf("%s!%s: got %q, want %q (%v)", c[0], c[1], got, c[2], err)
		}
	}
	for _, name := range f.GetSheetList() {
		checkSheet(t, f, name)
	}
	for name, text := range parts(t, raw) {
		if strings.HasPrefix(name, "xl/worksheets/") && !strings.Contains(text, "<autoFilter ") {
			t.Errorf("%s has no filters", name)
		}
	}
}

// checkSheet: the head is frozen, columns are wide enough to read, texts wrap, and every cell is a text and no formula.
func checkSheet(t *testing.T, f *excelize.File, name string) {
	t.Helper()
	if p, err := f.GetPanes(name); err != nil || !p.Freeze || p.YSplit != 1 {
		t.Errorf("%s: the head is not frozen: %+v %v", name, p, err)
	}
	if w, err := f.GetColWidth(name, "A"); err != nil || w < 6 {
		t.Errorf("%s: column A is %v wide, %v", name, w, err)
	}
	rows, err := f.GetRows(name)
	if err != nil || len(rows) < 2 {
		t.Fatalf("%s: %d rows, %v", name, len(rows), err)
	}
	for y, row := range rows {
		for x := range row {
			cell, err := excelize.CoordinatesToCellName(x+1, y+1)
			if err != nil {
				t.Fatal(err)
			}
			kind, err1 := f.GetCellType(name, cell)
			formula, err2 := f.GetCellFormula(name, cell)
			if err1 != nil || err2 != nil || kind != excelize.CellTypeSharedString || formula != "" {
				t.Errorf("%s!%s is no text: %v %q", name, cell, kind, formula)
			}
			checkWrapped(t, f, name, cell)
		}
	}
}

func checkWrapped(t *testing.T, f *excelize.File, name, cell string) {
	t.Helper()
	id, err := f.GetCellStyle(name, cell)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := f.GetStyle(id); err != nil || s.Alignment == nil || !s.Alignment.WrapText {
		t.Errorf("%s!%s does not wrap (%v)", name, cell, err)
	}
}

func parts(t *testing.T, raw []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, p := range z.File {
		r, err := p.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		all[p.Name] = string(text)
	}
	return all
}
