package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/casebridge/casebridge/engine"
)

// model is what the ledger should hold: the table of doc.go, written a second time and without a database.
type model struct {
	clock *clock
	store *Store
	run   *Run
	sends []*modelSend // what is not never, oldest first
}

type modelSend struct {
	key, state, answer string
	intent             int64
	run                *Run
	lost               bool // an attempt before this one
}

var modelKeys = []string{"a0", "a1", "a2", "b0", "r0"} // a and b: two groups of known pairs; r: repeatable

func modelChange(key string) engine.Change {
	c := sendOf(key)
	c.Known = []engine.Pair{{Name: "group", Value: key[:1]}, {Name: "everywhere", Value: "the same"}}
	return c
}

func repeatable(key string) bool { return key[0] == 'r' }

func (m *model) find(key string) *modelSend {
	i := slices.IndexFunc(m.sends, func(s *modelSend) bool { return s.key == key })
	if i < 0 {
		return nil
	}
	return m.sends[i]
}

func (m *model) forget(key string) {
	m.sends = slices.DeleteFunc(m.sends, func(s *modelSend) bool { return s.key == key })
}

func (m *model) begin(t *rapid.T) {
	run, err := m.store.Begin(t.Context(), Begin{Flow: "up", Who: "model", Lease: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	m.run = run
}

// Die lets the run die and another take over.
func (m *model) Die(t *rapid.T) {
	m.clock.pass(2 * time.Minute)
	for _, s := range slices.Clone(m.sends) {
		switch {
		case s.state != sendIntended:
		case repeatable(s.key):
			s.state = sendLost
		default:
			s.state = sendParked
		}
	}
	m.begin(t)
}

func (m *model) Intend(t *rapid.T) {
	key := rapid.SampledFrom(modelKeys).Draw(t, "key")
	ids, err := m.run.Intend(t.Context(), []Intent{{Change: modelChange(key), Repeatable: repeatable(key)}})
	was := m.find(key)
	if was != nil && was.state != sendLost {
		if !errors.Is(err, ErrAlreadySent) {
			t.Fatalf("%s is %s and was intended again: %v", key, was.state, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if was == nil {
		was = &modelSend{key: key}
		m.sends = append(m.sends, was)
	} else {
		was.lost = true
	}
	was.state, was.intent, was.run = sendIntended, ids[0], m.run
}

// Settle tells an outcome, perhaps late (the run died) or twice.
func (m *model) Settle(t *rapid.T) {
	if len(m.sends) == 0 {
		t.Skip()
	}
	s := rapid.SampledFrom(m.sends).Draw(t, "send")
	state := rapid.SampledFrom([]engine.State{engine.Done, engine.Refused, engine.Unknown, engine.Unsent}).Draw(t, "state")
	_, err := s.run.Settle(t.Context(), Settlement{Outcomes: []Settled{{Intent: s.intent, Change: modelChange(s.key),
		Outcome: engine.Outcome{State: state}, Repeatable: repeatable(s.key)}}})
	if err != nil {
		t.Fatal(err)
	}
	if s.state != sendIntended && s.state != sendParked && s.state != sendLost {
		return
	}
	switch {
	case state == engine.Done:
		s.state = sendSent
	case state == engine.Unknown && !repeatable(s.key):
		s.state = sendParked
	case state == engine.Unknown || s.lost:
		s.state = sendLost
	default:
		m.forget(s.key)
	}
}

// Show tells an answer of a group; the same few answers come again and again.
func (m *model) Show(t *rapid.T) {
	group := rapid.SampledFrom([]string{"a", "b", "r"}).Draw(t, "group")
	answer := fmt.Sprint(rapid.IntRange(1, 3).Draw(t, "answer"))
	_, err := m.run.Settle(t.Context(), Settlement{Sightings: []engine.Sighting{{Object: "west.referral", Answer: answer,
		Known: modelChange(group + "0").Known}}})
	if err != nil {
		t.Fatal(err)
	}
	var oldest *modelSend
	for _, s := range m.sends {
		if s.key[:1] != group {
			continue
		}
		if s.answer == answer {
			return
		}
		if oldest == nil && s.answer == "" && s.state != sendIntended {
			oldest = s
		}
	}
	if oldest != nil {
		oldest.state, oldest.answer = sendShown, answer
	}
}

// Resolve lets a person decide about a parked send.
func (m *model) Resolve(t *rapid.T) {
	parked, err := m.store.Parked(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(parked) == 0 {
		t.Skip()
	}
	e := rapid.SampledFrom(parked).Draw(t, "parked")
	arrived := rapid.Bool().Draw(t, "arrived")
	if err := m.store.Resolve(t.Context(), Resolution{ID: e.ID, Arrived: arrived, Who: "model", Why: "drawn"}); err != nil {
		t.Fatal(err)
	}
	if arrived {
		m.find(e.Once).state = sendClosed
	} else {
		m.forget(e.Once)
	}
}

// Check compares the ledger with the model.
func (m *model) Check(t *rapid.T) {
	want := map[string]string{}
	for _, s := range m.sends {
		want[s.key] = s.state
	}
	if diff := cmp.Diff(want, rawStates(t, m.store)); diff != "" {
		t.Fatalf("states (-model +store):\n%s", diff)
	}
}

func TestSendsAgainstAModel(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		path := filepath.Join(dir, fmt.Sprint(n), "valley.db")
		m := &model{clock: newClock()}
		var err error
		if m.store, err = Open(t.Context(), m.clock.options(path)); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = errors.Join(m.store.Close(), os.RemoveAll(filepath.Dir(path))) }()
		m.begin(t)
		t.Repeat(map[string]func(*rapid.T){"": m.Check, "intend": m.Intend, "settle": m.Settle, "die": m.Die, "show": m.Show, "resolve": m.Resolve})
	})
}
