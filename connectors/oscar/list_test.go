package oscar

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/engine"
	"github.com/google/go-cmp/cmp"
	"github.com/tidwall/gjson"
)

// referredOut and shared are the two shapes in which OSCaR sends a client.
const (
	referredOut = `{"slug":"abcd-12","global_id":"01ARZ3NDEKTSV4RRFFQ69G5FAV","external_id":null,"external_id_display":null,"mosvy_number":null,
"given_name":"` + marker + `","family_name":"B","gender":"male","date_of_birth":"2013-11-05","location_current_village_code":"02020202",
"address_current_village_code":"02020202","organization_id":7,"organization_name":"demo","external_case_worker_name":null,
"external_case_worker_id":null,"reason_for_referral":"r","status":"Active","case_worker_name":"C D","case_worker_mobile":"",
"is_referred":true,"referral_consent_form":["https://files.example.org/f.pdf"],"organization_address_code":"1201","level_of_risk":"medium",
"services":[{"program_name":"P","enrollment_date":"2020-11-20","uuid":"u-1","name":"Day care services"},
{"program_name":"Q","enrollment_date":"2020-11-20","uuid":"u-1","name":"Day care services"},
{"program_name":null,"enrollment_date":null,"uuid":"u-2","name":"Trauma counselling","referral_id":704,"referral_status":"Referred"},
{"program_name":null,"enrollment_date":null,"uuid":"u-2","name":"Trauma counselling","referral_id":704,"referral_status":"Referred"}]}`
	shared = `{"given_name":"A","family_name":"B","local_given_name":"","local_family_name":"","gender":"female","date_of_birth":"2016-01-01",
"global_id":"01BX5ZZKBKACTAV9WEVGEMMVRZ","slug":"wxyz-34","external_id":"case-1","external_id_display":"1234567","status":"Accepted",
"mosvy_number":"","location_current_village_code":"01070101","case_worker_name":"","case_worker_mobile":"","is_referred":true,
"organization_name":"cif","organization_address_code":"","resource":"primero","services":[]}`
)

// listing answers every call with these rows.
func listing(rows ...string) *fake {
	return &fake{answer: func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, `{"data":[`+strings.Join(rows, ",")+`]}`) }}
}

func readAll(c *connection, q engine.Query) ([]engine.Record, error) {
	var records []engine.Record
	for record, err := range c.Reader().Read(context.Background(), q) {
		if err != nil {
			return records, err
		}
		records = append(records, record)
	}
	return records, nil
}

func TestBothShapesAreRead(t *testing.T) {
	again := strings.Replace(shared, `"status":"Accepted"`, `"status":"Exited"`, 1)
	elsewhere := strings.Replace(shared, `"organization_name":"cif"`, `"organization_name":"other"`, 1)
	records, err := readAll(opened(t, listing(referredOut, shared, again, elsewhere), nil), engine.Query{Object: "client"})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, r := range records {
		ids = append(ids, r.ID)
		if r.Object != "east.client" || !r.Stamp.IsZero() {
			t.Errorf("%s: object %q, stamp %v", r.ID, r.Object, r.Stamp)
		}
	}
	if want := []string{"demo/abcd-12", "cif/wxyz-34", "other/wxyz-34"}; !cmp.Equal(ids, want) {
		t.Fatalf("got %v, want %v", ids, want)
	}
	if got := gjson.GetBytes(records[1].Body.Raw(), "status").String(); got != "Accepted" {
		t.Errorf("of two rows of one client the second was kept: %s", got)
	}
	if string(records[1].Body.Raw()) != shared {
		t.Error("a client without repeated services is not as it was sent")
	}
	var items []string
	for _, s := range gjson.GetBytes(records[0].Body.Raw(), "services").Array() {
		items = append(items, s.Get("program_name").String()+" "+s.Get("referral_id").Raw)
	}
	if want := []string{"P ", "Q ", " 704"}; !cmp.Equal(items, want) {
		t.Errorf("services: %q, want %q", items, want)
	}
}

func TestWindowBeginsAtMidnightUTC(t *testing.T) {
	phnomPenh := time.FixedZone("ICT", 7*3600)
	for name, c := range map[string]struct {
		query engine.Query
		want  string
	}{
		"in the day":           {engine.Query{Since: testNow}, "since_date=2026-11-22T00%3A00%3A00Z"},
		"midnight itself":      {engine.Query{Since: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)}, "since_date=2026-11-22T00%3A00%3A00Z"},
		"early in Phnom Penh":  {engine.Query{Since: time.Date(2026, 11, 22, 3, 0, 0, 0, phnomPenh)}, "since_date=2026-11-21T00%3A00%3A00Z"},
		"everything":           {engine.Query{}, ""},
		"an end is not asked":  {engine.Query{Since: testNow, Until: testNow.Add(time.Hour)}, "since_date=2026-11-22T00%3A00%3A00Z"},
		"one case, any window": {engine.Query{Since: testNow, Named: "case-1"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			asked := make(chan string, 9)
			f := &fake{answer: func(w http.ResponseWriter, r *http.Request) {
				asked <- r.URL.RawQuery
				reply(w, 200, `{"data":[]}`)
			}}
			c.query.Object = "client"
			if _, err := readAll(opened(t, f, nil), c.query); err != nil {
				t.Fatal(err)
			}
			if got := <-asked; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestOneCaseIsFoundByAnyOfItsIds(t *testing.T) {
	c := opened(t, listing(referredOut, shared), nil)
	for named, want := range map[string]string{
		"case-1": "cif/wxyz-34", "01BX5ZZKBKACTAV9WEVGEMMVRZ": "cif/wxyz-34", "abcd-12": "demo/abcd-12", "01ARZ3NDEKTSV4RRFFQ69G5FAV": "demo/abcd-12",
		"demo/abcd-12": "demo/abcd-12", "cif/wxyz-34": "cif/wxyz-34",
	} {
		records, err := readAll(c, engine.Query{Object: "client", Named: named})
		if err != nil || len(records) != 1 || records[0].ID != want {
			t.Errorf("%s: %d records, %v", named, len(records), err)
		}
	}
	if records, err := readAll(c, engine.Query{Object: "client", Named: "nobody"}); err != nil || len(records) != 0 {
		t.Errorf("nobody: %d records, %v", len(records), err)
	}
}

func TestClientWithoutSlugIsNeverARepetition(t *testing.T) {
	nameless := strings.Replace(shared, `"slug":"wxyz-34"`, `"slug":null`, 1)
	records, err := readAll(opened(t, listing(nameless, nameless), nil), engine.Query{Object: "client"})
	if err != nil || len(records) != 2 || records[0].ID != "" {
		t.Errorf("%d records, %v", len(records), err)
	}
}

func TestListThatIsNoListIsAFault(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		kind   engine.FaultKind
		asked  int32
	}{
		"html":          {text(200, "<html>"+marker+"</html>"), engine.Transient, 2},
		"empty":         {text(200, ""), engine.Transient, 2},
		"server error":  {text(500, marker), engine.Transient, 2},
		"cut by length": {cutOff(`{"data":[` + shared), engine.Transient, 2},
		"cut silently":  {text(200, `{"data":[`+shared+`,`), engine.Transient, 2},
		"half a record": {text(200, `{"data":[`+shared+`,{"slug":"`+marker), engine.Transient, 2},
		"no data":       {text(200, `{"clients":[]}`), engine.Transient, 2},
		"data no list":  {text(200, `{"data":{"name":"`+marker+`"}}`), engine.Transient, 2},
		"null for data": {text(200, `{"data":null}`), engine.Transient, 2},
		"no record":     {text(200, `{"data":["`+marker+`"]}`), engine.Transient, 2},
		"text after it": {text(200, `{"data":[]} `+marker), engine.Transient, 2},
		"huge record":   {text(200, `{"data":[{"a":"`+strings.Repeat("x", 3000)+`"}]}`), engine.Environment, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fake{answer: c.answer}
			conn := opened(t, f, map[string]string{"max_record": "2000", "retries": "1"})
			records, err := readAll(conn, engine.Query{Object: "client", Since: testNow})
			if engine.KindOf(err) != c.kind {
				t.Errorf("got %v", err)
			}
			if len(records) != 0 {
				t.Errorf("%d records of a broken list were given out", len(records))
			}
			if got := f.calls.Load(); got != c.asked {
				t.Errorf("asked %d times, want %d", got, c.asked)
			}
			if err != nil && !strings.HasPrefix(err.Error(), "read clients") {
				t.Errorf("the fault does not say what was done: %v", err)
			}
			quiet(t, err)
			nothingLeft(t, conn)
		})
	}
}

func TestListIsWholeTheSecondTime(t *testing.T) {
	f := &fake{}
	f.answer = func(w http.ResponseWriter, _ *http.Request) {
		if f.calls.Load() == 1 {
			text(200, `{"data":[`+shared)(w, nil)
			return
		}
		reply(w, 200, `{"data":[`+shared+`]}`)
	}
	records, err := readAll(opened(t, f, nil), engine.Query{Object: "client"})
	if err != nil || len(records) != 1 {
		t.Errorf("%d records, %v", len(records), err)
	}
}

func TestReadOfAnotherObjectAndFindAreFaults(t *testing.T) {
	c := opened(t, listing(), nil)
	if _, err := readAll(c, engine.Query{Object: "referral"}); engine.KindOf(err) != engine.Environment {
		t.Errorf("read: %v", err)
	}
	if _, err := c.Reader().Find(context.Background(), engine.Lookup{Object: "client", By: "global_id", Values: []string{"x"}}); engine.KindOf(err) != engine.Environment {
		t.Errorf("find: %v", err)
	}
}

func TestReadingStopsWhenToldTo(t *testing.T) {
	c := opened(t, listing(referredOut, shared), nil)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var last error
	for _, err := range c.Reader().Read(ctx, engine.Query{Object: "client"}) {
		last = err
		stop()
	}
	if engine.KindOf(last) != engine.Cancelled {
		t.Errorf("got %v", last)
	}
	for range c.Reader().Read(context.Background(), engine.Query{Object: "client"}) {
		break
	}
	nothingLeft(t, c)
}

// TestManyClientsNeedLittleMemory reads 30,000 clients of about 3 kB each, 90 MB, and
// looks at the heap on the way.
func TestManyClientsNeedLittleMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("a large list")
	}
	const clients, allowed = 30_000, 24 << 20
	note := strings.Repeat("x", 2_000)
	f := &fake{answer: func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"data":[`)
		for i := range clients {
			if i > 0 {
				_, _ = io.WriteString(w, ",")
			}
			_, _ = fmt.Fprintf(w, `%s"slug":"abcd-%d","note":"%s"}`, strings.TrimSuffix(strings.Replace(shared, `"slug":"wxyz-34",`, "", 1), "}")+",", i, note)
		}
		_, _ = io.WriteString(w, `]}`)
	}}
	c := opened(t, f, nil)
	before, most, count := heap(), uint64(0), 0
	began := time.Now()
	for _, err := range c.Reader().Read(context.Background(), engine.Query{Object: "client"}) {
		if err != nil {
			t.Fatal(err)
		}
		if count++; count%5_000 == 0 {
			most = max(most, heap())
		}
	}
	if count != clients {
		t.Errorf("%d clients", count)
	}
	if grown := int64(most) - int64(before); grown > allowed {
		t.Errorf("the heap grew by %d MB", grown>>20)
	} else {
		t.Logf("%d clients in %s, heap grew by %d kB", count, time.Since(began).Round(time.Millisecond), grown>>10)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// nothingLeft fails when a spool is still there or, where the system tells, still open.
func nothingLeft(t *testing.T, c *connection) {
	t.Helper()
	if left, _ := os.ReadDir(c.tempDir); len(left) != 0 {
		t.Errorf("%d files left", len(left))
	}
	open, _ := os.ReadDir("/proc/self/fd")
	for _, fd := range open {
		if target, _ := os.Readlink("/proc/self/fd/" + fd.Name()); strings.HasPrefix(target, c.tempDir) {
			t.Errorf("a spool is still open")
		}
	}
}

// text answers with a body as it is.
func text(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// cutOff promises more than it sends.
func cutOff(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)+1000))
		w.WriteHeader(200)
		_, _ = io.WriteString(w, body)
	}
}
