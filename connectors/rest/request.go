package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/casebridge/casebridge/engine"
)

// Request is one question or order to the system.
type Request struct {
	Op         string        // in faults: "read cases"
	Ref        string        // in faults: the record it is about; a code, never a name
	Method     string        // "" means GET
	Path       string        // below Base, e.g. "/cases/{id}/referrals"; this, and not what is filled in, is logged
	Args       []string      // what replaces each {…} of Path; escaped here
	Query      string        // encoded, without "?"; never logged
	Header     http.Header   // beside Accept, Content-Type and User-Agent
	Body       []byte        // JSON; nil: none
	Repeatable bool          // harmless to send twice; always so for GET
	Timeout    time.Duration // instead of Options.Timeout; 0: that
	MaxBody    int64         // instead of Options.MaxBody; 0: that
}

// Response is an answer. Its body is valid JSON, or empty for a 204.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends r and returns the answer of a 2xx. An error is an *engine.Fault; Sent(err) says
// whether the system may have got the request. With a 4xx the Response is given too (its Body
// only when it is JSON), so that the driver can read which fields were refused.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	var answer *Response
	err := c.repeat(ctx, r, func(resp *http.Response) *engine.Fault {
		var fault *engine.Fault
		answer, fault = c.readAnswer(r, resp)
		return fault
	})
	var f *engine.Fault
	if errors.As(err, &f) && f.Status == 0 {
		answer = nil // of an earlier attempt
	}
	return answer, err
}

// Spool sends r and keeps the body of a 2xx, up to limit bytes, in an encrypted file under dir
// ("" means the system's). The caller closes the result. An error is an *engine.Fault.
func (c *Client) Spool(ctx context.Context, r Request, dir string, limit int64) (*Spooled, error) {
	var spooled *Spooled
	err := c.repeat(ctx, r, func(resp *http.Response) *engine.Fault {
		if resp.StatusCode/100 != 2 {
			_, fault := c.readAnswer(r, resp)
			return fault
		}
		var err error
		if spooled, err = Spool(resp.Body, dir, limit); errors.Is(err, errNotJSON) {
			return notJSON(resp.StatusCode)
		} else if err != nil {
			return bodyFault(err)
		}
		if !spooled.looksJSON() {
			_ = spooled.Close()
			return notJSON(resp.StatusCode)
		}
		return nil
	})
	return spooled, err
}

// readAnswer reads and judges a whole answer.
func (c *Client) readAnswer(r Request, resp *http.Response) (*Response, *engine.Fault) {
	limit := r.MaxBody
	if limit <= 0 {
		limit = c.o.MaxBody
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = errTooLarge
	}
	answer := &Response{Status: resp.StatusCode, Header: resp.Header}
	sound := err == nil && checkJSON(body) == nil
	if sound {
		answer.Body = body
	}
	if resp.StatusCode/100 != 2 {
		return answer, c.statusFault(resp)
	}
	if err != nil {
		return answer, bodyFault(err)
	}
	if !sound && (resp.StatusCode != http.StatusNoContent || len(body) > 0) {
		return answer, notJSON(resp.StatusCode)
	}
	return answer, nil
}

// build makes the HTTP request. A body can be read again, so that net/http may move it to a fresh connection.
func (c *Client) build(ctx context.Context, r Request) (*http.Request, error) {
	target := c.base.String() + fill(r.Path, r.Args)
	if r.Query != "" {
		target += "?" + r.Query
	}
	var body io.Reader
	if r.Body != nil {
		body = bytes.NewReader(r.Body)
	}
	req, err := http.NewRequestWithContext(ctx, r.method(), target, body)
	if err != nil {
		return nil, errBadRequest
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.o.UserAgent)
	if r.Body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, nil
}

func (r Request) method() string {
	if r.Method == "" {
		return http.MethodGet
	}
	return r.Method
}

// mayRepeat says whether sending r twice is harmless.
func (r Request) mayRepeat() bool { return r.Repeatable || r.method() == http.MethodGet }

// fill replaces the {…} of a path, in order. A "{" without an argument stays, and the system will not know it.
func fill(path string, args []string) string {
	var b strings.Builder
	for _, arg := range args {
		before, rest, ok := strings.Cut(path, "{")
		if !ok {
			break
		}
		_, after, _ := strings.Cut(rest, "}")
		b.WriteString(before)
		b.WriteString(url.PathEscape(arg))
		path = after
	}
	b.WriteString(path)
	return b.String()
}
