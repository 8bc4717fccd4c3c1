package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// learnedValue is a value that the specs know by now, and the records that were written before, with something else in its place.
type learnedValue struct {
	Learned string   `json:"learned" about:"the value that the specs know by now"`
	Flow    string   `json:"flow"`
	Lookup  string   `json:"lookup" about:"the map or rule"`
	By      string   `json:"by" about:"its column"`
	Carried string   `json:"carried" about:"what was written in its place"`
	Records []string `json:"records" about:"the records that were written with that"`
	Next    string   `json:"next" about:"what to do, in words"`
}

// learnedStep is what to do about such records: nothing writes again what is only set when a record is made.
const learnedStep = "look at these records in the target and correct by hand what is still so: what is only set when a row is made is not written again"

// learned are the values that the specs did not know and know by now.
func (q *quarantine) learned(ctx context.Context, flow string) ([]learnedValue, error) {
	carriers, err := q.store.Carriers(ctx, flow)
	var out []learnedValue
	for _, c := range carriers {
		// What a rule let through unconfirmed went as it is: there is nothing to correct.
		if q.c.project.Map(c.Lookup) == nil || !slices.Contains(q.c.project.Knows(c.Lookup, c.By), c.Value) {
			continue
		}
		last := len(out) - 1
		if last < 0 || out[last].Learned != c.Value || out[last].Lookup != c.Lookup || out[last].By != c.By || out[last].Flow != c.Flow {
			out = append(out, learnedValue{Learned: c.Value, Flow: c.Flow, Lookup: c.Lookup, By: c.By, Carried: c.Carried, Next: learnedStep})
			last++
		}
		out[last].Records = append(out[last].Records, c.Record)
	}
	return out, err
}

func (a *app) printLearned(q *quarantine, values []learnedValue, all bool) {
	if len(values) == 0 {
		return
	}
	fmt.Fprintf(a.stdout, "\nValues that the specs know by now, in records that were written before\n")
	for _, v := range values {
		fmt.Fprintf(a.stdout, "  %q of %s by %s%s was carried as %s in %s\n", v.Learned, v.Lookup, v.By, q.lookupFile(v.Lookup), cmp.Or(v.Carried, "nothing"),
			plural(len(v.Records), "1 record", "%d records"))
		for i, record := range v.Records {
			if i == showHeld && !all {
				fmt.Fprintf(a.stdout, "        … and %d more (--all shows them)\n", len(v.Records)-i)
				break
			}
			fmt.Fprintf(a.stdout, "        %s\n", record)
		}
	}
	fmt.Fprintf(a.stdout, "        next: %s\n", learnedStep)
}

func (a *app) learnedJSON(values []learnedValue) error {
	enc := json.NewEncoder(a.stdout)
	for _, v := range values {
		if err := enc.Encode(v); err != nil {
			return err
		}
	}
	return nil
}
