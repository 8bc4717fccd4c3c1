package connectors

import (
	"slices"
	"testing"
)

func TestEveryDriverHasANameOfItsOwn(t *testing.T) {
	var names []string
	for _, d := range All() {
		if slices.Contains(names, d.Name()) || d.Name() == "" {
			t.Errorf("two drivers are called %q", d.Name())
		}
		names = append(names, d.Name())
	}
	for _, want := range []string{"file", "oscar", "primero"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not listed", want)
		}
	}
}
