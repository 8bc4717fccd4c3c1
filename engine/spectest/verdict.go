package spectest

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/casebridge/casebridge/engine"
)

// proves is the verdict of a sighting; engine has none because it writes nothing.
const proves = "proves"

// verdict is one thing that a decision said, in the words that an expectation uses.
type verdict struct {
	kind     string
	object   string
	route    string
	item     string
	target   string
	reason   string // of verdicts that do not write
	answer   string // of proves
	once     string // of send and proves
	known    []engine.Pair
	notes    []string
	document any // of verdicts that write
	place    string
}

func ofChange(c engine.Change) verdict {
	v := verdict{
		kind: string(c.Verdict), object: c.Object, route: c.Route, item: c.Item, target: c.Target,
		reason: c.Reason.Text, place: c.Reason.Place, once: c.Once, known: c.Known,
	}
	for _, n := range c.Notes {
		v.notes = append(v.notes, strings.TrimSpace(n.Text+" "+n.Value))
	}
	for _, k := range c.Kept {
		v.notes = append(v.notes, k.Text)
	}
	if c.Verdict.Writes() {
		v.document = parse(c.Document)
	}
	return v
}

func ofSighting(s engine.Sighting) verdict {
	return verdict{kind: proves, object: s.Object, answer: s.Answer, once: s.Once, known: s.Known}
}

// parse reads a document, numbers kept as they are written.
func parse(b engine.Body) any {
	dec := json.NewDecoder(bytes.NewReader(b.Raw()))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil
	}
	return v
}

// String names the verdict in one line.
func (v verdict) String() string {
	parts := []string{v.kind}
	for _, p := range []string{v.object, v.target} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if v.route != "" {
		parts = append(parts, "(route "+strings.TrimSuffix(v.route+", "+v.item, ", ")+")")
	}
	if v.answer != "" {
		parts = append(parts, "answer "+v.answer)
	}
	line := strings.Join(parts, " ")
	for _, s := range []string{engine.JoinPairs(v.known), v.once} {
		if s != "" {
			line += ", " + s
		}
	}
	if v.reason != "" {
		line += ": " + v.reason
	}
	if v.place != "" {
		line += " [" + v.place + "]"
	}
	return line
}
