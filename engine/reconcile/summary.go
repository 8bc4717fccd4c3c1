package reconcile

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/big"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/casebridge/casebridge/engine/store"
)

// ErrNoUpperBound is in the chain of the Fault of a window with an end, where the source knows none.
var ErrNoUpperBound = errors.New("this source cannot be read up to a moment")

var (
	errNoStart  = errors.New("the flow can send what cannot be sent twice, and it is not known from when on")
	errChain    = errors.New("the write before it did not go through")
	errTold     = errors.New("told to stop before it left")
	errSystemic = errors.New("one write after another failed, so the rest was left for later")
)

// Reasons counts by reason, keeping the order in which reasons first came.
type Reasons struct {
	Order []string
	Count map[string]int
}

func (r *Reasons) add(text string) {
	if r.Count == nil {
		r.Count = map[string]int{}
	}
	if r.Count[text] == 0 {
		r.Order = append(r.Order, text)
	}
	r.Count[text]++
}

// Total is the sum over all reasons.
func (r Reasons) Total() int {
	n := 0
	for _, c := range r.Count {
		n += c
	}
	return n
}

// Summary counts what became of a flow's records. For a plan, "created" reads "would be created".
type Summary struct {
	Flow      string
	Title     string
	State     State
	Window    string
	Read      int
	Created   int
	Updated   int
	Sent      int
	Unchanged int

	Skipped     Reasons
	Blocked     Reasons
	Quarantined Reasons
	Unclear     Reasons
	Unmapped    Reasons // values that no map knows, by map and value
	Kept        Reasons // fields that keep what people made of them in the target

	Answered    bool            // something that cannot be sent twice was sent and answered
	Silent      int             // such things that it and the runs before it sent since one was answered
	Parked      int             // may have arrived; never sent again by themselves
	Undelivered int             // not sent, or without an answer, and harmless to repeat: the next run tries again
	Seen        int             // sends that the other system has now shown
	Released    int             // parked sends that were closed thereby
	Held        string          // why a limit stopped the flow
	Again       []Again         // records in quarantine that were looked at again though they had not changed
	Paused      store.Pause     // a person has stopped that
	Recovered   store.Recovered // what a run that died had left open
	Hash        string          // of all writes, whatever their order; empty when nothing would be written
	Took        time.Duration

	sum *big.Int
}

// Writes is how many documents were written, or would be.
func (s Summary) Writes() int { return s.Created + s.Updated + s.Sent }

// count files a change that does not write.
func (s *Summary) count(c engine.Change) {
	for _, k := range c.Kept {
		s.Kept.add(k.Text)
	}
	for _, n := range c.Notes {
		if n.Value != "" {
			s.Unmapped.add(n.Text + ": " + n.Value)
		}
	}
	switch c.Verdict {
	case engine.NoChange:
		s.Unchanged++
	case engine.Skip:
		s.Skipped.add(c.Reason.Text)
	case engine.Blocked:
		s.Blocked.add(c.Reason.Text)
	case engine.Quarantined:
		s.Quarantined.add(reasonText(c.Reason))
	case engine.Unclear:
		s.Unclear.add(c.Reason.Text)
	}
}

func reasonText(r engine.Reason) string {
	if r.Value != "" {
		return r.Text + ": " + r.Value
	}
	return r.Text
}

// wrote counts a change that was written, or would be.
func (s *Summary) wrote(v engine.Verdict) {
	switch v {
	case engine.Create:
		s.Created++
	case engine.Update:
		s.Updated++
	case engine.Send:
		s.Sent++
	}
}

// mark adds a change to the plan's hash. Adding digests makes the hash independent of the order of reading.
func (s *Summary) mark(c engine.Change) {
	h := sha256.New()
	for _, part := range []string{c.Flow, c.Route, c.Record, c.Item, string(c.Verdict), c.Object, c.Target, c.Once} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	h.Write(c.Document.Raw())
	if s.sum == nil {
		s.sum = new(big.Int)
	}
	s.sum.Add(s.sum, new(big.Int).SetBytes(h.Sum(nil)))
	all := sha256.Sum256(s.sum.Bytes())
	s.Hash = hex.EncodeToString(all[:6])
}

// partial says whether some records did not go through.
func (s Summary) partial() bool {
	return s.Quarantined.Total()+s.Unclear.Total()+s.Parked+s.Undelivered > 0
}

// counts are the numbers that the store keeps of a run.
func (s Summary) counts() map[string]int {
	return map[string]int{
		"read": s.Read, "created": s.Created, "updated": s.Updated, "sent": s.Sent, "unchanged": s.Unchanged,
		"skipped": s.Skipped.Total(), "blocked": s.Blocked.Total(), "quarantined": s.Quarantined.Total(),
		"unclear": s.Unclear.Total(), "parked": s.Parked, "undelivered": s.Undelivered,
		"answered": number(s.Answered), "silent": s.Silent,
	}
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}
