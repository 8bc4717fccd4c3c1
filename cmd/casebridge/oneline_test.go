package main

import (
	"fmt"
	"testing"

	"github.com/goccy/go-yaml"
)

// What a record says must come back from the one line that it is written in.
func TestOneLineKeepsTexts(t *testing.T) {
	texts := []string{"line one\nline two: x, {y}", "0001", "2016-03-04", "no", "1e5", "ក្រុម, ខ", `it's "q" # x`, "", " lead", "a\tb", "- x", "a\r\nb", "a:",
		"a\u0085b\u2028c", "ក\u200bខ", "a\\b\nc", "inf", "0x1f", "😀", "'", "*a", "&", "%", "@x", "`x", "~", "null", "[", "1_000", "12:30:00"}
	for _, s := range texts {
		line, err := oneLine(map[string]any{"text": s, "list": []any{s}})
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]any
		if err := yaml.Unmarshal([]byte(line), &back); err != nil {
			t.Errorf("%q is written as %s: %v", s, line, err)
			continue
		}
		if back["text"] != s || fmt.Sprint(back["list"]) != fmt.Sprint([]any{s}) {
			t.Errorf("%q is written as %s and comes back as %q and %q", s, line, back["text"], back["list"])
		}
	}
}
