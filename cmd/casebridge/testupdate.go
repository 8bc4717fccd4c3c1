package main

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"

	"github.com/casebridge/casebridge/engine/spectest"
)

// updateTests writes what is decided now into the cases that failed, and shows what it changed. Cases in which
// an expected write turned into none are left alone unless they are named: often the case is right.
func (a *app) updateTests(c *compiled, r spectest.Report, named bool) error {
	if a.flags.project == "" {
		return usageError{errors.New("--update changes files: say with --project DIR whose")}
	}
	updates, stopped, err := r.Updates(c.project, named, oneLine)
	if err != nil {
		return err
	}
	for _, u := range updates {
		file := filepath.Join(c.root, filepath.FromSlash(u.Path))
		if err := replaceFile(file, []byte(u.Text)); err != nil {
			return err
		}
		for _, tc := range u.Cases {
			fmt.Fprintf(a.stdout, "%s: %s\n", file, tc.Name)
			a.changedLines("- ", tc.Was)
			a.changedLines("+ ", tc.Now)
		}
	}
	if len(updates) > 0 {
		fmt.Fprintln(a.stdout, "These cases now expect what is decided now. Read the difference: a wrong expectation hides a fault.")
	}
	if len(stopped) == 0 && len(updates) == 0 {
		fmt.Fprintln(a.stdout, "Every case passes; nothing to update.")
	}
	return a.leftAlone(c, stopped)
}

func (a *app) changedLines(mark string, lines []string) {
	for _, line := range lines {
		fmt.Fprintf(a.stdout, "  %s%s\n", mark, line)
	}
}

func (a *app) leftAlone(c *compiled, stopped []spectest.Stopped) error {
	if len(stopped) == 0 {
		return nil
	}
	for _, s := range stopped {
		fmt.Fprintf(a.stdout, "LEFT AS IT IS %s: %s\n", path.Join(c.root, s.At.String()), s.Name)
		for _, line := range s.Lines {
			fmt.Fprintf(a.stdout, "  %s\n", path.Join(c.root, line))
		}
	}
	fmt.Fprintf(a.stdout, "%s something that does not go any more. Look why first. When that is meant, name the case: --update --only 'the name of the case'.\n",
		plural(len(stopped), "This case expects", "These %d cases expect"))
	return errSpecs
}

// oneLine writes a value as one line of YAML.
func oneLine(v any) (string, error) {
	text, err := yaml.MarshalWithOptions(ordered(v), yaml.Flow(true))
	return strings.TrimSpace(string(text)), err
}

// ordered keeps the order of an expectation's keys, and the quotes of texts that mean something else without them.
func ordered(v any) any {
	switch v := v.(type) {
	case []spectest.Entry:
		out := yaml.MapSlice{}
		for _, e := range v {
			out = append(out, yaml.MapItem{Key: e.Key, Value: ordered(e.Value)})
		}
		return out
	case map[string]any:
		out := yaml.MapSlice{}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			out = append(out, yaml.MapItem{Key: key, Value: ordered(v[key])})
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = ordered(x)
		}
		return out
	case string:
		if mustQuote(v) {
			return quotedText(v)
		}
	}
	return v
}

// mustQuote says whether a text would break the line, or be read as a number.
func mustQuote(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// quotedText is a text that is written in quotes whatever it is.
type quotedText string

// MarshalYAML implements yaml.BytesMarshaler.
func (q quotedText) MarshalYAML() ([]byte, error) { return []byte(strconv.Quote(string(q))), nil }
