package sheet

import (
	"archive/zip"
	"bytes"
	"cmp"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Workbook writes the sheet as an xlsx file. Every cell is a text, so no
// spreadsheet takes one for a formula, and a code keeps its zeros.
func (s *Sheet) Workbook(w io.Writer) error {
	b := &book{file: excelize.NewFile(), taken: map[string]bool{}}
	for _, p := range s.pages() {
		b.page(p)
	}
	b.do(b.file.DeleteSheet("Sheet1"))
	b.file.SetActiveSheet(0)
	b.do(b.file.SetDocProps(&excelize.DocProperties{Title: s.Title, Creator: "casebridge docs", Created: fixedDate, Modified: fixedDate}))
	var raw bytes.Buffer
	if b.err == nil {
		b.err = b.file.Write(&raw)
	}
	if b.err = cmp.Or(b.err, b.file.Close()); b.err != nil {
		return b.err
	}
	return steady(w, raw.Bytes())
}

// fixedDate stands where the format wants a date: the same specs give the same bytes.
const fixedDate = "2000-01-01T00:00:00Z"

// leaf is one sheet of the workbook.
type leaf struct {
	name   string
	widths []float64
	head   []string
	rows   [][]string
	exact  bool // no backtick marks code: texts stand as they are
}

// pages lists the sheets of the workbook.
func (s *Sheet) pages() []leaf {
	pages := []leaf{s.cover(), s.fieldPage(), s.stopPage(), s.stepPage()}
	for _, m := range s.Maps {
		pages = append(pages, mapPage(m))
	}
	for _, r := range s.Rules {
		pages = append(pages, rulePage(r))
	}
	for _, t := range s.Tables {
		pages = append(pages, tablePage(t))
	}
	if len(s.Sharings) > 0 {
		pages = append(pages, s.sharingPage())
	}
	return append(pages, s.constantPage(), s.keptPage(), s.listPage())
}

func (s *Sheet) cover() leaf {
	p := leaf{name: "Read me", widths: []float64{26, 110}, head: []string{"Mapping sheet", s.Title}}
	p.rows = append(p.rows, []string{"Project", s.Name}, []string{"When", s.Schedule}, []string{"Zone", s.Zone})
	for _, f := range s.Flows {
		p.rows = append(p.rows, []string{"Flow " + f.Name, f.Title})
		for _, fact := range f.Facts {
			p.rows = append(p.rows, []string{"  " + fact.Word, capital(fact.Text)})
		}
	}
	for _, r := range s.Unused() {
		p.rows = append(p.rows, []string{"Dropped today", r.Field + ": " + r.Note})
	}
	for _, f := range append(outcomeFacts(), classes()...) {
		p.rows = append(p.rows, []string{capital(f.Word), capital(f.Text)})
	}
	if s.Stamp != "" {
		p.rows = append(p.rows, []string{"Made of", s.Stamp})
	}
	return p
}

func (s *Sheet) fieldPage() leaf {
	p := leaf{
		name:   "Fields",
		widths: []float64{18, 18, 22, 34},
		head:   []string{"Flow", "Route", "Writes to", "Field"},
	}
	for _, l := range s.Languages {
		p.head, p.widths = append(p.head, "Label ("+l+")"), append(p.widths, 24)
	}
	p.head = append(p.head, "Comes from", "Rule", "Expression", "Map", "When it is written", "Class", "Note", "Dropped today", "Example", "Test case", "Place")
	p.widths = append(p.widths, 34, 60, 40, 14, 40, 12, 40, 14, 34, 40, 34)
	for _, f := range s.Flows {
		for _, t := range f.Targets {
			for _, r := range t.Rows {
				p.rows = append(p.rows, s.fieldCells(f.Name, t.Object, r))
			}
		}
	}
	return p
}

func (s *Sheet) fieldCells(flow, object string, r Row) []string {
	cells := []string{flow, r.Route, object, r.Field}
	for _, l := range s.Languages {
		i := slices.IndexFunc(r.Labels, func(x Label) bool { return x.Language == l })
		if i < 0 {
			cells = append(cells, "")
			continue
		}
		cells = append(cells, r.Labels[i].Text)
	}
	var from []string
	for _, x := range r.From {
		from = append(from, x.Path)
	}
	dropped := ""
	if r.Unused {
		dropped = "yes"
	}
	return append(cells, strings.Join(from, "\n"), capital(r.Rule), r.Exact, r.Lookup.Text, strings.Join(r.Policy, "\n"), r.Class, r.Note, dropped, r.Example, r.Case, r.Place)
}

func (s *Sheet) stopPage() leaf {
	p := leaf{name: "When nothing goes", widths: []float64{18, 18, 60, 60, 18, 12, 50, 34}, head: []string{"Flow", "Route", "When", "What people read", "What happens", "Gate", "Expression", "Place"}}
	add := func(flow, route string, stops []Stop) {
		for _, x := range stops {
			p.rows = append(p.rows, []string{flow, route, capital(x.When), x.Say, x.Outcome, x.Gate, x.Exact, x.Place})
		}
	}
	for _, f := range s.Flows {
		add(f.Name, "(all routes)", f.Gates)
		for _, r := range f.Routes {
			add(f.Name, r.Name, r.Stops)
		}
	}
	return p
}

func (s *Sheet) stepPage() leaf {
	p := leaf{name: "Steps", widths: []float64{18, 18, 6, 20, 80, 60, 14, 34}, head: []string{"Flow", "Route", "No.", "Name", "Step", "Expression", "Looks up", "Place"}}
	for _, f := range s.Flows {
		for _, r := range f.Routes {
			for i, x := range r.Steps {
				p.rows = append(p.rows, []string{f.Name, r.Name, strconv.Itoa(i + 1), x.Name, x.Text, x.Exact, x.Lookup.Text, x.Place})
			}
			for i, x := range r.Writes {
				p.rows = append(p.rows, []string{f.Name, r.Name, strconv.Itoa(len(r.Steps) + i + 1), "", x.Text, "", "", x.Place})
			}
		}
	}
	return p
}

func mapPage(m Map) leaf {
	p := leaf{name: "Map " + m.Name}
	for _, c := range m.Columns {
		p.head, p.widths = append(p.head, columnHead(c)), append(p.widths, 44)
	}
	p.head, p.widths = append(p.head, "One way only, because", "Note"), append(p.widths, 50, 50)
	for _, r := range m.Rows {
		var cells []string
		for _, c := range r.Cells {
			cells = append(cells, c.Code)
		}
		p.rows = append(p.rows, append(cells, r.Lossy, r.Note))
	}
	for _, e := range m.Except {
		cells := make([]string, len(m.Columns)+2)
		for i, c := range m.Columns {
			if c.Name == e.Column {
				cells[i] = e.Code
			}
		}
		cells[len(m.Columns)+1] = "without a row on purpose: " + e.Why
		p.rows = append(p.rows, cells)
	}
	return p
}

// columnHead is a column's title and name, and under them what its values stand for.
func columnHead(c Column) string {
	head := strings.TrimSpace(c.Title + " (" + c.Name + ")")
	if c.Means != "" {
		head += "\n" + capital(c.Means)
	}
	return head
}

func rulePage(r Rule) leaf {
	p := leaf{name: "Rule " + r.Name, widths: []float64{20, 60, 60}, head: []string{"Form", "How it is written", "What it names"}}
	for _, f := range r.Forms {
		p.rows = append(p.rows, []string{f.Name, f.Pattern, capital(f.Means)})
	}
	for _, n := range r.Confirmed {
		p.rows = append(p.rows, []string{"confirmed", n, ""})
	}
	for _, n := range r.Never {
		p.rows = append(p.rows, []string{"never", n, ""})
	}
	return p
}

func tablePage(t Table) leaf {
	p := leaf{name: "Table " + t.Name}
	for _, in := range t.In {
		p.head, p.widths = append(p.head, "if "+in+" is"), append(p.widths, 28)
	}
	for _, out := range t.Out {
		p.head, p.widths = append(p.head, "then "+out), append(p.widths, 24)
	}
	p.head, p.widths = append(p.head, "Why"), append(p.widths, 70)
	for _, l := range t.Lines {
		p.rows = append(p.rows, append(append(slices.Clone(l.When), l.Then...), l.Note))
	}
	return p
}

func (s *Sheet) sharingPage() leaf {
	p := leaf{name: "What may be shared", widths: []float64{16, 16, 18, 30, 90}, head: []string{"From", "To", "What", "Object", "Fields"}}
	for _, x := range s.Sharings {
		for _, c := range x.Conditions {
			p.rows = append(p.rows, []string{x.From, x.To, strings.ToLower(c.Word), "", c.Text})
		}
		for _, f := range x.Leaves {
			p.rows = append(p.rows, []string{x.From, x.To, "may leave", f.Object, f.Fields})
		}
		for _, f := range x.Writes {
			p.rows = append(p.rows, []string{x.From, x.To, "may be written", f.Object, f.Fields})
		}
	}
	return p
}

func (s *Sheet) constantPage() leaf {
	p := leaf{name: "Constants", widths: []float64{26, 26, 70, 40}, head: []string{"Constant", "Value", "Why", "Used for"}}
	for _, c := range s.Constants {
		p.rows = append(p.rows, []string{c.Name, c.Value, c.Why, strings.Join(c.Used, ", ")})
	}
	return p
}

func (s *Sheet) keptPage() leaf {
	p := leaf{name: "What is kept", widths: []float64{24, 40, 50, 60}, head: []string{"Object", "Told apart by", "Kept in the clear", "Sealed"}}
	for _, k := range s.Kept {
		p.rows = append(p.rows, []string{k.Object, strings.Join(k.Key, ", "), strings.Join(k.Keep, ", "), strings.Join(k.Sealed, ", ")})
	}
	return p
}

func (s *Sheet) listPage() leaf {
	p := leaf{name: "Code lists", widths: []float64{34, 50, 60}, head: []string{"Code list", "Code", "Label"}}
	for _, l := range s.Lists {
		for _, c := range l.Codes {
			p.rows = append(p.rows, []string{l.Name, c.Code, c.Label})
		}
	}
	return p
}

// book writes pages into a workbook; the first error stays.
type book struct {
	file  *excelize.File
	taken map[string]bool // names of sheets, in small letters
	err   error
}

func (b *book) do(err error) { b.err = cmp.Or(b.err, err) }

// page adds a sheet: a frozen head with filters, wrapped texts.
func (b *book) page(p leaf) {
	name := b.sheetName(p.name)
	_, err := b.file.NewSheet(name)
	b.do(err)
	head := b.style(&excelize.Style{Font: &excelize.Font{Bold: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"EAEFF5"}}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	body := b.style(&excelize.Style{NumFmt: textFormat, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}})
	for i, width := range p.widths {
		column := b.column(i)
		b.do(b.file.SetColWidth(name, column, column, width))
		b.do(b.file.SetColStyle(name, column, body))
	}
	show := plain
	if p.exact {
		show = func(text string) string { return text }
	}
	b.row(name, 1, p.head, show)
	for i, cells := range p.rows {
		b.row(name, i+2, cells, show)
	}
	last := b.column(len(p.head) - 1)
	b.do(b.file.SetCellStyle(name, "A1", last+"1", head))
	if len(p.rows) > 0 {
		b.do(b.file.SetCellStyle(name, "A2", last+strconv.Itoa(len(p.rows)+1), body))
		b.do(b.file.AutoFilter(name, "A1:"+last+strconv.Itoa(len(p.rows)+1), nil))
	}
	b.do(b.file.SetPanes(name, &excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}))
	landscape, wide, tall := "landscape", 1, 0
	b.do(b.file.SetPageLayout(name, &excelize.PageLayoutOptions{Orientation: &landscape, FitToWidth: &wide, FitToHeight: &tall}))
	fit := true
	b.do(b.file.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &fit}))
}

// textFormat is the format "@": what stands in the cell is a text.
const textFormat = 49

// longestCell is how much a cell of the format holds.
const longestCell = 32767

func (b *book) row(name string, at int, cells []string, show func(string) string) {
	for i, text := range cells {
		if runes := []rune(text); len(runes) > longestCell {
			text = string(runes[:longestCell])
		}
		b.do(b.file.SetCellStr(name, b.column(i)+strconv.Itoa(at), show(text)))
	}
}

func (b *book) column(i int) string {
	name, err := excelize.ColumnNumberToName(i + 1)
	b.do(err)
	return name
}

func (b *book) style(s *excelize.Style) int {
	id, err := b.file.NewStyle(s)
	b.do(err)
	return id
}

// sheetName shortens a name to what the format takes, and makes it the only one.
func (b *book) sheetName(name string) string {
	name = strings.NewReplacer(":", " ", "\\", " ", "/", " ", "?", " ", "*", " ", "[", " ", "]", " ").Replace(name)
	short := cut(name, excelize.MaxSheetNameLength)
	for n := 2; b.taken[strings.ToLower(short)]; n++ {
		end := " " + strconv.Itoa(n)
		short = cut(name, excelize.MaxSheetNameLength-len(end)) + end
	}
	b.taken[strings.ToLower(short)] = true
	return short
}

func cut(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n])
	}
	return text
}

// steady writes the parts of an archive in order of their names and without
// dates, so that equal content is equal bytes.
func steady(w io.Writer, raw []byte) error {
	in, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return err
	}
	slices.SortFunc(in.File, func(x, y *zip.File) int { return strings.Compare(x.Name, y.Name) })
	out := zip.NewWriter(w)
	for _, f := range in.File {
		if err := copyPart(out, f); err != nil {
			return err
		}
	}
	return out.Close()
}

func copyPart(out *zip.Writer, f *zip.File) error {
	from, err := f.Open()
	if err != nil {
		return err
	}
	to, err := out.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate})
	if err == nil {
		_, err = io.Copy(to, from) //nolint:gosec // we have just made this archive
	}
	return cmp.Or(err, from.Close())
}
