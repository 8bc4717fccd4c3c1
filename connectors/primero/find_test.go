package primero_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/casebridge/casebridge/engine"
)

func TestFindManyCases(t *testing.T) {
	w := newWorld(t, nil)
	var values []string
	for i := range 300 {
		id := uuid.NewSHA1(uuid.Nil, fmt.Append(nil, i)).String()
		values = append(values, id)
		if i%3 > 0 {
			w.AddCase(map[string]any{"case_id": id, "oscar_number": fmt.Sprintf("00%d", i)})
		}
	}
	w.ResetCounters()
	found := w.find(t, engine.Lookup{Object: "case", By: "case_id", Values: values, Fields: []string{"oscar_number"}})
	if len(found) != 200 {
		t.Fatalf("found %d of 200", len(found))
	}
	for _, r := range found {
		if r.Object != "west.case" || !strings.Contains(string(r.Body.Raw()), r.Found) {
			t.Fatal("a record does not answer what it says")
		}
	}
	if n := w.Requests().Total; n > 30 {
		t.Errorf("%d requests for 300 values", n)
	}
	for _, r := range w.Log() {
		if line := len("GET ? HTTP/1.1\r\n") + len(r.Path) + len(r.RawQuery); line >= 1024 {
			t.Fatalf("a request line of %d bytes", line)
		}
	}
}

func TestFindComparesToTheLetter(t *testing.T) {
	w := newWorld(t, nil)
	w.AddCase(map[string]any{"oscar_number": "00123"})
	w.AddCase(map[string]any{"oscar_number": "AB-1,AB-2 x&y=z"})
	w.AddCase(map[string]any{"oscar_number": "2026-01-01"})
	for value, want := range map[string]int{"00123": 1, "123": 0, "AB-1,AB-2 x&y=z": 1, "AB-1": 0, "ab-1,ab-2 x&y=z": 0} {
		if got := w.find(t, engine.Lookup{Object: "case", By: "oscar_number", Values: []string{value}}); len(got) != want {
			t.Errorf("%q: found %d, want %d", value, len(got), want)
		}
	}
	got := w.find(t, engine.Lookup{Object: "case", By: "oscar_number", Values: []string{"AB-1,AB-2 x&y=z", "00123", "AB-2"}})
	if len(got) != 2 || got[0].Found == got[1].Found {
		t.Errorf("found %d", len(got))
	}
}

func TestFindGivesAllWhoShareAnIdentifier(t *testing.T) {
	w := newWorld(t, nil)
	for range 3 {
		w.AddCase(map[string]any{"oscar_number": "twin"})
	}
	if got := w.find(t, engine.Lookup{Object: "case", By: "oscar_number", Values: []string{"twin"}}); len(got) != 3 {
		t.Errorf("found %d", len(got))
	}
}

func TestFindByIDLeavesOutWhatIsNone(t *testing.T) {
	w := newWorld(t, nil)
	id := w.AddCase(map[string]any{})
	got := w.find(t, engine.Lookup{Object: "case", By: "id", Values: []string{"not-a-uuid", id, uuid.Nil.String()}})
	if len(got) != 1 || got[0].ID != id || got[0].Found != id {
		t.Errorf("found %d", len(got))
	}
}

// A filter that the role may not use is dropped by Primero, which then answers with everybody's cases.
func TestIgnoredFilterIsAFault(t *testing.T) {
	w := newWorld(t, func(o *sim.Options, _ map[string]string) { o.FilterFields = []string{"case_id"} })
	w.AddCase(map[string]any{"oscar_number": "one"})
	_, err := w.conn.Reader().Find(t.Context(), engine.Lookup{Object: "case", By: "oscar_number", Values: []string{"two"}})
	if f := faultOf(t, err); f.Kind != engine.Environment || f.Ref != "oscar_number" || f.Next == "" {
		t.Errorf("%v", f)
	}
	err = w.conn.Check(t.Context())
	if f := faultOf(t, err); f.Kind != engine.Environment || f.Ref != "oscar_number" {
		t.Errorf("%v", f)
	}
}

func TestFindRefusesWhatPrimeroWouldMisread(t *testing.T) {
	w := newWorld(t, nil)
	for _, value := range []string{`a"b`, "a\nb", strings.Repeat("x", 2000)} {
		_, err := w.conn.Reader().Find(t.Context(), engine.Lookup{Object: "case", By: "case_id", Values: []string{value}})
		if f := faultOf(t, err); f.Kind != engine.Rejected || strings.Contains(f.Error(), value) {
			t.Errorf("%v", f)
		}
	}
}

func TestFindReferralsOfCases(t *testing.T) {
	w := newWorld(t, nil)
	consent := map[string]any{"consent_for_services": true, "disclosure_other_orgs": true}
	a, b, c := w.AddCase(consent), w.AddCase(consent), w.AddCase(consent)
	for _, id := range []string{a, a, b} {
		if _, err := w.Refer(id, "worker1", "worker2", "", "please help"); err != nil {
			t.Fatal(err)
		}
	}
	got := w.find(t, engine.Lookup{Object: "referral", Values: []string{a, b, c, uuid.NewString()}})
	count := map[string]int{}
	for _, r := range got {
		if r.Object != "west.referral" || r.ID == "" {
			t.Fatal("incomplete referral")
		}
		count[r.Found]++
	}
	if count[a] != 2 || count[b] != 1 || len(got) != 3 {
		t.Errorf("%v", count)
	}
}

func TestFindUsers(t *testing.T) {
	w := newWorld(t, nil)
	got := w.find(t, engine.Lookup{Object: "user", By: "user_name", Values: []string{"worker1", "worker", "Worker2"}})
	if len(got) != 1 || got[0].Found != "worker1" || got[0].ID == "" {
		t.Errorf("found %d", len(got))
	}
}

func TestCheckPasses(t *testing.T) {
	w := newWorld(t, nil)
	w.AddCase(map[string]any{"case_id": "x"})
	if err := w.conn.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// A 404 that is not Primero's own is somebody in between who lost the way: it does not say that the case is gone.
func TestPageNotFoundIsNoAnswer(t *testing.T) {
	w := newWorld(t, func(_ *sim.Options, s map[string]string) { s["retries"] = "0" })
	id := w.AddCase(map[string]any{"consent_for_services": true, "disclosure_other_orgs": true})
	if _, err := w.Refer(id, "worker1", "worker2", "", "please help"); err != nil {
		t.Fatal(err)
	}
	w.FailNext(nil, sim.Page404, 1)
	got, err := w.conn.Reader().Find(t.Context(), engine.Lookup{Object: "referral", Values: []string{id}})
	if err == nil {
		t.Fatalf("the case is said to have %d referrals", len(got))
	}
	if f := faultOf(t, err); f.Kind != engine.Transient {
		t.Errorf("%v", f)
	}
	w.FailNext(nil, sim.Page404, 1)
	if got := w.write(t, update(id, `{"age":1}`)); got.State != engine.Unknown || got.Fault.Kind != engine.Transient {
		t.Errorf("an update ended %s: %v", got.State, got.Fault)
	}
	w.AddCase(map[string]any{"case_id": "taken"})
	w.FailNext(func(r *http.Request) bool { return r.Method == http.MethodGet }, sim.Page404, 1)
	if got := w.write(t, create(`{"id":"`+newID+`","module_id":"primeromodule-cp","case_id":"taken"}`)); got.State != engine.Unknown {
		t.Errorf("a create that met another case, which could not be looked at, ended %s: %v", got.State, got.Fault)
	}
}

// Primero answers with nothing when a query fails inside. Taken at its word, every case would be made anew.
func TestFilterThatFindsNothingIsAFault(t *testing.T) {
	for _, field := range []string{"case_id", "oscar_number", "last_updated_at"} {
		w := newWorld(t, func(o *sim.Options, _ map[string]string) { o.Switches.DeafFilters = []string{field} })
		if err := w.conn.Check(t.Context()); err != nil {
			t.Errorf("%s, while there is no case: %v", field, err)
		}
		w.AddCase(map[string]any{"case_id": "c-1", "oscar_number": "01ABC"})
		w.AddCase(map[string]any{"case_id": `c-2 "quoted"`})
		err := w.conn.Check(t.Context())
		if f := faultOf(t, err); f.Kind != engine.Environment || f.Ref != field || f.Next == "" || strings.Contains(f.Error(), "01ABC") {
			t.Errorf("%s: %v", field, f)
		}
	}
}
