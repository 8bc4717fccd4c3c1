package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml"

	"github.com/casebridge/casebridge/engine/spectest"
)

// updateTests writes what is decided now into the cases that failed.
func (a *app) updateTests(c *compiled, r spectest.Report) error {
	if a.flags.project == "" {
		return usageError{errors.New("--update changes files: say with --project DIR whose")}
	}
	updates, err := r.Updates(c.project, oneLine)
	if err != nil {
		return err
	}
	if len(updates) == 0 {
		_, err := fmt.Fprintln(a.stdout, "Every case passes; nothing to update.")
		return err
	}
	for _, u := range updates {
		file := filepath.Join(c.root, filepath.FromSlash(u.Path))
		if err := os.WriteFile(file, []byte(u.Text), 0o644); err != nil { //nolint:gosec // specs are for everybody to read
			return fmt.Errorf("%w: %w", errEnvironment, err)
		}
		for _, name := range u.Cases {
			fmt.Fprintf(a.stdout, "%s: %s\n", file, name)
		}
	}
	_, err = fmt.Fprintln(a.stdout, "These cases now expect what is decided now. Read the difference (git diff): a wrong expectation hides a fault.")
	return err
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
