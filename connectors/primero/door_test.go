package primero_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/primero"
	"github.com/casebridge/casebridge/connectors/primero/sim"
	"github.com/casebridge/casebridge/engine"
)

// Six refusals lock the account for everybody, so one is all that is ever caused.
func TestWrongPasswordIsTriedOnce(t *testing.T) {
	for _, auth := range []string{"basic", "token"} {
		w := newWorld(t, func(o *sim.Options, s map[string]string) {
			s["password"], s["auth"] = "wrong", auth
			if auth == "token" {
				o.Version = "2.10.1"
			}
		})
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() {
				_, err := w.conn.Reader().Find(t.Context(), engine.Lookup{Object: "case", By: "case_id", Values: []string{"x"}})
				if engine.KindOf(err) != engine.Auth {
					t.Errorf("%s: %v", auth, err)
				}
			})
		}
		wg.Wait()
		if got := w.write(t, update(newID, `{"age":1}`)); got.State != engine.Unsent || got.Fault.Kind != engine.Auth {
			t.Errorf("%s: %s %v", auth, got.State, got.Fault)
		}
		if n := w.Requests().Total; n != 1 {
			t.Errorf("%s: %d requests with a wrong password", auth, n)
		}
	}
}

// Primero keeps user names in small letters and compares them to the letter; each wrong one counts towards the lock (§1.1).
func TestUserNameIsSentAsPrimeroStoresIt(t *testing.T) {
	w := newWorld(t, func(_ *sim.Options, s map[string]string) { s["user"] = " Casebridge " })
	if err := w.conn.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestLegacyTokenIsFetchedOnceAndRenewed(t *testing.T) {
	w := newWorld(t, func(o *sim.Options, s map[string]string) { o.Version, s["auth"] = "2.10.1", "token" })
	id := w.AddCase(map[string]any{"case_id": "c-1"})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := w.conn.Reader().Find(t.Context(), engine.Lookup{Object: "case", By: "case_id", Values: []string{"c-1"}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := w.Requests().ByMethod["POST"]; n != 1 {
		t.Errorf("signed in %d times", n)
	}
	w.clock.forward(2 * time.Hour) // the token has run out
	if got := w.write(t, update(id, `{"oscar_number":"1"}`)); got.State != engine.Done {
		t.Errorf("%s %v", got.State, got.Fault)
	}
	if n := w.Requests().ByMethod["POST"]; n != 2 {
		t.Errorf("signed in %d times", n)
	}
}

func TestPrimeroWithoutTokensSaysSo(t *testing.T) {
	w := newWorld(t, func(_ *sim.Options, s map[string]string) { s["auth"] = "token" })
	if err := w.conn.Check(t.Context()); err == nil {
		t.Error("a Primero that gives no tokens took one")
	} else if k := engine.KindOf(err); k != engine.Environment && k != engine.Auth {
		t.Errorf("%v", err)
	}
}

func TestSettingsAreChecked(t *testing.T) {
	good := map[string]string{"url": "http://west.test", "user": "u", "password": "p"}
	for _, wrong := range []engine.Pair{
		{Name: "url", Value: "west"}, {Name: "user"}, {Name: "password"}, {Name: "auth", Value: "magic"}, {Name: "identifiers", Value: "name_first"},
		{Name: "rate", Value: "fast"}, {Name: "rate", Value: "-1"}, {Name: "lag", Value: "1"}, {Name: "lag", Value: "-1m"}, {Name: "lag", Value: "9000h"},
		{Name: "page", Value: "many"}, {Name: "page", Value: "0"}, {Name: "page", Value: "-3"}, {Name: "page", Value: "1001"}, {Name: "page", Value: "2.5"},
	} {
		name, values := wrong.Name, map[string]string{}
		for k, v := range good {
			values[k] = v
		}
		values[name] = wrong.Value
		_, err := primero.Driver{}.Open(engine.Opening{Settings: engine.NewSettings(values), Now: time.Now})
		if f := faultOf(t, err); f.Kind != engine.Environment || f.Ref != name {
			t.Errorf("%s: %v", name, f)
		}
	}
}

// heldBack lets requests through until it is armed; from then on it keeps them until so many wait, and then lets all go.
type heldBack struct {
	armed   chan struct{}
	full    chan struct{}
	waiting atomic.Int32
	want    int32
}

func (h *heldBack) RoundTrip(q *http.Request) (*http.Response, error) {
	select {
	case <-h.armed:
		if h.waiting.Add(1) == h.want {
			close(h.full)
		}
		<-h.full
	default:
	}
	return http.DefaultTransport.RoundTrip(q)
}

// A password that is changed in the middle of a run is refused to those requests that are under way, and to no other:
// neither to those that wait for a connection nor to those that wait before a repetition.
func TestPasswordChangedOnTheWayDoesNotLockTheAccount(t *testing.T) {
	const connections = 5
	h := &heldBack{armed: make(chan struct{}), full: make(chan struct{}), want: connections}
	w := newWorld(t, nil)
	settings := map[string]string{"user": sim.DefaultUser, "password": sim.DefaultPassword, "rate": "0", "retries": "2", "connections": strconv.Itoa(connections)}
	conn := dial(t, w.url, settings, h, w.clock.now)
	if err := conn.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.SetPassword(sim.DefaultUser, "another-password"); err != nil {
		t.Fatal(err)
	}
	before := w.Requests().Total
	close(h.armed)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			_, err := conn.Reader().Find(t.Context(), engine.Lookup{Object: "case", By: "case_id", Values: []string{strconv.Itoa(i)}})
			if engine.KindOf(err) != engine.Auth {
				t.Errorf("%v", err)
			}
		})
	}
	wg.Wait()
	if n := w.Requests().Total - before; n != connections {
		t.Errorf("%d requests left with the old password", n)
	}
	settings["password"] = "another-password"
	if err := dial(t, w.url, settings, nil, w.clock.now).Check(t.Context()); err != nil {
		t.Errorf("the account is locked: %v", err)
	}
}

// It is told when so many requests may be under way at once as Primero refuses before it locks.
func TestMoreConnectionsThanRefusals(t *testing.T) {
	for _, c := range []struct {
		connections, lock, auth string
		warned                  bool
		refused                 string // the setting that is named
	}{
		{"5", "", "", false, ""}, {"6", "", "", true, ""}, {"16", "0", "", false, ""}, {"16", "17", "", false, ""}, {"17", "17", "", true, ""},
		{"1", "1", "", false, ""}, {"16", "", "token", false, ""}, {"1", "-1", "", false, "lock_after"}, {"1", "often", "", false, "lock_after"},
	} {
		var log bytes.Buffer
		_, err := primero.Driver{}.Open(engine.Opening{Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil)), Settings: engine.NewSettings(map[string]string{
			"url": "https://west.test", "user": "u", "password": "p", "connections": c.connections, "lock_after": c.lock, "auth": c.auth})})
		switch {
		case c.refused == "" && err != nil:
			t.Errorf("%+v: %v", c, err)
		case c.refused != "" && err == nil:
			t.Errorf("%+v: allowed", c)
		case c.refused != "" && (faultOf(t, err).Ref != c.refused || engine.KindOf(err) != engine.Environment):
			t.Errorf("%+v: %v", c, err)
		case c.warned != strings.Contains(log.String(), "can lock the account"):
			t.Errorf("%+v: said %q", c, log.String())
		}
	}
}
