package oscar

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
	"golang.org/x/sync/singleflight"
)

const (
	// renewBefore is how long before its end a token is replaced. Tokens live a week
	// from the sign-in and are not prolonged by use (§2.2).
	renewBefore = 10 * time.Minute
	// assumedLife of a token whose end OSCaR did not tell.
	assumedLife = 24 * time.Hour
)

var (
	errNoToken      = errors.New("the answer to the sign-in carries no token")
	errTokenRefused = errors.New("the token is refused right after the sign-in")
	errNoEntry      = errors.New("the email or the password was refused")
)

// session is the one sign-in that all calls of a connection share: sign-ins at the
// same time can lose each other's token in OSCaR (§2.2). Safe for
// concurrent use.
type session struct {
	http     *rest.Client
	email    string
	password engine.Secret
	now      func() time.Time
	flight   singleflight.Group

	mu      sync.Mutex
	token   token
	refused *engine.Fault // once the account was refused, nothing is tried any more
}

// token is what proves a sign-in. The first one has generation 1.
type token struct {
	generation int
	header     http.Header
	expires    time.Time
}

func newSession(client *rest.Client, email string, password engine.Secret, now func() time.Time) *session {
	return &session{http: client, email: strings.TrimSpace(email), password: password, now: now}
}

// with calls send with the headers of a valid token. When OSCaR refuses the token with
// 401, it has done nothing, so send is called once more under a renewed sign-in. An
// error of the sign-in itself is marked as unsent: send was not acted on.
func (s *session) with(ctx context.Context, send func(http.Header) error) error {
	t, err := s.newerThan(ctx, 0)
	if err != nil {
		return err
	}
	err = send(t.header)
	if statusOf(err) != http.StatusUnauthorized {
		return err
	}
	first := err
	if t, err = s.newerThan(ctx, t.generation); err != nil {
		if outcomeOf(first).State == engine.Unknown {
			return first // of several attempts, one before the 401 may have been acted on
		}
		return err
	}
	if err = send(t.header); statusOf(err) == http.StatusUnauthorized {
		return s.refuse(&engine.Fault{Kind: engine.Auth, Op: "sign in", Status: http.StatusUnauthorized, Err: errTokenRefused,
			Next: "Check that nothing between here and OSCaR drops the headers access-token, client and uid."})
	}
	return err
}

// newerThan returns a usable token of a later generation, signing in if there is none.
// However many callers ask, one signs in.
func (s *session) newerThan(ctx context.Context, generation int) (token, error) {
	t, ok, err := s.current(generation)
	if ok || err != nil {
		return t, err
	}
	if ctx.Err() != nil {
		return token{}, unsent(&engine.Fault{Kind: engine.Cancelled, Op: "sign in", Err: ctx.Err()})
	}
	// A caller that gives up must not end the sign-in on which the others wait.
	shared := context.WithoutCancel(ctx)
	done := s.flight.DoChan(strconv.Itoa(t.generation), func() (any, error) { return s.renew(shared, t.generation) })
	select {
	case result := <-done:
		if result.Err != nil {
			return token{}, unsent(result.Err)
		}
		return result.Val.(token), nil
	case <-ctx.Done():
		return token{}, unsent(&engine.Fault{Kind: engine.Cancelled, Op: "sign in", Err: ctx.Err()})
	}
}

// current returns the token there is; ok says that it is usable and later than generation.
func (s *session) current(generation int) (t token, ok bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused != nil {
		return token{}, false, unsent(s.refused)
	}
	fresh := s.token.generation > generation && s.now().Before(s.token.expires.Add(-renewBefore))
	return s.token, fresh, nil
}

// renew signs in, unless that was done since the caller looked.
func (s *session) renew(ctx context.Context, generation int) (token, error) {
	if t, ok, err := s.current(generation); ok || err != nil {
		return t, err
	}
	t, err := s.signIn(ctx)
	if err != nil {
		return token{}, s.remember(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.generation = s.token.generation + 1
	s.token = t
	return t, nil
}

// signIn asks OSCaR for a token (§2.1).
func (s *session) signIn(ctx context.Context) (token, error) {
	body, err := json.Marshal(map[string]string{"email": s.email, "password": s.password.Reveal()})
	if err != nil {
		return token{}, &engine.Fault{Kind: engine.Environment, Op: "sign in", Err: errors.New("the credentials are not text")}
	}
	answer, err := s.http.Do(rest.SignIn(ctx), rest.Request{
		Op: "sign in", Method: http.MethodPost, Path: signInPath, Body: body, Repeatable: true,
	})
	if err != nil {
		return token{}, err
	}
	return readToken(answer, s.now())
}

// readToken takes the token from the headers of an answer to a sign-in.
func readToken(answer *rest.Response, now time.Time) (token, error) {
	t := token{header: http.Header{}, expires: now.Add(assumedLife)}
	for _, name := range []string{"Access-Token", "Client", "Uid"} {
		value := answer.Header.Get(name)
		if value == "" {
			return token{}, &engine.Fault{Kind: engine.Environment, Op: "sign in", Ref: name, Status: answer.Status, Err: errNoToken,
				Next: "Check the url of this connection, and that nothing in between drops this header."}
		}
		t.header.Set(name, value)
	}
	// OSCaR compares it letter by letter with the lower-case address.
	t.header.Set("Uid", strings.ToLower(t.header.Get("Uid")))
	// An end that has come already is the fault of a clock; OSCaR's 401 then says when it is over.
	seconds, err := strconv.ParseInt(answer.Header.Get("Expiry"), 10, 64)
	if end := time.Unix(seconds, 0); err == nil && end.After(now.Add(renewBefore)) {
		t.expires = end
	}
	return t, nil
}

// remember keeps a refusal of the account; a wrong password is tried once.
func (s *session) remember(err error) error {
	var f *engine.Fault
	if !errors.As(err, &f) {
		return err
	}
	switch {
	case f.Kind == engine.Auth:
		f.Err, f.Next = errNoEntry, "Check the email and password of this connection."
		return s.refuse(f)
	case f.Kind == engine.Rejected:
		// A 404 or 405: this host does not know the sign-in.
		f.Kind, f.Next = engine.Environment, "Check the url of this connection."
	}
	return f
}

// refuse makes all later calls fail here with the same fault.
func (s *session) refuse(f *engine.Fault) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = f
	return unsent(f)
}

// unsent marks err as one of a call that was not acted on. The fault is copied: many callers may get it.
func unsent(err error) error {
	var f *engine.Fault
	if !errors.As(err, &f) {
		f = &engine.Fault{Kind: engine.Transient, Op: "sign in", Err: err}
	}
	if !rest.Sent(f) {
		own := *f
		return &own
	}
	return rest.Unsent(*f)
}

// statusOf returns the HTTP status that a fault carries, or 0.
func statusOf(err error) int {
	var f *engine.Fault
	if errors.As(err, &f) {
		return f.Status
	}
	return 0
}
