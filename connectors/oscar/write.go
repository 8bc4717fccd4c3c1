package oscar

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
)

// writer hands over referrals, decisions and links.
type writer struct{ c *connection }

// Write implements engine.Writer.
func (w writer) Write(ctx context.Context, changes []engine.Change) []engine.Outcome {
	if len(changes) == 0 {
		return nil
	}
	if object(changes[0]) == linkObject {
		return w.sendLinks(ctx, changes)
	}
	outcomes := make([]engine.Outcome, len(changes))
	for i, change := range changes {
		switch object(change) {
		case referralObject:
			outcomes[i] = w.sendReferral(ctx, change)
		case decisionObject:
			outcomes[i] = w.sendDecision(ctx, change)
		default:
			fault := rest.Unsent(engine.Fault{Kind: engine.Environment, Op: "write", Ref: change.Object, Err: errNotWritten})
			outcomes[i] = engine.Outcome{State: engine.Unsent, Fault: fault}
		}
	}
	return outcomes
}

// sendDecision sets the status of one referral, as often as it takes (§5.2).
func (w writer) sendDecision(ctx context.Context, change engine.Change) engine.Outcome {
	const op = "send decision"
	d := document{change.Document.Raw()}
	if !d.isObject() {
		return refusedHere(op, change.Record, nil)
	}
	if bad := guardDecision(d); len(bad) > 0 {
		return refusedHere(op, change.Record, bad)
	}
	answer, err := w.c.do(ctx, rest.Request{
		Op: op, Ref: change.Record, Method: http.MethodPut, Path: decisionsPath, Body: data(d.raw), Repeatable: true,
	})
	if err == nil && !saved(answer) {
		err = strange(op, change.Record, answer)
	}
	out := outcomeOf(err)
	if out.State == engine.Refused {
		out.Fault.Next = "See in OSCaR whether this referral is there and can be saved: it needs a level of risk and a service."
	}
	return out
}

// outcomeOf says what became of a write as far as HTTP alone can tell. Where the
// sign-in failed, the write never left, whatever the sign-in's status was.
func outcomeOf(err error) engine.Outcome {
	if err != nil && !rest.Sent(err) {
		return engine.Outcome{State: engine.Unsent, Fault: faultOf(err)}
	}
	return rest.Outcome(err)
}

// object is the name of a change's object without its connection.
func object(change engine.Change) string {
	_, name, found := strings.Cut(change.Object, ".")
	if !found {
		return change.Object
	}
	return name
}

// data wraps documents as OSCaR wants many of them. It must not be called with none:
// an empty list is a 500 (§5.1, §5.2).
func data(documents ...[]byte) []byte {
	return append(append([]byte(`{"data":[`), bytes.Join(documents, []byte(","))...), "]}"...)
}

// strange is the fault of an answer of success that is none of OSCaR's.
func strange(op, ref string, answer *rest.Response) *engine.Fault {
	return &engine.Fault{Kind: engine.Transient, Op: op, Ref: ref, Status: answer.Status, Err: errNotOSCaR}
}

// faultOf returns the fault in err, which is never nil where a request failed.
func faultOf(err error) *engine.Fault {
	var f *engine.Fault
	if !errors.As(err, &f) {
		f = &engine.Fault{Kind: engine.Transient, Op: "write", Err: errNotOSCaR}
	}
	return f
}
