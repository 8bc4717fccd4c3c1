package primero

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
)

var errLostWay = errors.New("a 404 came that is not Primero's own")

// maxRefused bounds how many fields a fault names.
const maxRefused = 20

// refusal makes an outcome of a write that failed. Of a refused record it says which fields Primero named, never
// what it said about them: those texts may repeat values (§6).
func refusal(answer *rest.Response, err error) engine.Outcome {
	outcome := rest.Outcome(err)
	f := outcome.Fault
	if answer == nil || outcome.State != engine.Refused {
		return outcome
	}
	switch answer.Status {
	case http.StatusUnprocessableEntity:
		f.Fields = refusedFields(answer.Body)
	case http.StatusForbidden: // this record, not the connection
		f.Kind, f.Next = engine.Rejected, "Give the role of this connection's user the right to change this record."
	case http.StatusNotFound:
		if !gone(answer) {
			return engine.Outcome{State: engine.Unknown, Fault: f}
		}
		f.Kind, f.Next = engine.Conflict, "The record is gone; it is decided again when its source changes."
	}
	return outcome
}

// gone says whether an answer is Primero's own word that it has no such record (§6).
func gone(answer *rest.Response) bool {
	return answer != nil && answer.Status == http.StatusNotFound && gjson.GetBytes(answer.Body, "errors").IsArray()
}

// ownWord takes a 404 for Primero's word only when it is: a page with that status is from somebody in between
// who lost the way, and says nothing about any record.
func ownWord(answer *rest.Response, err error) (*rest.Response, error) {
	var f *engine.Fault
	if answer == nil || answer.Status != http.StatusNotFound || gone(answer) || !errors.As(err, &f) {
		return answer, err
	}
	f.Kind, f.Err, f.Next = engine.Transient, errLostWay, "Look at what stands between here and Primero; if it goes on, check the url of this connection."
	return answer, err
}

// refusedFields reads the details of `{"errors":[{"detail":…}]}`: JSON pointers into the document, or the name
// of a field. Anything that does not look like one is left out.
func refusedFields(body []byte) []string {
	var fields []string
	add := func(_, detail gjson.Result) bool {
		if detail.Type == gjson.String && isPointer(detail.Str) && !slices.Contains(fields, detail.Str) {
			fields = append(fields, detail.Str)
		}
		return len(fields) < maxRefused
	}
	gjson.GetBytes(body, "errors").ForEach(func(_, item gjson.Result) bool {
		if detail := item.Get("detail"); detail.IsArray() {
			detail.ForEach(add)
		} else {
			add(gjson.Result{}, detail)
		}
		return len(fields) < maxRefused
	})
	return fields
}

// isPointer says whether text is made like a field name or a pointer: no spaces, nothing of a sentence.
func isPointer(text string) bool {
	if text == "" || len(text) > 120 {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
		return !letter && r != '_' && r != '/' && r != '-'
	})
}

func asFault(err error, op, ref string) *engine.Fault {
	var f *engine.Fault
	if errors.As(err, &f) {
		return f
	}
	return &engine.Fault{Kind: engine.Transient, Op: op, Ref: ref, Err: errors.New("it failed")}
}
