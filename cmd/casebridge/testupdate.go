package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

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

// ordered keeps the order of an expectation's keys.
func ordered(v any) any {
	entries, ok := v.([]spectest.Entry)
	if !ok {
		return v
	}
	var out yaml.MapSlice
	for _, e := range entries {
		out = append(out, yaml.MapItem{Key: e.Key, Value: ordered(e.Value)})
	}
	return out
}
