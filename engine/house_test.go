package engine_test

import (
	"go/ast"
	"go/parser"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/casebridge/casebridge/"

// mayImport is the house: which of our packages each package may import. A package
// that is not listed may not exist; adding one is a decision, made here.
var mayImport = map[string][]string{
	"engine":                   {},
	"engine/spec":              {"engine"},
	"engine/store":             {"engine"},
	"engine/mapping":           {"engine", "engine/spec"},
	"engine/mapping/words":     {},
	"engine/sheet":             {"engine", "engine/spec", "engine/mapping/words"},
	"engine/spectest":          {"engine", "engine/spec", "engine/mapping"},
	"engine/reconcile":         {"engine", "engine/spec", "engine/mapping", "engine/store"},
	"engine/inspect":           {"engine", "engine/spec", "engine/mapping", "engine/store", "engine/reconcile"},
	"connectors/strictjson":    {},
	"connectors/rest":          {"engine", "connectors/strictjson"},
	"connectors/file":          {"engine", "connectors/strictjson"},
	"connectors/connectortest": {"engine", "connectors/rest"},
	"connectors/primero":       {"engine", "connectors/rest", "connectors/strictjson"},
	"connectors/primero/sim":   {"engine"},
	"connectors/oscar":         {"engine", "connectors/rest", "connectors/strictjson"},
	"connectors/oscar/sim":     {"engine"},
	"connectors":               {"engine", "connectors/file", "connectors/oscar", "connectors/primero"},
	"specs":                    {},
}

// onlyIn says which outside modules are imported in one place only, so that they can be replaced there.
var onlyIn = map[string][]string{
	"modernc.org/sqlite":                    {"engine/store"},
	"github.com/pressly/goose":              {"engine/store"},
	"database/sql":                          {"engine/store"},
	"github.com/knadh/koanf":                {"cmd/casebridge"},
	"github.com/spf13/cobra":                {"cmd/casebridge"},
	"github.com/spf13/pflag":                {"cmd/casebridge"},
	"github.com/expr-lang/expr":             {"engine/mapping"},
	"github.com/tidwall/sjson":              {"engine/mapping", "connectors"},
	"github.com/tidwall/gjson":              {"engine/mapping", "connectors"},
	"github.com/goccy/go-yaml":              {"engine/spec", "cmd/casebridge"},
	"github.com/xuri/excelize":              {"engine/sheet"},
	"github.com/santhosh-tekuri/jsonschema": {"engine/spec"},
	"github.com/robfig/cron":                {"engine/spec"},
}

// Below cmd, what comes from outside is passed in: clocks, environment, exit and prints.
var forbiddenCalls = map[string][]string{
	"os":   {"Exit", "Getenv", "LookupEnv", "Environ"},
	"time": {"Now"},
	"fmt":  {"Print", "Printf", "Println"},
	"log":  {"Fatal", "Fatalf", "Fatalln", "Print", "Printf", "Println"},
}

func TestImportsFollowTheHouse(t *testing.T) {
	eachFile(t, parser.ImportsOnly, func(t *testing.T, pkg, file string, f *ast.File) {
		for _, spec := range f.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			checkImport(t, pkg, file, imported)
		}
	})
}

func checkImport(t *testing.T, pkg, file, imported string) {
	t.Helper()
	test := strings.HasSuffix(file, "_test.go")
	if ours, ok := strings.CutPrefix(imported, module); ok && !test && !strings.HasPrefix(pkg, "cmd/") {
		allowed, known := mayImport[pkg]
		if !known {
			t.Errorf("%s: package %s is not in the house; add it to mayImport with what it may import", file, pkg)
		} else if !slices.Contains(allowed, ours) {
			t.Errorf("%s: %s may not import %s (allowed: %v)", file, pkg, ours, allowed)
		}
	}
	if pkg == "engine" && !test && (strings.Contains(imported, ".")) {
		t.Errorf("%s: engine is the standard library only, not %s", file, imported)
	}
	if strings.HasPrefix(pkg, "engine") && strings.HasPrefix(imported, module+"connectors") {
		t.Errorf("%s: engine never imports connectors (%s)", file, imported)
	}
	if strings.HasPrefix(imported, module+"cmd") {
		t.Errorf("%s: nobody imports cmd", file)
	}
	for outside, places := range onlyIn {
		if !strings.HasPrefix(imported, outside) || test {
			continue
		}
		if !slices.ContainsFunc(places, func(p string) bool { return pkg == p || strings.HasPrefix(pkg, p+"/") }) {
			t.Errorf("%s: %s belongs in %v only", file, imported, places)
		}
	}
}

func TestNoWorldBelowCmd(t *testing.T) {
	eachFile(t, 0, func(t *testing.T, pkg, file string, f *ast.File) {
		if strings.HasPrefix(pkg, "cmd/") || strings.HasSuffix(file, "_test.go") {
			return
		}
		for _, decl := range f.Decls {
			if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: no init(): registration is explicit", file)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && slices.Contains(forbiddenCalls[x.Name], sel.Sel.Name) {
				t.Errorf("%s: %s.%s belongs in cmd; take it as a parameter", file, x.Name, sel.Sel.Name)
			}
			return true
		})
	})
}

// TestEngineKnowsNoCountry keeps the names of countries and systems out of the engine: they live in specs and connectors.
func TestEngineKnowsNoCountry(t *testing.T) {
	words := []string{"primero", "oscar", "cambodia", "khmer", "mosvy"}
	root := ".."
	err := filepath.WalkDir(filepath.Join(root, "engine"), func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if ext := path.Ext(p); ext != ".go" && ext != ".json" && ext != ".sql" || d.Name() == "house_test.go" {
			return nil // this file names the rooms of the connectors
		}
		text := strings.ToLower(read(t, p))
		for _, w := range words {
			if strings.Contains(text, w) {
				t.Errorf("%s speaks of %q; use neutral names", p, w)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestPackageNames refuses rooms without a purpose.
func TestPackageNames(t *testing.T) {
	bad := []string{"util", "utils", "common", "helper", "helpers", "model", "models", "types", "base", "core", "misc"}
	eachFile(t, parser.PackageClauseOnly, func(t *testing.T, _, file string, f *ast.File) {
		if slices.Contains(bad, f.Name.Name) {
			t.Errorf("%s: package %s says nothing about its duty", file, f.Name.Name)
		}
	})
}
