package primero

import (
	"testing"

	"github.com/tidwall/gjson"
)

// Lists of select boxes are sets: what counts is which options are ticked, on both sides.
func TestSameComparesListsAsSets(t *testing.T) {
	for name, c := range map[string]struct {
		want, have string
		same       bool
	}{
		"equal":               {`["a","b"]`, `["a","b"]`, true},
		"another order":       {`["a","b"]`, `["b","a"]`, true},
		"twice here":          {`["a","a"]`, `["a"]`, true},
		"twice there":         {`["a"]`, `["a","a"]`, true},
		"more there":          {`["a","a","b"]`, `["a","b","c"]`, false},
		"less there":          {`["a","b"]`, `["a"]`, false},
		"as many, others":     {`["a","a"]`, `["a","b"]`, false},
		"empty is like null":  {`[]`, `null`, true},
		"a list and a text":   {`["a"]`, `"a"`, false},
		"numbers by value":    {`[1]`, `[1.0]`, true},
		"large numbers":       {`12345678901234567890`, `12345678901234567890`, true},
		"large and different": {`12345678901234567890`, `12345678901234567891`, false},
		"out of range":        {`1e999`, `2e999`, false},
		"out of range, same":  {`1e999`, `1e999`, true},
	} {
		if got := same(gjson.Parse(c.want), gjson.Parse(c.have)); got != c.same {
			t.Errorf("%s: %s and %s: %v", name, c.want, c.have, got)
		}
	}
}
