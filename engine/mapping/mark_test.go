package mapping

import (
	"strings"
	"testing"
)

const marked = `kind: Flow
name: in
source: {read: west.member, as: member, since: {start: everything}}
routes:
- name: cases
  steps:
  - {must: given(member.place), else: skip, say: "no place: ask the office, where the child lives"}
  - {must: given(member.kind), else: skip, say: "មិនមាន ការយល់ព្រម"}
  - {must: given(member.name), else: nothing}
  - {name: case, read: east.case, by: {case_id: member.case_id}, none: quarantine, several: quarantine, say: not one case}
  write:
  - {update: east.case, target: case, fields: {name: {from: member.name}}}
`

// Codes stay what they are when lines are added above: entries in quarantine are grouped by them for months.
func TestCodesDoNotMoveWithTheirLines(t *testing.T) {
	codes := func(text string) string {
		f := flowOf(t, map[string]string{"flow.yaml": text})
		var out []string
		for _, body := range []string{`{"uid":"m"}`, `{"uid":"m","place":"alpha"}`, `{"uid":"m","place":"alpha","kind":"talk","name":"a","case_id":"K"}`} {
			out = append(out, decide(f, body, nil).Changes[0].Reason.Code)
		}
		return strings.Join(out, "\n")
	}
	want := "cases/no-place-ask-the-office-where\ncases/មិនមាន-ការយល់ព្រម\ncases/case"
	if got := codes(marked); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	moved := strings.Replace(marked, "  steps:\n", "  steps:\n  # a line\n  - {must: given(member.uid), else: skip, say: no number}\n", 1)
	if got := codes(moved); got != want {
		t.Errorf("after a step was added above: got\n%s\nwant\n%s", got, want)
	}
}

func TestMuteStepsAreCounted(t *testing.T) {
	f := flowOf(t, map[string]string{"flow.yaml": strings.Replace(marked, `  - {must: given(member.name), else: nothing}
`, `  - {must: given(member.name), else: nothing}
  - {must: given(member.born), else: nothing}
`, 1)})
	var codes []string
	for _, s := range f.routes[0].steps {
		codes = append(codes, s.self().code)
	}
	if got := strings.Join(codes, " "); !strings.Contains(got, "cases/must-1 cases/must-2") {
		t.Errorf("got %s", got)
	}
}
