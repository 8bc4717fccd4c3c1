package engine

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

var (
	errNotNumber   = errors.New("must be a number, such as 5 or 0.5")
	errNotDuration = errors.New("must be a duration, such as 30s or 5m")
)

// FaultKind alone decides what becomes of the record, of the flow and of the run. Each kind has one policy:
//
//	kind         tried again by itself          the record                             the flow                         exit
//
//	transient    where harmless, with growing   a send that may have arrived is parked; goes on; after five in a row      4
//	             pauses; then by the next run   any other write is tried again          it ends here, the cursor stays
//	auth         never: it locks accounts       was not sent                            ends, and those behind it         3
//	rate         after the wait asked for, if   was not sent                            ends, and those behind it;        4
//	             that is at most two minutes                                            the next run goes on
//	rejected     when it is read again, when    in quarantine, with the fields that    goes on                           4
//	             the specs change, once a day   the target named
//	mapping      when it is read again, when    in quarantine, with the place of the   goes on                           4
//	             the specs change, once a day   rule; nothing was sent
//	conflict     once before the run ends,      in quarantine until then; decided       goes on                           4
//	             when it is read again, and     anew from the target as it then is
//	             once a day
//	environment  never: a person must act       was not sent                            ends, and those behind it         3
//	cancelled    by the next run                what is in hand is finished, the rest  ends, and those behind it         4
//	             not begun
//
// The driver that sees a fault names its kind: package rest for all that HTTP alone can tell, the driver
// itself where an answer is about one record although its status is about the connection (a 403 on one
// case is rejected, not auth). A run that ends for several reasons has the exit code of what ended it.
type FaultKind string

// The kinds of fault.
const (
	Transient   FaultKind = "transient"   // may work in a moment: timeout, reset, 5xx, HTML for JSON
	Auth        FaultKind = "auth"        // credentials refused; never tried in a loop
	Rate        FaultKind = "rate"        // told to wait
	Rejected    FaultKind = "rejected"    // the target refused this record
	Unmapped    FaultKind = "mapping"     // the specs do not say what to do with this record
	Conflict    FaultKind = "conflict"    // the target is not as it was when decided
	Environment FaultKind = "environment" // settings, disk, store, network name: nothing to do with a record
	Cancelled   FaultKind = "cancelled"   // we were told to stop
)

// Fault is an error for operators: what happened, to what, and of which kind.
// It never holds a response body, a value of a record, or a credential.
type Fault struct {
	Kind       FaultKind
	Op         string        // "read cases", "send referral"
	Ref        string        // what it was about: a record's id, a setting, a path
	Status     int           // HTTP status, 0 if none
	Fields     []string      // fields that the target refused, as it names them
	RetryAfter time.Duration // what the system asked for, 0 if nothing
	Next       string        // what a person can do next, one sentence
	Err        error         // the cause; its text must be safe to log
}

func (f *Fault) Error() string {
	var b strings.Builder
	b.WriteString(f.Op)
	if f.Ref != "" {
		b.WriteString(" " + f.Ref)
	}
	if f.Status != 0 {
		b.WriteString(": HTTP " + strconv.Itoa(f.Status))
	}
	if len(f.Fields) > 0 {
		b.WriteString(": refused " + strings.Join(f.Fields, ", "))
	}
	if f.Err != nil {
		b.WriteString(": " + f.Err.Error())
	}
	b.WriteString(" (" + string(f.Kind) + ")")
	if f.Next != "" {
		b.WriteString(". " + f.Next)
	}
	return b.String()
}

func (f *Fault) Unwrap() error { return f.Err }

// KindOf returns the kind of the first Fault in err's chain, or "" if there is none.
func KindOf(err error) FaultKind {
	var f *Fault
	if errors.As(err, &f) {
		return f.Kind
	}
	return ""
}
