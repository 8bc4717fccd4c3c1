package rest

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// firstWait is the backoff before the first repetition; it doubles with each further one.
const firstWait = 500 * time.Millisecond

// repeat attempts r until take has nothing to complain about, the complaint is final, or the tries are used up.
func (c *Client) repeat(ctx context.Context, r Request, take func(*http.Response) *engine.Fault) error {
	arrived := false // an earlier attempt may have been acted on
	for try := 0; ; try++ {
		fault := c.attempt(ctx, r, try, take)
		if fault == nil {
			return nil
		}
		fault.Op, fault.Ref = r.Op, r.Ref
		wait, again := c.again(r, fault, try)
		if again {
			arrived = arrived || mayHaveActed(fault)
			if c.o.Sleep(ctx, wait) == nil {
				continue
			}
			fault = unsent(cancelled()) // the next try
			fault.Op, fault.Ref = r.Op, r.Ref
		}
		if arrived {
			fault.Err = &actedBefore{cause: fault.Err}
		}
		return fault
	}
}

// again says whether r is attempted once more, and after which wait. What never left may be
// repeated even where the write itself may not.
func (c *Client) again(r Request, fault *engine.Fault, try int) (time.Duration, bool) {
	if fault.Kind != engine.Transient && fault.Kind != engine.Rate || try >= c.o.Retries {
		return 0, false
	}
	if !r.mayRepeat() && Sent(fault) {
		return 0, false
	}
	if fault.RetryAfter > 0 {
		return fault.RetryAfter, fault.RetryAfter <= c.o.MaxWait
	}
	backoff := min(firstWait<<min(try, 16), c.o.MaxWait)
	return backoff/2 + rand.N(backoff/2+1), true
}

// attempt sends r once, inside the limits of the connection, and lets take judge the answer.
func (c *Client) attempt(ctx context.Context, r Request, try int, take func(*http.Response) *engine.Fault) *engine.Fault {
	release, err := c.admit(ctx)
	if err != nil {
		return unsent(cancelled())
	}
	defer release()
	timeout := r.Timeout
	if timeout <= 0 {
		timeout = c.o.Timeout
	}
	inner, stop := context.WithTimeout(ctx, timeout)
	defer stop()
	var path connectionPath
	req, err := c.build(httptrace.WithClientTrace(inner, path.trace()), r)
	if err != nil {
		return unsent(environment(r.Op, r.Ref, err))
	}
	began := c.o.Now()
	resp, err := c.transport.RoundTrip(req)
	status, fault := 0, (*engine.Fault)(nil)
	if err != nil {
		fault = transportFault(err, path.left())
	} else {
		status, fault = resp.StatusCode, take(resp)
		_ = resp.Body.Close()
	}
	c.log(ctx, r, try, status, c.o.Now().Sub(began), fault)
	return ended(ctx, inner, fault)
}

// admit waits for a place and for the rate limit; release gives the place back.
func (c *Client) admit(ctx context.Context) (release func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case c.places <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	release = func() { <-c.places }
	if c.limiter != nil {
		if err := c.limiter.Wait(ctx); err != nil {
			release()
			return nil, err
		}
	}
	return release, nil
}

// log writes one line per attempt: no query, no header, no body, no address of a record.
func (c *Client) log(ctx context.Context, r Request, try, status int, took time.Duration, fault *engine.Fault) {
	kind := ""
	if fault != nil {
		kind = string(fault.Kind)
	}
	c.o.Log.LogAttrs(ctx, slog.LevelDebug, "request", slog.String("op", r.Op), slog.String("method", r.method()),
		slog.String("path", r.Path), slog.Int("status", status), slog.Duration("took", took), slog.Int("try", try), slog.String("fault", kind))
}

// connectionPath notes how far net/http came with one request.
type connectionPath struct{ asked, got atomic.Bool }

func (p *connectionPath) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { p.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { p.got.Store(true) },
	}
}

// left says whether bytes of the request may have left. A transport that does not trace is not trusted.
func (p *connectionPath) left() bool { return p.got.Load() || !p.asked.Load() }
