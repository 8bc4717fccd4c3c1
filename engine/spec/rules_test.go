package spec_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// elsewhere lists the codes that no archive can show, with the test that does.
func elsewhere() []string {
	return []string{
		"internal",   // only if the embedded schemas are broken: TestSchemas
		"too-large",  // TestLargeFile
		"too-many",   // TestManyFindings
		"unreadable", // TestUnreadable
	}
}

// TestEveryRuleFails reads the package's own source: every code that a finding
// can have stands in a case of testdata/diag, so no rule is there that nobody saw fail.
func TestEveryRuleFails(t *testing.T) {
	seen := shownCodes(t)
	for _, code := range writtenCodes(t) {
		if !seen[code] && !slices.Contains(elsewhere(), code) {
			t.Errorf("no case shows %q: add testdata/diag/%s.txtar", code, code)
		}
	}
}

func shownCodes(t *testing.T) map[string]bool {
	t.Helper()
	cases, err := filepath.Glob(filepath.Join("testdata", "diag", "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, name := range cases {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(text), "\n") {
			if i := strings.LastIndex(line, " ["); i > 0 && strings.HasSuffix(line, "]") {
				seen[line[i+2:len(line)-1]] = true
			}
		}
	}
	return seen
}

// writtenCodes returns the code arguments of all calls that add a finding. Codes
// made at run time ("unknown-" and a kind) have a case each by their names.
func writtenCodes(t *testing.T) []string {
	t.Helper()
	position := map[string]int{"fault": 2, "faultAt": 1, "faultOn": 1, "warnAt": 1, "warn": 1}
	var codes []string
	add := func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		sel, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		at, known := position[sel.Sel.Name]
		if !known || at >= len(call.Args) {
			return true
		}
		for _, arg := range call.Args[at:min(at+2, len(call.Args))] { // parsing has its own fault and faultAt
			if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				code, _ := strconv.Unquote(lit.Value)
				codes = append(codes, code)
				break
			}
		}
		return true
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, add)
	}
	if len(codes) < 50 {
		t.Fatalf("only %d codes found: the calls have another form now", len(codes))
	}
	return codes
}
