package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/inspect"
)

func (a *app) checkCommand() *cobra.Command {
	var live, all bool
	cmd := &cobra.Command{
		Use:   "check --live",
		Short: "Compare the specs with both running systems: users, agencies, option codes, form fields, rights",
		Long: "Asks the systems what they are set up with and says where the specs differ: what is named in the specs and gone, what is new and\n" +
			"has no row, what is switched off, and what the connection's user may not see or do. It writes nothing: its connections refuse to.\n" +
			"It reads no records of children, needs no store, and prints one line when all is well, so that it can run every night.\n" +
			"What only records name, such as the codes of villages, is therefore not compared; it shows in a run. A field counts as one\n" +
			"that may be changed when any form of the role allows it, also a form of another module than the case's.\n" +
			"What the user may not read is reported as not checked. `casebridge validate` checks the specs by themselves, without any system.\n\n" +
			"Exit codes: 0 nothing differs but for warnings; 2 the specs and a system differ, or the specs or the command line are wrong;\n" +
			"3 the environment is: settings, sign-in, network; 4 a system did not answer.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !live {
				return usageError{errors.New("`casebridge check` needs --live: it compares the specs with the running systems; to check the specs by themselves use `casebridge validate`")}
			}
			return a.checkLive(cmd.Context(), all)
		},
	}
	cmd.Flags().BoolVar(&live, "live", false, "ask the running systems")
	cmd.Flags().BoolVar(&all, "all", false, "show also what the systems have and the specs need not speak of")
	return cmd
}

func (a *app) checkLive(ctx context.Context, all bool) error {
	asJSON, err := a.json()
	if err != nil {
		return err
	}
	c, err := a.ready()
	if err != nil {
		return err
	}
	report, err := a.compareLive(ctx, c)
	if err != nil {
		return err
	}
	report.Findings = slices.DeleteFunc(report.Findings, func(f inspect.LiveFinding) bool { return f.Severity == inspect.Note && !all })
	for i := range report.Findings {
		if at := &report.Findings[i].At; at.File != "" {
			at.File = path.Join(c.root, at.File)
		}
	}
	print := a.liveText
	if asJSON {
		print = a.liveJSON
	}
	if err := print(c, report); err != nil {
		return err
	}
	if report.Differs() {
		return errSpecs
	}
	return nil
}

// compareLive signs in to every system with a transport that lets only reading through.
func (a *app) compareLive(ctx context.Context, c *compiled) (inspect.LiveReport, error) {
	set, err := a.settings(c.project, c.drivers)
	if err != nil {
		return inspect.LiveReport{}, err
	}
	sys, err := a.connect(ctx, c, set, readOnly)
	if err != nil {
		return inspect.LiveReport{}, err
	}
	defer func() { _ = sys.close() }() // nothing depends on how a connection goes away
	var sides []inspect.Side
	for i, d := range c.project.Drivers {
		sides = append(sides, inspect.Side{Name: d.Name.Text, Connection: sys.open[i], Own: c.drivers[d.Name.Text].Objects()})
	}
	setups, err := inspect.Setups(ctx, c.project, sides)
	if err != nil {
		return inspect.LiveReport{}, fmt.Errorf("check --live: %w", err)
	}
	return inspect.Live(c.project, setups), nil
}

func (a *app) liveText(c *compiled, r inspect.LiveReport) error {
	system := ""
	for _, f := range r.Findings {
		if f.System != system {
			system = f.System
			fmt.Fprintf(a.stdout, "%s\n\n", system)
		}
		if err := a.printLive(f); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(a.stdout, liveSummary(c, r))
	return err
}

// printLive prints a finding as validate does; one that is about no line of the specs has none.
func (a *app) printLive(f inspect.LiveFinding) error {
	if f.At.Line > 0 {
		return printDiags(a.stdout, []engine.Diag{f.Diag})
	}
	_, err := fmt.Fprintf(a.stdout, "%s: %s [%s]\n      = %s\n\n", f.Severity, f.Message, f.Code, f.Help)
	return err
}

// liveSummary is the line at the end, and the only one when all is well.
func liveSummary(c *compiled, r inspect.LiveReport) string {
	var asked []string
	for _, d := range c.project.Drivers {
		if !slices.Contains(r.Silent, d.Name.Text) {
			asked = append(asked, d.Name.Text)
		}
	}
	silent := ""
	if len(r.Silent) > 0 {
		silent = fmt.Sprintf("; how %s %s set up cannot be asked", andList(r.Silent), isOrAre(r.Silent))
	}
	looked := lookedAt(r.Counts)
	switch {
	case len(asked) == 0:
		return "check: nothing was looked at" + silent
	case len(r.Findings) == 0:
		return fmt.Sprintf("check: %s %s as the specs say: %s looked at%s", andList(asked), isOrAre(asked), looked, silent)
	}
	var parts []string
	for _, s := range []struct {
		severity  engine.Severity
		one, many string
	}{{engine.Error, "1 error", "%d errors"}, {engine.Warning, "1 warning", "%d warnings"}, {inspect.Note, "1 note", "%d notes"}} {
		n := 0
		for _, f := range r.Findings {
			if f.Severity == s.severity {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, plural(n, s.one, s.many))
		}
	}
	return fmt.Sprintf("check: %s; %s looked at%s", strings.Join(parts, ", "), looked, silent)
}

// lookedAt words the counts: "25 users, 24 agencies".
func lookedAt(counts []inspect.LiveCount) string {
	var parts []string
	for _, c := range counts {
		noun := c.Noun
		if stem, ok := strings.CutSuffix(noun, "y"); ok && c.Count != 1 {
			noun = stem + "ies"
		} else if c.Count != 1 {
			noun += "s"
		}
		parts = append(parts, fmt.Sprintf("%d %s", c.Count, noun))
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

func isOrAre(words []string) string {
	if len(words) == 1 {
		return "is"
	}
	return "are"
}

// andList writes "a, b and c".
func andList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// liveFinding is a difference as JSON; one about no line of the specs has no file.
type liveFinding struct {
	System string `json:"system" about:"the connection"`
	finding
}

// liveSummaryJSON is the last line of the JSON.
type liveSummaryJSON struct {
	Summary  string         `json:"summary" about:"the line that stands at the end of the text"`
	Differs  bool           `json:"differs" about:"true: the exit code is 2"`
	LookedAt map[string]int `json:"looked_at" about:"how many users, agencies, codes and so on were compared"`
	Silent   []string       `json:"cannot_say,omitempty" about:"connections that do not tell how they are set up"`
}

func (a *app) liveJSON(c *compiled, r inspect.LiveReport) error {
	enc := json.NewEncoder(a.stdout)
	for _, f := range r.Findings {
		line := liveFinding{f.System, finding{string(f.Severity), f.Code, f.At.File, f.At.Line, f.At.Column, f.Width, f.Message, f.Help}}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	counts := map[string]int{}
	for _, n := range r.Counts {
		counts[n.Noun] = n.Count
	}
	return enc.Encode(liveSummaryJSON{liveSummary(c, r), r.Differs(), counts, r.Silent})
}
