package oscar

import (
	"context"
	"net/http"
	"slices"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
)

const linkOp = "send links"

const nextLink = "OSCaR fails on this child alone; its link there may be half done and is tried again with the next run."

// sendLinks tells OSCaR the cases of many children in one call. OSCaR has one answer
// for all; where one child's broken record fails the call, the others still get
// through (§5.1).
func (w writer) sendLinks(ctx context.Context, changes []engine.Change) []engine.Outcome {
	outcomes := make([]engine.Outcome, len(changes))
	var good []int
	for i, change := range changes {
		d := document{change.Document.Raw()}
		if !d.isObject() {
			outcomes[i] = refusedHere(linkOp, change.Record, nil)
		} else if bad := guardLink(d); len(bad) > 0 {
			outcomes[i] = refusedHere(linkOp, change.Record, bad)
		} else {
			good = append(good, i)
		}
	}
	for batch := range slices.Chunk(good, linkBatch) {
		w.linkBatch(ctx, changes, batch, outcomes, true)
	}
	return outcomes
}

// linkBatch sends the changes at these places and fills in their outcomes. What OSCaR
// failed on is cut in halves; these are tried once each, as the whole was already repeated.
func (w writer) linkBatch(ctx context.Context, changes []engine.Change, batch []int, outcomes []engine.Outcome, repeat bool) {
	err := w.putLinks(ctx, changes, batch, repeat)
	if len(batch) > 1 && oneMaySpoil(err) {
		half := len(batch) / 2
		w.linkBatch(ctx, changes, batch[:half], outcomes, false)
		w.linkBatch(ctx, changes, batch[half:], outcomes, false)
		return
	}
	for _, i := range batch {
		outcomes[i] = linkOutcome(err, changes[i].Record)
	}
}

func (w writer) putLinks(ctx context.Context, changes []engine.Change, batch []int, repeat bool) error {
	documents := make([][]byte, len(batch))
	for n, i := range batch {
		documents[n] = changes[i].Document.Raw()
	}
	answer, err := w.c.do(ctx, rest.Request{
		Op: linkOp, Method: http.MethodPut, Path: linksPath, Body: data(documents...), Repeatable: repeat,
	})
	if err == nil && !saved(answer) {
		return strange(linkOp, "", answer)
	}
	return err
}

// oneMaySpoil says whether the call may have failed because of one of its children: a
// 500 (a child whose id has changed), an empty 200 or a 404 (an NGO that is gone).
// A system that is down or out of reach answers otherwise or not at all.
func oneMaySpoil(err error) bool {
	if !rest.Sent(err) {
		return false
	}
	switch statusOf(err) {
	case http.StatusInternalServerError, http.StatusOK, http.StatusNotFound, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// linkOutcome is a batch's outcome for one of its children, with a fault of its own.
func linkOutcome(err error, ref string) engine.Outcome {
	out := outcomeOf(err)
	if out.Fault == nil {
		return out
	}
	own := *out.Fault
	own.Ref = ref
	if out.State == engine.Unknown && oneMaySpoil(err) {
		own.Next = nextLink
	}
	out.Fault = &own
	return out
}
