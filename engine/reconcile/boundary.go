package reconcile

import "context"

// Boundary is a moment of a run. What a run that dies there leaves behind is what its next one finds.
type Boundary string

// The boundaries. Every durable write and every write to a system has one right before
// it, so that an At that has failed once and fails from then on leaves nothing behind it.
const (
	BeforeGroup   Boundary = "before group"   // the next records were read and are not decided
	BeforeDecided Boundary = "before decided" // a wave is decided; what it proves, recalls and holds back is not recorded
	BeforeIntent  Boundary = "before intent"  // a worker's writes are in hand and not recorded
	AfterIntent   Boundary = "after intent"   // they are recorded; nothing has left
	AfterSend     Boundary = "after send"     // one request of theirs was answered, or was not
	BeforeSettle  Boundary = "before settle"  // all were; no outcome is recorded
	AfterSettle   Boundary = "after settle"   // the outcomes are recorded
	BeforeEnd     Boundary = "before end"     // all is settled; the cursor has not moved
	AfterEnd      Boundary = "after end"      // the run is closed
)

// Boundaries are all of them, in the order in which a run comes to them.
func Boundaries() []Boundary {
	return []Boundary{BeforeGroup, BeforeDecided, BeforeIntent, AfterIntent, AfterSend, BeforeSettle, AfterSettle, BeforeEnd, AfterEnd}
}

// at tells the job that a boundary was reached. Its error ends the run as if the process had died
// there: the run is not closed in the store, its lease stays, and the next one recovers it.
func (l *loop) at(ctx context.Context, b Boundary) error {
	if l.job.At == nil {
		return nil
	}
	return l.job.At(ctx, b)
}
