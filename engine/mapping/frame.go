package mapping

import (
	"time"

	"github.com/casebridge/casebridge/engine"
)

const (
	// maxRows is the longest list that is looked into. Longer ones quarantine the record:
	// two loops inside each other over more would take seconds.
	maxRows = 2000
	// maxVisits is how many elements one decision may visit in all.
	maxVisits = 5_000_000
	// maxText is the longest text that an expression may put together, in bytes.
	maxText = 1 << 20
)

// code is a compiled expression. It is the seam: everything above it knows only
// that a frame goes in and a value comes out. Code has no state of its own and
// may run in many goroutines, each with its frame.
type code func(f *frame) value

func nullCode(*frame) value { return value{} }

// frame is what compiled expressions of one decision see.
type frame struct {
	slots  []value // by name, as the compiler numbered them
	zone   *time.Location
	stack  []value // arguments of the calls under way
	visits int
	broken *breakdown
	trace  *Trace // nil: nothing is recorded
}

// breakdown is why an expression had no answer. It never holds a value.
type breakdown struct {
	at  engine.Pos
	why string
}

// fail notes the first breakdown; the expression then gives null.
func (f *frame) fail(at engine.Pos, why string) value {
	if f.broken == nil {
		f.broken = &breakdown{at: at, why: why}
	}
	return value{}
}

// joined guards what makes texts longer: a few lets that each double one would fill the memory.
func (f *frame) joined(at engine.Pos, size int, make func() string) value {
	if size > maxText {
		return f.fail(at, "the text is longer than a million characters")
	}
	return textValue(make())
}

// rows returns the elements of a list that is about to be walked. What is blank has
// none; any other value in a list's place breaks the expression down, or what
// it holds would be passed over in silence.
func (f *frame) rows(at engine.Pos, v value) []value {
	if v.kind != list && !v.blank() {
		f.fail(at, "a list is due here, and this is "+v.kind.String())
		return nil
	}
	items := v.elements()
	if len(items) > maxRows {
		f.fail(at, "a list has more than 2000 entries")
		return nil
	}
	if f.visits += len(items); f.visits > maxVisits {
		f.fail(at, "too much work for one record")
		return nil
	}
	return items
}
