package store

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/casebridge/casebridge/engine"
)

// sendOf is a send of one referral of one child.
func sendOf(once string) engine.Change {
	return engine.Change{Flow: "up", Route: "referrals", Record: "case 1", Item: "referral " + once, Verdict: engine.Send,
		Object: "west.referral", Once: once, Known: []engine.Pair{{Name: "organization", Value: "ngo-a"}, {Name: "case", Value: "1"}}}
}

// world is a store with one send in it, and the run that owns it.
type world struct {
	t          *testing.T
	clock      *clock
	store      *Store
	run        *Run
	change     engine.Change
	repeatable bool
	intent     int64
}

// newWorld brings a send into a state by real calls only.
func newWorld(t *testing.T, state string, repeatable, awaiting bool) *world {
	w := &world{t: t, clock: newClock(), repeatable: repeatable, change: sendOf("k1")}
	w.change.Awaiting = awaiting
	w.store = mustOpen(t, w.clock.options(temp(t)))
	w.run = mustBegin(t, w.store, "up")
	if state == "never" {
		return w
	}
	w.intend()
	switch state {
	case sendSent, sendAwaiting:
		w.settle(engine.Done)
	case sendParked:
		w.die()
	case sendClosed:
		w.die()
		w.resolve(true)
	case sendShown:
		w.settle(engine.Done)
		w.sight()
	case sendLost:
		w.settle(engine.Unknown)
	}
	if got := w.state(); got != state {
		t.Fatalf("could not reach %s: it is %s", state, got)
	}
	return w
}

func (w *world) intend() {
	w.t.Helper()
	ids, err := w.run.Intend(w.t.Context(), []Intent{{Change: w.change, Repeatable: w.repeatable}})
	check(w.t, err)
	w.intent = ids[0]
}

func (w *world) settle(s engine.State) Learned {
	w.t.Helper()
	learned, err := w.run.Settle(w.t.Context(), Settlement{Outcomes: []Settled{{
		Intent: w.intent, Change: w.change, Outcome: engine.Outcome{State: s}, Repeatable: w.repeatable}}})
	check(w.t, err)
	return learned
}

// die lets the lease run out and another run of the flow come.
func (w *world) die() *Run {
	w.t.Helper()
	w.clock.pass(2 * time.Minute)
	next := mustBegin(w.t, w.store, "up")
	check(w.t, next.End(w.t.Context(), End{State: "done"}))
	return next
}

func (w *world) sight() Learned {
	w.t.Helper()
	learned, err := w.run.Settle(w.t.Context(), Settlement{Sightings: []engine.Sighting{{Object: w.change.Object, Once: w.change.Once, Answer: "a1"}}})
	check(w.t, err)
	return learned
}

func (w *world) resolve(arrived bool) {
	w.t.Helper()
	var id int64
	check(w.t, w.store.read.QueryRowContext(w.t.Context(), `SELECT id FROM sends`).Scan(&id))
	check(w.t, w.store.Resolve(w.t.Context(), Resolution{ID: id, Arrived: arrived, Who: "tester", Why: "asked by phone"}))
}

// state is the state as stored; no row is "never".
func (w *world) state() string {
	w.t.Helper()
	states := rawStates(w.t, w.store)
	if len(states) == 0 {
		return "never"
	}
	return states["k1"]
}

// failer is a test, or a drawn one.
type failer interface {
	Helper()
	Fatal(args ...any)
}

func rawStates(t failer, s *Store) map[string]string {
	t.Helper()
	rows, err := s.read.Query(`SELECT once, state FROM sends`)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	out := map[string]string{}
	for rows.Next() {
		var once, state string
		if err := rows.Scan(&once, &state); err != nil {
			t.Fatal(err)
		}
		out[once] = state
	}
	return out
}

func TestEveryTransitionOfASend(t *testing.T) {
	done := func(w *world) { w.settle(engine.Done) }
	refused := func(w *world) { w.settle(engine.Refused) }
	unsent := func(w *world) { w.settle(engine.Unsent) }
	unknown := func(w *world) { w.settle(engine.Unknown) }
	died := func(w *world) { w.die() }
	sighted := func(w *world) { w.sight() }
	arrived := func(w *world) { w.resolve(true) }
	lost := func(w *world) { w.resolve(false) }
	again := func(w *world) {
		if _, err := w.run.Intend(w.t.Context(), []Intent{{Change: w.change}}); !errors.Is(err, ErrAlreadySent) {
			w.t.Errorf("intended again: %v", err)
		}
	}
	adopt := func(w *world) {
		check(w.t, w.store.Adopt(w.t.Context(), Adoption{Flow: "down", Before: "2026-01-01", Who: "tester", Why: "old jobs", Sends: []engine.Change{w.change}}))
	}
	once := func(more func(*world)) func(*world) { // lost once, and then again on its way
		return func(w *world) {
			w.intend()
			w.settle(engine.Unknown)
			w.intend()
			more(w)
		}
	}
	pruned := func(w *world) {
		w.clock.pass(time.Hour)
		_, err := w.store.Prune(w.t.Context(), w.clock.at)
		check(w.t, err)
	}
	lookedFor := func(w *world) {
		w.clock.pass(time.Hour)
		next := mustBegin(w.t, w.store, "down")
		check(w.t, next.End(w.t.Context(), End{State: "done", Listed: []string{w.change.Object}}))
	}
	cursorSet := func(w *world) {
		_, _, err := w.store.SetCursor(w.t.Context(), Move{Flow: "down", Who: "tester", Why: "read again"})
		check(w.t, err)
	}
	maybe := func(w *world) {
		check(w.t, w.store.Adopt(w.t.Context(), Adoption{Flow: "down", Before: "2026-01-01", Who: "tester", Why: "a backup", Maybe: []engine.Change{w.change}}))
	}
	type row struct {
		from, event string
		do          func(*world)
		to          string
		repeatable  bool
		awaiting    bool
	}
	rows := []row{
		{from: "never", event: "Intend", do: (*world).intend, to: sendIntended},
		{from: "never", event: "Adopt", do: adopt, to: sendSent},
		{from: "never", event: "Adopt with a backup", do: maybe, to: sendParked},
		{from: "never", event: "sighting", do: sighted, to: "never"},
		{from: "never", event: "unknown of an intent never made", do: unknown, to: sendParked},
		{from: "never", event: "unknown of an intent never made", do: unknown, to: sendLost, repeatable: true},
		{from: sendIntended, event: "done", do: done, to: sendSent},
		{from: sendIntended, event: "done", do: done, to: sendAwaiting, awaiting: true},
		{from: sendIntended, event: "refused", do: refused, to: "never"},
		{from: sendIntended, event: "unsent", do: unsent, to: "never"},
		{from: sendIntended, event: "unknown", do: unknown, to: sendLost, repeatable: true},
		{from: sendIntended, event: "unknown", do: unknown, to: sendParked},
		{from: sendIntended, event: "died", do: died, to: sendLost, repeatable: true},
		{from: sendIntended, event: "died", do: died, to: sendParked},
		{from: sendIntended, event: "sighting", do: sighted, to: sendIntended},
		{from: sendParked, event: "late done", do: done, to: sendSent},
		{from: sendParked, event: "late done", do: done, to: sendAwaiting, awaiting: true},
		{from: sendParked, event: "late refused", do: refused, to: "never"},
		{from: sendParked, event: "late unsent", do: unsent, to: "never"},
		{from: sendParked, event: "late unknown", do: unknown, to: sendParked},
		{from: sendParked, event: "sighting", do: sighted, to: sendShown},
		{from: sendParked, event: "it arrived", do: arrived, to: sendClosed},
		{from: sendParked, event: "it did not", do: lost, to: "never"},
		{from: sendParked, event: "adopt", do: adopt, to: sendParked},
		{from: sendLost, event: "Intend", do: (*world).intend, to: sendIntended, repeatable: true},
		{from: sendLost, event: "adopt", do: adopt, to: sendSent, repeatable: true},
		{from: sendLost, event: "adopt with a backup", do: maybe, to: sendParked, repeatable: true},
		{from: sendLost, event: "late done", do: done, to: sendSent, repeatable: true},
		{from: sendLost, event: "late done", do: done, to: sendAwaiting, repeatable: true, awaiting: true},
		{from: sendLost, event: "late refused", do: refused, to: "never", repeatable: true},
		{from: sendLost, event: "late unsent", do: unsent, to: "never", repeatable: true},
		{from: sendLost, event: "late unknown", do: unknown, to: sendLost, repeatable: true},
		{from: sendLost, event: "sighting", do: sighted, to: sendShown, repeatable: true},
		{from: sendSent, event: "adopt with a backup", do: maybe, to: sendSent},
		{from: sendSent, event: "sighting", do: sighted, to: sendShown},
		{from: sendAwaiting, event: "sighting", do: sighted, to: sendShown, awaiting: true},
		{from: sendClosed, event: "sighting", do: sighted, to: sendShown},
	}
	for _, from := range []string{sendSent, sendAwaiting, sendShown, sendClosed} {
		awaiting := from == sendAwaiting
		for event, do := range map[string]func(*world){"done again": done, "late refused": refused, "late unsent": unsent, "late unknown": unknown} {
			rows = append(rows, row{from: from, event: event, do: do, to: from, awaiting: awaiting})
		}
		rows = append(rows, row{from: from, event: "the run died", do: died, to: from, awaiting: awaiting})
	}
	for _, from := range []string{sendIntended, sendParked, sendSent, sendAwaiting, sendShown, sendClosed} {
		if from == sendParked || from == sendClosed {
			continue // their run has lost its lease: see TestIntendRefusesEveryLiveState
		}
		rows = append(rows, row{from: from, event: "Intend", do: again, to: from, awaiting: from == sendAwaiting})
	}
	for _, from := range []string{"never", sendIntended, sendParked, sendSent, sendAwaiting, sendShown, sendClosed} {
		for event, do := range map[string]func(*world){"pruned": pruned, "looked for": lookedFor, "cursor set": cursorSet} {
			rows = append(rows, row{from: from, event: event, do: do, to: from, awaiting: from == sendAwaiting})
		}
	}
	for event, do := range map[string]func(*world){"pruned": pruned, "looked for": lookedFor, "cursor set": cursorSet, "the run died": died} {
		rows = append(rows, row{from: sendLost, event: event, do: do, to: sendLost, repeatable: true})
	}
	for event, do := range map[string]func(*world){"refused": refused, "unsent": unsent, "unknown": unknown, "died": died} {
		rows = append(rows, row{from: "never", event: "lost, intended, " + event, do: once(do), to: sendLost, repeatable: true})
	}
	rows = append(rows, row{from: "never", event: "lost, intended, done", do: once(done), to: sendSent, repeatable: true})
	walked := map[string]bool{}
	for _, r := range rows {
		if r.from != r.to && !strings.HasPrefix(r.event, "lost, ") { // those walk several rows of the table
			walked[r.from+" -> "+r.to] = true
		}
	}
	if diff := cmp.Diff(tableOfSends(t), walked); diff != "" {
		t.Errorf("the table of doc.go and this test (-doc +test):\n%s", diff)
	}
	for _, r := range rows {
		t.Run(fmt.Sprintf("%s, %s, to %s", r.from, r.event, r.to), func(t *testing.T) {
			w := newWorld(t, r.from, r.repeatable, r.awaiting)
			r.do(w)
			if got := w.state(); got != r.to {
				t.Errorf("from %s, %s: %s, want %s", r.from, r.event, got, r.to)
			}
		})
	}
}

// tableOfSends are the moves that the table of a send in doc.go knows.
func tableOfSends(t *testing.T) map[string]bool {
	t.Helper()
	raw, err := os.ReadFile("doc.go")
	check(t, err)
	_, text, _ := strings.Cut(string(raw), "// # A send\n")
	text, _, _ = strings.Cut(text, "\n// Everything else")
	moves := map[string]bool{}
	columns := regexp.MustCompile(`(?m)^//\t(\w+) {2,}\S.*? {2,}(\w+) {2,}`)
	for _, row := range columns.FindAllStringSubmatch(text, -1) {
		if row[1] != "from" {
			moves[row[1]+" -> "+row[2]] = true
		}
	}
	return moves
}

func TestIntendRefusesEveryLiveState(t *testing.T) {
	reads := map[string]string{sendIntended: "parked", sendSent: "sent", sendAwaiting: "awaiting", sendShown: "shown", sendParked: "parked", sendClosed: "sent"}
	for state, read := range reads {
		t.Run(state, func(t *testing.T) {
			w := newWorld(t, state, false, state == sendAwaiting)
			other := mustBegin(t, w.store, "other")
			fresh := sendOf("k2")
			_, err := other.Intend(t.Context(), []Intent{{Change: fresh}, {Change: w.change}, {Change: fresh}})
			var again *AlreadySent
			if !errors.As(err, &again) || !slices.Equal(again.Items, []int{1, 2}) {
				t.Fatalf("got %v, want items 1 and 2", err)
			}
			if states := rawStates(t, w.store); len(states) != 1 {
				t.Errorf("a refused group left something: %v", states)
			}
			states, err := w.store.SendStates(t.Context(), "west.referral", []string{"k1", "k2"})
			check(t, err)
			if len(states) != 1 || states["k1"] != read {
				t.Errorf("reads as %v, want %s", states, read)
			}
		})
	}
}

// What was lost reads as never sent to whoever wants to send it, and stands in the list of what was sent.
func TestLostSendMayGoAgainAndIsListed(t *testing.T) {
	w := newWorld(t, sendLost, true, false)
	states, err := w.store.SendStates(t.Context(), "west.referral", []string{"k1"})
	check(t, err)
	listed, err := w.store.LedgerMany(t.Context(), "west.referral", [][]engine.Pair{w.change.Known})
	check(t, err)
	if len(states) != 0 || len(listed[0]) != 1 || listed[0][0].State != "lost" {
		t.Fatalf("reads as %v, is listed as %+v", states, listed[0])
	}
	w.change.Known = []engine.Pair{{Name: "organization", Value: "ngo-b"}}
	w.intend()
	w.settle(engine.Done)
	listed, err = w.store.LedgerMany(t.Context(), "west.referral", [][]engine.Pair{sendOf("k1").Known[:1], w.change.Known})
	check(t, err)
	if len(listed[0]) != 0 || len(listed[1]) != 1 || listed[1][0].State != "sent" {
		t.Errorf("sent again under other names, it is listed as %+v", listed)
	}
}

func TestSameKeyOfAnotherObjectIsAnotherSend(t *testing.T) {
	w := newWorld(t, sendSent, false, false)
	c := w.change
	c.Object = "west.link"
	_, err := w.run.Intend(t.Context(), []Intent{{Change: c}})
	check(t, err)
}

func TestRecordChanges(t *testing.T) {
	for _, state := range []engine.State{engine.Done, engine.Refused, engine.Unknown, engine.Unsent} {
		t.Run(string(state), func(t *testing.T) {
			w := newWorld(t, "never", true, false)
			w.change.Once = ""
			w.intend()
			w.settle(state)
			if got := intentState(t, w.store, w.intent); got != string(state) {
				t.Errorf("intent is %s, want %s", got, state)
			}
		})
	}
}

func intentState(t *testing.T, s *Store, id int64) (state string) {
	t.Helper()
	check(t, s.read.QueryRowContext(t.Context(), `SELECT state FROM intents WHERE id = $1`, id).Scan(&state))
	return state
}

func TestOutcomeOfAForgottenIntentComesLate(t *testing.T) {
	w := newWorld(t, sendIntended, true, false)
	w.die() // forgotten
	w.settle(engine.Done)
	if got := w.state(); got != sendSent {
		t.Errorf("it arrived all the same, but is %s", got)
	}
}

func TestLateOutcomeLeavesALaterIntentAlone(t *testing.T) {
	w := newWorld(t, sendIntended, true, false)
	w.clock.pass(2 * time.Minute)
	second := mustBegin(t, w.store, "up")
	_, err := second.Intend(t.Context(), []Intent{{Change: w.change, Repeatable: true}})
	check(t, err)
	w.settle(engine.Unsent)
	if got := w.state(); got != sendIntended {
		t.Errorf("the second run's send is %s", got)
	}
}

func TestOutcomeWithoutIntent(t *testing.T) {
	w := newWorld(t, "never", false, false)
	if learned := w.settle(engine.Unknown); learned.Parked != 1 || w.state() != sendParked {
		t.Errorf("%+v, %s", learned, w.state())
	}
}

func TestOutcomeOfAnotherRunsIntentIsRefused(t *testing.T) {
	w := newWorld(t, sendIntended, false, false)
	other := mustBegin(t, w.store, "other")
	_, err := other.Settle(t.Context(), Settlement{Outcomes: []Settled{{Intent: w.intent, Change: w.change, Outcome: engine.Outcome{State: engine.Done}}}})
	wantFault(t, err, engine.Environment, "no such intent")
	if w.state() != sendIntended {
		t.Error("something was changed")
	}
}

func TestResolveOnlyParkedAndWithAReason(t *testing.T) {
	w := newWorld(t, sendSent, false, false)
	ctx := t.Context()
	wantFault(t, w.store.Resolve(ctx, Resolution{ID: 1, Who: "a", Why: "b"}), engine.Environment, "sent, not parked")
	wantFault(t, w.store.Resolve(ctx, Resolution{ID: 77, Who: "a", Why: "b"}), engine.Environment, "no such send")
	wantFault(t, w.store.Resolve(ctx, Resolution{ID: 1, Who: "a"}), engine.Environment, "why")
}
