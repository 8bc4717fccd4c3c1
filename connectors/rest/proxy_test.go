package rest

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// What a proxy in between says of a request to an encrypted system never came from the system: it is told as what it is.
func TestProxyInBetween(t *testing.T) {
	answering := func(status int) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodConnect {
				t.Errorf("the proxy got %s", r.Method)
			}
			w.WriteHeader(status)
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, proxy string
		kind        engine.FaultKind
		says        string
	}{
		{"it wants a sign-in", answering(407), engine.Environment, "the proxy in between wants a sign-in"},
		{"it does not let through", answering(403), engine.Environment, "the proxy in between does not let requests to this host through"},
		{"it cannot reach the system", answering(502), engine.Transient, "the proxy in between cannot reach the system"},
		{"it is down", "http://" + gone.Addr().String(), engine.Transient, "the proxy in between cannot be reached"},
	} {
		t.Run(c.name, func(t *testing.T) {
			proxy, err := url.Parse(c.proxy)
			if err != nil {
				t.Fatal(err)
			}
			transport := ownTransport(5)
			transport.Proxy = http.ProxyURL(proxy)
			client, err := New(Options{Base: "https://system.test", Transport: transport, Now: time.Now})
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Do(t.Context(), Request{Op: "send", Method: http.MethodPost, Path: "/x", Body: []byte(`{}`)})
			var f *engine.Fault
			if !errors.As(err, &f) || f.Kind != c.kind || !strings.Contains(f.Error(), c.says) || Sent(err) {
				t.Errorf("%v, sent %v", err, Sent(err))
			}
			if f != nil && f.Next == "" {
				t.Error("it does not say what to do")
			}
		})
	}
}

// A proxy whose name nobody knows is a setting that is wrong, and another one than the url.
func TestProxyOfNoName(t *testing.T) {
	f := transportFault(&net.OpError{Op: "proxyconnect", Err: &net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}}, false)
	if f.Kind != engine.Environment || !strings.Contains(f.Next, "HTTPS_PROXY") || Sent(f) {
		t.Error(f)
	}
}
