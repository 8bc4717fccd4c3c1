package mapping

import (
	"errors"
	"testing"

	"github.com/casebridge/casebridge/engine"
)

// A record that its system gave in a form that cannot be used is put aside under its own name, with the reason.
func TestUnusableRecordIsQuarantined(t *testing.T) {
	record := engine.Record{Object: "west.member", ID: "7", Fault: &engine.Fault{Kind: engine.Unmapped, Ref: "m1", Err: errors.New("a field stands in it twice")}}
	got := upsertFlow(t).Decide(Input{Record: record, Now: noon, Known: &fakeKnown{closed: true}})
	if len(got.Changes) != 1 || got.Changes[0].Verdict != engine.Quarantined || got.Changes[0].Reason.Text != "the record cannot be used: a field stands in it twice" {
		t.Errorf("%s", told(got))
	}
	// Where the object has no id of its own, the driver's name for the record is what people know.
	if got.Record != "member 7" && got.Record != "west.member 7" {
		t.Errorf("called %q", got.Record)
	}
	record.ID = ""
	if got := upsertFlow(t).Decide(Input{Record: record, Now: noon, Known: &fakeKnown{closed: true}}); got.Record != "member m1" && got.Record != "west.member m1" {
		t.Errorf("called %q", got.Record)
	}
}
