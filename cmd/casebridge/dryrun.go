package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
	"github.com/casebridge/casebridge/engine/spectest"
)

func (a *app) dryRunCommand() *cobra.Command {
	var from string
	var view viewFlags
	cmd := &cobra.Command{
		Use:   "dry-run [flow]",
		Short: "Show what records would become, whole, without any server or store",
		Long: "Transforms records from a file and prints every document in full, as it would be written to an empty target.\n" +
			"FILE holds records of the flow's source object: one JSON object, an array, or one object per line; or an object that\n" +
			`names objects of both systems: {"primero.case": [...], "primero.user": [...]}, owned records naming their owner's id in "of".` + "\n" +
			"Without --from it takes the invented records of the project's own tests. Personal values are masked; --reveal shows them.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			c, err := a.ready()
			if err != nil {
				return err
			}
			flows, err := c.flowsOnce(args)
			if err != nil {
				return err
			}
			if from != "" && len(flows) != 1 {
				return usageError{errors.New("--from goes with one flow: name it")}
			}
			return a.dryRun(c, flows, from, view)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "read the records from `FILE`; - is standard input")
	cmd.Flags().BoolVar(&view.reveal, "reveal", false, "show personal values")
	return cmd
}

func (a *app) dryRun(c *compiled, flows []*mapping.Flow, from string, view viewFlags) error {
	asJSON, err := a.json()
	if err != nil {
		return err
	}
	view.all = true
	for _, f := range flows {
		cases, err := a.samples(c, f, from)
		if err != nil {
			return err
		}
		s := newScreen(a, c, view, asJSON)
		s.planning = true
		s.head(f)
		for _, tc := range cases {
			s.last = ""
			if err := spectest.Preview(c.project, f, tc, s.Decided); err != nil {
				return err
			}
		}
		if !asJSON {
			fmt.Fprintln(a.stdout)
		}
	}
	return nil
}

// samples are the records to transform: a file's, or those of the project's own tests.
func (a *app) samples(c *compiled, f *mapping.Flow, from string) ([]spec.TestCase, error) {
	if from == "" {
		return testSamples(c, f), nil
	}
	in := a.stdin
	if from != "-" {
		file, err := os.Open(from)
		if err != nil {
			return nil, usageError{fmt.Errorf("--from: %w", err)}
		}
		defer closeQuietly(file)
		in = file
	}
	given, err := decodeSamples(in, c.project, f.Spec().Source.Read.Text)
	if err != nil {
		return nil, usageError{fmt.Errorf("--from %s: %w", from, err)}
	}
	if !slices.ContainsFunc(given, func(g spec.GivenRecords) bool { return len(g.Records) > 0 }) {
		return nil, usageError{fmt.Errorf("--from %s: no record is in it", from)}
	}
	return []spec.TestCase{{Now: a.now(), Swept: true, Sealed: true, Given: given}}, nil
}

func testSamples(c *compiled, f *mapping.Flow) []spec.TestCase {
	var out []spec.TestCase
	for _, suite := range c.project.Suites {
		if suite.Flow.Text != f.Name() {
			continue
		}
		for _, tc := range suite.Cases {
			tc.Given = append(slices.Clone(suite.Given), tc.Given...)
			out = append(out, tc)
		}
	}
	return out
}

// decodeSamples reads one value or a stream of them.
func decodeSamples(in io.Reader, p *spec.Project, source string) ([]spec.GivenRecords, error) {
	raw, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	plain := spec.GivenRecords{Object: spec.Scalar{Text: source}}
	var given []spec.GivenRecords
	for {
		var v any
		if err := dec.Decode(&v); errors.Is(err, io.EOF) {
			return append(given, plain), nil
		} else if err != nil {
			return nil, fmt.Errorf("not JSON after %d bytes: %w", offsetOf(err, len(raw)), err)
		}
		if err := sort(v, p, &plain, &given); err != nil {
			return nil, err
		}
	}
}

// offsetOf is where JSON stopped being JSON: at a wrong character, else at the end.
func offsetOf(err error, end int) int64 {
	var wrong *json.SyntaxError
	if errors.As(err, &wrong) {
		return wrong.Offset
	}
	return int64(end)
}

// sort files one value under the objects that it holds records of.
func sort(v any, p *spec.Project, plain *spec.GivenRecords, given *[]spec.GivenRecords) error {
	switch v := v.(type) {
	case []any:
		return add(plain, v)
	case map[string]any:
		if !namesObjects(v) {
			return add(plain, []any{v})
		}
		return sortNamed(v, p, given)
	default:
		return errNoRecord
	}
}

var errNoRecord = errors.New("a record must be a JSON object")

// add files records under their object.
func add(to *spec.GivenRecords, list []any) error {
	for _, x := range list {
		if _, ok := x.(map[string]any); !ok {
			return errNoRecord
		}
		to.Records = append(to.Records, spec.Value{Any: x})
	}
	return nil
}

// namesObjects says whether every key is "connection.object".
func namesObjects(v map[string]any) bool {
	for key := range v {
		if _, _, ok := engine.SplitObject(key); !ok {
			return false
		}
	}
	return len(v) > 0
}

func sortNamed(v map[string]any, p *spec.Project, given *[]spec.GivenRecords) error {
	for _, name := range slices.Sorted(maps.Keys(v)) {
		list, ok := v[name].([]any)
		if !ok || p.Object(name) == nil {
			return fmt.Errorf("%q must be an object of the project with an array of records", name)
		}
		g := spec.GivenRecords{Object: spec.Scalar{Text: name}}
		if err := add(&g, list); err != nil {
			return err
		}
		*given = append(*given, g)
	}
	return nil
}
