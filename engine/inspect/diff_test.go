package inspect

import (
	"fmt"
	"strings"
	"testing"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
)

func body(text string) engine.Body { return engine.NewBody([]byte(text)) }

func field(path, value string) engine.FieldChange {
	return engine.FieldChange{Path: path, New: body(value), Class: engine.Code, Rule: "m.yaml:1:1"}
}

func update(route, item string, fields ...engine.FieldChange) engine.Change {
	return engine.Change{Route: route, Item: item, Verdict: engine.Update, Object: "east.case", Target: "c1", Fields: fields}
}

func stop(route string, v engine.Verdict, why string) engine.Change {
	return engine.Change{Route: route, Verdict: v, Object: "east.case", Reason: engine.Reason{Code: route + "/x", Text: why, Place: "f.yaml:9:1"}}
}

func decided(changes ...engine.Change) mapping.Decision {
	return mapping.Decision{Record: "case 1", Changes: changes}
}

// told writes an impact in short lines.
func told(f FlowImpact) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d\n", f.Changed, f.Read)
	for _, h := range f.Held {
		fmt.Fprintf(&b, "held %s %d (%s)\n", h.Verdict, h.Records, h.Reason.Text)
	}
	for _, r := range f.Routes {
		fmt.Fprintf(&b, "%s %d\n", r.Route, r.Changed)
		for _, x := range r.Fields {
			fmt.Fprintf(&b, "  %s %s %d other=%d newly=%d gone=%d\n", x.Object, x.Field, x.Records, x.Other, x.Newly, x.NoLonger)
		}
		for _, t := range r.Turns {
			fmt.Fprintf(&b, "  %q -> %q %d (%s) (%s)\n", t.From, t.To, t.Records, t.Old.Text, t.New.Text)
		}
	}
	return b.String()
}

func TestWhatCountsAsADifference(t *testing.T) {
	send := engine.Change{Route: "out", Verdict: engine.Send, Object: "west.message", Once: "a", Fields: []engine.FieldChange{field("name", `"x"`)}}
	again := send
	again.Once = "b"
	warned := update("in", "", field("a", "1"))
	warned.Notes = []engine.Reason{{Text: "look at this", Place: "f.yaml:3:1"}}
	moved := warned
	moved.Notes = []engine.Reason{{Text: "look at this", Place: "f.yaml:4:1"}}
	for name, c := range map[string]struct {
		old, now mapping.Decision
		want     string
	}{
		"the same":           {decided(update("in", "", field("a", "1"))), decided(update("in", "", field("a", "1"))), "0 of 1\n"},
		"another value":      {decided(update("in", "", field("rows[1].a", "1"))), decided(update("in", "", field("rows[1].a", "2"))), "1 of 1\nin 1\n  east.case rows.a 1 other=1 newly=0 gone=0\n"},
		"two rows, one case": {decided(), decided(update("in", "", field("rows[1].a", "1"), field("rows[2].a", "2"))), "1 of 1\nin 1\n  east.case rows.a 1 other=0 newly=1 gone=0\n"},
		"field renamed": {decided(update("in", "", field("a", "1"))), decided(update("in", "", field("b", "1"))),
			"1 of 1\nin 1\n  east.case a 1 other=0 newly=0 gone=1\n  east.case b 1 other=0 newly=1 gone=0\n"},
		"no change and update": {decided(stop("in", engine.NoChange, "nothing differs")), decided(update("in", "", field("a", "1"))), "1 of 1\nin 1\n  east.case a 1 other=0 newly=1 gone=0\n"},
		"verdict":              {decided(update("in", "", field("a", "1"))), decided(stop("in", engine.Quarantined, "no row")), "1 of 1\nin 1\n  \"update\" -> \"quarantine\" 1 () (no row)\n"},
		"reason":               {decided(stop("in", engine.Skip, "a")), decided(stop("in", engine.Skip, "b")), "1 of 1\nin 1\n  \"skip\" -> \"skip\" 1 (a) (b)\n"},
		"held by both": {decided(stop("in", engine.Blocked, "a"), stop("out", engine.Blocked, "a"), stop("out", engine.Unclear, "b")),
			decided(stop("in", engine.Blocked, "a"), stop("out", engine.Blocked, "a"), stop("out", engine.Unclear, "b")), "0 of 1\nheld blocked 1 (a)\nheld cannot tell 1 (b)\n"},
		"skipped by both": {decided(stop("in", engine.Skip, "a")), decided(stop("in", engine.Skip, "a")), "0 of 1\n"},
		"route renamed": {decided(stop("in", engine.Skip, "a")), decided(stop("into", engine.Skip, "a")),
			"1 of 1\nin 1\n  \"skip\" -> \"\" 1 (a) ()\ninto 1\n  \"\" -> \"skip\" 1 () (a)\n"},
		"sent under another key": {decided(send), decided(again), "1 of 1\nout 1\n  west.message (once_per) 1 other=1 newly=0 gone=0\n"},
		"warning":                {decided(update("in", "", field("a", "1"))), decided(warned), "1 of 1\nin 1\n  \"\" -> \"warning\" 1 () (look at this)\n"},
		"rule moved down a line": {decided(warned), decided(moved), "0 of 1\n"},
		"proof":                  {decided(), mapping.Decision{Record: "case 1", Sightings: []engine.Sighting{{Object: "west.message", Answer: "7"}}}, "1 of 1\n 1\n  \"\" -> \"proof\" 1 () ()\n"},
	} {
		t.Run(name, func(t *testing.T) {
			tally := newTally(Comparison{Examples: 3})
			tally.compare(c.old, c.now)
			if got := told(tally.report()); got != c.want {
				t.Errorf("got\n%swant\n%s", got, c.want)
			}
		})
	}
}

// However many records differ, and in however many ways, little is kept.
func TestLittleIsKept(t *testing.T) {
	tally := newTally(Comparison{Examples: 2})
	for i := range 5000 {
		tally.compare(decided(stop("in", engine.Skip, "a")), decided(stop("in", engine.Quarantined, fmt.Sprint("reason ", i))))
	}
	r := tally.report()
	if r.Changed != 5000 || len(r.Routes[0].Turns) > mostTurns+1 {
		t.Errorf("%d changed, %d turns", r.Changed, len(r.Routes[0].Turns))
	}
	sum := 0
	for _, turn := range r.Routes[0].Turns {
		sum += turn.Records
		if len(turn.Examples) > 2 {
			t.Errorf("%d examples", len(turn.Examples))
		}
	}
	if sum != 5000 {
		t.Errorf("%d turns are counted", sum)
	}
}

// A field that one of the versions calls personal is personal.
func TestTheMoreConfinedClassCounts(t *testing.T) {
	old, now := field("a", `"x"`), field("a", `"y"`)
	old.Class = engine.Personal
	tally := newTally(Comparison{Examples: 1})
	tally.compare(decided(update("in", "", old)), decided(update("in", "", now)))
	tally.compare(decided(update("in", "", now)), decided(update("in", "", old)))
	if got := tally.report().Routes[0].Fields[0].Examples[0].Class; got != engine.Personal {
		t.Errorf("class %s", got)
	}
	if closer(engine.Code, engine.Confined) != engine.Confined || closer(engine.Personal, engine.Public) != engine.Personal {
		t.Error("the order of classes")
	}
}

func TestPlainPath(t *testing.T) {
	for path, want := range map[string]string{"name": "name", "rows[a.b].c": "rows.c", "rows[0].parts[1].d": "rows.parts.d", "rows[x]": "rows"} {
		if got := plainPath(path); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
}
