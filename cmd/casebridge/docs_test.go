package main

import (
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/casebridge/casebridge/engine/sheet"
)

// Our own projects, as ministries and learners see them: every rule has words, and no picture has boxes that cover each other.
func TestMappingSheetsOfOurProjects(t *testing.T) {
	examples, err := filepath.Glob(filepath.Join("..", "..", "examples", "*", "project.yaml"))
	if err != nil || len(examples) == 0 {
		t.Fatal("no examples", err)
	}
	dirs := []string{""}
	for _, e := range examples {
		dirs = append(dirs, filepath.Dir(e))
	}
	for _, dir := range dirs {
		a := app{environ: func() []string { return nil }, stdout: io.Discard, stderr: io.Discard}
		a.flags.project = dir
		c, err := a.ready()
		if err != nil {
			t.Fatal(dir, err)
		}
		for _, f := range sheet.Of(c.project).Flows {
			checkFlowSheet(t, f)
		}
	}
}

func checkFlowSheet(t *testing.T, f sheet.Flow) {
	t.Helper()
	stops := f.Gates
	pictures := []sheet.Diagram{f.Diagram}
	for _, r := range f.Routes {
		stops = append(stops, r.Stops...)
		pictures = append(pictures, r.Diagram)
	}
	for _, s := range stops {
		checkWorded(t, s.When, s.Exact, s.Place)
	}
	for _, target := range f.Targets {
		for _, r := range target.Rows {
			checkWorded(t, r.Rule, r.Exact, r.Place)
		}
	}
	for _, d := range pictures {
		checkApart(t, d.Title, d.Wide)
		checkApart(t, d.Title, d.Narrow)
	}
}

// checkWorded finds rules that are shown as they stand, because there are no words for them.
func checkWorded(t *testing.T, words, exact, place string) {
	t.Helper()
	if words == "" || strings.Contains(exact, "(") && strings.Contains(words, "`"+exact+"`") {
		t.Errorf("%s has no words: %s", place, words)
	}
}

var rectangle = regexp.MustCompile(`<rect class="[^"]*" x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"`)

func checkApart(t *testing.T, title, svg string) {
	t.Helper()
	var boxes [][4]int
	for _, m := range rectangle.FindAllStringSubmatch(svg, -1) {
		var b [4]int
		for i := range b {
			n, err := strconv.Atoi(m[i+1])
			if err != nil {
				t.Fatal(err)
			}
			b[i] = n
		}
		boxes = append(boxes, b)
	}
	if len(boxes) < 2 {
		t.Errorf("%s: %d boxes", title, len(boxes))
	}
	for i, a := range boxes {
		for _, b := range boxes[i+1:] {
			if a[0] < b[0]+b[2] && b[0] < a[0]+a[2] && a[1] < b[1]+b[3] && b[1] < a[1]+a[3] {
				t.Errorf("%s: %v covers %v", title, a, b)
			}
		}
	}
}
