package main

import "testing"

// People read what became of records; what runs tell each other is not for them.
func TestCountsOfPastRuns(t *testing.T) {
	for want, counts := range map[string]map[string]int{
		"read 3, sent 2": {"read": 3, "sent": 2, "answered": 1},
		"read 5, parked 5, in a row without an answer 5": {"read": 5, "parked": 5, "silent": 5, "answered": 0},
		"read 1":           {"read": 1, "held": 1},
		"nothing was read": {"answered": 1},
		"read 1, something that a newer program may count 2": {"read": 1, "something that a newer program may count": 2},
	} {
		if got := countsText(counts); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
