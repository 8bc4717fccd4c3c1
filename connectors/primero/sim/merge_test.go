package sim_test

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

const rowC = "020d0000-0000-4000-8000-00000000000c"

// rows patches services_section and returns it as "id:provider …".
func (w *world) rows(id, rows string) string {
	w.t.Helper()
	w.patch(id, `{"services_section":`+strings.NewReplacer("A!", rowA, "B!", rowB, "C!", rowC).Replace(rows)+`}`)
	var all []string
	for _, row := range w.stored(id).Get("services_section").Array() {
		name := row.Get("unique_id").Str
		all = append(all, strings.ToUpper(name[max(0, len(name)-1):])+":"+row.Get("service_provider").Str)
	}
	return strings.Join(all, " ")
}

func TestMergeOfRows(t *testing.T) {
	start := func(t *testing.T) (*world, string) {
		w := newWorld(t)
		return w, w.child(map[string]any{"services_section": []any{
			map[string]any{"unique_id": rowA, "service_provider": "a", "service_subtype": []any{"s", "t"}},
			map[string]any{"unique_id": rowB, "service_provider": "b"},
		}})
	}
	for name, c := range map[string]struct{ sent, want string }{
		"rows keep their order":          {`[{"unique_id":"B!","service_provider":"2"},{"unique_id":"A!","service_provider":"1"}]`, "A:1 B:2"},
		"unknown ids are appended":       {`[{"unique_id":"C!","service_provider":"c"}]`, "A:a B:b C:c"},
		"the first of an id counts":      {`[{"unique_id":"A!","service_provider":"1"},{"unique_id":"A!","service_provider":"2"}]`, "A:1 B:b"},
		"a new id twice is there twice":  {`[{"unique_id":"C!","service_provider":"1"},{"unique_id":"C!","service_provider":"2"}]`, "A:a B:b C:1 C:2"},
		"_destroy removes":               {`[{"unique_id":"A!","_destroy":true}]`, "B:b"},
		"_destroy of nothing":            {`[{"unique_id":"C!","_destroy":true}]`, "A:a B:b"},
		"_delete is no word":             {`[{"unique_id":"A!","_delete":true}]`, "A:a B:b"},
		"null columns become null":       {`[{"unique_id":"A!","service_provider":null}]`, "A: B:b"},
		"an empty list changes nothing":  {`[]`, "A:a B:b"},
		"there is no replacing of lists": {`[{"unique_id":"B!"}]`, "A:a B:b"},
	} {
		t.Run(name, func(t *testing.T) {
			w, id := start(t)
			equal(t, "rows", w.rows(id, c.sent), c.want)
		})
	}
	w, id := start(t)
	w.rows(id, `[{"unique_id":"A!","service_subtype":["u"]},{"unique_id":"B!","_destroy":false}]`)
	equal(t, "nested lists are replaced", w.stored(id).Get("services_section.0.service_subtype").Raw, `["u"]`)
	equal(t, "_destroy false is stored", w.stored(id).Get("services_section.1._destroy").Raw, `false`)
}

func TestRowsWithoutIDGetOneAndAreDoubledByARetry(t *testing.T) {
	w := newWorld(t)
	id := w.child(map[string]any{"services_section": services(rowA)})
	for range 2 {
		w.patch(id, `{"services_section":[{"service_provider":"p"}]}`)
	}
	rows := w.stored(id).Get("services_section").Array()
	equal(t, "rows", len(rows), 3)
	equal(t, "made-up id", len(rows[1].Get("unique_id").Str), 36)
}

func TestRowsAreStoredVerbatimWhereNoneAre(t *testing.T) {
	w := newWorld(t)
	id := w.child(nil)
	equal(t, "rows", w.rows(id, `[{"unique_id":"A!","_destroy":true,"service_provider":"a"},{"unique_id":"A!"}]`), "A:a A:")
}

func TestALegacyRowWithoutIDMakesNewOnesVanish(t *testing.T) {
	w := newWorld(t)
	id := w.child(map[string]any{"services_section": services(rowA)})
	if err := w.EditService(id, rowA, map[string]any{"unique_id": nil}); err != nil {
		t.Fatal(err)
	}
	w.patch(id, `{"services_section":[{"service_provider":"p"}]}`)
	equal(t, "rows", w.stored(id).Get("services_section.#").Int(), 1)
	equal(t, "merged", w.stored(id).Get("services_section.0.service_provider").Exists(), false)
}

func TestCreateStoresRowsAsSent(t *testing.T) {
	w := newWorld(t)
	w.post(204, `{"id":"`+ownID+`","module_id":"primeromodule-cp","services_section":[{"unique_id":"`+rowA+`"},{"unique_id":"`+rowA+`"},{}]}`)
	rows := w.stored(ownID).Get("services_section").Array()
	equal(t, "rows", len(rows), 3)
	equal(t, "third has an id", len(rows[2].Get("unique_id").Str), 36)
}

func TestServiceRules(t *testing.T) {
	w := newWorld(t)
	id := w.child(map[string]any{"services_section": services(rowA)})
	row := func() gjson.Result { return w.stored(id).Get("services_section.0") }
	w.patch(id, `{"services_section":[{"unique_id":"`+rowA+`","service_implemented":"implemented"}]}`)
	equal(t, "implemented alone is undone", row().Get("service_implemented").Str, "not_implemented")
	got := w.patch(id, `{"services_section":[{"unique_id":"`+rowA+`","service_implemented_day_time":"2026-08-20T01:00:00Z"}]}`)
	equal(t, "a day time implements", row().Get("service_implemented").Str, "implemented")
	equal(t, "derived", got.Get("data.service_implemented_day_times").Raw, `["2026-08-20T01:00:00.000Z"]`)
}

func TestWorkflowFollowsTheNewestWaitingService(t *testing.T) {
	w := newWorld(t)
	id := w.child(nil)
	got := w.patch(id, `{"services_section":[
		{"unique_id":"`+rowA+`","service_response_type":"late","service_response_day_time":"2026-08-20T02:00:00Z"},
		{"unique_id":"`+rowB+`","service_response_type":"early","service_response_day_time":"2026-08-20T01:00:00Z"}]}`)
	equal(t, "workflow", got.Get("data.workflow").Str, "late")
	w.patch(id, `{"services_section":[{"unique_id":"`+rowA+`","service_implemented_day_time":"2026-08-20T03:00:00Z"}]}`)
	equal(t, "after the newest is done", w.stored(id).Get("workflow").Str, "early")
	w.patch(id, `{"status":"closed"}`)
	equal(t, "closed", w.stored(id).Get("workflow").Str, "closed")
	equal(t, "date_closure", w.stored(id).Get("date_closure").Str, "2026-08-20")
}

func TestANewServiceReopensAClosedCase(t *testing.T) {
	w := newWorld(t)
	id := w.child(map[string]any{"services_section": services(rowA)})
	if err := w.Close(id); err != nil {
		t.Fatal(err)
	}
	w.patch(id, `{"services_section":[{"unique_id":"`+rowA+`","service_provider":"p"}]}`)
	equal(t, "an edit does not", w.stored(id).Get("status").Str, "closed")
	got := w.patch(id, `{"services_section":[{"unique_id":"`+rowB+`","service_response_type":"next"}]}`).Get("data")
	equal(t, "growth does", got.Get("status").Str, "open")
	equal(t, "reopened", got.Get("case_status_reopened").Bool(), true)
	equal(t, "log", got.Get("reopened_logs.#").Int(), 1)
	if err := w.Close(id); err != nil {
		t.Fatal(err)
	}
	if err := w.Disable(id); err != nil {
		t.Fatal(err)
	}
	w.patch(id, `{"services_section":[{"unique_id":"`+rowC+`"}]}`)
	equal(t, "not a disabled one", w.stored(id).Get("status").Str, "closed")
}
