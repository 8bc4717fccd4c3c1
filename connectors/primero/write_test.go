package primero_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
)

const newID = "6f0d1c52-7a53-4a86-9f5a-2f8f1f0f9a01"

func create(text string) engine.Change {
	return engine.Change{Verdict: engine.Create, Target: newID, Document: document(text)}
}

func update(id, text string) engine.Change {
	return engine.Change{Verdict: engine.Update, Target: id, Document: document(text)}
}

func TestCreateMakesOneCase(t *testing.T) {
	w := newWorld(t, nil)
	c := create(`{"id":"` + newID + `","module_id":"primeromodule-cp","name_first":"A","owned_by":"worker1","age":9}`)
	for range 2 { // asked again, as after a crash
		if got := w.write(t, c); got.State != engine.Done || got.ID != newID || len(got.Ignored) != 0 {
			t.Fatalf("%s %v %v", got.State, got.Ignored, got.Fault)
		}
	}
	if n := len(w.Cases()); n != 1 {
		t.Errorf("%d cases", n)
	}
}

func TestCreateAfterALostAnswer(t *testing.T) {
	for _, kind := range []sim.FaultKind{sim.ResetAfter, sim.After504, sim.Reset, sim.Status500} {
		w := newWorld(t, nil)
		w.FailNext(post, kind, 1)
		got := w.write(t, create(`{"id":"`+newID+`","module_id":"primeromodule-cp"}`))
		if got.State != engine.Done || got.ID != newID || len(w.Cases()) != 1 {
			t.Errorf("%s: %s %v, %d cases", kind, got.State, got.Fault, len(w.Cases()))
		}
	}
}

func TestCreateNeverAnsweredIsUnknown(t *testing.T) {
	w := newWorld(t, nil)
	w.FailNext(nil, sim.ResetAfter, 100)
	got := w.write(t, create(`{"id":"`+newID+`","module_id":"primeromodule-cp"}`))
	if got.State != engine.Unknown || got.Fault.Kind != engine.Transient {
		t.Errorf("%s %v", got.State, got.Fault)
	}
}

func TestCreateSaysWhatWasNotKept(t *testing.T) {
	w := newWorld(t, nil)
	got := w.write(t, create(`{"id":"`+newID+`","module_id":"primeromodule-cp","owned_by":"nobody","name_frist":"A","age":5}`))
	if got.State != engine.Done || !slices.Equal(got.Ignored, []string{"owned_by", "name_frist"}) || got.Fault == nil {
		t.Errorf("%s %v %v", got.State, got.Ignored, got.Fault)
	}
}

func TestCreateThatMeetsAnotherCase(t *testing.T) {
	w := newWorld(t, nil)
	w.AddCase(map[string]any{"case_id": "taken"})
	got := w.write(t, create(`{"id":"`+newID+`","module_id":"primeromodule-cp","case_id":"taken"}`))
	if got.State != engine.Refused || got.Fault.Kind != engine.Conflict || len(w.Cases()) != 1 {
		t.Errorf("%s %v", got.State, got.Fault)
	}
}

// A case that is there and that the account may not see concerns that case, not the whole connection.
func TestCreateThatMeetsAHiddenCaseIsRefusedAlone(t *testing.T) {
	w := newWorld(t, func(o *sim.Options, _ map[string]string) {
		o.Users = append(o.Users, sim.User{UserName: "near", Password: "p", Role: sim.Role{Scope: "self"}})
	})
	c := create(`{"id":"` + newID + `","module_id":"primeromodule-cp","owned_by":"worker1"}`)
	if got := w.write(t, c); got.State != engine.Done {
		t.Fatalf("%s %v", got.State, got.Fault)
	}
	w.conn = dial(t, w.url, map[string]string{"user": "near", "password": "p", "retries": "0"}, nil, w.clock.now)
	if got := w.write(t, c); got.State != engine.Refused || got.Fault.Kind != engine.Rejected || got.Fault.Next == "" {
		t.Errorf("%s %v", got.State, got.Fault)
	}
}

func TestUpdateChangesOnlyWhatIsSent(t *testing.T) {
	w := newWorld(t, nil)
	id := w.AddCase(map[string]any{"name_first": "A", "name_last": "B"})
	got := w.write(t, update(id, `{"name_first":"C","oscar_number":"7"}`))
	if got.State != engine.Done || len(got.Ignored) != 0 || w.field(id, "name_first").Str != "C" || w.field(id, "name_last").Str != "B" {
		t.Errorf("%s %v %v", got.State, got.Ignored, got.Fault)
	}
}

func TestUpdateSaysWhatWasDropped(t *testing.T) {
	w := newWorld(t, nil)
	id := w.AddCase(map[string]any{})
	row := uuid.NewString()
	if _, err := w.AddService(id, map[string]any{"unique_id": row, "service_provider": "x"}); err != nil {
		t.Fatal(err)
	}
	got := w.write(t, update(id, `{"oscar_numbr":"7","name_first":"A","services_section":[{"unique_id":"`+row+`","service_provider":"y","service_providr":"z"}]}`))
	want := []string{"oscar_numbr", "services_section[" + row + "].service_providr"}
	if got.State != engine.Done || !slices.Equal(got.Ignored, want) || got.Fault == nil || !slices.Equal(got.Fault.Fields, want) {
		t.Errorf("%s %v %v", got.State, got.Ignored, got.Fault)
	}
}

// What already stands there is not in the answer, and yet was not ignored.
func TestUpdateToTheSameValueIsKept(t *testing.T) {
	w := newWorld(t, nil)
	id := w.AddCase(map[string]any{"name_first": "A", "age": 7, "date_of_birth": "2019-01-02", "protection_concerns": []any{"x", "y"}})
	got := w.write(t, update(id, `{"name_first":"A","age":7.0,"date_of_birth":"2019-01-02","protection_concerns":["y","x"],"oscar_number":"1"}`))
	if got.State != engine.Done || len(got.Ignored) != 0 {
		t.Errorf("%s %v %v", got.State, got.Ignored, got.Fault)
	}
}

func TestRowsAreAddedOnceThoughAskedTwice(t *testing.T) {
	w := newWorld(t, nil)
	id := w.AddCase(map[string]any{})
	row := uuid.NewString()
	w.FailNext(patch, sim.ResetAfter, 1)
	got := w.write(t, update(id, `{"services_section":[{"unique_id":"`+row+`","service_response_day_time":"2026-08-01T07:00:00+07:00","service_provider":"p"}]}`))
	if got.State != engine.Done || len(got.Ignored) != 0 || len(w.field(id, "services_section").Array()) != 1 {
		t.Errorf("%s %v %v", got.State, got.Ignored, got.Fault)
	}
}

func TestRefusedRecordNamesFieldsOnly(t *testing.T) {
	w := newWorld(t, nil)
	id := w.AddCase(map[string]any{})
	got := w.write(t, update(id, `{"age":"canary","services_section":[{"unique_id":"`+uuid.NewString()+`","service_status_referred":"canary"}]}`))
	if got.State != engine.Refused || got.Fault.Kind != engine.Rejected || got.Fault.Status != 422 {
		t.Fatalf("%s %v", got.State, got.Fault)
	}
	if !slices.Contains(got.Fault.Fields, "/age") || strings.Contains(got.Fault.Error(), "canary") {
		t.Errorf("%v", got.Fault)
	}
}

func TestWhatPrimeroWouldSpoilIsNotSent(t *testing.T) {
	w := newWorld(t, nil)
	id := w.AddCase(map[string]any{"consent_for_services": true})
	w.ResetCounters()
	c := update(id, `{"consent_for_services":null}`)
	c.Current = document(`{"id":"` + id + `","consent_for_services":true}`)
	for name, c := range map[string]engine.Change{
		"null for a tick box":   c,
		"row without its key":   update(id, `{"services_section":[{"service_provider":"p"}]}`),
		"a row twice":           update(id, `{"services_section":[{"unique_id":"`+newID+`","service_provider":"p"},{"unique_id":"`+newID+`","service_provider":"q"}]}`),
		"create without its id": {Verdict: engine.Create, Document: document(`{"module_id":"primeromodule-cp"}`)},
		"update without an id":  update("", `{"age":1}`),
		"no document":           update(id, ``),
		"unread referral":       {Object: "west.referral", Verdict: engine.Update, Target: "r", Document: document(`{"status":"accepted"}`)},
		"user":                  {Object: "west.user", Verdict: engine.Update, Target: "1", Document: document(`{"a":1}`)},
	} {
		if got := w.write(t, c); got.State != engine.Refused || got.Fault == nil || got.Fault.Next == "" {
			t.Errorf("%s: %s %v", name, got.State, got.Fault)
		}
	}
	if n := w.Requests().Total; n != 0 {
		t.Errorf("%d requests left", n)
	}
}

func TestGoneOrForbiddenRecordIsRefused(t *testing.T) {
	w := newWorld(t, nil)
	got := w.write(t, update(uuid.NewString(), `{"age":1}`))
	if got.State != engine.Refused || got.Fault.Kind != engine.Conflict || got.Fault.Status != 404 {
		t.Errorf("%s %v", got.State, got.Fault)
	}
}

func TestReferralMovesOrSaysThatItDidNot(t *testing.T) {
	w := newWorld(t, nil)
	id := w.AddCase(map[string]any{"consent_for_services": true, "disclosure_other_orgs": true})
	ref, err := w.Refer(id, "worker1", "worker2", "", "")
	if err != nil {
		t.Fatal(err)
	}
	c := engine.Change{Object: "west.referral", Verdict: engine.Update, Target: ref, Verify: []string{"status"},
		Current: document(`{"id":"` + ref + `","record_id":"` + id + `","status":"in_progress"}`), Document: document(`{"status":"done"}`)}
	got := w.write(t, c)
	if got.State != engine.Refused || !slices.Equal(got.Ignored, []string{"status"}) || got.Fault.Kind != engine.Rejected {
		t.Errorf("an illegal move: %s %v %v", got.State, got.Ignored, got.Fault)
	}
	c.Document = document(`{"status":"accepted"}`)
	w.FailNext(patch, sim.After504, 1)
	if got := w.write(t, c); got.State != engine.Done || len(got.Ignored) != 0 {
		t.Errorf("a legal move, asked twice: %s %v", got.State, got.Fault)
	}
	if err := w.WithdrawConsent(id); err != nil {
		t.Fatal(err)
	}
	c.Document = document(`{"status":"done"}`)
	if got := w.write(t, c); got.State != engine.Refused || !slices.Equal(got.Fault.Fields, []string{"consent"}) {
		t.Errorf("without consent: %s %v", got.State, got.Fault)
	}
}

func TestConfigLockIsWaitedForOrSaid(t *testing.T) {
	w := newWorld(t, func(o *sim.Options, s map[string]string) { o.Switches.ConfigLock = true; s["retries"] = "0" })
	got := w.write(t, update(newID, `{"age":1}`))
	if got.Fault == nil || got.Fault.Kind != engine.Transient || got.Fault.RetryAfter != time.Minute {
		t.Errorf("%s %v", got.State, got.Fault)
	}
}

func TestPlanWritesNothing(t *testing.T) {
	w := newWorld(t, nil)
	id := w.AddCase(map[string]any{"name_first": "A"})
	settings := map[string]string{"user": sim.DefaultUser, "password": sim.DefaultPassword}
	w.conn = dial(t, w.url, settings, rest.ReadOnly(nil), w.clock.now)
	if err := w.conn.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := w.write(t, update(id, `{"name_first":"B"}`))
	if got.State != engine.Unsent || got.Fault.Kind != engine.Environment || w.Writes().Total != 0 {
		t.Errorf("%s %v", got.State, got.Fault)
	}
}

func post(r *http.Request) bool  { return r.Method == http.MethodPost }
func patch(r *http.Request) bool { return r.Method == http.MethodPatch }

// A create is answered with 204, or with the case itself. Any other JSON is from somebody in between.
func TestCreateAnsweredByAStrangerIsUnknown(t *testing.T) {
	conn := serving(t, `{"status":"ok"}`)
	c := create(`{"id":"` + newID + `","module_id":"primeromodule-cp"}`)
	c.Object = "west.case"
	if got := conn.Writer().Write(t.Context(), []engine.Change{c})[0]; got.State != engine.Unknown || got.Fault == nil || got.Fault.Kind != engine.Transient {
		t.Errorf("%s %v", got.State, got.Fault)
	}
}
