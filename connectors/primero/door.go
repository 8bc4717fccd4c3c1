package primero

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
)

var errShut = errors.New("these credentials were refused; Primero locks the account after six refusals, so nothing more is sent")

// nextRefusedEntry speaks of the lock too, because Primero's answer does not tell it from a wrong password (§1.3).
const nextRefusedEntry = "Check the user and the password of this connection; if both are right, the account may be locked: wait half an hour."

// door lets requests through with their credentials. Until Primero has taken the credentials once,
// one request goes at a time; after a 401 none leaves any more, of those neither that wait for a connection or before
// a repetition (§1.3: six lock the account). Refused at most are those under way when the password is changed.
type door struct {
	client *rest.Client
	user   string
	secret engine.Secret
	basic  bool

	first  chan struct{} // held by the request that proves the credentials
	mu     sync.Mutex    // guards the rest
	proven bool
	shut   bool
	token  engine.Secret // legacy sign-in only
}

// newDoor reads the credentials; the client is still to be given.
func newDoor(s engine.Settings) (*door, error) {
	// Primero stores user names in small letters and compares them to the letter (§1.1).
	d := &door{user: strings.ToLower(strings.TrimSpace(s.Text("user"))), secret: s.Secret("password"), first: make(chan struct{}, 1)}
	for _, name := range []string{"user", "password"} {
		if s.Text(name) == "" {
			return nil, &engine.Fault{Kind: engine.Environment, Op: "read settings", Ref: name, Err: errors.New("is missing")}
		}
	}
	switch s.Text("auth") {
	case "basic":
		d.basic = true
	case "token": // one that has run out does not count towards the lock
	default:
		return nil, &engine.Fault{Kind: engine.Environment, Op: "read settings", Ref: "auth", Err: errors.New(`must be "basic" or "token"`)}
	}
	return d, nil
}

// warn says it when so many requests may be under way at once as Primero refuses before it locks the account.
func (d *door) warn(s engine.Settings, log *slog.Logger) error {
	lock, err := rest.Whole(s, "lock_after", 0, 1000)
	if err != nil {
		return err
	}
	atOnce, err := rest.Whole(s, "connections", 1, 100)
	if err != nil {
		return err
	}
	if d.basic && lock > 0 && atOnce >= lock && atOnce > 1 {
		log.Warn("so many connections can lock the account: a password that is changed during a run is refused to all requests under way; "+
			"set connections lower, or lock_after to what this account bears (0: it never locks)", "connections", atOnce, "lock_after", lock)
	}
	return nil
}

// guard stands before the transport, where a request has its place: what waited for one learns here that the
// credentials were refused meanwhile.
type guard struct {
	door *door
	next http.RoundTripper
}

func (d *door) guard(next http.RoundTripper) http.RoundTripper { return guard{d, next} }

// RoundTrip implements http.RoundTripper.
func (g guard) RoundTrip(q *http.Request) (*http.Response, error) {
	if !strings.HasPrefix(q.Header.Get("Authorization"), "Basic ") {
		return g.next.RoundTrip(q)
	}
	if _, shut := g.door.state(); shut {
		if q.Body != nil {
			_ = q.Body.Close()
		}
		return nil, shutFault("sign in", "")
	}
	answer, err := g.next.RoundTrip(q)
	if err == nil && answer.StatusCode == http.StatusUnauthorized {
		g.door.mu.Lock()
		g.door.shut = true
		g.door.mu.Unlock()
	}
	return answer, err
}

// CloseIdleConnections passes Client.Close on.
func (g guard) CloseIdleConnections() {
	if next, ok := g.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}

// shutFault is the fault of a request that was not let out.
func shutFault(op, ref string) *engine.Fault {
	return rest.Unsent(engine.Fault{Kind: engine.Auth, Op: op, Ref: ref, Err: errShut, Next: "Correct the user or the password of this connection, then start again."})
}

// do sends r with the credentials.
func (d *door) do(ctx context.Context, r rest.Request) (*rest.Response, error) {
	proven, shut := d.state()
	if !proven && !shut {
		select {
		case d.first <- struct{}{}:
			defer func() { <-d.first }()
		case <-ctx.Done():
			return nil, rest.Unsent(engine.Fault{Kind: engine.Cancelled, Op: r.Op, Ref: r.Ref, Err: errors.New("told to stop")})
		}
		_, shut = d.state()
	}
	if shut {
		return nil, shutFault(r.Op, r.Ref)
	}
	if d.basic {
		return ownWord(d.send(ctx, r, "Basic "+base64.StdEncoding.EncodeToString([]byte(d.user+":"+d.secret.Reveal()))))
	}
	return ownWord(d.sendWithToken(ctx, r))
}

func (d *door) state() (proven, shut bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.proven, d.shut
}

// send sends r and remembers what its answer says about the credentials.
func (d *door) send(ctx context.Context, r rest.Request, authorization string) (*rest.Response, error) {
	r.Header = http.Header{"Authorization": {authorization}}
	answer, err := d.client.Do(ctx, r)
	if answer == nil {
		return answer, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case answer.Status == http.StatusUnauthorized:
		d.shut = true
		asFault(err, r.Op, r.Ref).Next = nextRefusedEntry
	case answer.Status/100 == 2:
		d.proven = true
	}
	return answer, err
}

// sendWithToken signs in first where that is due, and once more when the token has run out.
func (d *door) sendWithToken(ctx context.Context, r rest.Request) (*rest.Response, error) {
	token, err := d.signIn(ctx, engine.Secret{})
	if err != nil {
		return nil, err
	}
	r.Header = http.Header{"Authorization": {"Bearer " + token.Reveal()}}
	if answer, err := d.client.Do(ctx, r); answer == nil || answer.Status != http.StatusUnauthorized {
		return answer, err
	}
	if token, err = d.signIn(ctx, token); err != nil {
		return nil, err
	}
	return d.send(ctx, r, "Bearer "+token.Reveal())
}

// signIn returns the token in use, after fetching another one when there is none or it is the stale one.
func (d *door) signIn(ctx context.Context, stale engine.Secret) (engine.Secret, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.shut {
		return engine.Secret{}, shutFault("sign in", "")
	}
	if !d.token.Empty() && d.token.Reveal() != stale.Reveal() {
		return d.token, nil
	}
	body, err := json.Marshal(map[string]any{"user": map[string]string{"user_name": d.user, "password": d.secret.Reveal()}})
	if err != nil {
		return engine.Secret{}, rest.Unsent(engine.Fault{Kind: engine.Environment, Op: "sign in", Err: errors.New("the credentials cannot be written as JSON")})
	}
	answer, err := d.client.Do(rest.SignIn(ctx), rest.Request{Op: "sign in", Method: http.MethodPost, Path: "/api/v2/tokens", Body: body})
	if answer != nil && answer.Status == http.StatusUnauthorized {
		d.shut = true
	}
	if err != nil {
		return engine.Secret{}, unsent(err)
	}
	token := gjson.GetBytes(answer.Body, "token").String()
	if token == "" {
		token = strings.TrimPrefix(answer.Header.Get("Authorization"), "Bearer ")
	}
	if token == "" {
		return engine.Secret{}, rest.Unsent(engine.Fault{Kind: engine.Environment, Op: "sign in", Err: errors.New("this Primero gives no token"), Next: `Set auth to "basic".`})
	}
	d.token, d.proven = engine.NewSecret(token), true
	return d.token, nil
}

// unsent says of a failed sign-in that what it was for did not leave.
func unsent(err error) error {
	var f *engine.Fault
	if errors.As(err, &f) {
		return rest.Unsent(*f)
	}
	return err
}
