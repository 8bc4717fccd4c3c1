package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// readme is the README of the project, read anew for each test.
func readme(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// stamps are what differs from one showing of the demo to the next, or with every edit of the specs.
var stamps = regexp.MustCompile(`took [0-9.]+m?s|Plan [0-9a-f]{12}|[0-9]{2}:[0-9]{2}\)|01[0-9A-Z]{24}`)

// TestReadmeShowsThePlanOfTheDemo compares the README's plan with the demo's, line for line.
func TestReadmeShowsThePlanOfTheDemo(t *testing.T) {
	const command = "$ casebridge plan oscar-to-primero\n"
	_, shown, _ := strings.Cut(readme(t), command)
	shown, _, _ = strings.Cut(shown, "\n```")
	var out bytes.Buffer
	a := app{environ: func() []string { return nil }, stdin: strings.NewReader(""), stdout: &out, stderr: io.Discard, now: time.Now}
	if err := a.demo(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, now, _ := strings.Cut(out.String(), command)
	now, _, _ = strings.Cut(now, "\n\n\n$ ")
	if stamps.ReplaceAllString(shown, "~") != stamps.ReplaceAllString(now, "~") {
		t.Errorf("the README shows another plan than `casebridge demo` does in its second hour. It shows now:\n%s%s", command, now)
	}
}

// readmePlaces are the words at each place that the README's excerpts name.
var readmePlaces = []struct{ file, words string }{
	{"specs/flows/primero-to-oscar.yaml", "no consent to share with other organizations"},
	{"specs/flows/primero-to-oscar.yaml", "the service names no confirmed NGO"},
	{"specs/flows/oscar-to-primero.yaml", "Primero has not exactly one case with this client's external id"},
	{"specs/mappings/case-to-referral.yaml", "name: {expr: first(service.service_subtype)"},
}

// TestReadmeNamesPlacesThatAre looks up each place of an excerpt in the specs.
func TestReadmeNamesPlacesThatAre(t *testing.T) {
	text := readme(t)
	for _, at := range regexp.MustCompile(`(specs/(?:flows|mappings)/[a-z-]+\.yaml):(\d+):\d+`).FindAllStringSubmatch(text, -1) {
		b, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(at[1])))
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(b), "\n")
		n, _ := strconv.Atoi(at[2])
		if !slices.ContainsFunc(readmePlaces, func(p struct{ file, words string }) bool {
			return p.file == at[1] && n <= len(lines) && strings.Contains(lines[n-1], p.words)
		}) {
			t.Errorf("the README names %s, and none of its excerpts is about what stands there now", at[0])
		}
	}
}

// TestReadmeNamesCommandsThatAre looks up each command and flag that the README names.
func TestReadmeNamesCommandsThatAre(t *testing.T) {
	a := app{environ: func() []string { return nil }, stdout: io.Discard, stderr: io.Discard, now: time.Now}
	root := a.root()
	found := 0
	for _, line := range commandLines(readme(t)) {
		words := strings.Fields(line)
		cmd, rest, err := root.Find(words)
		if err != nil || cmd == root {
			t.Errorf("`casebridge %s`: there is no such command", line)
			continue
		}
		if cmd.HasSubCommands() && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
			t.Errorf("`casebridge %s`: %s has no command %s", line, cmd.Name(), rest[0])
		}
		for _, word := range rest {
			name, isFlag := strings.CutPrefix(word, "--")
			name, _, _ = strings.Cut(name, "=")
			if isFlag && name != "help" && cmd.Flag(name) == nil && cmd.InheritedFlags().Lookup(name) == nil {
				t.Errorf("`casebridge %s`: there is no flag --%s", line, name)
			}
		}
		found++
	}
	if found < 40 {
		t.Errorf("only %d commands were found in the README", found)
	}
}

// commandLines are the README's command lines without the program's name: those in blocks, and those between backquotes.
func commandLines(text string) []string {
	var lines []string
	inBlock := false
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "```") {
			inBlock = !inBlock
			continue
		}
		form := regexp.MustCompile("`casebridge ([a-z-][^`]*)`")
		if inBlock {
			form = regexp.MustCompile(`^(?:\$ )?casebridge ([a-z][^#]*)`)
		}
		for _, m := range form.FindAllStringSubmatch(line, -1) {
			lines = append(lines, strings.TrimSpace(m[1]))
		}
	}
	return lines
}

// TestReadmeUnitsCanBeCopied looks for what systemd does not read: it has no comments behind a line, and fails at a header with one.
func TestReadmeUnitsCanBeCopied(t *testing.T) {
	units := regexp.MustCompile("(?s)```ini\n(.*?)```").FindAllStringSubmatch(readme(t), -1)
	if len(units) != 2 {
		t.Fatalf("the README has %d units, of a service and a timer", len(units))
	}
	form := regexp.MustCompile(`^(|#.*|\[[A-Z][a-z]+\]|[A-Z][A-Za-z]+=[^#]*[^# ])$`)
	for _, unit := range units {
		for line := range strings.Lines(unit[1]) {
			if line = strings.TrimSuffix(line, "\n"); !form.MatchString(line) {
				t.Errorf("systemd does not read %q", line)
			}
		}
	}
}
