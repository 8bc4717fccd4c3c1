package primero_test

import (
	"sync"
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
		wg.Go(func() { w.find(t, engine.Lookup{Object: "case", By: "case_id", Values: []string{"c-1"}}) })
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
