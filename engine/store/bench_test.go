package store

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/casebridge/casebridge/engine"
)

func benchRun(b *testing.B) (*Store, *Run) {
	b.Helper()
	o := newClock().options(filepath.Join(b.TempDir(), "valley.db"))
	o.Key = key(1)
	s, err := Open(b.Context(), o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	r, err := s.Begin(b.Context(), Begin{Flow: "up", Who: "bench"})
	if err != nil {
		b.Fatal(err)
	}
	return s, r
}

// BenchmarkGroup intends and settles a hundred sends.
func BenchmarkGroup(b *testing.B) {
	_, r := benchRun(b)
	for n := 0; b.Loop(); n++ {
		intents := make([]Intent, 100)
		for i := range intents {
			intents[i].Change = sendOf(fmt.Sprintf("%d/%d", n, i))
			intents[i].Change.Known[1].Value = fmt.Sprintf("%d/%d", n, i)
		}
		ids, err := r.Intend(b.Context(), intents)
		if err != nil {
			b.Fatal(err)
		}
		st := Settlement{Outcomes: make([]Settled, len(ids))}
		for i, id := range ids {
			st.Outcomes[i] = Settled{Intent: id, Change: intents[i].Change, Outcome: engine.Outcome{State: engine.Done}}
		}
		if _, err := r.Settle(b.Context(), st); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*100/b.Elapsed().Seconds(), "sends/s")
}

// BenchmarkRecall remembers 250 clients and finds them again, in a store of 20,000.
func BenchmarkRecall(b *testing.B) {
	s, r := benchRun(b)
	group := func(from int) []Recalled {
		out := make([]Recalled, 250)
		for i := range out {
			out[i] = clientOf(from + i)
		}
		return out
	}
	for from := 0; from < 20_000; from += 250 {
		if _, err := r.Settle(b.Context(), Settlement{Recalled: group(from)}); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("listed again", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			if _, err := r.Settle(b.Context(), Settlement{Recalled: group(n % 79 * 250)}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)*250/b.Elapsed().Seconds(), "records/s")
	})
	b.Run("asked", func(b *testing.B) {
		for n := 0; b.Loop(); n++ {
			asks := make([][]engine.Pair, 250)
			for i := range asks {
				asks[i] = []engine.Pair{{Name: "global_id", Value: fmt.Sprintf("g%d", n%79*250+i)}}
			}
			if _, _, err := s.RecalledMany(b.Context(), "west.client", asks); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.N)*250/b.Elapsed().Seconds(), "asks/s")
	})
}

// BenchmarkLedger asks a ledger of 20,000 sends of one organization for 250 of its cases.
func BenchmarkLedger(b *testing.B) {
	s, r := benchRun(b)
	asks := make([][]engine.Pair, 20_000)
	intents := make([]Intent, len(asks))
	for i := range intents {
		intents[i].Change = sendOf(fmt.Sprint(i))
		intents[i].Change.Known[1].Value = fmt.Sprint(i)
		asks[i] = intents[i].Change.Known
	}
	if _, err := r.Intend(b.Context(), intents); err != nil {
		b.Fatal(err)
	}
	for n := 0; b.Loop(); n++ {
		from := n % 79 * 250
		if _, err := s.LedgerMany(b.Context(), "west.referral", asks[from:from+250]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*250/b.Elapsed().Seconds(), "asks/s")
}
