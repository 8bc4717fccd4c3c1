package oscar

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
)

func TestOneSignInForManyAndOneRenewal(t *testing.T) {
	const callers = 20
	f := &fake{}
	// The first calls all wait for each other before they learn that the token is gone.
	var arrived atomic.Int32
	all := make(chan struct{})
	f.open = true
	f.answer = func(w http.ResponseWriter, r *http.Request) {
		if n := arrived.Add(1); n <= callers {
			if n == callers {
				f.forget()
				close(all)
			}
			<-all
			reply(w, 401, `{"errors":["You need to sign in."]}`)
			return
		}
		if !f.valid(r) {
			reply(w, 401, `{}`)
			return
		}
		reply(w, 200, `{}`)
	}
	c := opened(t, f, map[string]string{"connections": "20"})
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			if _, err := c.do(context.Background(), rest.Request{Op: "ask", Path: "/x"}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := f.signIns.Load(); got != 2 {
		t.Errorf("%d sign-ins, want the first and one renewal", got)
	}
}

func TestWrongPasswordIsTriedOnce(t *testing.T) {
	f := &fake{}
	c := opened(t, f, map[string]string{"password": "wrong-" + testPassword, "retries": "4"})
	for range 3 {
		out := c.Writer().Write(context.Background(), []engine.Change{referralChange(nil)})
		if out[0].State != engine.Unsent || out[0].Fault.Kind != engine.Auth {
			t.Errorf("got %+v", out[0])
		}
		quiet(t, out[0].Fault)
	}
	if err := c.Check(context.Background()); engine.KindOf(err) != engine.Auth {
		t.Errorf("check: %v", err)
	}
	if f.signIns.Load() != 1 || f.calls.Load() != 0 {
		t.Errorf("%d sign-ins, %d calls", f.signIns.Load(), f.calls.Load())
	}
}

func TestFreshTokenRefusedEndsTheTrying(t *testing.T) {
	f := &fake{open: true, answer: func(w http.ResponseWriter, _ *http.Request) { reply(w, 401, `{}`) }}
	c := opened(t, f, nil)
	for range 3 {
		if err := c.Check(context.Background()); engine.KindOf(err) != engine.Auth || rest.Sent(err) {
			t.Errorf("got %v", err)
		}
	}
	if f.signIns.Load() != 2 || f.calls.Load() != 2 {
		t.Errorf("%d sign-ins, %d calls; want two of each, then nothing", f.signIns.Load(), f.calls.Load())
	}
}

func TestTokenIsReplacedBeforeItEnds(t *testing.T) {
	f := &fake{expiry: testNow.Add(time.Hour), answer: func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, `{"organizations":[]}`) }}
	c := opened(t, f, nil)
	var later atomic.Int64
	now := func() time.Time { return testNow.Add(time.Duration(later.Load())) }
	c.session.now = now
	for _, step := range []struct {
		later time.Duration
		want  int32
	}{{0, 1}, {49 * time.Minute, 1}, {51 * time.Minute, 2}} {
		later.Store(int64(step.later))
		f.lasts(now().Add(time.Hour))
		if err := c.Check(context.Background()); err != nil {
			t.Fatal(err)
		}
		if got := f.signIns.Load(); got != step.want {
			t.Errorf("after %s: %d sign-ins, want %d", step.later, got, step.want)
		}
	}
}

func TestClockThatIsWrongDoesNotSignInForEveryCall(t *testing.T) {
	f := &fake{expiry: testNow.Add(-time.Hour), answer: func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, `{"organizations":[]}`) }}
	c := opened(t, f, nil)
	for range 3 {
		if err := c.Check(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	if f.signIns.Load() != 1 {
		t.Errorf("%d sign-ins", f.signIns.Load())
	}
}

func TestSignInFaultsLeaveTheWriteUnsent(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		header bool
		kind   engine.FaultKind
	}{
		"server error":   {500, false, engine.Transient},
		"no such path":   {404, false, engine.Environment},
		"redirect":       {301, false, engine.Environment},
		"no token":       {200, false, engine.Environment},
		"wrong password": {401, true, engine.Auth},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			conn := opened(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if asked.Add(1); r.URL.Path != signInPath {
					t.Errorf("%s was called", r.URL.Path)
				}
				reply(w, c.status, `{"note":"`+marker+`"}`)
			}), nil)
			out := conn.Writer().Write(context.Background(), []engine.Change{referralChange(nil)})
			if out[0].State != engine.Unsent || out[0].Fault.Kind != c.kind || asked.Load() != 1 {
				t.Errorf("got %s %v after %d calls", out[0].State, out[0].Fault, asked.Load())
			}
			quiet(t, out[0].Fault)
			if links := conn.Writer().Write(context.Background(), []engine.Change{linkChange("01A"), linkChange("01B")}); links[1].State != engine.Unsent {
				t.Errorf("links: %s", links[1].State)
			}
			if asked.Load() > 2 {
				t.Errorf("%d sign-ins for two calls", asked.Load())
			}
		})
	}
}

func TestCallerThatStopsDoesNotStopTheOthers(t *testing.T) {
	begun, goOn := make(chan struct{}), make(chan struct{})
	f := &fake{answer: func(w http.ResponseWriter, _ *http.Request) { reply(w, 200, `{"organizations":[]}`) }}
	c := opened(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == signInPath {
			close(begun)
			<-goOn
		}
		f.ServeHTTP(w, r)
	}), nil)
	ctx, stop := context.WithCancel(context.Background())
	first, second := make(chan error, 1), make(chan error, 1)
	go func() { first <- c.Check(ctx) }()
	<-begun
	go func() { second <- c.Check(context.Background()) }()
	stop()
	if err := <-first; engine.KindOf(err) != engine.Cancelled || rest.Sent(err) {
		t.Errorf("the one who stopped: %v", err)
	}
	close(goOn)
	if err := <-second; err != nil {
		t.Errorf("the other: %v", err)
	}
	f.forget()
	c.session.mu.Lock()
	c.session.token = token{}
	c.session.mu.Unlock()
	before := f.signIns.Load()
	if err := c.Check(ctx); engine.KindOf(err) != engine.Cancelled || f.signIns.Load() != before {
		t.Errorf("who stopped before asking: %v, %d sign-ins", err, f.signIns.Load()-before)
	}
}

func TestHeadersAreTheOnesOSCaRReads(t *testing.T) {
	f := &fake{answer: func(w http.ResponseWriter, r *http.Request) {
		for name, want := range map[string]string{"Accept": "application/json", "Uid": "bridge@example.org", "Client": "device", "Cookie": ""} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %q", name, got)
			}
		}
		if !strings.HasPrefix(r.Header.Get("access-token"), "token-") {
			t.Error("no access-token")
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "x"})
		reply(w, 200, `{"organizations":[]}`)
	}}
	if err := opened(t, f, nil).Check(context.Background()); err != nil {
		t.Error(err)
	}
}
