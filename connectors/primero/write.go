package primero

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
)

const (
	nextForms  = "Check that the field stands on a form that the role of this connection's user may write, and in the module of the case."
	nextStatus = "Look at the referral in Primero: somebody may have answered it already."
)

var (
	errNotReferral = errors.New("the answer is not about a referral")
	errNotCase     = errors.New("the answer is not about the new case")
)

// writer implements engine.Writer.
type writer struct {
	api  *api
	made *readBacks
}

// Write creates and updates cases and answers referrals, one request per change. All of it is harmless to
// repeat: a create carries its id, rows carry theirs, and a referral that has moved stays where it is.
func (w *writer) Write(ctx context.Context, changes []engine.Change) []engine.Outcome {
	outcomes := make([]engine.Outcome, len(changes))
	for i := range changes {
		outcomes[i] = w.one(ctx, &changes[i])
	}
	return outcomes
}

func (w *writer) one(ctx context.Context, c *engine.Change) engine.Outcome {
	document := gjson.ParseBytes(c.Document.Raw())
	if !gjson.ValidBytes(c.Document.Raw()) || !document.IsObject() {
		return held(c, "write", "the document is not a JSON object")
	}
	switch {
	case c.Object == w.api.object(cases) && c.Verdict == engine.Create:
		return w.create(ctx, c, document)
	case c.Object == w.api.object(cases) && c.Verdict == engine.Update:
		return w.update(ctx, c, document)
	case c.Object == w.api.object(referrals) && c.Verdict == engine.Update:
		return w.answer(ctx, c, document)
	}
	return held(c, string(c.Verdict), "this connection cannot write that")
}

// create makes a case under an id of ours, so that asking again after a lost answer makes no second one (§3.3).
func (w *writer) create(ctx context.Context, c *engine.Change, document gjson.Result) engine.Outcome {
	id := document.Get("id").String()
	if id == "" || c.Target != "" && c.Target != id {
		return held(c, "create case", "a new case needs its id in the document, so that asking twice makes one case")
	}
	if reason, field := unfit(document, gjson.Result{}); reason != "" {
		return held(c, "create case", reason, field)
	}
	w.made.began()
	answer, err := w.api.door.do(ctx, rest.Request{
		Op: "create case", Ref: id, Method: http.MethodPost, Path: casesPath, Body: wrap(c.Document), Repeatable: true,
	})
	if err == nil && created(answer, id) {
		return w.readBack(ctx, id, document)
	}
	w.made.answered(ctx, "")
	if err == nil {
		return engine.Outcome{State: engine.Unknown, Fault: &engine.Fault{
			Kind: engine.Transient, Op: "create case", Ref: id, Status: answer.Status, Err: errNotCase}}
	}
	if answer != nil && answer.Status == http.StatusConflict {
		return w.afterConflict(ctx, id, err)
	}
	return refusal(answer, err)
}

// created says whether an answer is Primero's to a create: 204, or the case (§3.3).
func created(answer *rest.Response, id string) bool {
	return answer.Status == http.StatusNoContent || gjson.GetBytes(answer.Body, "data.id").String() == id
}

// readBack compares a new case with what was sent: the answer to a create with an id is empty (§3.3), and what
// Primero dropped would not show before somebody misses it. That it cannot be read makes it no less created.
func (w *writer) readBack(ctx context.Context, id string, document gjson.Result) engine.Outcome {
	done := engine.Outcome{State: engine.Done, ID: id}
	stored := w.made.answered(ctx, id)
	if stored == nil {
		return done
	}
	return kept(done, "create case", id, missing(document, *stored))
}

// afterConflict tells a case that we made before from one that somebody else has: Primero's answer is the same (§3.3).
func (w *writer) afterConflict(ctx context.Context, id string, conflict error) engine.Outcome {
	stored, err := w.api.show(ctx, id, "fields=id")
	if err != nil { // 404 comes before 403: what may not be seen is there (§3.4)
		f := asFault(aboutRecord(err, "The case is there: give the role of this connection's user the right to see it."), "create case", id)
		if f.Kind == engine.Rejected {
			return engine.Outcome{State: engine.Refused, Fault: f}
		}
		return engine.Outcome{State: engine.Unknown, Fault: f}
	}
	if stored != nil {
		return engine.Outcome{State: engine.Done, ID: id}
	}
	f := asFault(conflict, "create case", id)
	f.Next = "Another case has the same case_id: find out which of the two is right."
	return engine.Outcome{State: engine.Refused, Fault: f}
}

// update changes fields of a case (§3.4).
func (w *writer) update(ctx context.Context, c *engine.Change, document gjson.Result) engine.Outcome {
	if c.Target == "" {
		return held(c, "update case", "an update needs the id of its case")
	}
	if reason, field := unfit(document, gjson.ParseBytes(c.Current.Raw())); reason != "" {
		return held(c, "update case", reason, field)
	}
	answer, err := w.api.door.do(ctx, rest.Request{
		Op: "update case", Ref: c.Target, Method: http.MethodPatch, Path: casesPath + "/{id}", Args: []string{c.Target},
		Body: wrap(c.Document), Repeatable: true,
	})
	if err != nil {
		return refusal(answer, err)
	}
	done := engine.Outcome{State: engine.Done, ID: c.Target}
	lost := missing(document, gjson.GetBytes(answer.Body, "data"))
	if len(lost) > 0 {
		lost = w.missingNow(ctx, c.Target, document, lost)
	}
	return kept(done, "update case", c.Target, lost)
}

// missingNow looks at the case itself: the answer to an update holds only what changed, so what stood there
// before (a repeated request, an equal value) is not in it.
func (w *writer) missingNow(ctx context.Context, id string, document gjson.Result, lost []string) []string {
	names := make([]string, 0, len(lost))
	for _, path := range lost {
		name, _, _ := strings.Cut(path, "[")
		names = append(names, name)
	}
	stored, err := w.api.show(ctx, id, strings.TrimPrefix(fieldsParam(names, "id", maxFields), "&"))
	if err != nil || stored == nil {
		return lost
	}
	still := missing(document, *stored) // of other fields too: they were not asked for
	return slices.DeleteFunc(lost, func(path string) bool { return !slices.Contains(still, path) })
}

// answer moves a referral. An illegal move is answered with 200 and the old status (§4).
func (w *writer) answer(ctx context.Context, c *engine.Change, document gjson.Result) engine.Outcome {
	owner := gjson.GetBytes(c.Current.Raw(), "record_id").String()
	if c.Target == "" || owner == "" {
		return held(c, "answer referral", "a referral can be answered only after it was read with its case")
	}
	answer, err := w.api.door.do(ctx, rest.Request{
		Op: "answer referral", Ref: c.Target, Method: http.MethodPatch, Path: casesPath + "/{id}/referrals/{referral}",
		Args: []string{owner, c.Target}, Body: wrap(c.Document), Repeatable: true,
	})
	if err != nil {
		return refusal(answer, err)
	}
	now := gjson.GetBytes(answer.Body, "data")
	if now.Get("status").Type != gjson.String { // a page of somebody in between; nothing is known of the referral
		return engine.Outcome{State: engine.Unknown, Fault: &engine.Fault{
			Kind: engine.Transient, Op: "answer referral", Ref: c.Target, Status: answer.Status, Err: errNotReferral}}
	}
	done := engine.Outcome{State: engine.Done, ID: c.Target}
	lost := missing(document, now)
	if asked := document.Get("status"); asked.Exists() && asked.String() != now.Get("status").String() {
		return engine.Outcome{State: engine.Refused, ID: c.Target, Ignored: lost, Fault: &engine.Fault{
			Kind: engine.Rejected, Op: "answer referral", Ref: c.Target, Fields: []string{"status"},
			Err: errors.New("the referral did not move"), Next: nextStatus,
		}}
	}
	return kept(done, "answer referral", c.Target, lost)
}

// kept adds to an outcome what Primero took without keeping it.
func kept(done engine.Outcome, op, ref string, lost []string) engine.Outcome {
	if len(lost) > 0 {
		done.Ignored = lost
		done.Fault = &engine.Fault{Kind: engine.Rejected, Op: op, Ref: ref, Fields: lost, Err: errors.New("it was answered with yes and yet these were not kept"), Next: nextForms}
	}
	return done
}

// held is a change that is not sent, because Primero would answer it with damage or with silence.
func held(c *engine.Change, op, reason string, fields ...string) engine.Outcome {
	return engine.Outcome{State: engine.Refused, Fault: &engine.Fault{
		Kind: engine.Rejected, Op: op, Ref: c.Target, Fields: fields, Err: errors.New(reason), Next: "Correct the mapping that made this document.",
	}}
}

// wrap is the body of a write: {"data": document}.
func wrap(document engine.Body) []byte {
	raw := document.Raw()
	body := make([]byte, 0, len(raw)+len(`{"data":}`))
	return append(append(append(body, `{"data":`...), raw...), '}')
}
