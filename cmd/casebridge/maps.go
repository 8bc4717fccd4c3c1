package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/sheet"
	"github.com/casebridge/casebridge/engine/spec"
)

func (a *app) mapsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "maps",
		Short: "Maps as spreadsheets, and the rows that are missing",
		Long: "A map is a table of codes. Its rows can be sent to people as a spreadsheet and taken back; what records brought\n" +
			"and no row knows is listed as rows to add.",
	}
	cmd.AddCommand(a.mapsSuggest(), a.mapsExport(), a.mapsImport())
	return cmd
}

func (a *app) mapsExport() *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use:   "export [MAP]…",
		Args:  cobra.ArbitraryArgs,
		Short: "Write maps as a spreadsheet, a page each",
		Long: "Writes the named maps, or all, as an .xlsx file with a page for each, or one map as a .csv file. All cells are text, so\n" +
			"that 08 stays 08. The first row names the columns; `lossy` and `note` come last. `maps import` takes the file back.",
		RunE: func(_ *cobra.Command, args []string) error {
			if err := a.textOnly(); err != nil {
				return err
			}
			c, err := a.ready()
			if err != nil {
				return err
			}
			if out == "" {
				return usageError{errors.New("say where to with --out FILE.xlsx or FILE.csv")}
			}
			maps, err := c.maps(args)
			if err != nil {
				return err
			}
			var grids []sheet.Grid
			for _, m := range maps {
				grids = append(grids, gridOf(m))
			}
			var text bytes.Buffer
			if err := sheet.WriteGrids(out, &text, grids); err != nil {
				return usageError{fmt.Errorf("%s: %w", out, err)}
			}
			if err := writeNew(out, text.Bytes()); err != nil {
				return err
			}
			_, err = fmt.Fprintf(a.stdout, "%s: %s\n", out, plural(len(grids), "1 map", "%d maps"))
			return err
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to write, .xlsx or .csv; must not be there yet")
	return cmd
}

// writeNew writes a file that must not be there.
func writeNew(name string, text []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // maps are for everybody to read
	if errors.Is(err, fs.ErrExist) {
		return usageError{fmt.Errorf("%s is there already: choose another name, or remove it", name)}
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errEnvironment, err)
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("%w: %w", errEnvironment, errors.Join(err, os.Remove(name)))
	}
	return nil
}

// maps are those named, or all.
func (c *compiled) maps(names []string) ([]*spec.Map, error) {
	if len(names) == 0 {
		return c.project.Maps, nil
	}
	var out []*spec.Map
	for _, name := range names {
		m := c.project.Map(name)
		if m == nil {
			all := spec.Names(c.project.Maps, func(m *spec.Map) spec.Scalar { return m.Name })
			return nil, usageError{fmt.Errorf("there is no map %q%s (there are %s)", name, didMean(name, all), strings.Join(all, ", "))}
		}
		out = append(out, m)
	}
	return out, nil
}

func didMean(word string, candidates []string) string {
	if n := engine.Nearest(word, candidates); n != "" {
		return fmt.Sprintf("; did you mean %q?", n)
	}
	return ""
}

// The columns that every map's page has beside the map's own.
const (
	lossyColumn = "lossy"
	noteColumn  = "note"
)

func header(m *spec.Map) []string {
	var names []string
	for _, c := range m.Columns {
		names = append(names, c.Name.Text)
	}
	return append(names, lossyColumn, noteColumn)
}

func gridOf(m *spec.Map) sheet.Grid {
	g := sheet.Grid{Name: m.Name.Text, Rows: [][]string{header(m)}}
	for _, r := range m.Rows {
		g.Rows = append(g.Rows, append(spec.Texts(r.Cells), r.Lossy, r.Note))
	}
	return g
}

func (a *app) mapsImport() *cobra.Command {
	var name string
	var write bool
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Take a map's rows from a spreadsheet, after showing what changes",
		Long: "Reads an .xlsx file (a page per map, named like it) or a .csv file (say which with --map), and shows which rows are new,\n" +
			"changed and gone, and what validate says of the result. Nothing is written without --write, and nothing while the\n" +
			"result has errors. In the map's file comments, the order of rows and all else stay as they are.\n\n" +
			"The first row must name every column of the map; `lossy` and `note` may be there. All cells must be text.\n\n" + exitHelp,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := a.textOnly(); err != nil {
				return err
			}
			c, err := a.ready()
			if err != nil {
				return err
			}
			if write && a.flags.project == "" {
				return usageError{errors.New("--write changes files: say with --project DIR whose")}
			}
			grids, err := gridsIn(args[0], name)
			if err != nil {
				return err
			}
			edits, err := c.edits(grids, name)
			if err != nil {
				return err
			}
			return a.importMaps(c, edits, write)
		},
	}
	cmd.Flags().StringVar(&name, "map", "", "the `MAP` that a .csv file, or a workbook's only page, is of")
	cmd.Flags().BoolVar(&write, "write", false, "change the map's file")
	return cmd
}

func gridsIn(name, only string) ([]sheet.Grid, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, usageError{err}
	}
	grids, err := sheet.ReadGrids(name, file, only)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, usageError{fmt.Errorf("%s: %w", name, err)}
	}
	return grids, nil
}

// mapEdit is what an import makes of one map.
type mapEdit struct {
	m       *spec.Map
	changes []spec.RowChange
	lines   []string
}

// edits compares pages with the maps that they are of.
func (c *compiled) edits(grids []sheet.Grid, name string) ([]mapEdit, error) {
	var out []mapEdit
	for _, g := range grids {
		if name == "" && g.Name == "" {
			return nil, usageError{errors.New("a .csv file does not say which map it is of: say so with --map")}
		}
		if name != "" && (len(grids) == 1 || g.Name == "") {
			g.Name = name
		}
		if name != "" && g.Name != name {
			continue
		}
		if name == "" && c.project.Map(g.Name) == nil {
			all := spec.Names(c.project.Maps, func(m *spec.Map) spec.Scalar { return m.Name })
			return nil, usageError{fmt.Errorf("the page %q is called like no map: delete it, call it like its map (%s), or take one page only with --map%s", g.Name, strings.Join(all, ", "), didMean(g.Name, all))}
		}
		e, err := c.edit(g)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	if len(out) == 0 {
		return nil, usageError{fmt.Errorf("no page is called %q", name)}
	}
	return out, nil
}

func (c *compiled) edit(g sheet.Grid) (mapEdit, error) {
	maps, err := c.maps([]string{g.Name})
	if err != nil {
		return mapEdit{}, err
	}
	m := maps[0]
	rows, err := rowsOf(m, g)
	if err != nil {
		return mapEdit{}, usageError{err}
	}
	if c.project.Below(m.At) {
		return mapEdit{}, usageError{fmt.Errorf("the map %s stands in %s, in the project that this one extends: change it there", g.Name, path.Join(c.root, m.At.File))}
	}
	i := slices.IndexFunc(c.project.Files, func(f spec.File) bool { return f.Path == m.At.File })
	changes := m.Compare(rows)
	lines, err := m.Edited(c.project.Files[i], changes)
	if err != nil {
		return mapEdit{}, usageError{err}
	}
	return mapEdit{m, changes, lines}, nil
}

// rowsOf reads a page's rows in the order of the map's columns.
func rowsOf(m *spec.Map, g sheet.Grid) ([]spec.Cells, error) {
	if len(g.Rows) == 0 {
		return nil, fmt.Errorf("the page %s is empty: its first row names the columns %s", g.Name, strings.Join(header(m), ", "))
	}
	at, err := columnsOf(m, g)
	if err != nil {
		return nil, err
	}
	var out []spec.Cells
	for i, row := range g.Rows[1:] {
		if strings.TrimSpace(strings.Join(row, "")) == "" {
			continue
		}
		if len(row) > len(g.Rows[0]) && strings.TrimSpace(strings.Join(row[len(g.Rows[0]):], "")) != "" {
			return nil, fmt.Errorf("%s!%s stands in a column without a name", g.Name, sheet.CellName(i+1, len(g.Rows[0])))
		}
		cell := func(name string) string {
			if j, ok := at[name]; ok && j < len(row) {
				return row[j]
			}
			return ""
		}
		c := spec.Cells{Lossy: cell(lossyColumn), Note: cell(noteColumn)}
		for _, col := range m.Columns {
			c.Cells = append(c.Cells, cell(col.Name.Text))
		}
		out = append(out, c)
	}
	return out, nil
}

// columnsOf says which column of the page is which of the map's: the header is a contract.
func columnsOf(m *spec.Map, g sheet.Grid) (map[string]int, error) {
	at, wanted := map[string]int{}, header(m)
	for j, name := range g.Rows[0] {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		if !slices.Contains(wanted, name) {
			return nil, fmt.Errorf("%s!%s: the map %s has no column %q%s", g.Name, sheet.CellName(0, j), m.Name.Text, name, didMean(name, wanted))
		}
		if _, twice := at[name]; twice {
			return nil, fmt.Errorf("%s!%s: the column %q stands there twice", g.Name, sheet.CellName(0, j), name)
		}
		at[name] = j
	}
	for _, c := range m.Columns {
		if _, ok := at[c.Name.Text]; !ok {
			return nil, fmt.Errorf("the page %s has no column %q in its first row", g.Name, c.Name.Text)
		}
	}
	return at, nil
}

// importMaps shows what would change and what validate says of it, and writes it when told to.
func (a *app) importMaps(c *compiled, edits []mapEdit, write bool) error {
	changed := slices.DeleteFunc(slices.Clone(edits), func(e mapEdit) bool { return len(e.changes) == 0 })
	for _, e := range edits {
		a.printEdit(c, e)
	}
	if len(changed) == 0 {
		return nil
	}
	diags, err := a.checkedWith(changed)
	if err != nil {
		return err
	}
	if err := printDiags(a.stdout, diags); err != nil {
		return err
	}
	if engine.HasErrors(diags) {
		fmt.Fprintln(a.stdout, "Nothing is written: with these rows the project would have errors. A new code belongs in the code list of the catalogue first.")
		return errSpecs
	}
	if !write {
		_, err := fmt.Fprintln(a.stdout, "Nothing is written yet: --write does it.")
		return err
	}
	for _, e := range changed {
		file := filepath.Join(c.root, filepath.FromSlash(e.m.At.File))
		if err := replaceFile(file, []byte(strings.Join(e.lines, "\n"))); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "%s is written.\n", file)
	}
	return nil
}

func (a *app) printEdit(c *compiled, e mapEdit) {
	count := map[string]int{}
	var lines []string
	for _, ch := range e.changes {
		place := fmt.Sprintf("line %d", ch.At.Line)
		switch {
		case ch.Old == nil:
			count["new"]++
			lines = append(lines, "  + "+e.m.RowLine(*ch.New))
		case ch.New == nil:
			count["gone"]++
			lines = append(lines, "  - "+e.m.RowLine(*ch.Old)+"   ("+place+")")
		default:
			count["changed"]++
			lines = append(lines, "  ~ "+place+": "+strings.Join(cellChanges(e.m, ch), ", "))
		}
	}
	fmt.Fprintf(a.stdout, "%s: %d new, %d changed, %d gone, %d as they were\n", path.Join(c.root, e.m.At.File),
		count["new"], count["changed"], count["gone"], len(e.m.Rows)-count["changed"]-count["gone"])
	for _, l := range lines {
		fmt.Fprintln(a.stdout, l)
	}
}

func cellChanges(m *spec.Map, ch spec.RowChange) []string {
	var out []string
	differs := func(name, old, fresh string) {
		if old != fresh {
			out = append(out, fmt.Sprintf("%s %q -> %q", name, old, fresh))
		}
	}
	for i, c := range m.Columns {
		differs(c.Name.Text, ch.Old.Cells[i], ch.New.Cells[i])
	}
	differs(lossyColumn, ch.Old.Lossy, ch.New.Lossy)
	differs(noteColumn, ch.Old.Note, ch.New.Note)
	return out
}
