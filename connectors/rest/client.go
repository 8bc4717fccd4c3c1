package rest

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/casebridge/casebridge/engine"
)

// Options say how a Client talks to one system. Zero values mean what their comment says.
type Options struct {
	Base          string                                     // "https://host/path"; no credentials, no query
	Transport     http.RoundTripper                          // nil: the client's own; ReadOnly(nil): the same, without writes
	Wrap          func(http.RoundTripper) http.RoundTripper  // put round the transport: it sees each request when that has its place, and its answer before the place is free; nil: nothing
	Connections   int                                        // requests at the same time; 0: 5
	RatePerSecond float64                                    // requests started per second; 0: no limit
	Timeout       time.Duration                              // for one attempt, its body included; 0: 60s
	Retries       int                                        // repetitions after the first attempt; 0: none
	MaxWait       time.Duration                              // longest wait before a repetition; a longer Retry-After ends the trying; 0: 2m
	MaxBody       int64                                      // bytes of one answer held in memory; 0: 32 MiB
	UserAgent     string                                     // "": "casebridge"
	Now           func() time.Time                           // required
	Sleep         func(context.Context, time.Duration) error // nil: a timer
	Log           *slog.Logger                               // nil: none
}

// Client talks to one system. Safe for concurrent use; its limits hold for all who share it.
type Client struct {
	base      *url.URL
	transport http.RoundTripper
	places    chan struct{} // one per connection
	limiter   *rate.Limiter // nil: no limit
	o         Options
}

// New makes a Client; it does not talk to the system. An error is an environment *engine.Fault.
func New(o Options) (*Client, error) {
	base, err := parseBase(o.Base)
	if err != nil {
		return nil, environment("open connection", "url", err)
	}
	if o.Now == nil {
		return nil, environment("open connection", "clock", errors.New("no clock was given"))
	}
	o = o.withDefaults()
	c := &Client{base: base, o: o, places: make(chan struct{}, o.Connections)}
	c.transport = chooseTransport(o.Transport, o.Connections)
	if o.Wrap != nil {
		c.transport = o.Wrap(c.transport)
	}
	if o.RatePerSecond > 0 {
		c.limiter = rate.NewLimiter(rate.Limit(o.RatePerSecond), o.Connections)
	}
	if base.Scheme == "http" && !isHere(base.Hostname()) {
		o.Log.Warn("the way to this system is not encrypted, and who is in between reads passwords and records: let its url begin with https://", "host", base.Host)
	}
	return c, nil
}

// isHere says whether a host is this machine.
func isHere(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Close lets go of idle connections.
func (c *Client) Close() error {
	if t, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
	return nil
}

// Connections is how many requests may be under way at the same time.
func (c *Client) Connections() int { return c.o.Connections }

func (o Options) withDefaults() Options {
	if o.Connections <= 0 {
		o.Connections = 5
	}
	if o.Timeout <= 0 {
		o.Timeout = time.Minute
	}
	if o.MaxWait <= 0 {
		o.MaxWait = 2 * time.Minute
	}
	if o.MaxBody <= 0 {
		o.MaxBody = 32 << 20
	}
	if o.UserAgent == "" {
		o.UserAgent = "casebridge"
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// parseBase refuses what would leak (credentials, query) or could not work.
func parseBase(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimRight(text, "/"))
	switch {
	case err != nil:
		return nil, errors.New("is not a URL") // the parser's text would repeat it
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return nil, errors.New("must begin with https:// or http:// and name a host")
	case u.User != nil:
		return nil, errors.New("must not hold credentials; they have settings of their own")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("must not have a query or fragment")
	}
	return u, nil
}

// chooseTransport fills in the client's own transport where none was given.
func chooseTransport(given http.RoundTripper, connections int) http.RoundTripper {
	if given == nil {
		return ownTransport(connections)
	}
	if ro, ok := given.(*readOnly); ok && ro.next == nil {
		return &readOnly{next: ownTransport(connections)}
	}
	return given
}

// idleFor is how long a connection may wait for its next request: shorter than servers and what stands in between
// keep one (20 to 75 seconds). What is sent into a connection that they have just let go may have arrived or not,
// and a write that cannot be sent twice is then left to a person.
const idleFor = 15 * time.Second

// ownTransport is as careful as the limits of the connection ask: never more connections than allowed.
func ownTransport(connections int) *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   15 * time.Second,
		MaxConnsPerHost:       connections,
		MaxIdleConnsPerHost:   connections,
		IdleConnTimeout:       idleFor,
		ExpectContinueTimeout: time.Second,
		ForceAttemptHTTP2:     true,

		OnProxyConnectResponse: throughProxy,
		MaxResponseHeaderBytes: 256 << 10,
	}
}

// sleep waits for d or until ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func environment(op, ref string, err error) *engine.Fault {
	return &engine.Fault{Kind: engine.Environment, Op: op, Ref: ref, Err: err}
}
