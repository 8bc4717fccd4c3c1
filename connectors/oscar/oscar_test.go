package oscar

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
)

// marker stands in every body of a test; it must never come out in a fault.
const marker = "Marker-Name-7731"

const testPassword = "pass-phrase-4405"

var testNow = time.Date(2026, 11, 22, 8, 30, 0, 0, time.UTC)

// fake is a small OSCaR: it signs in, checks tokens and hands the rest to answer.
type fake struct {
	answer  http.HandlerFunc
	open    bool         // the endpoints do not ask for a token
	signIns atomic.Int32 // sign-ins that were tried
	calls   atomic.Int32 // other requests with a valid token
	indexed atomic.Int32 // of these, not counted in calls: the index
	index   string       // of organizations; "": those that the tests write to

	mu     sync.Mutex
	expiry time.Time // of the tokens that are given out; zero: they do not say
	token  string    // "" means that no token is valid
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == signInPath {
		f.signIn(w, r)
		return
	}
	if !f.open && !f.valid(r) {
		reply(w, 401, `{"errors":["You need to sign in."]}`)
		return
	}
	if r.URL.Path == indexPath {
		f.indexed.Add(1)
		reply(w, 200, cmp.Or(f.index, `{"organizations":[{"id":1,"short_name":"demo"},{"id":2,"short_name":"cif"},{"id":3,"short_name":null}]}`))
		return
	}
	f.calls.Add(1)
	f.answer(w, r)
}

func (f *fake) signIn(w http.ResponseWriter, r *http.Request) {
	n := f.signIns.Add(1)
	var given struct{ Email, Password string }
	if json.NewDecoder(r.Body).Decode(&given) != nil || given.Password != testPassword {
		reply(w, 401, `{"success":false,"errors":["Invalid `+marker+`"]}`)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.token = "token-" + string(rune('a'+n))
	h := w.Header()
	h.Set("access-token", f.token)
	h.Set("client", "device")
	h.Set("uid", strings.ToUpper(given.Email))
	if !f.expiry.IsZero() {
		h.Set("expiry", json.Number(jsonText(f.expiry.Unix())).String())
	}
	reply(w, 200, `{"data":{"id":1,"token":"static-`+marker+`"}}`)
}

func (f *fake) valid(r *http.Request) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.token != "" && r.Header.Get("access-token") == f.token && r.Header.Get("client") == "device" && r.Header.Get("uid") == "bridge@example.org"
}

// lasts sets when the tokens end that are given out from now on.
func (f *fake) lasts(until time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.expiry = until
}

// forget makes the token that is out there invalid.
func (f *fake) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.token = ""
}

func reply(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

func jsonText(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

// opened connects to a handler; settings override the usual ones.
func opened(t *testing.T, handler http.Handler, settings map[string]string) *connection {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return connectedTo(t, server.URL, settings, nil)
}

func connectedTo(t *testing.T, url string, settings map[string]string, transport http.RoundTripper) *connection {
	t.Helper()
	values := map[string]string{"url": url, "email": "bridge@example.org", "password": testPassword, "retries": "0"}
	for name, value := range settings {
		values[name] = value
	}
	conn, err := Driver{}.Open(engine.Opening{
		Connection: "east", Settings: engine.NewSettings(values), Transport: transport,
		Now: func() time.Time { return testNow }, TempDir: t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn.(*connection)
}

func TestOpenNamesTheSettingThatIsWrong(t *testing.T) {
	for _, wrong := range []engine.Pair{
		{Name: "url", Value: "ftp://host"}, {Name: "email"}, {Name: "password"}, {Name: "connections", Value: "many"}, {Name: "connections", Value: "0"},
		{Name: "list_timeout", Value: "soon"}, {Name: "list_timeout", Value: "-1s"}, {Name: "list_timeout", Value: "0s"},
		{Name: "max_record", Value: "0"}, {Name: "max_list", Value: "-1"}, {Name: "max_list", Value: "NaN"}, {Name: "max_record", Value: "1000.5"},
	} {
		name := wrong.Name
		values := map[string]string{"url": "https://host", "email": "a@example.org", "password": "x"}
		values[name] = wrong.Value
		_, err := Driver{}.Open(engine.Opening{Settings: engine.NewSettings(values), Now: time.Now})
		if engine.KindOf(err) != engine.Environment || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestObjectsAreSound(t *testing.T) {
	objects := Driver{}.Objects()
	names := map[string]bool{}
	for _, o := range objects {
		names[o.Name] = true
		if o.Name == clientObject {
			if !o.Listed || o.Grain != engine.Day || o.Mark != engine.MarkStart || o.Window || len(o.By) != 0 || len(o.Verbs) != 0 {
				t.Errorf("client: %+v", o)
			}
			continue
		}
		if o.Name == organizationObject {
			if o.Listed || len(o.By) != 0 || len(o.Verbs) != 0 {
				t.Errorf("organization: %+v", o)
			}
			continue
		}
		if !o.Can(engine.SendVerb) || o.Repeatable == (o.Name == referralObject) {
			t.Errorf("%s: repeatable=%v verbs=%v", o.Name, o.Repeatable, o.Verbs)
		}
	}
	if len(names) != 5 {
		t.Errorf("objects: %v", names)
	}
}

func TestCheck(t *testing.T) {
	serve := func(index string) *connection {
		return opened(t, &fake{answer: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == validatePath {
				reply(w, 200, `{"success":true}`)
				return
			}
			t.Error(r.URL.Path)
		}, index: index}, nil)
	}
	if err := serve(`{"organizations":[]}`).Check(context.Background()); err != nil {
		t.Error(err)
	}
	err := serve(`{"page":"` + marker + `"}`).Check(context.Background())
	if engine.KindOf(err) != engine.Environment {
		t.Errorf("another system's index: %v", err)
	}
	quiet(t, err)
}

// quiet fails when a fault quotes the other side or us.
func quiet(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	text := err.Error() + jsonText(err)
	for _, secret := range []string{marker, testPassword, "token-", "bridge@example.org"} {
		if strings.Contains(text, secret) {
			t.Errorf("the fault quotes %q: %s", secret, text)
		}
	}
}

func TestPlanSignsInButWritesNothing(t *testing.T) {
	f := &fake{answer: func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, `{"data":[]}`) }}
	server := httptest.NewServer(f)
	defer server.Close()
	c := connectedTo(t, server.URL, nil, rest.ReadOnly(nil))
	if _, err := readAll(c, engine.Query{Object: "client"}); err != nil {
		t.Fatal(err)
	}
	for _, change := range []engine.Change{referralChange(nil), decisionChange(""), linkChange("01A")} {
		before := f.calls.Load()
		out := c.Writer().Write(context.Background(), []engine.Change{change})
		if out[0].State != engine.Unsent || f.calls.Load() != before {
			t.Errorf("%s: %v, %d calls", change.Object, out[0].State, f.calls.Load()-before)
		}
	}
}
