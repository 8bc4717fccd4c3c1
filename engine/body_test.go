package engine_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/casebridge/casebridge/engine"
)

// marker stands for a child's name wherever it must not appear.
const marker = "MARKER-OF-A-PERSON"

func TestBodyAndSecretNeverShow(t *testing.T) {
	body := engine.NewBody([]byte(`{"name":"` + marker + `"}`))
	secret := engine.NewSecret(marker)
	settings := engine.NewSettings(map[string]string{"password": marker})
	record := engine.Record{Object: "east.case", Body: body}
	change := engine.Change{Document: body, Fields: []engine.FieldChange{{Path: "name", New: body}}}

	hiding := struct {
		body     engine.Body
		secret   engine.Secret
		settings engine.Settings
	}{body, secret, settings}

	var out bytes.Buffer
	for _, v := range []any{body, secret, settings, record, change, &record, &change, hiding, &hiding} {
		fmt.Fprintf(&out, "%v %+v %#v %s %x %q\n", v, v, v, v, v, v)
		if err := json.NewEncoder(&out).Encode(v); err != nil {
			t.Fatal(err)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "v", v)
	}
	if hex := fmt.Sprintf("%x", marker); strings.Contains(out.String(), marker) || strings.Contains(out.String(), hex) {
		t.Errorf("a value was shown:\n%s", out.String())
	}
	if !strings.Contains(string(body.Raw()), marker) || secret.Reveal() != marker {
		t.Error("Raw and Reveal must give the value")
	}
}

func TestFaultSaysWhatWhereAndNext(t *testing.T) {
	cause := errors.New("no row for it")
	f := &engine.Fault{Kind: engine.Rejected, Op: "send referral", Ref: "8165", Status: 422, Fields: []string{"/age"}, Err: cause, Next: "Mend the age."}
	want := "send referral 8165: HTTP 422: refused /age: no row for it (rejected). Mend the age."
	if f.Error() != want {
		t.Errorf("got  %s\nwant %s", f.Error(), want)
	}
	if !errors.Is(f, cause) || engine.KindOf(fmt.Errorf("wrapped: %w", f)) != engine.Rejected || engine.KindOf(cause) != "" {
		t.Error("the chain of errors is broken")
	}
}

// The vowel sign stands on its letter and takes no room of its own.
func TestDiagPrintsCaretUnderCharacters(t *testing.T) {
	d := engine.Diag{Severity: engine.Error, Code: "unknown-field", At: engine.Pos{File: "a.yaml", Line: 3, Column: 6}, Width: 4,
		Message: `no field "sexx"`, Help: `did you mean "sex"?`, Excerpt: "\tកុ: sexx"}
	var b bytes.Buffer
	if err := d.Print(&b); err != nil {
		t.Fatal(err)
	}
	want := "a.yaml:3:6: error: no field \"sexx\" [unknown-field]\n    3 | \tកុ: sexx\n      | \t   ^^^^\n      = did you mean \"sex\"?\n"
	if b.String() != want {
		t.Errorf("got\n%q\nwant\n%q", b.String(), want)
	}
}

func TestNearestSuggestsOnlyWhatIsNear(t *testing.T) {
	candidates := []string{"service_type", "service_subtype", "sex"}
	for word, want := range map[string]string{"servcie_type": "service_type", "sexx": "sex", "SEX": "sex", "location": ""} {
		if got := engine.Nearest(word, candidates); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestSortIsByPlaceThenCode(t *testing.T) {
	at := func(file string, line, col int) engine.Pos { return engine.Pos{File: file, Line: line, Column: col} }
	diags := []engine.Diag{{At: at("b", 1, 1)}, {At: at("a", 2, 1)}, {At: at("a", 1, 9), Code: "z"}, {At: at("a", 1, 9), Code: "y"}, {At: at("a", 1, 2)}}
	engine.Sort(diags)
	var got []string
	for _, d := range diags {
		got = append(got, d.At.String()+d.Code)
	}
	if want := "a:1:2 a:1:9y a:1:9z a:2:1 b:1:1"; strings.Join(got, " ") != want {
		t.Errorf("got %v", got)
	}
}
