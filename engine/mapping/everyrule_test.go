package mapping

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// loadedFirst lists the codes that only a project has which Load has refused before: it
// reports the same names under its own eyes, and cmd leaves these out.
func loadedFirst() []string {
	return []string{"no-rows", "no-target", "unknown-constant", "unknown-mapping", "unknown-object", "unknown-rule", "unknown-step", "unknown-table"}
}

// TestEveryRuleFails reads the package's own source: every code that a finding can have stands
// in a case of testdata, so no rule is there that nobody saw fail.
func TestEveryRuleFails(t *testing.T) {
	seen := shownInCases(t)
	codes := writtenCodes(t)
	if len(codes) < 40 {
		t.Fatalf("only %d codes found: the calls have another form now", len(codes))
	}
	for _, code := range codes {
		if !strings.Contains(seen, "["+code+"]\n") && !slices.Contains(loadedFirst(), code) {
			t.Errorf("no case of testdata shows %q", code)
		}
	}
}

func shownInCases(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range []string{"testdata/refused/*.txt", "testdata/shared/*.txtar"} {
		cases, err := filepath.Glob(pattern)
		if err != nil || len(cases) == 0 {
			t.Fatal("no cases", pattern, err)
		}
		for _, name := range cases {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
	}
	return all.String()
}

var codeForm = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

// writtenCodes returns the code arguments of all calls that add a finding.
func writtenCodes(t *testing.T) []string {
	t.Helper()
	position := map[string]int{"errorAt": 2, "warnAt": 2, "refuse": 1, "unknown": 1}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
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
			for _, arg := range call.Args[:at+1] { // a crossing has an errorAt of its own, without a place
				if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if code, _ := strconv.Unquote(lit.Value); codeForm.MatchString(code) {
						codes = append(codes, code)
					}
					break
				}
			}
			return true
		})
	}
	slices.Sort(codes)
	return slices.Compact(codes)
}
