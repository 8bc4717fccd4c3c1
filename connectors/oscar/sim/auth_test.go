package sim

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
)

func TestSignInGivesTokenHeadersForAWeek(t *testing.T) {
	d := open(t)
	status, header, body := d.send(http.MethodPost, "/admin_auth/sign_in/", `{"email":" CaseBridge@Example.org ","password":"casebridge-demo"}`)
	equal(t, "status", status, 200)
	equal(t, "token-type", header.Get("token-type"), "Bearer")
	equal(t, "uid", header.Get("uid"), "casebridge@example.org")
	equal(t, "expiry", header.Get("expiry"), strconv.FormatInt(d.clock.now().Add(7*24*time.Hour).Unix(), 10))
	equal(t, "role", gjson.Get(body, "data.role").Str, "viewer")
}

func TestSignInReadsFormsAndQueries(t *testing.T) {
	d := open(t)
	r, _ := http.NewRequest(http.MethodPost, "/api/v1/admin_auth/sign_in", strings.NewReader("email=casebridge%40example.org&password=casebridge-demo"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	status, _, _ := d.do(r)
	equal(t, "form", status, 200)
	status, _, _ = d.send(http.MethodPost, "/admin_auth/sign_in?email=casebridge@example.org&password=casebridge-demo", "")
	equal(t, "query", status, 200)
}

func TestSignInRefusals(t *testing.T) {
	d := open(t)
	for _, body := range []string{`{"email":"casebridge@example.org","password":"x"}`, `{"email":"other@example.org","password":"casebridge-demo"}`, `{}`} {
		status, _, answer := d.send(http.MethodPost, "/admin_auth/sign_in", body)
		equal(t, "status", status, 401)
		equal(t, "answer", answer, `{"success":false,"errors":["Invalid login credentials. Please try again."]}`)
	}
	status, _, _ := d.send(http.MethodPost, "/admin_auth/sign_in", `{"email":null,"password":"x"}`)
	equal(t, "null e-mail", status, 500)
	status, _, _ = d.send(http.MethodGet, "/admin_auth/sign_in", "")
	equal(t, "GET", status, 405)
}

func TestSignedEndpointsRefuseStrangers(t *testing.T) {
	d := open(t)
	d.token = nil
	for _, call := range [][2]string{{"GET", "/organizations/clients"}, {"POST", "/organizations/clients/upsert"}, {"PUT", "/organizations/clients/update_links"}} {
		status, _, answer := d.send(call[0], call[1], "")
		equal(t, call[1], status, 401)
		equal(t, call[1], answer, `{"errors":["You need to sign in or sign up before continuing."]}`)
	}
}

func TestStatusesListingAndIndexNeedNoToken(t *testing.T) {
	d := open(t)
	d.token = nil
	status, header, _ := d.send("PUT", "/organizations/referrals/update_statuses", `{"data":[{"client_global_id":"x"}]}`)
	equal(t, "update_statuses", status, 422)
	equal(t, "token headers", header.Get("access-token"), "")
	status, _, _ = d.send("GET", "/organizations", "")
	equal(t, "index", status, 200)
}

func TestTokenIsEchoedAndNotRotated(t *testing.T) {
	d := open(t)
	for range 3 {
		_, header, _ := d.send("GET", "/organizations/clients", "")
		equal(t, "access-token", header.Get("access-token"), d.token.Get("access-token"))
	}
}

func TestTokenInTheQueryWorksAndBearerDoesNot(t *testing.T) {
	d := open(t)
	token := d.token
	d.token = http.Header{"Authorization": {"Bearer " + token.Get("access-token")}}
	status, _, _ := d.send("GET", "/organizations/clients", "")
	equal(t, "bearer", status, 401)
	d.token = nil
	status, _, _ = d.send("GET", "/organizations/clients?access-token="+token.Get("access-token")+"&client="+token.Get("client")+"&uid="+token.Get("uid"), "")
	equal(t, "query", status, 200)
}

func TestUidIsComparedExactly(t *testing.T) {
	d := open(t)
	d.token.Set("uid", "Casebridge@example.org")
	status, _, _ := d.send("GET", "/organizations/clients", "")
	equal(t, "status", status, 401)
}

func TestTokensExpire(t *testing.T) {
	d := open(t)
	d.clock.advance(7*24*time.Hour - time.Second)
	status, _, _ := d.send("GET", "/organizations/clients", "")
	equal(t, "before a week", status, 200)
	d.clock.advance(time.Second)
	status, _, _ = d.send("GET", "/organizations/clients", "")
	equal(t, "after a week", status, 401)
	d.signIn()
	d.ExpireTokens()
	status, _, _ = d.send("GET", "/organizations/clients", "")
	equal(t, "after ExpireTokens", status, 401)
}

func TestValidateTokenAndSignOut(t *testing.T) {
	d := open(t)
	status, _, body := d.send("GET", "/admin_auth/validate_token", "")
	equal(t, "valid", status, 200)
	contains(t, body, `"success":true`)
	status, _, body = d.send("DELETE", "/admin_auth/sign_out", "")
	equal(t, "sign_out", status, 200)
	equal(t, "sign_out", body, `{"success":true}`)
	status, _, body = d.send("GET", "/admin_auth/validate_token", "")
	equal(t, "gone", status, 401)
	equal(t, "gone", body, `{"success":false,"errors":["Invalid login credentials"]}`)
	status, _, _ = d.send("DELETE", "/admin_auth/sign_out", "")
	equal(t, "twice", status, 404)
}
