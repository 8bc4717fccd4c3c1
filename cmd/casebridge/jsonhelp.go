package main

import (
	"cmp"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// jsonOutput is what a command prints with --output json.
type jsonOutput struct {
	command string // without "casebridge"
	single  bool   // one object, else one on each line
	order   string // in which the lines come, or how many
	shapes  []jsonShape
}

// jsonShape is one sort of object that a command prints.
type jsonShape struct {
	of   any // the struct that is encoded
	when string
}

// jsonOutputs are all commands that know --output json. Their fields stand nowhere but in the structs that are encoded.
func jsonOutputs() []jsonOutput {
	page := []jsonShape{{pageJSON{}, "for each code"}}
	held := jsonShape{entryLine{}, "for each entry"}
	change := jsonShape{changeLine{}, "for each part of a record"}
	return []jsonOutput{
		{command: "validate", order: "Nothing when all is well", shapes: []jsonShape{{finding{}, "for each finding, in order of place"}}},
		{command: "check --live", shapes: []jsonShape{{liveFinding{}, "for each difference"}, {liveSummaryJSON{}, "once, at the end"}}},
		{command: "test", shapes: []jsonShape{{coveredLine{}, "first, only with --coverage: for each rule, row and line of the specs"}, {testLine{}, "for each test case"}}},
		{command: "dry-run", order: "Flow by flow", shapes: []jsonShape{change}},
		{command: "plan", order: "For each flow", shapes: []jsonShape{
			{changeLine{}, "for each part of a record that would be written or is kept from it; with --all for all parts"}, {summary{}, "when all of the flow is read"}}},
		{command: "impact", single: true, shapes: []jsonShape{{impactJSON{}, "the whole comparison"}}},
		{command: "explain", shapes: []jsonShape{{explanationLine{}, "for each flow that was looked at"}}},
		{command: "explain-code", shapes: page},
		{command: "run", order: "A flow that was not started has no line", shapes: []jsonShape{{summary{}, "each time that a flow has ended; one may come twice in a schedule"}}},
		{command: "maps suggest", order: "Nothing when no row is missing", shapes: []jsonShape{{suggestionLine{}, "for each row that a map may need"}}},
		{command: "state show", single: true, shapes: []jsonShape{{overviewLine{}, "the whole store at a glance"}}},
		{command: "state history", order: "The oldest first", shapes: []jsonShape{{auditLine{}, "for each line of the audit trail"}}},
		{command: "state runs", order: "The oldest first", shapes: []jsonShape{{runLine{}, "for each run"}}},
		{command: "state check", shapes: []jsonShape{{checkLine{}, "for each check"}}},
		{command: "state backup", single: true, shapes: []jsonShape{{backupLine{}, "what the copy holds"}}},
		{command: "parked list", order: "Nothing when no send waits", shapes: []jsonShape{{waitingLine{}, "for each send that waits"}}},
		{command: "parked show", single: true, shapes: []jsonShape{{waitingLine{}, "the send"}}},
		{command: "quarantine list", order: "Nothing when nothing is held", shapes: []jsonShape{held,
			{carriedValue{}, "then for each value that no map knows and that stopped nothing; not with --cause or --kind"},
			{learnedValue{}, "then for each such value that the specs know by now; not with --cause or --kind"}}},
		{command: "quarantine show", single: true, shapes: []jsonShape{{shownEntry{}, "the entry"}}},
		{command: "quarantine retry", order: "For each flow", shapes: []jsonShape{
			{changeLine{}, "only with --plan: for each part of a record"}, {summary{}, "when the flow has ended"}, {retriedLine{}, "then, not with --plan, for each entry"}}},
		{command: "settings", shapes: []jsonShape{{settingLine{}, "for each setting, in order of their keys"}}},
	}
}

const jsonIntro = `What stands in the output of a command that is given --output json.

"One object per line" means that each line is a JSON object by itself (NDJSON). No command prints a list round its objects.
What went wrong is said in the exit code and, as text, on standard error.
A moment is a text as in RFC 3339, such as 2026-11-23T08:00:00+07:00. "Numbers by name" is an object whose names are data.
What is "left out when empty" is not there when there is nothing to say: no text, an empty list, the number 0, false. "Any JSON"
is there whatever its value, also "", 0, false or null.
Values about a person are left out or masked, unless the command has --reveal and is given it.
`

// jsonTopic is the page `casebridge help json`, and below it one for each command.
func (a *app) jsonTopic() *cobra.Command {
	topic := &cobra.Command{Use: "json", Short: "What stands in --output json: commands, objects, fields"}
	for _, o := range jsonOutputs() {
		at := topic
		for word := range strings.FieldsSeq(o.path()) {
			at = below(at, word)
		}
	}
	topic.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		_, path, _ := strings.Cut(cmd.CommandPath(), " json")
		printJSONHelp(a.stdout, strings.TrimSpace(path))
	})
	return topic
}

// path is the command without its flags.
func (o jsonOutput) path() string {
	path, _, _ := strings.Cut(o.command, " --")
	return path
}

// below finds or makes the topic of a word.
func below(topic *cobra.Command, word string) *cobra.Command {
	for _, c := range topic.Commands() {
		if c.Name() == word {
			return c
		}
	}
	c := &cobra.Command{Use: word, Short: "What stands in the JSON of " + word}
	topic.AddCommand(c)
	return c
}

// printJSONHelp tells of the commands at or below a path, and of each object once.
func printJSONHelp(w io.Writer, path string) {
	var objects []reflect.Type
	fmt.Fprint(w, jsonIntro+"\n")
	for _, o := range jsonOutputs() {
		if path != "" && o.path() != path && !strings.HasPrefix(o.path(), path+" ") {
			continue
		}
		printJSONOutput(w, o)
		for _, s := range o.shapes {
			objects = withObjects(objects, reflect.TypeOf(s.of))
		}
	}
	for _, t := range objects {
		fmt.Fprintf(w, "Object %q\n%s\n", objectName(t), fieldTable(jsonFields(t)))
	}
}

// fieldTable lays fields out in columns.
func fieldTable(fields []jsonField) string {
	var table, out strings.Builder
	columns := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, f := range fields {
		fmt.Fprintf(columns, "  %s\t%s\t%s\n", f.name, f.words(), f.about)
	}
	_ = columns.Flush() // a Builder takes everything
	for line := range strings.Lines(table.String()) {
		out.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return out.String()
}

func printJSONOutput(w io.Writer, o jsonOutput) {
	form := "One object per line."
	if o.single {
		form = "One object."
	}
	if o.order != "" {
		form += " " + o.order + map[bool]string{true: ":", false: "."}[strings.HasPrefix(o.order, "For ")]
	}
	fmt.Fprintf(w, "casebridge %s\n  %s\n", o.command, form)
	for _, s := range o.shapes {
		fmt.Fprintf(w, "    %q %s\n", objectName(reflect.TypeOf(s.of)), s.when)
	}
	fmt.Fprintln(w)
}

// withObjects adds an object and those within it, each once.
func withObjects(list []reflect.Type, t reflect.Type) []reflect.Type {
	if slices.Contains(list, t) {
		return list
	}
	list = append(list, t)
	for _, f := range jsonFields(t) {
		if f.object != nil {
			list = withObjects(list, f.object)
		}
	}
	return list
}

// helpCommand is `casebridge help`. Unlike cobra's own it takes a topic that is not there for an error.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [command]", Short: "Help about any command", Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if cmd == nil {
				return err
			}
			if len(rest) > 0 && (err != nil || cmd.HasSubCommands()) {
				return unknownCommand(cmd, rest[0])
			}
			return cmd.Help()
		},
	}
}

// words say what kind of value a field has.
func (f jsonField) words() string {
	if f.optional {
		return f.value + ", left out when empty"
	}
	return cmp.Or(f.value, "of no known kind")
}
