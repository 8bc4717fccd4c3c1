package spec_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casebridge/casebridge/engine/spec"
)

// placesWithWords is the lake's map with what people write round its rows.
const placesWithWords = `kind: Map
name: places
columns:
  east: {codes: east.place, complete: true, except: [{code: "09", why: nobody lives there}]}
  west: {title: The other shore}
rows:
# the north
- {east: "01", west: north}   # oldest

# the south
- {east: "02", west: south}
- {east: "03", west: reed, note: a small one}
`

func TestMapEditKeepsWhatPeopleWrote(t *testing.T) {
	for _, tc := range []struct {
		name string
		rows []spec.Cells
		want string // lines that differ, as diff writes them
	}{
		{"nothing", []spec.Cells{row("01", "north"), row("02", "south"), {Cells: []string{"03", "reed"}, Note: "a small one"}}, ""},
		{"another order is no change", []spec.Cells{{Cells: []string{"03", "reed"}, Note: "a small one"}, row("02", "south"), row("01", "north")}, ""},
		{"a changed cell", []spec.Cells{row("01", "north wind"), row("02", "south"), {Cells: []string{"03", "reed"}, Note: "a small one"}},
			`-- {east: "01", west: north}   # oldest
+- {east: "01", west: north wind}   # oldest`},
		{"a row less", []spec.Cells{row("01", "north"), {Cells: []string{"03", "reed"}, Note: "a small one"}},
			`-- {east: "02", west: south}`},
		{"rows more, behind the one they stood behind", []spec.Cells{row("01", "north"), row("04", "yes"), row("05", "a: b"), row("02", "south"), {Cells: []string{"03", "reed"}, Note: "a small one"}},
			`+- {east: "04", west: "yes"}
+- {east: "05", west: "a: b"}`},
		{"a row more, at the head", []spec.Cells{{Cells: []string{"00", "source"}, Lossy: "it's <one>"}, row("01", "north"), row("02", "south"), {Cells: []string{"03", "reed"}, Note: "a small one"}},
			`+- {east: "00", west: source, lossy: "it's <one>"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := difference(t, tc.rows); got != tc.want {
				t.Error(cmp.Diff(tc.want, got))
			}
		})
	}
}

func row(cells ...string) spec.Cells { return spec.Cells{Cells: cells} }

// difference edits the map and says which lines are other ones now.
func difference(t *testing.T, rows []spec.Cells) string {
	t.Helper()
	fsys := lake(t)
	fsys["places.yaml"].Data = []byte(placesWithWords)
	p, _ := spec.Load(fsys, shores())
	m := p.Map("places")
	var file spec.File
	for _, f := range p.Files {
		if f.Path == "places.yaml" {
			file = f
		}
	}
	after, err := m.Edited(file, m.Compare(rows))
	if err != nil {
		t.Fatal(err)
	}
	fsys["places.yaml"].Data = []byte(strings.Join(after, "\n"))
	again, _ := spec.Load(fsys, shores())
	if left := again.Map("places").Compare(rows); len(left) > 0 {
		t.Errorf("the edited map still differs in %d rows", len(left))
	}
	var out []string
	for _, l := range file.Lines {
		if !strings.Contains(strings.Join(after, "\n")+"\n", l+"\n") {
			out = append(out, "-"+l)
		}
	}
	for _, l := range after {
		if !strings.Contains(placesWithWords, l+"\n") {
			out = append(out, "+"+l)
		}
	}
	return strings.Join(out, "\n")
}

func TestMapEditRefusesRowsOnSeveralLines(t *testing.T) {
	fsys := lake(t)
	edit(t, fsys, "sexes.yaml\n-- {east: male, west: Male}\n+- east: male\n+  west: Male\n")
	p, _ := spec.Load(fsys, shores())
	m := p.Map("sexes")
	for _, f := range p.Files {
		if f.Path != "sexes.yaml" {
			continue
		}
		if _, err := m.Edited(f, m.Compare([]spec.Cells{row("male", "Other"), row("female", "Female")})); err == nil || !strings.Contains(err.Error(), "sexes.yaml:7") {
			t.Errorf("the error is %v", err)
		}
	}
}

func TestMapEditKeepsWhatStandsBehindARow(t *testing.T) {
	for _, tc := range []struct{ name, line, want string }{
		{"a brace in the comment", `- {east: "01", west: north} # was {north}`, `- {east: "01", west: calm} # was {north}`},
		{"an empty comment", `- {east: "01", west: north} #`, `- {east: "01", west: calm} #`},
		{"signs within double quotes", `- {east: "01", west: "a \" } # b"}   # old }`, `- {east: "01", west: calm}   # old }`},
		{"signs within single quotes", `- {east: '01', west: 'it''s } # b'} # 'old'}`, `- {east: "01", west: calm} # 'old'}`},
		{"signs within a word", `- {east: "01", west: it''s#1 "x} # old }`, `- {east: "01", west: calm} # old }`},
		{"two lines", "- {east: \"01\",   # old }\n   west: north} # old }", ""},
		{"two lines, cut in quotes", "- {east: \"01\", west: \"a }\n   b\"} # old }", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			fsys := lake(t)
			fsys["places.yaml"].Data = []byte(strings.Replace(placesWithWords, `- {east: "01", west: north}   # oldest`, tc.line, 1))
			p, _ := spec.Load(fsys, shores())
			m := p.Map("places")
			var file spec.File
			for _, f := range p.Files {
				if f.Path == "places.yaml" {
					file = f
				}
			}
			rows := []spec.Cells{row("01", "calm"), row("02", "south"), {Cells: []string{"03", "reed"}, Note: "a small one"}}
			after, err := m.Edited(file, m.Compare(rows))
			if tc.want == "" {
				if err == nil || !strings.Contains(err.Error(), "places.yaml:8") {
					t.Errorf("the error is %v, the file\n%s", err, strings.Join(after, "\n"))
				}
				return
			}
			if err != nil || after[7] != tc.want {
				t.Errorf("%v %s", err, after)
			}
		})
	}
}

func TestMapEditAddsBehindARowOnSeveralLines(t *testing.T) {
	for _, brace := range []string{"  }", "}"} {
		addBehind(t, brace)
	}
}

func addBehind(t *testing.T, brace string) {
	t.Helper()
	head := `kind: Map
name: places
rows:
- {east: "01", west: north}
- {east: "02",   # the }
   west: south
` + brace + ` # old }
`
	const behind = `# how the columns are checked
columns:
  east: {codes: east.place, complete: true, except: [{code: "09", why: nobody lives there}]}
  west: {title: The other shore}
`
	fsys := lake(t)
	fsys["places.yaml"].Data = []byte(head + behind)
	p, _ := spec.Load(fsys, shores())
	m := p.Map("places")
	for _, f := range p.Files {
		if f.Path != "places.yaml" {
			continue
		}
		after, err := m.Edited(f, m.Compare([]spec.Cells{row("01", "north"), row("02", "south"), row("03", "reed")}))
		if want := head + "- {east: \"03\", west: reed}\n" + behind; err != nil || strings.Join(after, "\n") != want {
			t.Errorf("%v\n%s", err, cmp.Diff(want, strings.Join(after, "\n")))
		}
	}
}
