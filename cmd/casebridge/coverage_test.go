package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/casebridge/casebridge/connectors"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/specs"
)

// oldFaults is how many faults of the jobs before are known. Each is observed, and each is
// covered: by a case of the specs that says `replaces`, or by a test named after it.
const oldFaults = 20

func TestEveryOldFaultIsCovered(t *testing.T) {
	covered := map[int]bool{}
	for _, n := range append(replacedBySpecs(t), replacedByTests(t)...) {
		if n < 1 || n > oldFaults {
			t.Errorf("there is no old fault %d", n)
		}
		covered[n] = true
	}
	for n := range oldFaults {
		if !covered[n+1] {
			t.Errorf("nothing shows that old fault %d is gone: give it a case in specs/tests, or a test called TestOldJobs%02d", n+1, n+1)
		}
	}
}

// replacedBySpecs are the numbers that the project's own cases name.
func replacedBySpecs(t *testing.T) []int {
	t.Helper()
	project, _ := spec.Load(specs.FS, connectors.All())
	var numbers []int
	for _, suite := range project.Suites {
		for _, c := range suite.Cases {
			for _, r := range c.Replaces {
				numbers = append(numbers, r.Number)
			}
		}
	}
	return numbers
}

var namedAfterFault = regexp.MustCompile(`^TestOldJobs(\d\d)_`)

// replacedByTests are the numbers in the names of this package's tests.
func replacedByTests(t *testing.T) []int {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test files: %v", err)
	}
	var numbers []int
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if m := namedAfterFault.FindStringSubmatch(f.Name.Name); m != nil {
				n, _ := strconv.Atoi(m[1]) // two digits always are a number
				numbers = append(numbers, n)
			}
		}
	}
	return numbers
}
