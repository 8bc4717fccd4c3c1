package main

import "testing"

func TestPlural(t *testing.T) {
	for _, tt := range []struct {
		n         int
		one, many string
		want      string
	}{
		{1, "1 send", "%d sends", "1 send"},
		{0, "1 send", "%d sends", "0 sends"},
		{12, "1 send", "%d sends", "12 sends"},
		{2, "it", "them", "them"},
		{3, "100% of 1", "100% of %d", "100% of 3"},
	} {
		if got := plural(tt.n, tt.one, tt.many); got != tt.want {
			t.Errorf("plural(%d, %q, %q) is %q, want %q", tt.n, tt.one, tt.many, got, tt.want)
		}
	}
}
