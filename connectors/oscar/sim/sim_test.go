package sim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

// clock is a settable time.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// desk is a test's seat: the system, its clock and a signed-in caller.
type desk struct {
	*System
	t     *testing.T
	clock *clock
	token http.Header
}

func open(t *testing.T, change ...func(*Options)) *desk {
	t.Helper()
	c := &clock{at: time.Date(2024, 5, 10, 8, 0, 0, 0, time.UTC)}
	o := Options{Now: c.now, Seed: 1}
	for _, f := range change {
		f(&o)
	}
	d := &desk{System: New(o), t: t, clock: c}
	d.signIn()
	return d
}

func (d *desk) signIn() {
	d.t.Helper()
	d.token = nil
	status, header, _ := d.send(http.MethodPost, "/admin_auth/sign_in", `{"email":"casebridge@example.org","password":"casebridge-demo"}`)
	if status != http.StatusOK {
		d.t.Fatalf("sign in: %d", status)
	}
	d.token = http.Header{}
	for _, name := range []string{"access-token", "client", "uid"} {
		d.token.Set(name, header.Get(name))
	}
}

func (d *desk) request(method, path, body string) *http.Request {
	r := httptest.NewRequest(method, "http://start.oscar.test/api/v1"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, values := range d.token {
		r.Header[name] = values
	}
	r.Header.Set("Accept", "application/json")
	return r
}

func (d *desk) send(method, path, body string) (int, http.Header, string) {
	return d.do(d.request(method, path, body))
}

func (d *desk) do(r *http.Request) (int, http.Header, string) {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	body, _ := io.ReadAll(w.Result().Body)
	return w.Code, w.Result().Header, string(body)
}

// form is a valid first referral; changes are applied to it, nil removes a key.
func form(changes map[string]any) map[string]any {
	f := map[string]any{
		"organization_name": "lotus", "external_id": "case-1", "external_id_display": "1111111", "given_name": "Dara", "family_name": "Test",
		"gender": "male", "date_of_birth": "2014-02-03", "reason_for_referral": "needs care", "external_case_worker_name": "Worker One",
		"external_case_worker_mobile": "000000000", "level_of_risk": "high", "location_current_village_code": "12010101",
		"address_current_village_code": "12010101", "is_referred": true,
		"services": []any{map[string]any{"uuid": "x", "name": "Kinship care"}},
	}
	for key, value := range changes {
		if f[key] = value; value == nil {
			delete(f, key)
		}
	}
	return f
}

func (d *desk) upsertForm(changes map[string]any) (int, string) {
	d.t.Helper()
	body, err := json.Marshal(map[string]any{"organization": form(changes)})
	if err != nil {
		d.t.Fatal(err)
	}
	status, _, answer := d.send(http.MethodPost, "/organizations/clients/upsert", string(body))
	return status, answer
}

func (d *desk) mustUpsert(changes map[string]any) {
	d.t.Helper()
	if status, answer := d.upsertForm(changes); status != http.StatusOK || gjson.Get(answer, "message").Str != "Record saved." {
		d.t.Fatalf("upsert: %d %s", status, answer)
	}
}

// list returns the rows for a query such as "since_date=2024-05-10T00:00:00Z".
func (d *desk) list(query string) []gjson.Result {
	d.t.Helper()
	status, _, body := d.send(http.MethodGet, "/organizations/clients?"+query, "")
	if status != http.StatusOK || !gjson.Valid(body) {
		d.t.Fatalf("list: %d", status)
	}
	return gjson.Get(body, "data").Array()
}

// must is for set-up that cannot fail.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func (d *desk) ok(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// taken is a child of lotus that came by a referral and was taken up.
func (d *desk) taken(changes map[string]any) Client {
	d.t.Helper()
	d.mustUpsert(changes)
	rows := d.Referrals("lotus")
	slug, err := d.TakeUp("lotus", rows[len(rows)-1].ID)
	d.ok(err)
	c, err := d.Client("lotus", slug)
	d.ok(err)
	return c
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func contains(t *testing.T, body, part string) {
	t.Helper()
	if !bytes.Contains([]byte(body), []byte(part)) {
		t.Errorf("answer lacks %s: %s", part, body)
	}
}

func TestReferralTravelsThereAndBack(t *testing.T) {
	d := open(t)
	c := d.taken(nil)
	d.ok(d.Accept("lotus", c.Slug))
	rows := d.list("since_date=2024-05-10T00:00:00Z")
	equal(t, "rows", len(rows), 1)
	row := rows[0]
	equal(t, "external_id", row.Get("external_id").Str, "case-1")
	equal(t, "status", row.Get("status").Str, Accepted)
	equal(t, "resource", row.Get("resource").Str, "primero")
	equal(t, "referral_status", row.Get("services.0.referral_status").Str, Referred)
	equal(t, "service", row.Get("services.0.name").Str, "Kinship care")
}
