package sheet_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/casebridge/casebridge/engine/sheet"
)

func grids() []sheet.Grid {
	return []sheet.Grid{{Name: "places", Rows: [][]string{{"east", "west"}, {"08", "=north, “old”"}, {"09", "ភ្នំពេញ; 1 `as it is`"}}}}
}

// What is written is read back to the letter: zeros, signs that look like formulas, other scripts.
func TestGridsComeBack(t *testing.T) {
	for _, name := range []string{"a.xlsx", "a.csv"} {
		var file bytes.Buffer
		if err := sheet.WriteGrids(name, &file, grids()); err != nil {
			t.Fatal(err)
		}
		got, err := sheet.ReadGrids(name, &file, "")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(grids()[0].Rows, got[0].Rows); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A cell that is a number, a date or a formula has lost what a code needs: it is named, and all are at once.
func TestCellsThatAreNoText(t *testing.T) {
	file := excelize.NewFile()
	for cell, value := range map[string]any{"A1": "east", "A2": 8, "A3": true, "A4": "08"} {
		if err := file.SetCellValue("Sheet1", cell, value); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.SetCellFormula("Sheet1", "A5", "1+1"); err != nil {
		t.Fatal(err)
	}
	var raw bytes.Buffer
	if err := file.Write(&raw); err != nil {
		t.Fatal(err)
	}
	_, err := sheet.ReadGrids("a.xlsx", &raw, "")
	var first *sheet.NotText
	if !errors.As(err, &first) {
		t.Fatalf("the error is %v", err)
	}
	for cell, wanted := range map[string]bool{"A1": false, "A2": true, "A3": true, "A4": false, "A5": true} {
		if got := strings.Contains(err.Error(), "!"+cell+" "); got != wanted {
			t.Errorf("%s is named: %v, want %v\n%v", cell, got, wanted, err)
		}
	}
}

func TestFilesThatAreNoSheets(t *testing.T) {
	for name, text := range map[string]string{"a.ods": "x", "a.xlsx": "no zip", "a.csv": "a,b\n\xff\xfe,1\n", "b.csv": "a,\"b\n"} {
		if _, err := sheet.ReadGrids(name, strings.NewReader(text), ""); err == nil {
			t.Errorf("%s was read", name)
		}
	}
	if err := sheet.WriteGrids("a.csv", &bytes.Buffer{}, append(grids(), grids()...)); err == nil {
		t.Error("two maps went into one .csv file")
	}
}

func TestSeparatorsOfOtherCountries(t *testing.T) {
	for _, s := range []string{",", ";", "\t"} {
		got, err := sheet.ReadGrids("a.csv", strings.NewReader("\ufeffeast"+s+"west\n08"+s+"north\n"), "")
		if err != nil || !slices.Equal(got[0].Rows[1], []string{"08", "north"}) {
			t.Errorf("%q: %v %v", s, got, err)
		}
	}
}

// Merged cells would empty the cells that they cover; pages without a cell are of no map.
func TestMergedCells(t *testing.T) {
	file := excelize.NewFile()
	for cell, value := range map[string]string{"A1": "east", "A2": "01", "A3": "02"} {
		if err := file.SetCellStr("Sheet1", cell, value); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := file.NewSheet("Sheet2"); err != nil {
		t.Fatal(err)
	}
	read := func() ([]sheet.Grid, error) {
		var raw bytes.Buffer
		if err := file.Write(&raw); err != nil {
			t.Fatal(err)
		}
		return sheet.ReadGrids("a.xlsx", &raw, "")
	}
	if got, err := read(); err != nil || len(got) != 1 || got[0].Name != "Sheet1" {
		t.Errorf("%v, %v", got, err)
	}
	if err := file.MergeCell("Sheet1", "A2", "A3"); err != nil {
		t.Fatal(err)
	}
	var merged *sheet.Merged
	if _, err := read(); !errors.As(err, &merged) || merged.Cells != "A2:A3" {
		t.Errorf("%v", err)
	}
}

// A workbook may have pages for people beside those of maps; when one page is asked for, the others are not looked at.
func TestOnlyOnePage(t *testing.T) {
	file := excelize.NewFile()
	for _, page := range []string{"notes", "places"} {
		if _, err := file.NewSheet(page); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(file.SetCellValue("notes", "A1", 7), file.SetCellStr("places", "A1", "east")); err != nil {
		t.Fatal(err)
	}
	var raw bytes.Buffer
	if err := file.Write(&raw); err != nil {
		t.Fatal(err)
	}
	if got, err := sheet.ReadGrids("a.xlsx", &raw, "places"); err != nil || len(got) != 1 || got[0].Name != "places" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestSeparatorThatIsNamed(t *testing.T) {
	got, err := sheet.ReadGrids("a.csv", strings.NewReader("\ufeffsep=;\r\neast;west\r\n08;north, or so\r\n"), "")
	if err != nil || len(got[0].Rows) != 2 || !slices.Equal(got[0].Rows[1], []string{"08", "north, or so"}) {
		t.Errorf("%v %v", got, err)
	}
}
