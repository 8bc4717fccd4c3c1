package mapping

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the findings of testdata/refused anew")

// Each file of testdata/refused is a flow with mistakes; beside it stands what
// Compile says about them, to the letter.
func TestRefused(t *testing.T) {
	files, err := filepath.Glob("testdata/refused/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no flows to refuse", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) { refuse(t, path) })
	}
}

func refuse(t *testing.T, path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	program, diags := Compile(project(t, map[string]string{"flow.yaml": string(text)}))
	if program != nil || len(diags) == 0 {
		t.Error("the flow was taken")
	}
	golden := strings.TrimSuffix(path, ".yaml") + ".txt"
	if *update {
		if err := os.WriteFile(golden, []byte(printed(diags)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := printed(diags); got != string(want) {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
