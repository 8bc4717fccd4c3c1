package sim_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/tidwall/gjson"
)

const anyCall = "/api/v2/cases?per=1"

func TestBadCredentialsAreRefusedWithoutAnErrorsArray(t *testing.T) {
	w := newWorld(t)
	for _, who := range []*world{w.as("casebridge", "wrong"), w.as("nobody", "x"), w.as("Casebridge", sim.DefaultPassword), w.as("", "")} {
		got := who.send("GET", anyCall, "")
		equal(t, "status", got.Code, 401)
		body := gjson.Parse(got.Body.String())
		equal(t, "error is text", body.Get("error").Type, gjson.String)
		equal(t, "errors", body.Get("errors").Exists(), false)
		equal(t, "WWW-Authenticate", got.Header().Get("WWW-Authenticate"), `Bearer realm="Primero" charset="UTF8"`)
	}
	w.ask(200, "GET", anyCall, "")
}

func TestSixFailuresLockTheAccountForHalfAnHour(t *testing.T) {
	w := newWorld(t)
	bad := w.as(sim.DefaultUser, "wrong")
	for range 5 {
		bad.ask(401, "GET", anyCall, "")
	}
	w.ask(200, "GET", anyCall, "")
	for range 5 { // a success starts the count again
		bad.ask(401, "GET", anyCall, "")
	}
	w.ask(200, "GET", anyCall, "")
	for range 6 {
		bad.ask(401, "GET", anyCall, "")
	}
	w.ask(401, "GET", anyCall, "")
	w.clock.pass(29 * time.Minute)
	w.ask(401, "GET", anyCall, "")
	w.clock.pass(2 * time.Minute)
	w.ask(200, "GET", anyCall, "")
}

func TestDisabledUsersAreRefused(t *testing.T) {
	w := newWorld(t)
	worker := w.as("worker1", "pw1")
	worker.ask(200, "GET", anyCall, "")
	if err := w.DisableUser("worker1"); err != nil {
		t.Fatal(err)
	}
	worker.ask(401, "GET", anyCall, "")
}

func TestBearerIsRefusedSinceVersion211(t *testing.T) {
	w := newWorld(t).as("", "")
	equal(t, "bearer", w.send("GET", anyCall, "", "Authorization", "Bearer abc").Code, 401)
}

func TestTokenLoginUpToVersion210(t *testing.T) {
	w := newWorld(t, func(o *sim.Options) { o.Version = "2.10.1" }).as("", "")
	login := `{"user":{"user_name":"casebridge","password":"casebridge-demo"}}`
	got := w.send("POST", "/api/v2/tokens", login)
	equal(t, "status", got.Code, 200)
	token := gjson.Get(got.Body.String(), "token").Str
	equal(t, "header", got.Header().Get("Authorization"), "Bearer "+token)
	equal(t, "with token", w.send("GET", anyCall, "", "Authorization", "Bearer "+token).Code, 200)
	equal(t, "other token", w.send("GET", anyCall, "", "Authorization", "Bearer x").Code, 401)
	w.clock.pass(time.Hour)
	equal(t, "expired token", w.send("GET", anyCall, "", "Authorization", "Bearer "+token).Code, 401)
}

// browser keeps cookies as a browser does.
type browser struct {
	*world
	jar map[string]string
}

func (b *browser) call(method, target, body string, csrf bool) *httptest.ResponseRecorder {
	headers := []string{"Cookie", "_app_session=" + b.jar["_app_session"] + "; CSRF-TOKEN=" + b.jar["CSRF-TOKEN"]}
	if csrf {
		headers = append(headers, "X-CSRF-Token", strings.ReplaceAll(b.jar["CSRF-TOKEN"], "%3D", "="))
	}
	got := b.as("", "").send(method, target, body, headers...)
	for _, c := range got.Result().Cookies() {
		b.jar[c.Name] = c.Value
	}
	return got
}

func (b *browser) login(t *testing.T) {
	t.Helper()
	b.call("GET", "/api/v2/primero", "", false)
	got := b.call("POST", "/api/v2/tokens", `{"user":{"user_name":"casebridge","password":"casebridge-demo"}}`, true)
	equal(t, "login", got.Code, 200)
	equal(t, "token in body", gjson.Get(got.Body.String(), "token").Exists(), false)
	equal(t, "scope", gjson.Get(got.Body.String(), "group_permission").Str, "all")
}

func TestSessionLoginNeedsCSRFAndALoginMakesItStale(t *testing.T) {
	b := &browser{newWorld(t), map[string]string{}}
	got := b.call("POST", "/api/v2/tokens", `{"user":{"user_name":"casebridge","password":"casebridge-demo"}}`, false)
	equal(t, "login without CSRF", got.Code, http.StatusForbidden)
	b.login(t)
	equal(t, "write with the stale token", b.call("POST", "/api/v2/cases", `{"data":{}}`, true).Code, 403)
	equal(t, "read", b.call("GET", anyCall, "", false).Code, 200)
	equal(t, "write with the new token", b.call("POST", "/api/v2/cases", `{"data":{}}`, true).Code, 200)
	equal(t, "write without one", b.call("POST", "/api/v2/cases", `{"data":{}}`, false).Code, 403)
	b.clock.pass(time.Hour + time.Second)
	equal(t, "idle for an hour", b.call("GET", anyCall, "", false).Code, 401)
}

func TestASecondLoginEndsTheFirstSession(t *testing.T) {
	w := newWorld(t)
	first, second := &browser{w, map[string]string{}}, &browser{w, map[string]string{}}
	first.login(t)
	second.login(t)
	equal(t, "first", first.call("GET", anyCall, "", false).Code, 401)
	equal(t, "second", second.call("GET", anyCall, "", false).Code, 200)
	equal(t, "sign out", second.call("DELETE", "/api/v2/tokens", "", true).Code, 200)
	equal(t, "after it", second.call("GET", anyCall, "", false).Code, 401)
}

func TestASessionCookieBesideBasicBringsCSRFBack(t *testing.T) {
	b := &browser{newWorld(t), map[string]string{}}
	b.login(t)
	cookie := "_app_session=" + b.jar["_app_session"]
	equal(t, "with cookie", b.send("POST", "/api/v2/cases", `{"data":{}}`, "Cookie", cookie).Code, 403)
	equal(t, "without", b.send("POST", "/api/v2/cases", `{"data":{}}`).Code, 200)
}

func TestTheSeventhLoginOfAMinuteIsThrottled(t *testing.T) {
	w := newWorld(t, func(o *sim.Options) { o.Version = "2.10" })
	login := `{"user":{"user_name":"worker1","password":"pw1"}}`
	for range 6 {
		w.ask(200, "POST", "/api/v2/tokens", login)
	}
	got := w.send("POST", "/api/v2/tokens", login)
	equal(t, "status", got.Code, 429)
	equal(t, "type", got.Header().Get("Content-Type"), "text/plain")
	equal(t, "Retry-After", got.Header().Get("Retry-After"), "")
	w.clock.pass(time.Minute)
	w.ask(200, "POST", "/api/v2/tokens", login)
}
