package primero

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"

	"github.com/tidwall/gjson"

	"github.com/casebridge/casebridge/connectors/rest"
	"github.com/casebridge/casebridge/engine"
)

var errShut = errors.New("these credentials were refused; Primero locks the account after six refusals, so nothing more is sent")

// door lets requests through with their credentials. Until Primero has taken the credentials once,
// one request goes at a time; after a 401 none goes any more (§1.3: six lock the account).
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

func newDoor(s engine.Settings, client *rest.Client) (*door, error) {
	// Primero stores user names in small letters and compares them to the letter (§1.1).
	d := &door{client: client, user: strings.ToLower(strings.TrimSpace(s.Text("user"))), secret: s.Secret("password"), first: make(chan struct{}, 1)}
	for _, name := range []string{"user", "password"} {
		if s.Text(name) == "" {
			return nil, &engine.Fault{Kind: engine.Environment, Op: "read settings", Ref: name, Err: errors.New("is missing")}
		}
	}
	switch s.Text("auth") {
	case "basic":
		d.basic = true
	case "token":
	default:
		return nil, &engine.Fault{Kind: engine.Environment, Op: "read settings", Ref: "auth", Err: errors.New(`must be "basic" or "token"`)}
	}
	return d, nil
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
		return nil, rest.Unsent(engine.Fault{Kind: engine.Auth, Op: r.Op, Ref: r.Ref, Err: errShut, Next: "Correct the user or the password of this connection, then start again."})
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
		return engine.Secret{}, rest.Unsent(engine.Fault{Kind: engine.Auth, Op: "sign in", Err: errShut})
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
