package sim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/casebridge/casebridge/engine"
	"github.com/tidwall/gjson"
)

const ownID = "6f0d0000-0000-4000-8000-000000000001"

func (w *world) post(want int, data string) gjson.Result {
	w.t.Helper()
	return w.ask(want, "POST", "/api/v2/cases", `{"data":`+data+`}`)
}

func TestUnknownCaseIs404BeforeAnythingElse(t *testing.T) {
	w := newWorld(t)
	got := w.ask(404, "PATCH", "/api/v2/cases/nope", `{"data":{"age":"9"}}`)
	equal(t, "message", got.Get("errors.0.message").Str, "Not Found")
	id := w.child(map[string]any{"owned_by": "worker2"})
	w.as("worker1", "pw1").ask(403, "PATCH", "/api/v2/cases/"+id, `{"data":{"age":"9"}}`)
	w.ask(422, "PATCH", "/api/v2/cases/"+id, `{"data":{"age":"9"}}`)
}

// The last exchanges of Appendix A.
func TestCreateWithAnIDIs204AndTwiceIs409(t *testing.T) {
	w := newWorld(t)
	body := `{"id":"` + ownID + `","module_id":"primeromodule-cp","name_first":"A","oscar_number":"OS-1","owned_by":"worker1"}`
	equal(t, "body", w.post(204, body).Raw, "")
	got := w.post(409, body)
	equal(t, "conflict", got.Raw, `{"errors":[{"status":409,"resource":"/api/v2/cases","message":"Conflict: A record with this id already exists"}]}`)
	equal(t, "one case", len(w.Cases()), 1)
	equal(t, "number", w.stored(ownID).Get("oscar_number").Str, "OS-1")
}

func TestDuplicateCaseIDIsTheSame409(t *testing.T) {
	w := newWorld(t)
	w.child(map[string]any{"case_id": "same"})
	w.post(409, `{"module_id":"primeromodule-cp","case_id":"same"}`)
	w.child(map[string]any{"oscar_number": "n"})
	w.post(200, `{"module_id":"primeromodule-cp","oscar_number":"n"}`) // not unique
}

func TestCreateGivesDefaults(t *testing.T) {
	w := newWorld(t)
	got := w.post(200, `{"module_id":"primeromodule-cp","name_first":"A"}`).Get("data")
	for field, want := range map[string]string{
		"status": "open", "workflow": "new", "registration_date": "2026-08-20", "created_by": "casebridge", "owned_by": "casebridge",
		"created_at": "2026-08-20T00:00:00.000Z", "last_updated_at": "2026-08-20T00:00:00.000Z", "enabled": "true",
	} {
		equal(t, field, got.Get(field).String(), want)
	}
	equal(t, "last_updated_by", got.Get("last_updated_by").Exists(), false)
	unique := got.Get("unique_identifier").Str
	equal(t, "case_id", got.Get("case_id").Str, unique)
	equal(t, "short_id", got.Get("short_id").Str, unique[len(unique)-7:])
	equal(t, "id is another", got.Get("id").Str == unique, false)
}

func TestWithoutModuleNearlyEverythingIsDropped(t *testing.T) {
	w := newWorld(t)
	w.post(204, `{"id":"`+ownID+`","name_first":"A","owned_by":"worker1"}`)
	got := w.stored(ownID)
	equal(t, "name", got.Get("name_first").Exists(), false)
	equal(t, "owner", got.Get("owned_by").Str, "worker1")
	w.post(422, `{"module_id":"nope"}`)
}

func TestFormEncodedBodiesMakeEverythingText(t *testing.T) {
	w := newWorld(t)
	got := w.send("POST", "/api/v2/cases", "data[module_id]=primeromodule-cp&data[age]=9", "Content-Type", "application/x-www-form-urlencoded")
	equal(t, "status", got.Code, 422)
}

func TestTypoIsASilentNoOpThatBumps(t *testing.T) {
	w := newWorld(t)
	id := w.child(nil)
	w.clock.pass(20*time.Minute + 1007*time.Millisecond)
	got := w.as("worker1", "pw1").patch(id, `{"oscar_numbr":"OS-1"}`)
	stamp := `"2026-08-20T00:20:01.007Z"`
	equal(t, "not edited by owner comes first", got.Get("data.not_edited_by_owner").Raw, "false")
	got = w.as("worker1", "pw1").patch(id, `{"oscar_numbr":"OS-1"}`)
	equal(t, "body", got.Raw, `{"data":{"id":"`+id+`","enabled":true,"last_updated_at":`+stamp+`}}`)
}

func TestJSONPointersOfRefusedValues(t *testing.T) {
	w := newWorld(t)
	id := w.child(nil)
	got := w.ask(422, "PATCH", "/api/v2/cases/"+id, `{"data":{"oscar_numbr":"OS-1","age":"9"}}`)
	equal(t, "body", got.Raw, `{"errors":[{"status":422,"resource":"/api/v2/cases/`+id+`","detail":["/age"],"message":"Invalid Record JSON"}]}`)
	equal(t, "nothing stored", w.stored(id).Get("age").Exists(), false)
}

func TestTypeTable(t *testing.T) {
	w := newWorld(t)
	id := w.child(nil)
	for data, detail := range map[string]string{
		`{"custom_text":"ok"}`:                           ``,
		`{"custom_text":null}`:                           ``,
		`{"custom_text":"2020-01-02"}`:                   `["/custom_text"]`,
		`{"custom_text":"2020-01-02."}`:                  ``,
		`{"custom_text":"2020-13-45"}`:                   ``,
		`{"custom_text":"2020-01-02T03:04:05Z"}`:         `["/custom_text"]`,
		`{"custom_text":"2020-01-02T03:04Z"}`:            ``,
		`{"custom_text":"2020-01-02T03:04:05+0700"}`:     ``,
		`{"custom_text":5}`:                              `["/custom_text"]`,
		`{"age":5.0}`:                                    ``,
		`{"age":5.5}`:                                    `["/age"]`,
		`{"age":2147483648}`:                             `["/age"]`,
		`{"age":null}`:                                   ``,
		`{"date_of_birth":"2015-02-03"}`:                 ``,
		`{"date_of_birth":"2015-02-03T00:00:00Z"}`:       `["/date_of_birth"]`,
		`{"date_of_birth":""}`:                           `["/date_of_birth"]`,
		`{"date_of_birth":"01/02/2020"}`:                 `["/date_of_birth"]`,
		`{"seen_at":"2026-01-02T03:04:05+07:00"}`:        ``,
		`{"seen_at":"2026-01-02"}`:                       `["/seen_at"]`,
		`{"seen_at":"2026-01-02T03:04:05+0700"}`:         `["/seen_at"]`,
		`{"estimated":true}`:                             ``,
		`{"estimated":null}`:                             `["/estimated"]`,
		`{"estimated":"true"}`:                           `["/estimated"]`,
		`{"sex":"male"}`:                                 ``,
		`{"sex":null}`:                                   ``,
		`{"sex":""}`:                                     `["/sex","/sex"]`,
		`{"sex":"boy"}`:                                  `["/sex","/sex"]`,
		`{"languages":["km"]}`:                           ``,
		`{"languages":["km","fr"]}`:                      `["/languages/1"]`,
		`{"location_current":"anything"}`:                ``,
		`{"status":"weird"}`:                             `["/status","/status"]`,
		`{"services_section":{"service_type":"x"}}`:      `["/services_section"]`,
		`{"services_section":[{"unique_id":"A"}]}`:       `["/services_section/0/unique_id"]`,
		`{"services_section":[{"unique_id":null}]}`:      `["/services_section/0/unique_id"]`,
		`{"services_section":["x",{"service_type":5}]}`:  `["/services_section/0/service_type","/services_section/0/service_type"]`,
		`{"services_section":[{"_destroy":"yes"}]}`:      `["/services_section/0/_destroy"]`,
		`{"created_at":"2026-01-02","record_state":"t"}`: `["/created_at","/record_state"]`,
	} {
		status, body := w.do("PATCH", "/api/v2/cases/"+id, `{"data":`+data+`}`)
		equal(t, data+" detail", gjson.Get(body, "errors.0.detail").Raw, detail)
		equal(t, data+" ok", status == 200, detail == "")
	}
	equal(t, "offset becomes UTC", w.stored(id).Get("seen_at").Str, "2026-01-01T20:04:05.000Z")
}

func TestOptionsAreFreeBeforeVersion215(t *testing.T) {
	w := newWorld(t, func(o *sim.Options) { o.Version = "2.14.1" })
	w.patch(w.child(nil), `{"sex":"boy","languages":["fr"]}`)
}

func TestSilentDrops(t *testing.T) {
	w := newWorld(t)
	id := w.child(map[string]any{"languages": []any{"km"}, "services_section": services(rowA), "case_id": "c"})
	for _, data := range []string{
		`{"languages":null}`, `{"services_section":null}`, `{"languages":"en"}`, `{"languages":[{"a":1}]}`, `{"custom_text":["a"]}`, `{"custom_text":{"a":1}}`,
		`{"case_id":"other"}`, `{"case_id_display":"other"}`, `{"unique_identifier":"other"}`, `{"short_id":"o"}`, `{"id":"` + ownID + `"}`, `{"created_by":"x"}`,
		`{"services_section":["text"]}`, `{"services_section":[]}`,
	} {
		before := string(w.Snapshot())
		w.patch(id, data)
		equal(t, data, string(w.Snapshot()), before)
	}
	w.patch(id, `{"services_section":[{"unique_id":"`+rowA+`","nobody_knows":1,"service_provider":"p"}]}`)
	equal(t, "unknown column", w.stored(id).Get("services_section.0.nobody_knows").Exists(), false)
	equal(t, "known column", w.stored(id).Get("services_section.0.service_provider").Str, "p")
	w.patch(id, `{"languages":[]}`)
	equal(t, "[] clears", w.stored(id).Get("languages").Raw, "[]")
}

func TestFieldsOutsideTheRolesFormsAreDropped(t *testing.T) {
	w := newWorld(t, func(o *sim.Options) {
		o.Users = append(o.Users, sim.User{UserName: "narrow", Password: "pw",
			Role: sim.Role{Scope: "all", ReadFields: []string{"age", "sex"}, WriteFields: []string{"age"}}})
	})
	id := w.child(nil)
	w.as("narrow", "pw").patch(id, `{"age":3,"sex":"male","name_first":"Z"}`)
	equal(t, "age", w.stored(id).Get("age").Raw, "3")
	equal(t, "sex", w.stored(id).Get("sex").Exists(), false)
	equal(t, "name", w.stored(id).Get("name_first").Str, "A")
	w.as("narrow", "pw").total("name_first=nobody", 1) // not on the role's forms: no filter
	w.as("narrow", "pw").total("sex=female", 0)
}

func TestABirthAfterThisYearIsAModelError(t *testing.T) {
	w := newWorld(t)
	got := w.ask(422, "PATCH", "/api/v2/cases/"+w.child(nil), `{"data":{"date_of_birth":"2027-01-01"}}`)
	equal(t, "detail", got.Get("errors.0.detail").Str, "date_of_birth")
	equal(t, "message is a list", got.Get("errors.0.message").IsArray(), true)
}

func TestMalformedJSONAndUnknownRoutesAreEmptyHTML(t *testing.T) {
	w := newWorld(t)
	for target, want := range map[string]int{"/api/v2/cases": 400, "/api/v2/nothing": 404, "/api/v2/tokens/": 404} {
		got := w.send("POST", target, `{"data":`)
		equal(t, target, got.Code, want)
		equal(t, "body", got.Body.String(), "")
		equal(t, "type", got.Header().Get("Content-Type"), "text/html")
	}
}

func TestMissingDataTouchesTheCase(t *testing.T) {
	w := newWorld(t)
	id := w.child(nil)
	w.clock.pass(time.Second)
	w.ask(200, "PATCH", "/api/v2/cases/"+id, ``)
	equal(t, "stamp", w.stored(id).Get("last_updated_at").Str, "2026-08-20T00:00:01.000Z")
	equal(t, "by", w.stored(id).Get("last_updated_by").Str, "casebridge")
}

func TestChangedKeysOnly(t *testing.T) {
	w := newWorld(t)
	id := w.child(map[string]any{"age": 3, "sex": "male"})
	got := w.patch(id, `{"age":4,"sex":"male"}`).Get("data")
	var keys []string
	got.ForEach(func(k, _ gjson.Result) bool { keys = append(keys, k.Str); return true })
	equal(t, "keys", strings.Join(keys, " "), "id enabled age not_edited_by_owner last_updated_at")
}

func TestNullOverwritesScalars(t *testing.T) {
	w := newWorld(t)
	id := w.child(map[string]any{"age": 3})
	w.patch(id, `{"age":null}`)
	equal(t, "age", w.stored(id).Get("age").Raw, "null")
}

func TestUnknownOwnerOnCreateLeavesNone(t *testing.T) {
	w := newWorld(t)
	w.post(204, `{"id":"`+ownID+`","module_id":"primeromodule-cp","owned_by":"ghost"}`)
	equal(t, "owner", w.stored(ownID).Get("owned_by").Raw, "null")
	equal(t, "seen by", w.stored(ownID).Get("associated_user_names").Raw, `["ghost"]`)
	w.as("lead", "pw3").ask(403, "GET", "/api/v2/cases/"+ownID, "")
}

func TestUnknownOwnerOnUpdateRevertsButTakesAccessAway(t *testing.T) {
	w := newWorld(t)
	id := w.child(nil)
	got := w.patch(id, `{"owned_by":"ghost"}`)
	equal(t, "answer", got.Get("data.owned_by").Exists(), false)
	equal(t, "owner", w.stored(id).Get("owned_by").Str, "worker1")
	w.as("worker1", "pw1").ask(403, "GET", "/api/v2/cases/"+id, "")
}

func TestKnownOwnerRecomputesOwnership(t *testing.T) {
	w := newWorld(t)
	id := w.child(nil)
	got := w.patch(id, `{"owned_by":"worker2"}`).Get("data")
	equal(t, "agency", got.Get("owned_by_agency_id").Str, "agency-b")
	equal(t, "previously", got.Get("previously_owned_by").Str, "worker1")
	equal(t, "groups", w.stored(id).Get("associated_user_groups").Raw, `["g2"]`)
}

func TestDeleteOnlyDisables(t *testing.T) {
	w := newWorld(t)
	id := w.child(nil)
	equal(t, "body", w.ask(200, "DELETE", "/api/v2/cases/"+id, "").Raw, `{"data":{"id":"`+id+`"}}`)
	equal(t, "enabled", w.ask(200, "GET", "/api/v2/cases/"+id, "").Get("data.enabled").Bool(), false)
}

func TestShowTakesTheUUIDOnly(t *testing.T) {
	w := newWorld(t)
	id := w.child(map[string]any{"case_id": "c"})
	equal(t, "case_id", w.ask(200, "GET", "/api/v2/cases/"+id+"?fields=case_id", "").Raw,
		`{"data":{"id":"`+id+`","enabled":true,"case_id":"c","last_updated_at":"2026-08-20T00:00:00.000Z"}}`)
	w.ask(404, "GET", "/api/v2/cases/c", "")
}

func TestNamesOfOtherModulesAreHidden(t *testing.T) {
	w := newWorld(t)
	id := w.child(map[string]any{"module_id": "primeromodule-gbv", "name": "Full Name"})
	equal(t, "name", w.ask(200, "GET", "/api/v2/cases/"+id, "").Get("data.name").Str, "*******")
}

func TestNumericIdentifierBreaksEveryCreate(t *testing.T) {
	w := newWorld(t, func(o *sim.Options) { o.Fields = []engine.Field{{Name: "oscar_number", Type: engine.Integer}} })
	w.post(500, `{"module_id":"primeromodule-cp"}`)
}

func TestLostUpdate(t *testing.T) {
	w := newWorld(t)
	id := w.child(nil)
	w.Switch(func(s *sim.Switches) {
		s.LostUpdate = func(caseID string) {
			if err := w.EditCase(caseID, map[string]any{"custom_text": "between", "age": 1}); err != nil {
				t.Error(err)
			}
		}
	})
	w.patch(id, `{"age":2}`)
	equal(t, "age", w.stored(id).Get("age").Raw, "2")
	equal(t, "the edit between", w.stored(id).Get("custom_text").Exists(), false)
}
