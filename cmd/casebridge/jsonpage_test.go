package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// jsonPage is `casebridge help json` as a reader takes it in.
type jsonPage struct {
	commands map[string]toldCommand
	objects  map[string]map[string]toldField
	met      map[string]bool // objects that were found in what commands print
}

type toldCommand struct {
	single  bool
	objects []string
}

type toldField struct {
	value, about string
	optional     bool
}

var (
	toldObject = regexp.MustCompile(`^    "([a-z ]+)" `)
	toldLine   = regexp.MustCompile(`^  (\S+) +(.+?)(?:  +(.*))?$`)
)

// readJSONPage reads what the program prints.
func readJSONPage(tb testing.TB, path ...string) *jsonPage {
	tb.Helper()
	var out bytes.Buffer
	a := app{environ: func() []string { return nil }, stdout: &out, stderr: io.Discard, now: time.Now}
	if code := a.run(tb.Context(), append([]string{"help", "json"}, path...)); code != exitDone {
		tb.Fatalf("casebridge help json ends with %d", code)
	}
	p := &jsonPage{map[string]toldCommand{}, map[string]map[string]toldField{}, map[string]bool{}}
	command, object := "", ""
	for line := range strings.Lines(out.String()) {
		line = strings.TrimSuffix(line, "\n")
		if name, ok := strings.CutPrefix(line, "casebridge "); ok {
			command, _, _ = strings.Cut(name, " --")
		} else if name, ok := strings.CutPrefix(line, "Object "); ok {
			command, object = "", strings.Trim(name, `"`)
			p.objects[object] = map[string]toldField{}
		} else if m := toldObject.FindStringSubmatch(line); command != "" && m != nil {
			c := p.commands[command]
			c.objects = append(c.objects, m[1])
			p.commands[command] = c
		} else if command != "" && line != "" {
			p.commands[command] = toldCommand{single: strings.HasPrefix(line, "  One object.")}
		} else if m := toldLine.FindStringSubmatch(line); object != "" && m != nil {
			value, optional := strings.CutSuffix(m[2], ", left out when empty")
			p.objects[object][m[1]] = toldField{value, m[3], optional}
		}
	}
	return p
}

// check compares what a command printed with what the page tells of it.
func (p *jsonPage) check(args []string, out string) error {
	if out == "" || args[0] == "schema" {
		return nil // nothing to tell, or refused; and a schema is what it says, whatever --output is
	}
	command := args[0]
	if len(args) > 1 && p.commands[command].objects == nil {
		command += " " + args[1]
	}
	told, ok := p.commands[command]
	if !ok {
		return fmt.Errorf("the help says nothing about casebridge %s", command)
	}
	lines := slices.Collect(strings.Lines(out))
	if told.single && len(lines) != 1 {
		return fmt.Errorf("casebridge %s prints %d lines, and the help says one object", command, len(lines))
	}
	for _, line := range lines {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			return err
		}
		var wrong []string
		for _, name := range told.objects {
			err := p.fits(name, object)
			if err == nil {
				wrong = nil
				break
			}
			wrong = append(wrong, err.Error())
		}
		if wrong != nil {
			return fmt.Errorf("casebridge %s: a line with %v: %s", command, slices.Sorted(maps.Keys(object)), strings.Join(wrong, "; "))
		}
	}
	return nil
}

// fits says why an object is not as the page tells of one with this name.
func (p *jsonPage) fits(name string, object map[string]any) error {
	told := p.objects[name]
	if told == nil {
		return fmt.Errorf("the help does not describe the object %q", name)
	}
	for key, value := range object {
		field, ok := told[key]
		if !ok {
			return fmt.Errorf("%q has a field %s that the help does not name", name, key)
		}
		if err := p.isA(field.value, value); err != nil {
			return fmt.Errorf("%q, field %s: %w", name, key, err)
		}
		if only, ok := strings.CutPrefix(field.about, "always "); ok && value != only {
			return fmt.Errorf("%q, field %s: not always %s", name, key, only)
		}
	}
	for key, field := range told {
		if _, there := object[key]; !there && !field.optional {
			return fmt.Errorf("%q has no field %s", name, key)
		}
	}
	p.met[name] = true
	return nil
}

// isA says why a value is not of the kind that the page tells; it repeats no value.
func (p *jsonPage) isA(kind string, value any) error {
	one := func(of string) string { // "objects "x"" to "object "x"", "texts" to "text"
		return strings.Replace(strings.TrimSuffix(of, "s"), `objects "`, `object "`, 1)
	}
	ok := false
	switch value := value.(type) {
	case string:
		_, err := time.Parse(time.RFC3339, value)
		ok = kind == "text" || kind == "moment" && err == nil
	case float64:
		ok = kind == "number"
	case bool:
		ok = kind == "true or false"
	case []any:
		of, isList := strings.CutPrefix(kind, "list of ")
		for _, v := range value {
			if err := p.isA(one(of), v); isList && err != nil {
				return err
			}
		}
		ok = isList
	case map[string]any:
		if name, isObject := strings.CutPrefix(kind, `object "`); isObject {
			return p.fits(strings.TrimSuffix(name, `"`), value)
		}
		of, byName := strings.CutSuffix(kind, " by name")
		for _, v := range value {
			if err := p.isA(one(of), v); byName && err != nil {
				return err
			}
		}
		ok = byName
	}
	if !ok && kind != "any JSON" {
		return fmt.Errorf("the help says %s, and it is %T", kind, value)
	}
	return nil
}
