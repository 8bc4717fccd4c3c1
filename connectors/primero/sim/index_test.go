package sim_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/tidwall/gjson"
)

// The first exchange of Appendix A.
func TestIndexOfAWindowOfChanges(t *testing.T) {
	w := newWorld(t)
	w.clock.pass(12*time.Minute + 30*time.Second + 412*time.Millisecond)
	id := w.child(map[string]any{"case_id": "5f61", "services_section": services(rowA)})
	got := w.list("last_updated_at=2026-08-20T00:00:00Z..2026-08-20T01:00:00Z&fields=case_id,oscar_number,status,module_id,owned_by,last_updated_by,services_section&per=100&page=1&order_by=last_updated_at&order=asc")
	want := `{"data":[{"id":"` + id + `","enabled":true,"case_id":"5f61","last_updated_by":"worker1","module_id":"primeromodule-cp","owned_by":"worker1","services_section":[{"service_implemented":"not_implemented","service_response_day_time":"2026-08-20T00:10:00.000Z","service_response_type":"referral_to_oscar","service_type":"x","unique_id":"` + rowA + `"}],"status":"open","last_updated_at":"2026-08-20T00:12:30.412Z"}],"metadata":{"total":1,"per":100,"page":1}}`
	equal(t, "body", got.Raw, want)
}

func TestPerIsClampedInSilence(t *testing.T) {
	w := newWorld(t)
	for i := range 25 {
		w.child(map[string]any{"case_id": fmt.Sprint("c", i)})
	}
	equal(t, "default per", len(w.list("").Get("data").Array()), 20)
	equal(t, "clamped", w.list("per=10000").Get("metadata.per").Int(), 1000)
	equal(t, "per=0", len(w.list("per=0").Get("data").Array()), 0)
	past := w.list("page=9")
	equal(t, "past the end", len(past.Get("data").Array()), 0)
	equal(t, "true total", past.Get("metadata.total").Int(), 25)
	w.ask(500, "GET", "/api/v2/cases?page=abc", "")
	old := newWorld(t, func(o *sim.Options) { o.Version = "2.10.1" })
	equal(t, "before 2.10.3", old.list("per=10000").Get("metadata.per").Int(), 10000)
}

func TestUnknownParametersAreIgnored(t *testing.T) {
	w := newWorld(t)
	w.child(map[string]any{"case_id": "a"})
	w.child(map[string]any{"case_id": "b"})
	w.total("remote=true&nonsense=1&referral_status_x=y", 2)
	w.total("case_id=a", 1)
}

func TestAFieldThatIsOnNoFormOfTheRoleDoesNotFilter(t *testing.T) {
	w := newWorld(t, func(o *sim.Options) { o.FilterFields = []string{"oscar_number"} })
	w.child(map[string]any{"case_id": "a", "oscar_number": "1"})
	w.child(map[string]any{"case_id": "b", "oscar_number": "2"})
	w.total("case_id=nothing-has-this", 2)
	w.total("oscar_number=nothing-has-this", 0)
	w.total("case_id_display=nothing-has-this", 0) // always permitted
}

func TestIdentifiersAreRawText(t *testing.T) {
	w := newWorld(t)
	w.child(map[string]any{"oscar_number": "00123"})
	w.child(map[string]any{"oscar_number": "123"})
	w.child(map[string]any{"oscar_number": "a,b"})
	w.total("oscar_number=00123", 1)
	w.total("oscar_number=123", 1)
	w.total("oscar_number=a,b", 1)
	w.total("oscar_number=00123,123", 0)
	w.total("oscar_number=A,b", 0)
	w.total("oscar_number[0]=00123&oscar_number[1]=a,b", 2)
	w.total("oscar_number[]=00123", 3) // dropped in silence
}

func TestOtherValuesAreDestringified(t *testing.T) {
	w := newWorld(t)
	w.child(map[string]any{"custom_text": "00123", "age": 9, "sex": "male", "languages": []any{"km", "en"}, "date_of_birth": "2015-02-03"})
	w.child(map[string]any{"custom_text": "plain", "age": 12, "sex": "female"})
	w.total("custom_text=00123", 0) // became a number
	w.total("custom_text=plain", 1)
	w.total("custom_text=plain,other", 1)
	w.total("age=9", 1)
	w.total("age=9..10", 1)
	w.total("age=10..", 0) // the server's bug
	w.total("age=..10", 2) // dropped
	w.total("sex=male,female", 2)
	w.total("sex[0]=male", 1)
	w.total("languages=km", 1) // any member
	w.total("date_of_birth=2015-02-03", 1)
	w.total("date_of_birth=2015-01-01..2015-12-31", 1)
	w.total("consent_for_services=true", 2)
	w.total("consent_for_services=false", 0)
}

func TestSecondTruncatedInclusiveRanges(t *testing.T) {
	w := newWorld(t)
	for _, stamp := range []string{"2026-08-20T10:00:00.000Z", "2026-08-20T10:00:05.900Z", "2026-08-21T00:00:00.000Z"} {
		w.child(map[string]any{"last_updated_at": stamp, "created_at": stamp})
	}
	ranged := func(text string, want int64) {
		t.Helper()
		w.total("last_updated_at="+url.QueryEscape(text), want)
	}
	ranged("2026-08-20T10:00:00.999Z..2026-08-20T10:00:05Z", 2)
	ranged("2026-08-20T10:00:01Z..2026-08-20T10:00:04Z", 0)
	ranged("2026-08-20T17:00:05+07:00..2026-08-20T17:00:05+07:00", 1)
	ranged("2026-08-20T10:00:05Z..", 2)
	ranged("..2026-08-19T00:00:00Z", 3) // dropped: all cases
	ranged("2026-08-20..2026-08-20", 2)
	ranged("2026-08-20T23:00:00Z..2026-08-21T00:00:00Z,2026-08-20T10:00:00Z..2026-08-20T10:00:00Z", 2)
	w.total("last_updated_at[from]=2026-08-20T10:00:05Z&last_updated_at[to]=2026-08-20T10:00:06Z", 1)
	w.total("created_at=2026-08-20T10:00:05.000Z..2026-08-20T10:00:05.800Z", 0) // a real column
}

func TestSQLErrorsAreAnEmpty200(t *testing.T) {
	w := newWorld(t)
	w.child(map[string]any{"custom_text": `a"b`})
	for _, q := range []string{"last_updated_at=2026-08-20T00:00:00Z", "custom_text=", "id=not-a-uuid", "custom_text=a%22b"} {
		w.total(q, 0)
	}
	w.total("", 1)
}

func TestFilterByPrimaryKeys(t *testing.T) {
	w := newWorld(t)
	a, b := w.child(nil), w.child(nil)
	w.child(nil)
	w.total("id="+a, 1)
	w.total("id="+a+","+b, 2)
}

func TestNotAndOr(t *testing.T) {
	w := newWorld(t)
	w.child(map[string]any{"oscar_number": "00123", "sex": "male"})
	w.child(map[string]any{"oscar_number": "x", "sex": "female"})
	w.total("not[sex]=male", 1)
	w.total("not[last_updated_by]=worker1", 0)
	w.total("not[oscar_number]=00123", 2) // a number there, so nothing equals it
	w.total("or[sex]=male&or[oscar_number]=x", 2)
}

func TestDisabledAndClosedCasesAreListed(t *testing.T) {
	w := newWorld(t)
	a, b := w.child(nil), w.child(nil)
	w.child(nil)
	if err := w.Disable(a); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(b); err != nil {
		t.Fatal(err)
	}
	w.total("", 3)
	w.total("record_state=true", 2)
	w.total("status=open", 2)
	equal(t, "enabled", w.list("id="+a).Get("data.0.enabled").Bool(), false)
}

func TestQuerySearchesIdentifiers(t *testing.T) {
	w := newWorld(t, func(o *sim.Options) { o.FilterFields = []string{} })
	w.child(map[string]any{"oscar_number": "OS-77", "name_first": "Zed"})
	w.total("query=os-7", 1)
	w.total("query=zed", 0)
	got := w.list("query=os-7&id_search=true&fields=oscar_number").Get("data.0")
	equal(t, "fields forced to short", got.Get("oscar_number").Exists(), false)
	equal(t, "owner in short", got.Get("owned_by").Str, "worker1")
}

func TestFields(t *testing.T) {
	w := newWorld(t)
	w.child(map[string]any{"services_section": services(rowA), "nobody_knows": 1, "custom_text": nil})
	keys := func(query string) string {
		var all []string
		w.list(query).Get("data.0").ForEach(func(k, _ gjson.Result) bool { all = append(all, k.Str); return true })
		return strings.Join(all, " ")
	}
	equal(t, "only unknown", keys("fields=nothing"), "id enabled last_updated_at")
	equal(t, "null and never set", keys("fields=custom_text,oscar_number,nothing"), "id enabled custom_text last_updated_at")
	short := keys("fields=short")
	if strings.Contains(short, "services_section") || strings.Contains(short, "case_id ") || !strings.Contains(short, "owned_by") {
		t.Errorf("short: %s", short)
	}
	if all := keys(""); strings.Contains(all, "nobody_knows") || !strings.Contains(all, "services_section") {
		t.Errorf("all permitted: %s", all)
	}
}

func TestOrder(t *testing.T) {
	w := newWorld(t)
	for i, age := range []int{5, 3, 4} {
		w.clock.pass(time.Second)
		w.child(map[string]any{"age": age, "case_id": fmt.Sprint("c", i)})
	}
	order := func(query, want string) {
		t.Helper()
		var got []string
		for _, v := range w.list("fields=case_id&" + query).Get("data.#.case_id").Array() {
			got = append(got, v.Str)
		}
		equal(t, query, strings.Join(got, " "), want)
	}
	order("", "c2 c1 c0")
	order("order_by=last_updated_at&order=asc", "c0 c1 c2")
	order("order_by=last_updated_at", "c2 c1 c0")
	order("order_by=age&order=asc", "c1 c2 c0")
	order("order_by=age&order=sideways", "c1 c2 c0")
	order("order_by=case_id&order=DESC", "c2 c1 c0")
}

func TestEqualKeysHaveNoOrder(t *testing.T) {
	w := newWorld(t)
	for i := range 4 {
		w.child(map[string]any{"case_id": fmt.Sprint("c", i)})
	}
	pages := func() map[string]bool {
		seen := map[string]bool{}
		for page := 1; page <= 2; page++ {
			for _, v := range w.list(fmt.Sprintf("order_by=last_updated_at&order=asc&per=2&page=%d", page)).Get("data.#.case_id").Array() {
				seen[v.Str] = true
			}
		}
		return seen
	}
	equal(t, "cases seen", len(pages()), 4)
	w.Switch(func(s *sim.Switches) { s.UnstableTies = true })
	equal(t, "cases seen when ties move", len(pages()), 2)
}

func TestScopeHidesCases(t *testing.T) {
	w := newWorld(t)
	mine := w.child(nil)
	w.child(map[string]any{"owned_by": "worker2"})
	w.as("worker1", "pw1").total("", 1)
	w.as("lead", "pw3").total("", 1)
	w.as("worker2", "pw2").ask(403, "GET", "/api/v2/cases/"+mine, "")
}

func TestNobodyWithoutReadMayList(t *testing.T) {
	w := newWorld(t, func(o *sim.Options) {
		o.Users = append(o.Users, sim.User{UserName: "writer", Password: "pw", Role: sim.Role{Scope: "all", Permissions: []string{"create"}}})
	})
	got := w.as("writer", "pw").ask(403, "GET", "/api/v2/cases", "")
	equal(t, "body", got.Raw, `{"errors":[{"status":403,"resource":"/api/v2/cases","message":"Forbidden"}]}`)
}

func TestPlacesIncludeWhatLiesInThem(t *testing.T) {
	w := newWorld(t, func(o *sim.Options) {
		o.Locations = []sim.Location{{Code: "KH1", Name: "P"}, {Code: "KH1A", Name: "V", Parent: "KH1"}, {Code: "KH2", Name: "Q"}}
	})
	w.child(map[string]any{"location_current": "KH1A"})
	w.child(map[string]any{"location_current": "KH2"})
	w.total("loc:location_current[0]=kh1", 1)
}
