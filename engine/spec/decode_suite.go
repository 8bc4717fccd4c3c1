package spec

import (
	"strconv"
	"time"

	"github.com/casebridge/casebridge/engine"
)

func (b *builder) decodeSuite(n *node) *Suite {
	s := &Suite{File: n.file.Path, Flow: n.get("flow").scalar(), Given: decodeRecords(n.get("given"))}
	for _, c := range n.get("tests").list() {
		s.Cases = append(s.Cases, b.decodeCase(c))
	}
	b.once(scalarsOf(s.Cases, func(c TestCase) Scalar { return c.Name }), "test")
	return s
}

func (b *builder) decodeCase(n *node) TestCase {
	c := TestCase{
		Name: n.get("name").scalar(), Now: b.moment(n.get("now")), At: n.at,
		Given: decodeRecords(n.get("given")), Recalled: decodeRecords(n.get("recalled")), Linked: decodeRecords(n.get("linked")),
		Swept: n.get("swept") == nil || n.get("swept").isTrue(), Sealed: n.get("sealed") == nil || n.get("sealed").isTrue(),
	}
	if read := n.get("read"); read != nil {
		c.Read = literals(read)
	}
	for _, r := range n.get("replaces").list() {
		number, _ := strconv.Atoi(r.get("number").string()) // the schema has said what is wrong with it
		c.Replaces = append(c.Replaces, Replaced{Number: number, Was: r.get("was").string(), At: r.at})
	}
	for _, e := range n.get("sent").list() {
		c.Sent = append(c.Sent, SentEntry{
			Object: e.get("send").scalar(), Once: decodeNamed(e.get("once_per")), Known: decodeNamed(e.get("known_as")),
			State: e.get("state").scalar(), Answer: e.get("answer").scalar(),
		})
	}
	for _, e := range n.get("expect").list() {
		c.Expect = append(c.Expect, decodeExpectation(e))
	}
	return c
}

func (b *builder) moment(n *node) time.Time {
	if n == nil || n.shape != textShape {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, n.text)
	if err != nil {
		b.faultOn(n, "wrong-value", `write it such as "2026-01-31T08:00:00+07:00"`, "%q is not a moment", n.text)
	}
	return t
}

func decodeRecords(n *node) []GivenRecords {
	var given []GivenRecords
	n.each(func(object, records *node) {
		given = append(given, GivenRecords{Object: object.scalar(), Records: literals(records)})
	})
	return given
}

func decodeNamed(n *node) []Named {
	var list []Named
	n.each(func(k, v *node) { list = append(list, Named{Name: k.scalar(), Value: v.scalar()}) })
	return list
}

// verdictKey is a key of an expectation and what it stands for.
type verdictKey struct {
	key     string
	verdict string
	object  bool // its value is an object, not a reason
}

func verdictKeys() []verdictKey {
	return []verdictKey{
		{"create", string(engine.Create), true}, {"update", string(engine.Update), true}, {"send", string(engine.Send), true},
		{"no_change", string(engine.NoChange), true}, {"proves", "proves", true},
		{"skip", string(engine.Skip), false}, {"blocked", string(engine.Blocked), false},
		{"quarantine", string(engine.Quarantined), false}, {"cannot_tell", string(engine.Unclear), false},
	}
}

func decodeExpectation(n *node) Expectation {
	e := Expectation{
		Route: n.get("route").scalar(), Item: n.get("item").scalar(), Target: n.get("target").scalar(), Answer: n.get("answer").scalar(),
		Once: decodeNamed(n.get("once_per")), Known: decodeNamed(n.get("known_as")),
		Document: optional(n.get("document")), Includes: optional(n.get("includes")),
		Lacks: n.get("lacks").scalars(), Notes: n.get("notes").scalars(), At: n.at,
	}
	for _, v := range verdictKeys() {
		k, value := n.entry(v.key)
		if k == nil {
			continue
		}
		e.Verdict = k.scalar()
		e.Verdict.Text = v.verdict
		if v.object {
			e.Object = value.scalar()
		} else {
			e.Reason = value.scalar()
		}
		break
	}
	return e
}

func optional(n *node) *Value {
	if n == nil {
		return nil
	}
	v := n.literal()
	return &v
}
