package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// Grid is one page of a spreadsheet, every cell a text.
type Grid struct {
	Name string // of the page; for CSV "" when it is read
	Rows [][]string
}

// CellName names a cell as spreadsheets do: CellName(1, 0) is "A2".
func CellName(row, column int) string {
	name, err := excelize.CoordinatesToCellName(column+1, row+1)
	if err != nil {
		return fmt.Sprintf("row %d, column %d", row+1, column+1)
	}
	return name
}

// Errors of reading and writing grids.
var (
	errNotSheet = errors.New("only .xlsx and .csv files can be read and written")
	errNotUTF8  = errors.New("the text is not UTF-8: save it as “CSV UTF-8”, or as .xlsx")
	errOneGrid  = errors.New("a .csv file holds one map: name it, or write an .xlsx file")
)

// NotText is a cell that a spreadsheet holds as a number, a date, a truth value or a formula. Such a cell
// has lost what a code needs: 08 is 8 there.
type NotText struct{ Page, Cell, Shown string }

func (e *NotText) Error() string {
	return fmt.Sprintf("%s!%s holds %s as a number, date or formula: format the column as text and write the code again, with its zeros", e.Page, e.Cell, e.Shown)
}

// Merged are cells that a spreadsheet shows as one. All but the first are empty there, and would empty what is in their rows.
type Merged struct{ Page, Cells string }

func (e *Merged) Error() string {
	return fmt.Sprintf("%s!%s are merged into one cell: split them, and write in each what belongs there", e.Page, e.Cells)
}

// ReadGrids reads the pages of an .xlsx file, or a .csv file with commas, semicolons or tabs. The
// error joins one *NotText for each cell that is no text, and one *Merged for cells that are one. Pages without
// a cell are left out; with only, so is every other page of a workbook that has a page of that name.
func ReadGrids(name string, r io.Reader, only string) ([]Grid, error) {
	switch strings.ToLower(path.Ext(name)) {
	case ".xlsx":
		return readWorkbook(r, only)
	case ".csv":
		return readCSV(r)
	}
	return nil, errNotSheet
}

func readCSV(r io.Reader) ([]Grid, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	if !utf8.Valid(text) {
		return nil, errNotUTF8
	}
	comma := separator(text)
	if first, rest, _ := bytes.Cut(text, []byte("\n")); len(bytes.TrimSpace(first)) == len("sep=;") && bytes.HasPrefix(first, []byte("sep=")) {
		comma, text = rune(first[len("sep=")]), rest // a spreadsheet's own way to name it
	}
	in := csv.NewReader(bytes.NewReader(text))
	in.Comma = comma
	in.FieldsPerRecord = -1
	rows, err := in.ReadAll()
	return []Grid{{Rows: rows}}, err
}

// separator is what stands most often in the first line: spreadsheets of some countries write semicolons.
func separator(text []byte) rune {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	best := ','
	for _, s := range ";\t" {
		if bytes.Count(line, []byte(string(s))) > bytes.Count(line, []byte(string(best))) {
			best = s
		}
	}
	return best
}

func readWorkbook(r io.Reader, only string) ([]Grid, error) {
	file, err := excelize.OpenReader(r)
	if err != nil {
		return nil, err
	}
	pages := file.GetSheetList()
	if slices.Contains(pages, only) {
		pages = []string{only}
	}
	var grids []Grid
	var wrong []error
	for _, page := range pages {
		rows, faults, err := readPage(file, page)
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
		wrong = append(wrong, faults...)
		if len(rows) > 0 {
			grids = append(grids, Grid{Name: page, Rows: rows})
		}
	}
	return grids, errors.Join(append(wrong, file.Close())...)
}

// readPage reads the cells of a page, and tells those that cannot be what a code needs.
func readPage(file *excelize.File, page string) (rows [][]string, faults []error, err error) {
	if rows, err = file.GetRows(page, excelize.Options{RawCellValue: true}); err != nil {
		return nil, nil, err
	}
	for i, row := range rows {
		for j, shown := range row {
			if err := textCell(file, page, CellName(i, j), shown); err != nil {
				faults = append(faults, err)
			}
		}
	}
	merged, err := file.GetMergeCells(page)
	for _, m := range merged {
		faults = append(faults, &Merged{page, m.GetStartAxis() + ":" + m.GetEndAxis()})
	}
	return rows, faults, err
}

func textCell(file *excelize.File, page, cell, shown string) error {
	kind, err := file.GetCellType(page, cell)
	if err != nil {
		return err
	}
	formula, err := file.GetCellFormula(page, cell)
	if err != nil {
		return err
	}
	text := kind == excelize.CellTypeSharedString || kind == excelize.CellTypeInlineString
	if shown != "" && !text || formula != "" {
		return &NotText{page, cell, shown}
	}
	return nil
}

// WriteGrids writes pages as an .xlsx file, all cells as text and the first row frozen, or one as a .csv file.
func WriteGrids(name string, w io.Writer, grids []Grid) error {
	switch ext := strings.ToLower(path.Ext(name)); {
	case ext == ".xlsx":
		b := &book{file: excelize.NewFile(), taken: map[string]bool{}}
		for _, g := range grids {
			b.page(leaf{name: g.Name, widths: widths(g), head: g.Rows[0], rows: g.Rows[1:], exact: true})
		}
		b.do(b.file.DeleteSheet("Sheet1"))
		b.file.SetActiveSheet(0)
		if b.err == nil {
			b.err = b.file.Write(w)
		}
		return errors.Join(b.err, b.file.Close())
	case ext != ".csv":
		return errNotSheet
	case len(grids) != 1:
		return errOneGrid
	}
	if _, err := io.WriteString(w, "\ufeff"); err != nil { // without it Excel takes other scripts than Latin for something else
		return err
	}
	out := csv.NewWriter(w)
	if err := out.WriteAll(grids[0].Rows); err != nil {
		return err
	}
	return out.Error()
}

// widths fits the columns to what is in them, within reason.
func widths(g Grid) []float64 {
	out := make([]float64, len(g.Rows[0]))
	for _, row := range g.Rows {
		for i, cell := range row {
			out[i] = min(60, max(out[i], float64(utf8.RuneCountInString(cell)+3)))
		}
	}
	return out
}
