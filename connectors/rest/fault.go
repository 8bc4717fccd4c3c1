package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// The causes. They are sentences of ours: what the other side or net/http says may hold parts of an answer.
var (
	errBadRequest = errors.New("the request cannot be written down")
	errTooLarge   = errors.New("the answer is larger than allowed")
	errNotJSON    = errors.New("the answer is not JSON")
	errCut        = errors.New("the answer was cut off")
	errBroken     = errors.New("the connection broke")
	errReset      = errors.New("the connection was reset")
	errRefused    = errors.New("the connection was refused")
	errNoName     = errors.New("the host name is not known")
	errNoTrust    = errors.New("the server's certificate is not trusted")
	errNoDial     = errors.New("no connection could be made")
	errTimeout    = errors.New("no answer in time")
	errStopped    = errors.New("told to stop")
	errNoTLS      = errors.New("what answers does not speak TLS")
	errProxy      = errors.New("the proxy in between wants a sign-in")
	errNoProxy    = errors.New("the proxy in between cannot be reached")
	errProxyShut  = errors.New("the proxy in between does not let requests to this host through")
	errProxyBad   = errors.New("the proxy in between cannot reach the system")
	errMoved      = errors.New("the system answers from another address; redirects are not followed")
)

// neverLeft marks a cause: the system cannot have got the request.
type neverLeft struct{ cause error }

func (n *neverLeft) Error() string { return n.cause.Error() }
func (n *neverLeft) Unwrap() error { return n.cause }

// unsent marks a fault as one of a request that never left.
func unsent(f *engine.Fault) *engine.Fault {
	f.Err = &neverLeft{cause: f.Err}
	return f
}

// actedBefore marks a cause: whatever became of the last attempt, an earlier one may have been acted on.
type actedBefore struct{ cause error }

func (a *actedBefore) Error() string {
	if a.cause == nil {
		return "and an earlier attempt may have arrived"
	}
	return a.cause.Error() + ", and an earlier attempt may have arrived"
}

// Unwrap hides a neverLeft: it is true of the last attempt only.
func (a *actedBefore) Unwrap() error {
	var n *neverLeft
	if errors.As(a.cause, &n) {
		return n.cause
	}
	return a.cause
}

// mayHaveActed says whether the system may have done what the attempt asked for. A 408 is somebody's impatience, who
// may have handed on what had come.
func mayHaveActed(f *engine.Fault) bool {
	return Sent(f) && f.Kind != engine.Rate && (f.Status/100 != 4 || f.Status == http.StatusRequestTimeout)
}

// Unsent makes a fault of a request that a driver did not let out, so that Sent says false.
func Unsent(f engine.Fault) *engine.Fault {
	if f.Err == nil {
		f.Err = errors.New("it was not sent")
	}
	return unsent(&f)
}

// Sent says whether the system may have got the request that ended with err.
func Sent(err error) bool {
	var n *neverLeft
	return err != nil && !errors.As(err, &n)
}

// refuses says whether a status is about what was asked for, not about who asked or how long it took.
func refuses(status int) bool {
	switch status {
	case http.StatusUnauthorized, http.StatusProxyAuthRequired, http.StatusRequestTimeout:
		return false
	}
	return status/100 == 4
}

// Outcome says what became of a write that ended with err, as far as HTTP alone can tell:
// refused (4xx), unsent (it never left, 401, 407, 429) or unknown (408 too).
func Outcome(err error) engine.Outcome {
	if err == nil {
		return engine.Outcome{State: engine.Done}
	}
	var f *engine.Fault
	if !errors.As(err, &f) {
		f = &engine.Fault{Kind: engine.Transient, Op: "write", Err: errBroken}
	}
	var before *actedBefore
	again := errors.As(f.Err, &before)
	switch {
	case refuses(f.Status) && f.Kind != engine.Rate:
		return engine.Outcome{State: engine.Refused, Fault: f}
	case !again && !mayHaveActed(f):
		return engine.Outcome{State: engine.Unsent, Fault: f}
	}
	return engine.Outcome{State: engine.Unknown, Fault: f}
}

// statusFault classifies an answer that is not a 2xx.
func (c *Client) statusFault(resp *http.Response) *engine.Fault {
	f := &engine.Fault{Status: resp.StatusCode, RetryAfter: c.retryAfter(resp.Header)}
	switch code := resp.StatusCode; {
	case code == http.StatusUnauthorized:
		f.Kind, f.Next = engine.Auth, "Check the user and the password of this connection."
	case code == http.StatusForbidden:
		f.Kind, f.Next = engine.Auth, "Check what this connection's user may see and change."
	case code == http.StatusProxyAuthRequired:
		f.Kind, f.Err, f.Next = engine.Environment, errProxy, nextProxySignIn
	case code == http.StatusTooManyRequests:
		f.Kind, f.Next = engine.Rate, "The system asks for a pause, and the next run goes on; if it often does, lower the rate of this connection."
	case code == http.StatusRequestTimeout || code >= 500:
		f.Kind = engine.Transient
	case code/100 == 3:
		f.Kind, f.Err, f.Next = engine.Environment, errMoved, "Set the url to the address that answers."
	case code == http.StatusConflict:
		f.Kind = engine.Conflict
	default:
		f.Kind = engine.Rejected
	}
	return f
}

// retryAfter reads seconds or an HTTP date; 0 when there is none or it has passed. A number that no
// integer holds is a very long time all the same, which Atoi then returns. A date is the server's, and so is
// the clock that it is held against, where the answer says what time it is there.
func (c *Client) retryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	if seconds, err := strconv.Atoi(strings.TrimSpace(text)); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(max(seconds, 0), 24*3600)) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	now, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		now = c.o.Now()
	}
	return max(at.Sub(now), 0)
}

// transportFault classifies a request that got no answer. left says whether bytes of it may have left.
func transportFault(err error, left bool) *engine.Fault {
	var own *engine.Fault
	if errors.As(err, &own) {
		f := *own
		return &f
	}
	f := dialFault(err)
	if f == nil {
		f = &engine.Fault{Kind: engine.Transient, Err: brokenCause(err)}
		if left {
			return f
		}
		var plain tls.RecordHeaderError // also the error of a standing connection whose answer is spoilt
		if errors.As(err, &plain) {
			f = &engine.Fault{Kind: engine.Environment, Err: errNoTLS, Next: "Check the url of this connection, its port too."}
		}
	}
	return unsent(f)
}

const (
	nextProxySignIn = "Put the proxy's user and password into HTTPS_PROXY, or name this host in NO_PROXY."
	nextProxyShut   = "Ask those who run the proxy to allow this host, or name it in NO_PROXY."
	nextProxyBad    = "The next run tries again; if it goes on, ask those who run the proxy, or check the url of this connection."
	nextNoProxy     = "Check HTTPS_PROXY, or name this host in NO_PROXY."
)

// throughProxy judges the answer of a proxy that was asked for a way to the system. Nothing of the request has left by then.
func throughProxy(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	switch code := answer.StatusCode; {
	case code == http.StatusOK:
		return nil
	case code == http.StatusProxyAuthRequired:
		return Unsent(engine.Fault{Kind: engine.Environment, Err: errProxy, Next: nextProxySignIn})
	case code/100 == 4 && code != http.StatusTooManyRequests && code != http.StatusRequestTimeout:
		return Unsent(engine.Fault{Kind: engine.Environment, Err: errProxyShut, Next: nextProxyShut})
	}
	return Unsent(engine.Fault{Kind: engine.Transient, Err: errProxyBad, Next: nextProxyBad})
}

// proxyFault is about a proxy to which no connection could be made; unknown says that it has no such name.
func proxyFault(unknown bool) *engine.Fault {
	f := &engine.Fault{Kind: engine.Transient, Err: errNoProxy, Next: nextNoProxy}
	if unknown {
		f.Kind = engine.Environment
	}
	return f
}

// dialFault recognises the failures that happen before a connection stands; nil for the others.
func dialFault(err error) *engine.Fault {
	var (
		name      *net.DNSError
		op        *net.OpError
		cert      *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
	)
	switch {
	case errors.As(err, &op) && op.Op == "proxyconnect":
		return proxyFault(errors.As(err, &name) && name.IsNotFound)
	case errors.As(err, &name) && name.IsNotFound:
		return &engine.Fault{Kind: engine.Environment, Err: errNoName, Next: "Check the url of this connection."}
	case errors.As(err, &cert), errors.As(err, &authority), errors.As(err, &host), errors.As(err, &invalid):
		return &engine.Fault{Kind: engine.Environment, Err: errNoTrust, Next: "Check the url and the server's certificate."}
	case errors.As(err, &op) && op.Op == "dial" && errors.Is(err, syscall.ECONNREFUSED):
		return &engine.Fault{Kind: engine.Transient, Err: errRefused}
	case errors.As(err, &name), errors.As(err, &op) && op.Op == "dial":
		return &engine.Fault{Kind: engine.Transient, Err: errNoDial}
	}
	return nil
}

// brokenCause names a failure of a standing connection.
func brokenCause(err error) error {
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return errTimeout
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return errReset
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errCut
	}
	return errBroken
}

// bodyFault classifies an answer whose body could not be read or kept. The request had arrived.
func bodyFault(err error) *engine.Fault {
	var own *engine.Fault
	switch {
	case errors.As(err, &own):
		f := *own
		return &f
	case errors.Is(err, errTooLarge):
		return &engine.Fault{Kind: engine.Environment, Err: errTooLarge, Next: "Ask for fewer records at a time, or allow larger answers."}
	}
	return &engine.Fault{Kind: engine.Transient, Err: brokenCause(err)}
}

func notJSON(status int) *engine.Fault {
	return &engine.Fault{Kind: engine.Transient, Status: status, Err: errNotJSON}
}

func cancelled() *engine.Fault { return &engine.Fault{Kind: engine.Cancelled, Err: errStopped} }

// ended turns a fault that only shows that the caller's or the attempt's time was over into that.
func ended(caller, attempt context.Context, f *engine.Fault) *engine.Fault {
	if f == nil || f.Status != 0 || attempt.Err() == nil || f.Kind == engine.Environment {
		return f
	}
	cause := &engine.Fault{Kind: engine.Transient, Err: errTimeout}
	if caller.Err() != nil {
		cause = cancelled()
	}
	if !Sent(f) {
		return unsent(cause)
	}
	return cause
}
