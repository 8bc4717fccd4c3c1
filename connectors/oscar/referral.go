package oscar

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
	"github.com/tidwall/gjson"
)

const referralOp = "send referral"

// What a person can do when OSCaR's answer leaves work.
const (
	nextParked  = "It may have arrived and is not sent again by itself; look in OSCaR."
	nextTakenUp = "The NGO has already made a client of this child: send the global_id that OSCaR lists for the child in this NGO."
	nextRefused = "Correct these fields in the source or in the mapping, then retry."
	nextHalf    = "OSCaR may have made the referral before it refused the client's data; look there."
)

// referralFieldNames are the fields that a referral itself is checked for (§4.6). Every other field in a refusal belongs to the client.
var referralFieldNames = []string{
	"client_global_id", "client_name", "consent_form", "date_of_referral", "level_of_risk", "name_of_referee", "referee_id",
	"referral_phone", "referral_reason", "referral_status", "referred_from", "referred_to", "services", "slug",
}

// neverActed are the answers after which OSCaR cannot have done anything: they are given
// before a request reaches it, or before its action begins.
var neverActed = []int{
	http.StatusBadRequest, http.StatusForbidden, http.StatusMethodNotAllowed, http.StatusLengthRequired,
	http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusUnsupportedMediaType, http.StatusRequestHeaderFieldsTooLarge,
}

// sendReferral hands over one referral, at most once. OSCaR makes another one for each
// time that it gets it and never tells them apart (§4.7).
func (w writer) sendReferral(ctx context.Context, change engine.Change) engine.Outcome {
	d := document{change.Document.Raw()}
	if !d.isObject() {
		return refusedHere(referralOp, change.Record, nil)
	}
	if bad := guardReferral(d); len(bad) > 0 {
		return refusedHere(referralOp, change.Record, bad)
	}
	if out, sound := w.known(ctx, d, change.Record); !sound {
		return out
	}
	answer, err := w.c.do(ctx, rest.Request{
		Op: referralOp, Ref: change.Record, Method: http.MethodPost, Path: upsertPath,
		Body: slices.Concat([]byte(`{"organization":`), d.raw, []byte(`}`)),
	})
	if err != nil {
		return judgeFailure(d, answer, faultOf(err))
	}
	if answer.Status == http.StatusOK && saved(answer) && gjson.GetBytes(answer.Body, "external_id").String() == d.field("external_id").String() {
		return engine.Outcome{State: engine.Done}
	}
	return parked(strange(referralOp, change.Record, answer))
}

// judgeFailure says what a referral's failure means:
//
//	never left, 401, 429             unsent
//	422 about the referral           refused
//	422 about the client, global_id  unknown: the referral is made before the client is checked (§4.5)
//	422 that is none of OSCaR's      unknown
//	400, 403, 405, 413 …             refused
//	all else                         unknown
func judgeFailure(d document, answer *rest.Response, fault *engine.Fault) engine.Outcome {
	out := outcomeOf(fault)
	switch {
	case out.State == engine.Unsent:
		return out
	case fault.Status == http.StatusUnprocessableEntity:
		return judgeRefusal(d, answer, fault)
	case slices.Contains(neverActed, fault.Status):
		return engine.Outcome{State: engine.Refused, Fault: fault}
	}
	return parked(fault)
}

// judgeRefusal reads a 422. Its message is an object of field names, or a text; the
// case of a referral that was already taken up also has errors (§4.3).
func judgeRefusal(d document, answer *rest.Response, fault *engine.Fault) engine.Outcome {
	message := gjson.GetBytes(answer.Body, "message")
	switch {
	case message.IsObject():
		fault.Fields, fault.Next = fieldNames(message), nextRefused
		if d.text("global_id") != "" && aboutClient(fault.Fields) {
			fault.Next = nextHalf
			return engine.Outcome{State: engine.Unknown, Fault: fault}
		}
	case message.Type == gjson.String && gjson.GetBytes(answer.Body, "errors").IsObject():
		fault.Next = nextTakenUp
	case message.Type != gjson.String:
		return parked(fault)
	}
	return engine.Outcome{State: engine.Refused, Fault: fault}
}

func parked(fault *engine.Fault) engine.Outcome {
	fault.Next = nextParked
	return engine.Outcome{State: engine.Unknown, Fault: fault}
}

// fieldNames are the keys of an object, in order. What is no name of a field is left
// out: nothing that OSCaR quotes may get into a fault.
func fieldNames(object gjson.Result) []string {
	var names []string
	object.ForEach(func(key, _ gjson.Result) bool {
		if isFieldName(key.Str) {
			names = append(names, key.Str)
		}
		return true
	})
	slices.Sort(names)
	return slices.Compact(names)
}

func isFieldName(text string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz_."
	return text != "" && len(text) <= 64 && strings.Trim(text, letters) == ""
}

// aboutClient says whether a refusal names a field that a referral does not have.
// One that names nothing is not trusted to be about the referral.
func aboutClient(fields []string) bool {
	if len(fields) == 0 {
		return true
	}
	return slices.ContainsFunc(fields, func(name string) bool { return !slices.Contains(referralFieldNames, name) })
}
