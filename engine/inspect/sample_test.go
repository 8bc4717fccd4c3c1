package inspect

import (
	"strings"
	"testing"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/spec"
)

// register is a project whose flow reads east.case and looks up east.note and west.client.
func register() *spec.Project {
	word := func(s string) spec.Scalar { return spec.Scalar{Text: s} }
	steps := []spec.Step{
		{Kind: spec.ReadStep, Object: word("east.note"), Of: word("case")},
		{Kind: spec.ReadStep, Object: word("west.client"), By: []spec.Binding{{Name: word("number")}}},
		{Kind: spec.ReadStep, Object: word("west.client"), By: []spec.Binding{{Name: word("other")}}},
	}
	return &spec.Project{
		Flows: []*spec.Flow{{Name: word("out"), Source: spec.Source{Read: word("east.case")}, Routes: []*spec.Route{{Name: word("all"), Routes: []*spec.Route{{Steps: steps}}}}}},
		Objects: []engine.Object{
			{Name: "east.case", ID: "id", Named: "id", By: []string{"id"}}, {Name: "east.note", ID: "id", Of: "case"},
			{Name: "west.client"},
		},
		Recall: []spec.Recall{{Object: word("west.client"), Key: []spec.Scalar{word("place"), word("slug")}, Keep: []spec.Scalar{word("place"), word("slug"), word("number")}, Sealed: []spec.Scalar{word("name")}}},
	}
}

func sample(t *testing.T, text, source string) (*Sample, *spec.Project, error) {
	t.Helper()
	p := register()
	s, err := OpenSample(strings.NewReader(text), int64(len(text)), source, p)
	return s, p, err
}

// shown lists records as id and body.
func shown(records []engine.Record) string {
	var out []string
	for _, r := range records {
		out = append(out, r.ID+"="+string(r.Body.Raw()))
	}
	return strings.Join(out, " ")
}

func all(t *testing.T, s *Sample, p *spec.Project, object string) string {
	t.Helper()
	var out []engine.Record
	for r, err := range s.Records(p, object) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return shown(out)
}

func TestFormsOfASample(t *testing.T) {
	for name, text := range map[string]string{
		"one":      `{"id":"c1"}`,
		"an array": ` [{"id":"c1"}]`,
		"lines":    "\n{\"id\":\"c1\"}\n",
		"by name":  `{"east.case":[{"id":"c1"}]}`,
	} {
		s, p, err := sample(t, text, "east.case")
		if err != nil {
			t.Fatal(name, err)
		}
		if got := all(t, s, p, "east.case"); got != `c1={"id":"c1"}` {
			t.Errorf("%s: %s", name, got)
		}
	}
	s, p, err := sample(t, `{} {"id":"c1","a":{"b":[1,{"c":"]}"}]}} [] {"id":7}`, "east.case")
	if got := all(t, s, p, "east.case"); err != nil || got != `={} c1={"id":"c1","a":{"b":[1,{"c":"]}"}]}} 7={"id":7}` {
		t.Errorf("mixed: %s %v", got, err)
	}
}

func TestSamplesThatAreWrong(t *testing.T) {
	for text, want := range map[string]string{
		`17`: "a record must be a JSON object", `[17]`: "a record must be a JSON object", `{"id":`: "not JSON after 6 bytes", `[{"id":"c1"}`: "not JSON after 12 bytes",
		`{"id" "c1"}`: "not JSON after", `{"east.caze":[]}`: `"east.caze" must be an object of the project`, `{"east.case":{}}`: `"east.case" must be an object of the project`,
		`{"east.case":[],"id":1}`: `"id" must be an object`, `[}`: "not JSON after",
	} {
		if _, _, err := sample(t, text, "east.case"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, text := range []string{`{"id":"c1"}`, `[{"id":"c1"}]`, `{}`} {
		if _, _, err := sample(t, text, ""); err == nil || !strings.Contains(err.Error(), "name one flow") {
			t.Errorf("without a source, %s: %v", text, err)
		}
	}
}

func TestASampleAnswers(t *testing.T) {
	s, p, err := sample(t, `{"east.case":[{"id":"c1"}],"east.note":[{"of":"c1","id":"n1","text":"a"},{"of":"c2","id":"n2"}],
		"west.client":[{"place":"p","slug":"s","number":7,"name":"N","other":"x"},{"place":"q","slug":"t","number":"7"}]}`, "")
	if err != nil {
		t.Fatal(err)
	}
	known := s.For(p)
	for _, c := range []struct {
		ask  mapping.Ask
		want string
	}{
		{mapping.Ask{Kind: mapping.AskRead, Object: "east.note", Value: "c1"}, `n1={"id":"n1","text":"a"}`},
		{mapping.Ask{Kind: mapping.AskRead, Object: "west.client", By: "number", Value: "7"}, `p/s={"place":"p","slug":"s","number":7,"name":"N","other":"x"} q/t={"place":"q","slug":"t","number":"7"}`},
		{mapping.Ask{Kind: mapping.AskRead, Object: "west.client", By: "number", Value: "8"}, ""},
		{mapping.Ask{Kind: mapping.AskRecall, Object: "west.client", Pairs: []engine.Pair{{Name: "slug", Value: "s"}, {Name: "number", Value: "7"}}},
			`p/s={"name":"N","number":7,"place":"p","slug":"s"} q/t={"number":"7","place":"q","slug":"t"}`},
		{mapping.Ask{Kind: mapping.AskRecall, Object: "west.client", Pairs: []engine.Pair{{Name: "other", Value: "x"}}}, ""},
		{mapping.Ask{Kind: mapping.AskOnce, Object: "west.message", Once: "a"}, ""},
	} {
		answer, ok := known.Answer(c.ask)
		if got := shown(answer.Records); !ok || got != c.want {
			t.Errorf("%+v: got %s", c.ask, got)
		}
		if c.ask.Kind == mapping.AskRecall && !answer.Swept {
			t.Error("a sample is whole")
		}
	}
}

func code1(name string) engine.Field {
	return engine.Field{Name: name, Type: engine.Text, Class: engine.Code}
}
