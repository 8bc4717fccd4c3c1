package store

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/casebridge/casebridge/engine"
)

// sent records sends by their keys, all known under the same pairs.
func sent(t *testing.T, r *Run, state engine.State, keys ...string) {
	t.Helper()
	for _, k := range keys {
		c := sendOf(k)
		ids, err := r.Intend(t.Context(), []Intent{{Change: c}})
		check(t, err)
		_, err = r.Settle(t.Context(), Settlement{Outcomes: []Settled{{Intent: ids[0], Change: c, Outcome: engine.Outcome{State: state}}}})
		check(t, err)
	}
}

func known(organization string) engine.Sighting {
	return engine.Sighting{Object: "west.referral", Known: []engine.Pair{{Name: "case", Value: "1"}, {Name: "organization", Value: organization}}}
}

func sight1(t *testing.T, r *Run, answers ...string) Learned {
	t.Helper()
	var st Settlement
	for _, a := range answers {
		s := known("ngo-a")
		s.Answer = a
		st.Sightings = append(st.Sightings, s)
	}
	learned, err := r.Settle(t.Context(), st)
	check(t, err)
	return learned
}

func wantStates(t *testing.T, s *Store, want map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, rawStates(t, s)); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestOneAnswerProvesOneSend(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	r := mustBegin(t, s, "up")
	sent(t, r, engine.Done, "old", "new")
	if got := sight1(t, r, "17", "17"); got != (Learned{Seen: 1}) {
		t.Errorf("%+v", got)
	}
	wantStates(t, s, map[string]string{"old": "shown", "new": "sent"})
	if got := sight1(t, r, "17"); got != (Learned{}) {
		t.Errorf("the same answer proved another send: %+v", got)
	}
	sight1(t, r, "18")
	wantStates(t, s, map[string]string{"old": "shown", "new": "shown"})
	if got := sight1(t, r, "19"); got != (Learned{}) {
		t.Errorf("a send took two answers: %+v", got)
	}
}

func TestSightingsOfOneSettlementAreTakenInTurn(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	r := mustBegin(t, s, "up")
	sent(t, r, engine.Done, "a", "b", "c")
	if got := sight1(t, r, "1", "2"); got.Seen != 2 {
		t.Errorf("%+v", got)
	}
	wantStates(t, s, map[string]string{"a": "shown", "b": "shown", "c": "sent"})
}

func TestSightingClosesAParkedSend(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	r := mustBegin(t, s, "up")
	sent(t, r, engine.Unknown, "p")
	if got := sight1(t, r, "17"); got != (Learned{Seen: 1, Released: 1}) {
		t.Errorf("%+v", got)
	}
	wantStates(t, s, map[string]string{"p": "shown"})
	parked, err := s.Parked(t.Context())
	check(t, err)
	if len(parked) != 0 {
		t.Errorf("still parked: %v", parked)
	}
}

func TestSightingNeedsEveryPair(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	r := mustBegin(t, s, "up")
	sent(t, r, engine.Done, "a")
	elsewhere := known("ngo-b")
	elsewhere.Answer = "17"
	blank := known("ngo-a") // no answer: it could prove a send again with every reading
	nothing := engine.Sighting{Object: "west.referral", Answer: "17"}
	other := known("ngo-a")
	other.Object, other.Answer = "west.link", "17"
	learned, err := r.Settle(t.Context(), Settlement{Sightings: []engine.Sighting{elsewhere, blank, nothing, other}})
	check(t, err)
	if learned != (Learned{}) {
		t.Errorf("%+v", learned)
	}
	wantStates(t, s, map[string]string{"a": "sent"})
}

func TestWhatWasSeenBeforeCannotProveWhatIsSentNow(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	r := mustBegin(t, s, "up")
	c := sendOf("now")
	ids, err := r.Intend(t.Context(), []Intent{{Change: c}})
	check(t, err)
	old := known("ngo-a")
	old.Answer = "3"
	_, err = r.Settle(t.Context(), Settlement{Sightings: []engine.Sighting{old},
		Outcomes: []Settled{{Intent: ids[0], Change: c, Outcome: engine.Outcome{State: engine.Done}}}})
	check(t, err)
	wantStates(t, s, map[string]string{"now": "sent"})
}

func TestLedger(t *testing.T) {
	c := newClock()
	s := mustOpen(t, c.options(temp(t)))
	r := mustBegin(t, s, "up")
	sent(t, r, engine.Done, "a", "b")
	sight1(t, r, "17")
	got, err := s.LedgerMany(t.Context(), "west.referral", [][]engine.Pair{known("ngo-a").Known})
	check(t, err)
	want := []LedgerEntry{
		{ID: 1, Object: "west.referral", Once: "a", Flow: "up", Route: "referrals", Record: "case 1", Item: "referral a", Known: sendOf("a").Known,
			State: "shown", Answer: "17", SentAt: c.at, Run: r.ID},
		{ID: 2, Object: "west.referral", Once: "b", Flow: "up", Route: "referrals", Record: "case 1", Item: "referral b", Known: sendOf("b").Known,
			State: "sent", SentAt: c.at, Run: r.ID},
	}
	if diff := cmp.Diff([][]LedgerEntry{want}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLedgerMany(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	r := mustBegin(t, s, "up")
	const n = 900 // more than one query's worth
	intents := make([]Intent, n)
	asks := make([][]engine.Pair, n+2)
	for i := range intents {
		c := sendOf(fmt.Sprint(i))
		c.Known = []engine.Pair{{Name: "organization", Value: "ngo-a"}, {Name: "case", Value: fmt.Sprint(i)}}
		intents[i].Change = c
		asks[i] = c.Known
	}
	asks[n] = []engine.Pair{{Name: "organization", Value: "ngo-a"}}
	_, err := r.Intend(t.Context(), intents)
	check(t, err)
	found, err := s.LedgerMany(t.Context(), "west.referral", asks)
	check(t, err)
	for i := range n {
		if len(found[i]) != 1 || found[i][0].Once != fmt.Sprint(i) || found[i][0].State != "parked" {
			t.Fatalf("ask %d: %+v", i, found[i])
		}
	}
	if len(found[n]) != n || len(found[n+1]) != 0 {
		t.Errorf("all of one organization: %d; no pairs at all: %d", len(found[n]), len(found[n+1]))
	}
	once := make([]string, n)
	for i := range once {
		once[i] = fmt.Sprint(i)
	}
	states, err := s.SendStates(t.Context(), "west.referral", once)
	check(t, err)
	if len(states) != n {
		t.Errorf("%d states", len(states))
	}
}

func TestLedgerComparesEveryPair(t *testing.T) {
	s := mustOpen(t, newClock().options(temp(t)))
	r := mustBegin(t, s, "up")
	pairs := func(organization, child string) []engine.Pair {
		return []engine.Pair{{Name: "organization", Value: organization}, {Name: "case", Value: child}}
	}
	for i, p := range [][]engine.Pair{pairs("ngo-a", "1"), pairs("ngo-b", "2")} {
		c := sendOf(fmt.Sprint(i))
		c.Known = p
		_, err := r.Intend(t.Context(), []Intent{{Change: c}})
		check(t, err)
	}
	asks := [][]engine.Pair{pairs("ngo-a", "2"), pairs("ngo-b", "1"), pairs("ngo-a", "1")}
	got, err := s.LedgerMany(t.Context(), "west.referral", asks)
	if err != nil || len(got[0]) != 0 || len(got[1]) != 0 || len(got[2]) != 1 {
		t.Errorf("%v %v", got, err)
	}
}

func TestAwaitingList(t *testing.T) {
	w := newWorld(t, sendAwaiting, true, true)
	got, err := w.store.AwaitingList(t.Context())
	check(t, err)
	if len(got) != 1 || got[0].Once != "k1" {
		t.Errorf("%+v", got)
	}
}
