package reconcile_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/mapping"
	"github.com/casebridge/casebridge/engine/reconcile"
	"github.com/casebridge/casebridge/engine/store"
)

// bothWays keeps the remarks of the same cases the same in both cabinets. POLICY is that of both flows.
func bothWays(policy string) map[string]string {
	flow := `kind: Flow
name: FROM-to-TO
source: {read: FROM.case, as: case, since: {start: everything, overlap: 10m}}
routes:
- name: remarks
  steps:
  - {name: there, read: TO.case, by: {number: case.number}, none: nothing, several: quarantine, say: this number is there twice}
  write:
  - {update: TO.case, target: there, fields: {remark: {from: case.remark, conflict: ` + policy + `}}}
`
	return map[string]string{
		"project.yaml": strings.Replace(copyProject["project.yaml"], "[copy, letters]", "[east-to-west, west-to-east]", 1),
		"there.yaml":   strings.NewReplacer("FROM", "east", "TO", "west").Replace(flow),
		"back.yaml":    strings.NewReplacer("FROM", "west", "TO", "east").Replace(flow),
	}
}

// mirror is a stage of two cabinets with the same cases, whose stamps move whenever something is written.
type mirror struct{ *stage }

func newMirror(t *testing.T, policy string, n int) mirror {
	t.Helper()
	m := mirror{newStageOf(t, bothWays(policy), newCabinet(n, plainCase), newCabinet(n, plainCase))}
	m.key = bytes.Repeat([]byte{7}, 32)
	for _, c := range []*cabinet{m.east, m.west} {
		c.afterWrite = func(ch engine.Change) *engine.Outcome { m.touch(c, ch.Target); return nil }
	}
	return m
}

func (m mirror) touch(c *cabinet, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cases[id]["stamp"] = m.now().Format(time.RFC3339)
}

// edit is a person's hand.
func (m mirror) edit(c *cabinet, id, remark string) {
	c.mu.Lock()
	c.cases[id]["remark"] = remark
	c.mu.Unlock()
	m.touch(c, id)
}

func (m mirror) remark(c *cabinet, id string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprint(c.cases[id]["remark"])
}

// hour runs both flows and says how often each cabinet was written.
func (m mirror) hour() (east, west int, sums [2]reconcile.Summary) {
	m.t.Helper()
	beforeEast, beforeWest := m.east.writes, m.west.writes
	for i, flow := range []string{"east-to-west", "west-to-east"} {
		sum, err := m.run(flow)
		if err != nil {
			m.t.Fatal(flow, err)
		}
		sums[i] = sum
	}
	return m.east.writes - beforeEast, m.west.writes - beforeWest, sums
}

func (m mirror) store() *store.Store {
	m.t.Helper()
	st, err := store.Open(context.Background(), m.options())
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { _ = st.Close() })
	return st
}

// has says whether remark is what this side of the case last got, or had when both had the same.
func (m mirror) has(object, id, remark string) bool {
	m.t.Helper()
	st, at := m.store(), store.Linked{Target: id}
	found, err := st.LinksMany(context.Background(), object, []store.Linked{at})
	if err != nil {
		m.t.Fatal(err)
	}
	value := mapping.Normal(m.project.Object(object).Field("remark"), engine.NewBody([]byte(`"`+remark+`"`)))
	return len(found[0]) == 1 && found[0][0].Digest == st.LinkDigest(object, at, "remark", value.Raw())
}

// TestEcho: what was edited on one side arrives on the other, and does not come back; then nothing happens any more.
func TestEcho(t *testing.T) {
	for _, policy := range []string{"target", "review"} {
		m := newMirror(t, policy, 3)
		m.hour()
		m.edit(m.east, "0001", "from the east")
		m.edit(m.west, "0002", "from the west")
		if east, west, _ := m.hour(); east != 1 || west != 1 {
			t.Errorf("%s: the busy hour wrote %d times to the east and %d times to the west, want 1 and 1", policy, east, west)
		}
		if m.remark(m.west, "0001") != "from the east" || m.remark(m.east, "0002") != "from the west" {
			t.Errorf("%s: the edits did not arrive", policy)
		}
		for range 4 {
			if east, west, _ := m.hour(); east+west != 0 {
				t.Errorf("%s: a quiet hour wrote %d times to the east and %d times to the west", policy, east, west)
			}
		}
		for _, side := range []string{"east.case", "west.case"} {
			if !m.has(side, "0001", "from the east") || !m.has(side, "0002", "from the west") {
				t.Errorf("%s: the links do not say what %s last got", policy, side)
			}
		}
		// Now the other way round: the side that was written is edited, and its edit is not taken for an echo.
		m.edit(m.west, "0001", "answered")
		if east, west, _ := m.hour(); east != 1 || west != 0 || m.remark(m.east, "0001") != "answered" || m.remark(m.west, "0001") != "answered" {
			t.Errorf("%s: the answer was written %d times to the east and overwritten %d times in the west", policy, east, west)
		}
		if east, west, _ := m.hour(); east+west != 0 {
			t.Errorf("%s: the answer came back", policy)
		}
	}
}

// Both sides edited between two runs: nothing is written, both flows keep the case aside, and it closes when both are the same.
func TestBothSidesEdited(t *testing.T) {
	m := newMirror(t, "review", 2)
	m.edit(m.east, "0001", "before")
	m.hour()
	m.edit(m.east, "0001", "one")
	m.edit(m.west, "0001", "other")
	east, west, sums := m.hour()
	held := m.open()
	if east+west != 0 || sums[0].Quarantined.Total() != 1 || sums[1].Quarantined.Total() != 1 || len(held) != 2 {
		t.Fatalf("%d and %d writes, %v, %v, held %+v", east, west, sums[0].Quarantined, sums[1].Quarantined, held)
	}
	for _, h := range held {
		if h.Code != "remarks/remark/conflict" || !strings.Contains(h.Reason, "remark") || strings.Contains(h.Reason, "other") || !strings.HasPrefix(h.Place, "there.yaml:9:") && !strings.HasPrefix(h.Place, "back.yaml:9:") {
			t.Errorf("held %+v", h)
		}
	}
	m.edit(m.west, "0001", "one")
	m.touch(m.east, "0001")
	if east, west, _ := m.hour(); east+west != 0 || len(m.open()) != 0 || !m.has("west.case", "0001", "one") || !m.has("east.case", "0001", "one") {
		t.Errorf("made the same: %d and %d writes, held %+v", east, west, m.open())
	}
}

// An edit in the target stays, is counted, and a plan says so; the store has nothing to write for it.
func TestKeptIsCounted(t *testing.T) {
	m := newMirror(t, "target", 1)
	m.edit(m.east, "0000", "ours")
	m.hour()
	m.edit(m.west, "0000", "theirs")
	m.touch(m.east, "0000")
	plan, err := m.plan("east-to-west")
	if err != nil || plan.Writes() != 0 || plan.Kept.Total() != 1 || plan.Kept.Order[0] != "the field remark was changed in west.case and stays as it is there" {
		t.Errorf("plan: %v, %d writes, kept %v", err, plan.Writes(), plan.Kept)
	}
	if sum, err := m.run("east-to-west"); err != nil || sum.Kept.Total() != 1 || sum.Unchanged != 1 || m.remark(m.west, "0000") != "theirs" {
		t.Errorf("run: %v, %+v", err, sum)
	}
}

// A write that was refused, or of which the target left something out, gives both sides nothing in common.
func TestNothingInCommonUnlessTaken(t *testing.T) {
	m := newMirror(t, "target", 1)
	m.edit(m.east, "0000", "first")
	m.hour()
	for _, answer := range []engine.Outcome{
		{State: engine.Refused, Fault: &engine.Fault{Kind: engine.Rejected, Op: "update"}},
		{State: engine.Unknown, Fault: &engine.Fault{Kind: engine.Transient, Op: "update"}},
		{State: engine.Done, Ignored: []string{"remark"}},
	} {
		m.edit(m.east, "0000", "second")
		m.west.writeFault = func(engine.Change) *engine.Outcome { return &answer }
		m.hour()
		if !m.has("west.case", "0000", "first") {
			t.Errorf("%s: the store says that the west has what it did not take", answer.State)
		}
		m.west.writeFault = nil
	}
}

// Without a store key nobody knows who changed a field: an empty one is filled, a value is never replaced.
func TestWithoutAStoreKey(t *testing.T) {
	m := newMirror(t, "target", 2)
	m.key = nil
	m.edit(m.east, "0000", "first")
	m.hour()
	m.edit(m.east, "0000", "second")
	_, west, sums := m.hour()
	if m.remark(m.west, "0000") != "first" || west != 0 || sums[0].Kept.Total() != 1 {
		t.Errorf("the west has %q after %d writes, kept %v", m.remark(m.west, "0000"), west, sums[0].Kept)
	}
}

// Made in a system that gives it its own name: what both have in common is known at once.
func TestLinksOfWhatWasCreated(t *testing.T) {
	files := copyProjectWith("name: {from: case.name, required: true}", "name: {from: case.name, required: true, conflict: review}")
	s := newStageOf(t, files, newCabinet(1, plainCase), newCabinet(0, plainCase))
	s.key = bytes.Repeat([]byte{7}, 32)
	s.west.afterWrite = func(engine.Change) *engine.Outcome { return &engine.Outcome{State: engine.Done, ID: "its-own"} }
	sum, err := s.run("copy")
	mustDone(t, sum, err)
	m := mirror{s}
	st := m.store()
	found, err := st.LinksMany(context.Background(), "west.case", []store.Linked{{Target: "its-own"}})
	if err != nil || len(found[0]) != 1 || found[0][0].Field != "name" {
		t.Errorf("%v: links %d", err, len(found[0]))
	}
}

func copyProjectWith(was, is string) map[string]string {
	files := map[string]string{}
	for name, text := range copyProject {
		files[name] = strings.Replace(text, was, is, 1)
	}
	return files
}
