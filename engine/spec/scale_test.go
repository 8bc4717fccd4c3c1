package spec_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/spec"
)

// bigMap is the lake with a map of so many rows, each with words of its own.
func bigMap(t *testing.T, rows int) fstest.MapFS {
	t.Helper()
	fsys := lake(t)
	var list, text strings.Builder
	list.WriteString("kind: Catalogue\nconnection: east\ncode_lists:\n  wide:\n")
	text.WriteString("kind: Map\nname: wide\ncolumns:\n  east: {codes: east.wide, complete: true}\n  west: {title: What the other shore calls it}\nrows:\n")
	for i := range rows {
		fmt.Fprintf(&list, "  - wide_%05d\n", i)
		fmt.Fprintf(&text, "- {east: wide_%05d, west: Word number %05d of many}\n", i, i)
	}
	edit(t, fsys, "mapping.yaml\n   place: {from: place}\n+  wide: {from: case.first, map: wide, by: east, give: west, missing: omit}\n")
	fsys["wide.yaml"] = &fstest.MapFile{Data: []byte(text.String())}
	fsys["widelist.yaml"] = &fstest.MapFile{Data: []byte(list.String())}
	return fsys
}

// TestManyRows guards against time that grows with the square of the rows: 5,000 rows are
// to be read and proved well within a second. Of three tries the best counts.
func TestManyRows(t *testing.T) {
	best := func(rows int) time.Duration {
		fsys := bigMap(t, rows)
		least := time.Hour
		for range 3 {
			began := time.Now()
			if _, diags := spec.Load(fsys, shores()); engine.HasErrors(diags) {
				t.Fatal(render(t, diags))
			}
			least = min(least, time.Since(began))
		}
		return least
	}
	small, large := best(1000), best(8000)
	t.Logf("1,000 rows %v, 5,000 rows %v, 8,000 rows %v", small, best(5000), large)
	if large > 30*small {
		t.Errorf("8 times the rows took %.1f times as long", float64(large)/float64(small))
	}
}
