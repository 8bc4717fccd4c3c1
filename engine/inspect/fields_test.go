package inspect

import (
	"strings"
	"testing"

	"github.com/casebridge/casebridge/engine/spec"
)

func TestAskedFields(t *testing.T) {
	for _, c := range []struct {
		asked, path string
		want        bool
	}{
		{"kind", "kind", true}, {"kind", "visits[v1].kind", true}, {"kind", "parts[0].kind", true}, {"kind", "kinds", false}, {"kind", "visits[v1].kind_text", false},
		{"visits.kind", "visits[v1].kind", true}, {"visits.kind", "parts[0].kind", false}, {"visits[v1].kind", "visits[v1].kind", true}, {"visits[v1].kind", "visits[v2].kind", false},
	} {
		if got := Asked(c.asked, c.path); got != c.want {
			t.Errorf("Asked(%q, %q) = %t", c.asked, c.path, got)
		}
	}
}

// ruled is a project of one flow, whose route writes a record, a row of it, and a list of one object.
func ruled() *spec.Project {
	word := func(s string) spec.Scalar { return spec.Scalar{Text: s} }
	rule := func(name string) *spec.FieldRule { return &spec.FieldRule{Name: word(name)} }
	parts := rule("parts")
	parts.One = []*spec.FieldRule{rule("word")}
	p := register()
	p.Mappings = []*spec.Mapping{{Name: word("all"), Fields: []*spec.FieldRule{rule("name"), parts}}}
	p.Flows[0].Routes[0].Writes = []spec.Write{{Object: word("west.client"), Mapping: word("all")}}
	p.Flows[0].Routes[0].Routes[0].Writes = []spec.Write{{Object: word("east.case"), Row: word("visits"), Fields: []*spec.FieldRule{rule("kind")}}}
	return p
}

func TestRuledFields(t *testing.T) {
	p := ruled()
	var got []string
	for _, r := range RuledFields(p, p.Flows[0]) {
		got = append(got, r.Object+" "+r.Path)
	}
	if text := strings.Join(got, ", "); text != "west.client name, west.client parts.word, east.case visits.kind" {
		t.Error(text)
	}
	for asked, want := range map[string]string{"knid": "kind", "visits.knid": "visits.kind", "nmae": "name", "completely-other": ""} {
		if near, there := FieldsNear(p, asked); near != want || len(there) != 0 {
			t.Errorf("%s: %q %v", asked, near, there)
		}
	}
}

func TestSampleByName(t *testing.T) {
	s, p, err := sample(t, `{"east.case":[{"id":"c1"}],"west.client":[{"place":"p","slug":"s","number":"7"},{"place":"q","slug":"s","number":"8"}]}`, "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range p.Objects {
		for _, f := range []string{"id", "place", "slug", "number"} {
			p.Objects[i].Fields = append(p.Objects[i].Fields, code1(f))
		}
	}
	for _, c := range []struct{ object, name, want string }{
		{"east.case", "c1", "c1"}, {"east.case", "c2", ""}, {"west.client", "p/s", "p/s"}, {"west.client", "s", "p/s q/s"}, {"west.client", "8", "q/s"}, {"west.client", "p", ""},
	} {
		found, err := s.Named(p, c.object, c.name)
		var ids []string
		for _, r := range found {
			ids = append(ids, r.ID)
		}
		if got := strings.Join(ids, " "); err != nil || got != c.want {
			t.Errorf("%s %s: %q %v", c.object, c.name, got, err)
		}
	}
}
