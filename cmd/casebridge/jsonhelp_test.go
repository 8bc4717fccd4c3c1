package main

import (
	"bytes"
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

// readOnlyJSON are the structs with names of JSON that the program reads and never prints: answers of the simulated systems.
var readOnlyJSON = []string{"playedCase", "playedService", "struct in upsertsFor"}

// Each struct that has names for JSON is told of in the help, unless it is only read.
func TestJSONHelpKnowsEveryStruct(t *testing.T) {
	var told []reflect.Type
	for _, o := range jsonOutputs() {
		for _, s := range o.shapes {
			told = withObjects(told, reflect.TypeOf(s.of))
		}
	}
	known := slices.Clone(readOnlyJSON)
	names := map[string]bool{}
	for _, typ := range told {
		known = append(known, embeddedIn(typ)...)
		if name := objectName(typ); names[name] || name == "" {
			t.Errorf("two objects are called %q in the help", name)
		} else {
			names[name] = true
		}
		for _, f := range jsonFields(typ) {
			if f.value == "" {
				t.Errorf("%s: the help has no words for the kind of %s", typ.Name(), f.name)
			}
		}
	}
	for _, name := range jsonStructs(t) {
		if !slices.Contains(known, name) {
			t.Errorf("%s has names for JSON, and `casebridge help json` does not tell of it: add it to jsonOutputs", name)
		}
	}
}

// embeddedIn are the names of a struct and of those whose fields are written as its own.
func embeddedIn(t reflect.Type) []string {
	names := []string{t.Name()}
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous {
			names = append(names, embeddedIn(f.Type)...)
		}
	}
	return names
}

// jsonStructs are the structs of this package, by its source, whose fields have names for JSON. Maps that
// are written as objects would be known to nobody, so they are refused here.
func jsonStructs(t *testing.T) []string {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			names = append(names, structsOf(t, decl)...)
		}
	}
	if len(names) < 50 {
		t.Errorf("only %d structs were found", len(names))
	}
	return names
}

func structsOf(t *testing.T, decl ast.Decl) []string {
	var names []string
	within := ""
	if f, ok := decl.(*ast.FuncDecl); ok {
		within = "struct in " + f.Name.Name
	}
	name := within
	ast.Inspect(decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSpec:
			if within == "" {
				name = n.Name.Name
			}
		case *ast.StructType:
			if slices.ContainsFunc(n.Fields.List, namedForJSON) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		case *ast.CallExpr:
			if encodesMap(n) {
				t.Errorf("%s: a map is written as JSON: make it a struct, so that the help tells of it", within)
			}
		}
		return true
	})
	return names
}

func namedForJSON(f *ast.Field) bool { return f.Tag != nil && strings.Contains(f.Tag.Value, `json:"`) }

func encodesMap(call *ast.CallExpr) bool {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"Encode", "encode", "Marshal", "MarshalIndent"}, sel.Sel.Name) || len(call.Args) == 0 {
		return false
	}
	literal, ok := call.Args[0].(*ast.CompositeLit)
	if !ok {
		return false
	}
	_, isMap := literal.Type.(*ast.MapType)
	return isMap
}

// Each command that the help does not name refuses --output json, so that no program is given text.
func TestJSONHelpNamesEveryCommand(t *testing.T) {
	told := readJSONPage(t).commands
	var commands func(c *cobra.Command) []*cobra.Command
	commands = func(c *cobra.Command) []*cobra.Command {
		var all []*cobra.Command
		for _, sub := range c.Commands() {
			all = append(append(all, sub), commands(sub)...)
		}
		return all
	}
	over, end := context.WithCancel(t.Context())
	end() // what does not refuse shall not work for long
	t.Chdir(t.TempDir())
	a := app{environ: func() []string { return nil }, stdout: io.Discard, stderr: io.Discard, now: time.Now}
	for _, c := range commands(a.root()) {
		path := strings.TrimPrefix(c.CommandPath(), "casebridge ")
		_, known := told[path]
		if known || c.HasSubCommands() && c.Name() != "test" || path == "help" || strings.HasPrefix(path, "json ") {
			continue
		}
		var errs bytes.Buffer
		one := app{environ: func() []string { return nil }, stdin: strings.NewReader(""), stdout: io.Discard, stderr: &errs, now: time.Now}
		args := append(strings.Fields(path), strings.Fields(dummies[path])...)
		if code := one.run(over, append(args, "--output", "json")); code != exitUsage || !strings.Contains(errs.String(), "prints text only") {
			t.Errorf("casebridge %s --output json: neither does the help tell of it, nor is it refused: exit code %d, %s", path, code, errs.String())
		}
	}
}

// dummies are arguments for commands that need some.
var dummies = map[string]string{
	"fixture save": "oscar-ids 1", "maps import": "x.csv", "parked close": "1", "parked resend": "1", "quarantine discard": "1", "state restamp": "primero", "state set": "oscar-ids",
}

// The page of one command tells of that command and of what is in its objects, and of no other.
func TestJSONHelpForOneCommand(t *testing.T) {
	p := readJSONPage(t, "quarantine", "show")
	if len(p.commands) != 1 || len(p.objects) != 2 || p.objects["shown entry"]["reason"].value != "text" {
		t.Errorf("commands %v, objects %v", p.commands, p.objects)
	}
	if p := readJSONPage(t, "parked"); len(p.commands) != 2 || len(p.objects) != 1 {
		t.Errorf("commands %v, objects %v", p.commands, p.objects)
	}
}
