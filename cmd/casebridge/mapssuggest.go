package main

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/store"
)

func (a *app) mapsSuggest() *cobra.Command {
	var only string
	cmd := &cobra.Command{
		Use:   "suggest",
		Short: "The rows that records brought and no map has, ready to be filled in",
		Long: "Lists each value that a record had and a map did not know, as the row to add to the map's file: fill in the cells that are\n" +
			"empty. Records in quarantine for it go by themselves with the next run after the row is there.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			asJSON, err := a.json()
			if err != nil {
				return err
			}
			c, st, err := a.openStore(cmd)
			if err != nil {
				return err
			}
			defer closeQuietly(st)
			if only != "" {
				if _, err := c.maps([]string{only}); err != nil {
					return err
				}
			}
			values, err := st.Unmapped(cmd.Context(), "")
			if err != nil {
				return err
			}
			return a.printSuggestions(c, suggestions(c, values, only), asJSON)
		},
	}
	cmd.Flags().StringVar(&only, "map", "", "only of this `MAP`")
	return cmd
}

// suggestion is a row that a map may need.
type suggestion struct {
	in      *spec.Map
	by      string
	value   string
	nearest string
	times   int
	held    int
	first   time.Time
}

// suggestions are the values that the specs still do not know, those of one map together, once each.
func suggestions(c *compiled, values []store.UnmappedValue, only string) []suggestion {
	var out []suggestion
	for _, u := range values {
		m := c.project.Map(u.Lookup)
		known := c.project.Knows(u.Lookup, u.By)
		if m == nil || m.Column(u.By) < 0 || only != "" && u.Lookup != only || slices.Contains(known, u.Value) {
			continue
		}
		same := func(s suggestion) bool { return s.in == m && s.by == u.By && s.value == u.Value }
		i := slices.IndexFunc(out, same)
		if i < 0 {
			i = len(out)
			out = append(out, suggestion{in: m, by: u.By, value: u.Value, nearest: near(u.Value, known), first: u.First})
		}
		out[i].times, out[i].held = out[i].times+u.Times, out[i].held+u.Held
		if u.First.Before(out[i].first) {
			out[i].first = u.First
		}
	}
	slices.SortStableFunc(out, func(x, y suggestion) int {
		return slices.Index(c.project.Maps, x.in) - slices.Index(c.project.Maps, y.in)
	})
	return out
}

// row is the row to add, its other cells empty.
func (s suggestion) row() string {
	cells := spec.Cells{Cells: make([]string, len(s.in.Columns))}
	cells.Cells[s.in.Column(s.by)] = s.value
	return s.in.RowLine(cells)
}

// model is the nearest row, to be compared with.
func (s suggestion) model() (row string, line int) {
	column := s.in.Column(s.by)
	for _, r := range s.in.Rows {
		if s.nearest != "" && r.Cells[column].Text == s.nearest {
			return s.in.RowLine(spec.Cells{Cells: spec.Texts(r.Cells)}), r.At.Line
		}
	}
	return "", 0
}

// suggestionLine is a suggestion as JSON.
type suggestionLine struct {
	Map     string    `json:"map"`
	File    string    `json:"file" about:"where the row belongs"`
	By      string    `json:"by" about:"the column in which the value was looked for"`
	Value   string    `json:"value" about:"what a record had and the map does not know"`
	Row     string    `json:"row" about:"the row to add; fill in its empty cells"`
	Nearest string    `json:"nearest,omitempty" about:"the value of the map that comes nearest"`
	Times   int       `json:"times" about:"how often it was met"`
	Held    int       `json:"held" about:"how many records wait for the row"`
	First   time.Time `json:"first" about:"when it was first met"`
}

func (a *app) printSuggestions(c *compiled, list []suggestion, asJSON bool) error {
	if asJSON {
		enc := json.NewEncoder(a.stdout)
		for _, s := range list {
			if err := enc.Encode(suggestionLine{s.in.Name.Text, path.Join(c.root, s.in.At.File), s.by, s.value, s.row(), s.nearest, s.times, s.held, s.first}); err != nil {
				return err
			}
		}
		return nil
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(a.stdout, "Every value that records brought has its row.")
		return err
	}
	var last *spec.Map
	for _, s := range list {
		if s.in != last {
			fmt.Fprintf(a.stdout, "# %s\n", path.Join(c.root, s.in.At.File))
			last = s.in
		}
		what := "stops nothing"
		if s.held > 0 {
			what = plural(s.held, "1 record waits for it", "%d records wait for it")
		}
		fmt.Fprintf(a.stdout, "# %s since %s; %s\n", plural(s.times, "seen once", "seen %d times"), day(s.first, c.project.Zone), what)
		if row, line := s.model(); line > 0 {
			fmt.Fprintf(a.stdout, "# nearest, in line %d: %s\n", line, row)
		}
		fmt.Fprintln(a.stdout, s.row())
	}
	_, err := fmt.Fprintln(a.stdout, "# Fill in the empty cells, add the rows to their maps, and run validate. The records that wait go with the next run.")
	return err
}
